//! Portable Rust: the reference that the other kernels are tested against.

use super::{BytePanels, ByteRows, Floats, Ints, Kernel, LANES, Lanes, Sums, TileShape};

#[derive(Clone, Copy)]
pub(crate) struct Scalar;

type F = [f32; LANES];

#[inline(always)]
fn each(f: impl FnMut(usize) -> f32) -> F {
    std::array::from_fn(f)
}

impl Lanes for Scalar {
    type F = F;

    const PANELS: usize = 1;

    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }

    #[inline(always)]
    fn splat(self, x: f32) -> F {
        [x; LANES]
    }

    #[inline(always)]
    fn load(self, from: &Floats) -> F {
        from.0
    }

    #[inline(always)]
    fn store(self, x: F, to: &mut Floats) {
        to.0 = x;
    }

    #[inline(always)]
    fn ints_to_floats(self, from: &Ints) -> F {
        from.0.map(|x| x as f32)
    }

    #[inline(always)]
    fn add(self, a: F, b: F) -> F {
        each(|i| a[i] + b[i])
    }

    #[inline(always)]
    fn sub(self, a: F, b: F) -> F {
        each(|i| a[i] - b[i])
    }

    #[inline(always)]
    fn mul(self, a: F, b: F) -> F {
        each(|i| a[i] * b[i])
    }

    #[inline(always)]
    fn div(self, a: F, b: F) -> F {
        each(|i| a[i] / b[i])
    }

    #[inline(always)]
    fn mul_add(self, a: F, b: F, c: F) -> F {
        each(|i| a[i].mul_add(b[i], c[i]))
    }

    #[inline(always)]
    fn max(self, a: F, b: F) -> F {
        each(|i| a[i].max(b[i]))
    }

    #[inline(always)]
    fn clamp(self, x: F, low: f32, high: f32) -> F {
        x.map(|x| x.clamp(low, high))
    }

    #[inline(always)]
    fn magnitude(self, so_far: F, x: F) -> F {
        each(|i| f32::from_bits(so_far[i].to_bits().max(x[i].abs().to_bits())))
    }

    #[inline(always)]
    fn power_of_two(self, shifted: F) -> F {
        shifted.map(|x| f32::from_bits((x.to_bits() << 23).wrapping_add(1.0f32.to_bits())))
    }

    #[inline(always)]
    fn sum(self, mut x: F) -> f32 {
        let mut half = LANES / 2;
        while half > 0 {
            for i in 0..half {
                x[i] += x[i + half];
            }
            half /= 2;
        }
        x[0]
    }

    #[inline(always)]
    fn highest_magnitude(self, x: F) -> f32 {
        f32::from_bits(x.iter().fold(0, |most, x| most.max(x.to_bits())))
    }

    #[inline(always)]
    fn highest(self, x: F) -> f32 {
        x.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b))
    }

    #[inline(always)]
    fn to_bytes(self, x: F) -> [i8; LANES] {
        x.map(|x| x.round_ties_even() as i8)
    }

    #[inline(always)]
    fn halves(self, pairs: F) -> [F; 2] {
        [
            pairs.map(|x| f32::from_bits(x.to_bits() << 16)),
            pairs.map(|x| f32::from_bits(x.to_bits() & 0xffff_0000)),
        ]
    }
}

impl Kernel for Scalar {
    type Lanes = Self;
    type Session = ();

    const SHAPE: TileShape = TileShape::of(4, 1);
    const BLOCK: usize = 48;

    fn lanes(self) -> Self {
        self
    }

    fn session(self) {}

    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
        rows.check(Self::SHAPE);
        w.check(Self::SHAPE, rows.stride);
        let groups = 16 * rows.stride;
        for row in 0..rows.count {
            let a = &rows.data[row * rows.stride..][..rows.stride];
            for panel in 0..w.panels {
                let mut sum = [0i32; LANES];
                let weights = &w.data[panel * groups..][..groups];
                for (inputs, weights) in a.iter().flat_map(|a| a.0.as_chunks::<4>().0).zip(weights)
                {
                    for (sum, weights) in sum.iter_mut().zip(weights.0.as_chunks::<4>().0) {
                        for (&x, &w) in inputs.iter().zip(weights) {
                            *sum += i32::from(x) * i32::from(w);
                        }
                    }
                }
                sums[row * w.panels + panel] = Ints(sum);
            }
        }
    }
}
