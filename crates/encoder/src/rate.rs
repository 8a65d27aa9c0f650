//! How fast an instruction set multiplies 8-bit integers.

use std::time::{Duration, Instant};

use crate::Error;
use crate::isa::Isa;
use crate::kernels::{BytePanels, ByteRows, Bytes, Ints, Job, Kernel};

/// Inputs of the product, in chunks of 64: those of a BERT-base layer.
const INPUT_CHUNKS: usize = 12;
const PANELS: usize = 8;
const ROWS: usize = 96;

/// 8-bit operations (multiplications and additions) a second on one thread, in a product whose
/// factors stay in the first caches: an upper bound for any model.
///
/// # Errors
/// [`Error::NoSuchIsa`] where this processor lacks the instruction set.
pub fn int8_operations_per_second(isa: Isa) -> Result<f64, Error> {
    Ok(Isa::choose(Some(isa))?.run(Product))
}

struct Product;

impl Job for Product {
    type Output = f64;

    fn run<K: Kernel>(self, kernel: K) -> f64 {
        let _session = kernel.session();
        let rows = vec![Bytes([1; 64]); ROWS * INPUT_CHUNKS];
        let weights = vec![Bytes([1; 64]); PANELS * 16 * INPUT_CHUNKS];
        let column_sums = [Ints([64 * INPUT_CHUNKS as i32; 16]); PANELS];
        let headroom = kernel.headroom(&weights, INPUT_CHUNKS);
        let mut sums = [Ints::ZERO; 64];
        let shape = K::shape(ROWS);
        let mut pass = || {
            for first in (0..PANELS).step_by(shape.panels) {
                for row in (0..ROWS).step_by(shape.rows) {
                    let a = ByteRows {
                        data: &rows[row * INPUT_CHUNKS..],
                        stride: INPUT_CHUNKS,
                        count: shape.rows.min(ROWS - row),
                    };
                    let w = BytePanels {
                        data: &weights[first * 16 * INPUT_CHUNKS..],
                        sums: &column_sums[first..],
                        headroom: headroom.of(first..PANELS),
                        panels: shape.panels.min(PANELS - first),
                        ahead: &[],
                    };
                    kernel.tile(a, w, &mut sums);
                    std::hint::black_box(&sums);
                }
            }
        };
        let mut fastest = Duration::MAX;
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(200) {
            let start = Instant::now();
            pass();
            fastest = fastest.min(start.elapsed());
        }
        let products = ROWS * 16 * PANELS * 64 * INPUT_CHUNKS;
        2.0 * products as f64 / fastest.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn available_instruction_sets_have_a_rate_and_others_an_error() {
        for isa in Isa::ALL {
            match int8_operations_per_second(isa) {
                Ok(rate) => assert!(rate > 1e6 && Isa::available().contains(&isa), "{isa}"),
                Err(error) => assert!(!Isa::available().contains(&isa), "{error}"),
            }
        }
    }
}
