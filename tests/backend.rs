//! `--backend` and `--device` in a build without rust-bert.

#![cfg(all(feature = "cli", not(feature = "rust-bert")))]

mod common;

use common::run;

#[test]
fn a_backend_that_was_not_built_is_refused_in_one_line_with_the_way_out() {
    let commands: [&[&str]; 4] = [&["tag"], &["annotate"], &["eval"], &["models", "verify"]];
    for command in commands {
        for device in [&[][..], &["--device", "cuda:0"]] {
            let args = [command, &["--backend", "rust-bert"], device].concat();
            let (code, out, err) = run(&args, "NATO met in Kyiv.");
            assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
            assert_eq!(err.lines().count(), 1, "{err}");
            assert!(err.contains("no backend rust-bert"), "{err}");
            assert!(err.contains("--features rust-bert"), "{err}");
        }
    }
}

#[test]
fn the_native_backend_runs_on_the_processor_alone() {
    let tag = |device| run(&["tag", "--device", device], "NATO met in Kyiv.");
    assert_eq!(tag("cpu").0, 0);
    for (device, reason) in [("cuda:0", "--backend rust-bert"), ("gpu", "cpu or cuda:N")] {
        let (code, _, err) = tag(device);
        assert_eq!(code, 2, "{err}");
        assert!(err.contains(reason), "{err}");
    }
}
