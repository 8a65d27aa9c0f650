//! Activations as 8-bit integers, each row with its own scale.

use crate::kernels::{Bytes, Floats, Kernel, LANES, Lanes};

/// Rows below this are taken as zero: 127 / the largest value must be finite.
const SMALLEST: f32 = 1e-30;

/// Rows of 8-bit activations; value = byte * scale.
#[derive(Default)]
pub(crate) struct Quantised {
    pub(crate) bytes: Vec<Bytes>,
    /// One for each row.
    pub(crate) scales: Vec<f32>,
}

impl Quantised {
    /// Rounds each row of `chunks` chunks to 255 steps, so that its largest value becomes 127.
    ///
    /// A row with a NaN or an infinity gets a scale that makes all its products NaN.
    #[inline(always)]
    pub(crate) fn fill<K: Kernel>(&mut self, kernel: K, rows: &[Floats], chunks: usize) {
        let l = kernel.lanes();
        let stride = chunks.div_ceil(4);
        let count = rows.len() / chunks;
        self.scales.clear();
        // A tile may read past the last row.
        self.bytes.resize((count + K::ROWS) * stride, Bytes::ZERO);
        for (row, bytes) in rows
            .chunks_exact(chunks)
            .zip(self.bytes.chunks_exact_mut(stride))
        {
            let mut most = l.splat(0.0);
            for values in row {
                most = l.magnitude(most, l.load(values));
            }
            let most = l.highest_magnitude(most);
            let steps = if most < SMALLEST { 0.0 } else { 127.0 / most };
            self.scales.push(most / 127.0);
            let steps = l.splat(steps);
            let slots = bytes
                .iter_mut()
                .flat_map(|bytes| bytes.0.as_chunks_mut::<LANES>().0);
            for (values, slot) in row.iter().zip(slots) {
                *slot = l
                    .to_bytes(l.mul(l.load(values), steps))
                    .map(|x| x.wrapping_add(K::OFFSET));
            }
        }
    }
}
