//! Weights files whose matrices have the layout of the kernels, so that they can be used in place.
//!
//! Such a file is a safetensors file with the same tensors as the original. Those that its
//! `__metadata__` names lie in panels ([`kernels`](crate::kernels)) instead of rows, at multiples of
//! 64 bytes, and the sums of their rows are another tensor.

use std::collections::HashSet;

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::{Deserialize, Serialize};

use crate::kernels::{BYTES, LANES};
use crate::layout::Layout;
use crate::panels::{Panels, int8};
use crate::shapes::{BlockShapes, Shape};
use crate::weights::{Table, Weights};
use crate::{Config, Error};

/// The metadata key whose value names the tensors in panels.
const KEY: &str = "newshound.panels";

/// The version of the panels' layout.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Named {
    version: u32,
    tensors: Vec<String>,
}

/// The name of the tensor with the sums of a matrix's rows.
pub(crate) fn sums_of(name: &str) -> String {
    format!("{name}_sums")
}

/// The tensors that the header says lie in panels; or why that cannot be.
pub(crate) fn panelled(metadata: &Metadata) -> Result<HashSet<String>, String> {
    let Some(named) = metadata.metadata().as_ref().and_then(|map| map.get(KEY)) else {
        return Ok(HashSet::new());
    };
    let named: Named = serde_json::from_str(named).map_err(|e| format!("header: {KEY}: {e}"))?;
    if named.version != VERSION {
        return Err(format!(
            "header: {KEY} is of version {}, not {VERSION}",
            named.version
        ));
    }
    for name in &named.tensors {
        let fits = metadata.info(name).is_some_and(|info| match *info.shape {
            [rows, columns] => {
                let sums = metadata.info(&sums_of(name));
                info.dtype == Dtype::I8
                    && rows.is_multiple_of(LANES)
                    && columns.is_multiple_of(BYTES)
                    && sums.is_some_and(|sums| sums.dtype == Dtype::I32 && *sums.shape == [rows])
            }
            _ => false,
        });
        if !fits {
            return Err(format!(
                "header: {KEY} names `{name}`, which is no matrix in panels with its sums"
            ));
        }
    }
    Ok(named.tensors.into_iter().collect())
}

/// Lays out the 8-bit weights of the blocks as [`Encoder::load`](crate::Encoder::load) needs them.
///
/// Returns the bytes of a `model.safetensors` with tensors of the same names, shapes and types. Only
/// [`Encoder::load`](crate::Encoder::load) and [`Tensors`](crate::Tensors) know this layout: to other
/// readers the weights are out of order. A program that contains these bytes, aligned to 64 bytes,
/// can run the model in place. Some weights stay as they are: those of layers whose inputs are no
/// multiple of 64 or whose outputs are no multiple of 16, and those not stored in 8 bits.
///
/// # Errors
/// Those of [`Encoder::load`](crate::Encoder::load) that concern the blocks' weights.
pub fn prepare(config: &[u8], weights: &[u8]) -> Result<Vec<u8>, Error> {
    let config = Config::parse(config)?;
    let open = Weights::open(weights, config.architecture.prefix())?;
    let mut panels = Vec::new();
    if !open.prepared() {
        let block = config.architecture.layer_names().block;
        for index in 0..config.layers {
            for shape in BlockShapes::new(&config, &format!("{block}.{index}")).in_order() {
                panels.extend(in_panels(&open, &shape)?);
            }
        }
    }
    if panels.is_empty() {
        return Ok(weights.to_vec());
    }
    write(&open, panels)
}

/// A matrix in panels and the sums of its rows, as bytes.
struct Panelled {
    name: String,
    shape: Vec<usize>,
    data: Vec<u8>,
    sums: Vec<u8>,
}

/// The matrices of a layer in panels; none if the layer cannot have panels.
fn in_panels(weights: &Weights<'_>, shape: &Shape) -> Result<Vec<Panelled>, Error> {
    let (outputs, inputs) = (shape.outputs.count(), shape.inputs.count());
    let tables = shape.names.iter();
    let tables = tables.map(|name| weights.matrix(&format!("{name}.weight"), outputs, inputs));
    let tables: Vec<Table<'_>> = tables.collect::<Result<_, _>>()?;
    let mut panelled = Vec::new();
    let fits =
        |table: &Table<'_>| table.eight_bit() && weights.bytes(&sums_of(table.name())).is_none();
    if !shape.whole() || !tables.iter().all(fits) {
        return Ok(panelled);
    }
    for table in &tables {
        if let Panels::Int8 { data, sums, .. } = int8(std::slice::from_ref(table), shape) {
            let sums = sums.iter().flat_map(|sums| sums.0);
            let mut bytes = Vec::with_capacity(outputs * inputs);
            for chunk in data.iter() {
                bytes.extend_from_slice(&chunk.0.map(i8::cast_unsigned));
            }
            panelled.push(Panelled {
                name: table.name().to_owned(),
                shape: vec![outputs, inputs],
                data: bytes,
                sums: sums.flat_map(i32::to_le_bytes).collect(),
            });
        }
    }
    Ok(panelled)
}

/// The file with `panels` first, all at multiples of 64 bytes.
fn write(weights: &Weights<'_>, panels: Vec<Panelled>) -> Result<Vec<u8>, Error> {
    let names: Vec<String> = panels.iter().map(|panel| panel.name.clone()).collect();
    let mut file = Layout::default();
    let mut sums = Vec::new();
    for panel in panels {
        sums.push((sums_of(&panel.name), panel.shape[..1].to_vec(), panel.sums));
        file.push(panel.name, Dtype::I8, panel.shape, panel.data);
    }
    for (name, shape, sums) in sums {
        file.push(name, Dtype::I32, shape, sums);
    }
    for name in weights.metadata().offset_keys() {
        if let Some((info, bytes)) = weights.bytes(&name)
            && !file.has(&name)
        {
            file.push(name, info.dtype, info.shape.clone(), bytes);
        }
    }
    let mut about = weights.about();
    let named = serde_json::to_string(&Named {
        version: VERSION,
        tensors: names,
    });
    about.insert(KEY.to_owned(), named.map_err(Error::header)?);
    file.write(about)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use safetensors::tensor::TensorView;

    use super::*;
    use crate::kernels::Floats;
    use crate::matrix::Columns;

    const NAMES: [&str; 2] = ["key", "query"];

    fn shape() -> Shape {
        Shape {
            names: NAMES.map(str::to_owned).into(),
            inputs: Columns::plain(128),
            outputs: Columns::grouped(2, 16),
        }
    }

    /// Two layers of 32 outputs whose matrices do not follow each other.
    fn file() -> Vec<u8> {
        let weights = |seed: usize| -> Vec<u8> {
            let bytes = (0..32 * 128).map(|i| (((i + seed) * 40_503) >> 4) as u8);
            bytes.collect()
        };
        let scale: Vec<u8> = (0..32u16)
            .flat_map(|i| f32::from(i).to_le_bytes())
            .collect();
        let mut tensors = Vec::new();
        for (seed, name) in NAMES.into_iter().enumerate() {
            tensors.push((
                format!("{name}.weight"),
                Dtype::I8,
                vec![32, 128],
                weights(seed),
            ));
            tensors.push((
                format!("{name}.weight_scale"),
                Dtype::F32,
                vec![32],
                scale.clone(),
            ));
        }
        tensors.push(("lies.between".to_owned(), Dtype::I8, vec![64], vec![1; 64]));
        let views = tensors.iter().map(|(name, dtype, shape, data)| {
            (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
        });
        safetensors::serialize(views, None).unwrap()
    }

    fn leaked(bytes: &[u8], past: usize) -> &'static [u8] {
        let room = vec![0; bytes.len() + 128].leak();
        let start = room.as_ptr().align_offset(64) + past;
        let place = &mut room[start..][..bytes.len()];
        place.copy_from_slice(bytes);
        place
    }

    /// Whether panels are borrowed from the file, and their data, sums and scales.
    fn read(weights: &Weights<'_>) -> (bool, Vec<u8>, Vec<[i32; LANES]>, Vec<Floats>) {
        let matrix = |name: &String| weights.matrix(&format!("{name}.weight"), 32, 128).unwrap();
        let tables: Vec<_> = shape().names.iter().map(matrix).collect();
        let Panels::Int8 {
            data, sums, scales, ..
        } = int8(&tables, &shape())
        else {
            unreachable!("8-bit panels are asked for");
        };
        let bytes = data.iter().flat_map(|chunk| chunk.0.map(i8::cast_unsigned));
        let sums = sums.iter().map(|sums| sums.0).collect();
        (
            matches!(data, Cow::Borrowed(_)),
            bytes.collect(),
            sums,
            scales,
        )
    }

    #[test]
    fn prepared_layers_that_are_joined_are_used_in_place_if_aligned() {
        let file = file();
        let plain = Weights::open(&file, "").unwrap();
        let prepared = write(&plain, in_panels(&plain, &shape()).unwrap()).unwrap();
        let (in_place, data, sums, scales) = read(&plain);
        assert!(!in_place);
        for (past, expected) in [(0, true), (1, false), (32, false)] {
            let weights = Weights::open_static(leaked(&prepared, past), "").unwrap();
            let found = read(&weights);
            assert_eq!(
                found,
                (expected, data.clone(), sums.clone(), scales.clone()),
                "{past}"
            );
        }
        // Bytes that are not `'static` are copied, and so are layers that do not follow each other.
        assert!(!read(&Weights::open(leaked(&prepared, 0), "").unwrap()).0);
        assert!(!read(&Weights::open_static(leaked(&file, 0), "").unwrap()).0);
        let mut turned = in_panels(&plain, &shape()).unwrap();
        turned.reverse();
        let turned = write(&plain, turned).unwrap();
        let weights = Weights::open_static(leaked(&turned, 0), "").unwrap();
        assert_eq!(read(&weights), (false, data, sums, scales));
    }
}
