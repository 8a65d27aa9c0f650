//! `newshound bench`, and the choice of instruction set and precision.

#![cfg(feature = "cli")]

mod common;

use common::{newshound, run, tiny_model};
use newshound::Isa;

#[test]
fn bench_measures_the_model_and_the_whole_tool() {
    let model = tiny_model();
    let dir = model.path().to_str().unwrap();
    let (code, out, err) = run(
        &[
            "bench",
            "--seconds",
            "0",
            "--threads",
            "1",
            "--model",
            dir,
            "-",
        ],
        "w5 w6. w7",
    );
    assert_eq!(code, 0, "{err}");
    let rate = |name: &str| {
        let line = out.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace()
            .rev()
            .nth(1)
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    assert!(rate("model") > 0.0 && rate("whole tool") > 0.0, "{out}");
}

#[test]
fn bench_names_a_file_that_it_cannot_read_and_advises_only_options_that_it_has() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("a.txt");
    std::fs::write(&path, b"caf\xE9").unwrap();
    let (code, _, err) = run(&["bench", path.to_str().unwrap()], "");
    assert_eq!(code, 2);
    let wanted = "a.txt: invalid UTF-8 at byte 3; convert it with `iconv";
    assert!(err.contains(wanted) && !err.contains("--encoding"), "{err}");
}

#[test]
fn bench_isa_has_a_line_for_each_instruction_set_there_is() {
    let model = tiny_model();
    let dir = model.path().to_str().unwrap();
    let (code, out, err) = run(&["bench", "--isa", "--seconds", "0", "--model", dir], "");
    assert_eq!(code, 0, "{err}");
    let found: Vec<&str> = out
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next())
        .collect();
    let names: Vec<&str> = Isa::available().into_iter().map(Isa::name).collect();
    assert_eq!(found, names);
}

#[test]
fn an_instruction_set_can_be_forced_and_changes_no_byte_of_the_output() {
    let tag = |isa: &str, precision: &str| {
        let mut command = newshound(&["tag", "-f", "jsonl", "--precision", precision]);
        let done = command
            .env("NEWSHOUND_ISA", isa)
            .write_stdin("NATO met in Kyiv.")
            .output()
            .unwrap();
        (
            done.status.code(),
            done.stdout,
            String::from_utf8(done.stderr).unwrap(),
        )
    };
    for precision in ["auto", "f32", "bf16"] {
        let scalar = tag("scalar", precision);
        assert_eq!(scalar.0, Some(0), "{}", scalar.2);
        // AMX adds bfloat16 products in another order.
        let same = |isa: &Isa| precision != "bf16" || *isa != Isa::Amx;
        for isa in Isa::available().into_iter().filter(same) {
            assert_eq!(tag(isa.name(), precision), scalar, "{isa}");
        }
    }
    let missing = Isa::ALL
        .into_iter()
        .find(|isa| !Isa::available().contains(isa))
        .unwrap();
    for name in ["sse9", missing.name()] {
        let (code, _, err) = tag(name, "auto");
        assert_eq!(code, Some(2));
        assert!(err.contains(name) && err.contains("scalar"), "{err}");
    }
}
