//! A prepared file is the same model: it has the same tensors and, in place or copied, gives the same
//! bits.

mod common;

use std::collections::HashMap;

use common::{Tensor, Tensors};
use newshound_encoder::{
    Architecture, Encoder, Error, Isa, Options, Packed, Precision, apply_change, nest, prepare,
};
use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};

/// A fixture with 8-bit matrices.
struct Model {
    config: Vec<u8>,
    tensors: Tensors,
    architecture: Architecture,
}

/// Numbers from -1 to 1 that look random.
fn noise(seed: u64) -> impl Iterator<Item = f32> {
    let mut state = seed;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005) + 1_442_695_040_888_963_407;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

impl Model {
    /// In its own size: all layers but `down` are too narrow for panels.
    fn small(name: &str, architecture: Architecture) -> Self {
        Self::times(1, name, architecture)
    }

    /// Twice as wide.
    fn wide(name: &str, architecture: Architecture) -> Self {
        Self::times(2, name, architecture)
    }

    fn times(factor: usize, name: &str, architecture: Architecture) -> Self {
        let mut config: Value = serde_json::from_slice(&common::file(name, "config.json")).unwrap();
        for key in ["hidden_size", "intermediate_size", "dim", "hidden_dim"] {
            if let Some(size) = config.get(key).and_then(Value::as_u64) {
                config[key] = json!(size * factor as u64);
            }
        }
        let mut tensors = Tensors::new();
        for (seed, (name, tensor)) in common::tensors(name).into_iter().enumerate() {
            let fixed = name.contains("relative_attention_bias");
            let grown = |&size: &usize| match size {
                32 | 64 if !fixed => size * factor,
                _ => size,
            };
            let shape: Vec<usize> = tensor.shape.iter().map(grown).collect();
            let count = shape.iter().product();
            match shape[..] {
                [rows, _] => {
                    let data = noise(seed as u64).take(count).map(|x| (x * 127.0) as i8);
                    let scales: Vec<f32> =
                        noise(99).take(rows).map(|x| 0.002 + x * 0.001).collect();
                    let scale = format!("{name}_scale");
                    tensors.insert(scale, Tensor::from_floats(&[rows], &scales));
                    let data = data.map(i8::cast_unsigned).collect();
                    let dtype = Dtype::I8;
                    tensors.insert(name, Tensor { dtype, shape, data });
                }
                _ => {
                    let values: Vec<f32> = noise(seed as u64).take(count).collect();
                    tensors.insert(name, Tensor::from_floats(&shape, &values));
                }
            }
        }
        Self {
            config: config.to_string().into_bytes(),
            tensors,
            architecture,
        }
    }

    /// With heads so narrow that the layers of attention have no panels.
    fn with_heads(mut self, heads: usize) -> Self {
        let mut config: Value = serde_json::from_slice(&self.config).unwrap();
        config["num_attention_heads"] = json!(heads);
        self.config = config.to_string().into_bytes();
        self
    }

    fn file(&self) -> Vec<u8> {
        common::to_bytes(&self.tensors)
    }

    fn prepared(&self) -> Vec<u8> {
        prepare(&self.config, &self.file()).unwrap()
    }
}

fn models() -> Vec<(&'static str, Model)> {
    let (bert, mpnet) = (Architecture::Bert, Architecture::MpNet);
    vec![
        ("small", Model::small("bert", bert)),
        ("wide", Model::wide("bert", bert)),
        ("narrow heads", Model::wide("bert", bert).with_heads(8)),
        ("mpnet", Model::wide("mpnet", mpnet)),
        (
            "distilbert",
            Model::wide("distilbert", Architecture::DistilBert),
        ),
        ("electra", Model::wide("electra", Architecture::Electra)),
    ]
}

/// A `'static` copy of bytes that starts `past` a multiple of 64.
fn leaked(bytes: &[u8], past: usize) -> &'static [u8] {
    let room = vec![0; bytes.len() + 128].leak();
    let start = room.as_ptr().align_offset(64) + past;
    let place = &mut room[start..][..bytes.len()];
    place.copy_from_slice(bytes);
    place
}

fn bits(encoder: &Encoder) -> Vec<u32> {
    let ids: Vec<u32> = (0..40).map(|i| i * 7 % 53).collect();
    let packed = Packed::new(&ids, &[0, 1, 18, 40]).unwrap();
    let logits = encoder.logits(packed).unwrap();
    logits.iter().map(|x| x.to_bits()).collect()
}

/// The names of the tensors in panels, in order.
fn named(prepared: &[u8]) -> Vec<String> {
    let (_, metadata) = SafeTensors::read_metadata(prepared).unwrap();
    let about = metadata.metadata().as_ref().unwrap();
    let named: Value = serde_json::from_str(&about["newshound.panels"]).unwrap();
    serde_json::from_value(named["tensors"].clone()).unwrap()
}

#[test]
fn in_place_or_copied_it_gives_the_bits_of_the_original_file() {
    for (name, model) in models() {
        let (plain, prepared) = (model.file(), model.prepared());
        assert_ne!(plain, prepared, "{name}");
        let (aligned, beside) = (leaked(&prepared, 0), leaked(&prepared, 1));
        for precision in Precision::ALL {
            for isa in Isa::available() {
                let options = Options::default().precision(precision).isa(isa);
                let plain = Encoder::load(&model.config, plain.clone(), options).unwrap();
                let expected = bits(&plain);
                assert!(
                    expected
                        .iter()
                        .all(|&bits| f32::from_bits(bits).is_finite())
                );
                let loaded = [
                    Encoder::load(&model.config, aligned, options),
                    Encoder::load(&model.config, beside, options),
                    Encoder::load(&model.config, prepared.clone(), options),
                ];
                for (how, encoder) in ["in place", "unaligned", "owned"].iter().zip(loaded) {
                    assert_eq!(
                        bits(&encoder.unwrap()),
                        expected,
                        "{name}, {precision}, {isa}, {how}"
                    );
                }
            }
        }
    }
}

#[test]
fn it_has_the_same_tensors() {
    for (name, model) in models() {
        let (plain, prepared) = (model.file(), model.prepared());
        let open = |bytes| newshound_encoder::Tensors::open(bytes, model.architecture).unwrap();
        let (a, b) = (open(&plain), open(&prepared));
        assert!(a.names().eq(b.names()), "{name}");
        assert_eq!((a.parameters(), a.stored()), (b.parameters(), b.stored()));
        for tensor in a.names() {
            assert_eq!(
                a.get(tensor).unwrap(),
                b.get(tensor).unwrap(),
                "{name}, {tensor}"
            );
        }
        // To any reader of safetensors, all tensors that are not in panels are unchanged.
        let file = SafeTensors::deserialize(&prepared).unwrap();
        let panels = named(&prepared);
        assert_eq!(file.len(), model.tensors.len() + panels.len());
        for (tensor, expected) in &model.tensors {
            let found = file.tensor(tensor).unwrap();
            assert_eq!(
                (found.dtype(), found.shape()),
                (expected.dtype, &*expected.shape)
            );
            let same = found.data() == expected.data;
            assert_eq!(same, !panels.contains(tensor), "{name}, {tensor}");
        }
    }
}

#[test]
fn panels_come_first_in_the_order_of_a_pass_at_multiples_of_64_bytes() {
    let prepared = Model::wide("bert", Architecture::Bert).prepared();
    let panels = named(&prepared);
    let layer = |index| {
        let names = [
            "attention.self.query",
            "attention.self.key",
            "attention.self.value",
            "attention.output.dense",
            "intermediate.dense",
            "output.dense",
        ];
        names.map(|name| format!("bert.encoder.layer.{index}.{name}.weight"))
    };
    assert_eq!(panels, [layer(0), layer(1)].concat());
    let (header, metadata) = SafeTensors::read_metadata(&prepared).unwrap();
    assert_eq!(metadata.offset_keys()[..panels.len()], panels);
    for name in &panels {
        let start = metadata.info(name).unwrap().data_offsets.0;
        assert_eq!((8 + header + start) % 64, 0, "{name}");
    }
    let narrow = Model::wide("bert", Architecture::Bert)
        .with_heads(8)
        .prepared();
    assert_eq!(named(&narrow), [&layer(0)[4..], &layer(1)[4..]].concat());
    let small = Model::small("bert", Architecture::Bert).prepared();
    assert_eq!(named(&small), [&layer(0)[5..], &layer(1)[5..]].concat());
}

#[test]
fn two_nested_files_store_shared_tensors_once_and_run_in_place() {
    let outer = Model::wide("distilbert", Architecture::DistilBert);
    let mut inner = Model::wide("distilbert", Architecture::DistilBert);
    let words = "distilbert.embeddings.word_embeddings.weight";
    for (name, tensor) in &mut inner.tensors {
        if !name.contains("word_embeddings") {
            tensor.data.iter_mut().for_each(|byte| *byte ^= 1);
        }
    }
    let files = [outer.prepared(), inner.prepared()];
    let nested = nest(&files[0], &files[1]).unwrap();
    let shared = outer.tensors[words].data.len();
    let longest = files[0].len() + files[1].len() - shared + 1024;
    assert!(nested.bytes.len() < longest, "{}", nested.bytes.len());
    assert_eq!(nested.inner.start % 64, 0);
    assert_eq!(
        (nested.outer.start, nested.inner.end),
        (0, nested.bytes.len())
    );
    let leaked = leaked(&nested.bytes, 0);
    let parts = [nested.outer, nested.inner].map(|range| &leaked[range]);
    for ((model, file), part) in [&outer, &inner].into_iter().zip(&files).zip(parts) {
        let open = |bytes| newshound_encoder::Tensors::open(bytes, model.architecture).unwrap();
        let (a, b) = (open(file), open(part));
        assert!(a.names().eq(b.names()));
        for name in a.names() {
            assert_eq!(a.get(name).unwrap(), b.get(name).unwrap(), "{name}");
        }
        assert_eq!(named(file), named(part));
        let (header, metadata) = SafeTensors::read_metadata(part).unwrap();
        for name in named(part) {
            let start = metadata.info(&name).unwrap().data_offsets.0;
            assert_eq!((8 + header + start) % 64, 0, "{name}");
        }
        let alone = Encoder::load(&model.config, file.clone(), Options::default());
        let in_place = Encoder::load(&model.config, part, Options::default());
        assert_eq!(bits(&in_place.unwrap()), bits(&alone.unwrap()));
    }
    let error = nest(parts[0], parts[1]).unwrap_err();
    assert!(matches!(error, Error::CorruptWeights { .. }), "{error}");
}

#[test]
fn weights_in_panels_cannot_be_changed() {
    let model = Model::wide("distilbert", Architecture::DistilBert);
    let none = common::to_bytes(&Tensors::new());
    let (plain, panels) = (model.file(), model.prepared());
    assert_ne!(plain, panels);
    assert!(apply_change(&model.config, &plain, &none).is_ok());
    let error = apply_change(&model.config, &panels, &none).unwrap_err();
    assert!(matches!(error, Error::CorruptWeights { .. }), "{error}");
}

#[test]
fn a_file_that_cannot_be_prepared_or_already_is_stays_as_it_is() {
    for model in common::ALL {
        let file = common::file(model, "model.safetensors");
        let config = common::file(model, "config.json");
        assert_eq!(prepare(&config, &file).unwrap(), file, "{model}");
    }
    let model = Model::wide("electra", Architecture::Electra);
    let prepared = model.prepared();
    assert_eq!(prepare(&model.config, &prepared).unwrap(), prepared);
}

#[test]
fn other_metadata_and_unknown_tensors_stay() {
    let mut model = Model::wide("bert", Architecture::Bert);
    let taken = "bert.encoder.layer.1.output.dense.weight";
    model
        .tensors
        .insert(format!("{taken}_sums"), Tensor::from_floats(&[1], &[0.5]));
    let file = with_metadata(&model.tensors, &[("format", "pt")]);
    let prepared = prepare(&model.config, &file).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&prepared).unwrap();
    assert_eq!(metadata.metadata().as_ref().unwrap()["format"], "pt");
    assert_eq!(metadata.info(&format!("{taken}_sums")).unwrap().shape, [1]);
    assert!(!named(&prepared).contains(&taken.to_owned()));
}

fn with_metadata(tensors: &Tensors, about: &[(&str, &str)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, tensor)| {
        let view = TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.data).unwrap();
        (name.as_str(), view)
    });
    let about = about
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    serialize(views, Some(about.collect::<HashMap<_, _>>())).unwrap()
}

fn sums(count: usize, dtype: Dtype) -> Tensor {
    Tensor {
        dtype,
        shape: vec![count],
        data: vec![0; 4 * count],
    }
}

#[test]
fn a_header_with_false_claims_about_panels_is_refused_by_every_reader() {
    let down = "bert.encoder.layer.0.output.dense.weight";
    let up = "bert.encoder.layer.0.intermediate.dense.weight";
    let words = "bert.embeddings.word_embeddings.weight";
    let bias = "bert.encoder.layer.0.output.dense.bias";
    let projection = "bert.encoder.layer.0.attention.self.query.weight";
    let whole = |name: &str| json!({"version": 1, "tensors": [name]}).to_string();
    let add = |count, dtype| {
        move |tensors: &mut Tensors, name: &str| {
            tensors.insert(format!("{name}_sums"), sums(count, dtype));
        }
    };
    type Change<'a> = &'a dyn Fn(&mut Tensors, &str);
    let cases: [(&str, String, Change<'_>); 12] = [
        (down, "no".to_owned(), &add(32, Dtype::I32)),
        (down, "[]".to_owned(), &add(32, Dtype::I32)),
        (
            down,
            json!({"version": 1}).to_string(),
            &add(32, Dtype::I32),
        ),
        (
            down,
            json!({"version": 2, "tensors": []}).to_string(),
            &add(32, Dtype::I32),
        ),
        (down, whole("bert.no.such.tensor"), &add(32, Dtype::I32)),
        (down, whole(down), &|_, _| {}),
        (down, whole(down), &add(31, Dtype::I32)),
        (down, whole(down), &add(32, Dtype::F32)),
        (words, whole(words), &add(53, Dtype::I32)),
        (projection, whole(projection), &add(32, Dtype::I32)),
        (bias, whole(bias), &add(32, Dtype::I32)),
        (up, whole(up), &|tensors, name| {
            let wide = Tensor::from_floats(&[64, 32], &[0.0; 64 * 32]);
            tensors.insert(name.to_owned(), wide);
            add(64, Dtype::I32)(tensors, name);
        }),
    ];
    let model = Model::small("bert", Architecture::Bert);
    for (name, about, change) in cases {
        let mut tensors = model.tensors.clone();
        change(&mut tensors, name);
        let file = with_metadata(&tensors, &[("newshound.panels", &about)]);
        let errors = [
            Encoder::load(&model.config, leaked(&file, 0), Options::default()).map(|_| ()),
            newshound_encoder::Tensors::open(&file, Architecture::Bert).map(|_| ()),
            prepare(&model.config, &file).map(|_| ()),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert!(
                matches!(error, Error::CorruptWeights { .. }),
                "{about}: {error}"
            );
            assert!(
                error.to_string().contains("newshound.panels"),
                "{about}: {error}"
            );
        }
    }
}

#[test]
fn sums_that_no_weights_can_have_are_refused() {
    let model = Model::small("bert", Architecture::Bert);
    let name = "bert.encoder.layer.0.output.dense.weight";
    let mut tensors = model.tensors.clone();
    let mut lie = sums(32, Dtype::I32);
    lie.data[4..8].copy_from_slice(&(64 * 128 + 1i32).to_le_bytes());
    tensors.insert(format!("{name}_sums"), lie);
    let about = json!({"version": 1, "tensors": [name]}).to_string();
    let file = with_metadata(&tensors, &[("newshound.panels", &about)]);
    let error = Encoder::load(&model.config, file, Options::default()).map(|_| ());
    let error = error.unwrap_err().to_string();
    assert!(error.contains(&format!("{name}_sums")), "{error}");
}

proptest! {
    #[test]
    fn damage_to_the_header_never_panics(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let model = Model::small("bert", Architecture::Bert);
        let mut file = model.prepared();
        let header = 8 + SafeTensors::read_metadata(&file).unwrap().0;
        for (index, byte) in damage {
            file[index.index(header)] = byte;
        }
        if let Ok(encoder) = Encoder::load(&model.config, leaked(&file, 0), Options::default()) {
            bits(&encoder);
        }
        let _ = prepare(&model.config, &file);
    }
}
