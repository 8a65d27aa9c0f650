//! Tests products of bfloat16: every kernel against plain sums in its order, and those against `f64`.

use proptest::prelude::*;

use super::tests::kernels;
use super::*;
use crate::bf16::round;

/// The kernels that can be tested here, also without their instructions for bfloat16.
pub(crate) fn pair_kernels() -> Vec<(&'static str, Chosen)> {
    let both = |(name, kernel)| [Some((name, kernel)), without_bf16(kernel)];
    kernels().into_iter().flat_map(both).flatten().collect()
}

fn without_bf16(kernel: Chosen) -> Option<(&'static str, Chosen)> {
    match kernel {
        #[cfg(target_arch = "x86_64")]
        Chosen::Amx(amx) => Some(("amx, no bf16", Chosen::Amx(amx.without_bf16()))),
        #[cfg(target_arch = "x86_64")]
        Chosen::Avx512Vnni(avx512) => {
            let without = Chosen::Avx512Vnni(avx512.without_bf16());
            Some(("avx512vnni, no bf16", without))
        }
        #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
        Chosen::TrappedAmx(_) => {
            let without = Chosen::TrappedAmx(trapped::amx(false));
            Some(("amx, no bf16", without))
        }
        _ => None,
    }
}

/// Whether a kernel adds in the order of AMX.
pub(crate) fn sums_as_amx(kernel: &str) -> bool {
    kernel.starts_with("amx") && !kernel.ends_with("no bf16")
}

/// Rows and weights of a product: `stride` times 32 inputs, `panels` times 16 outputs.
struct Product {
    rows: Vec<Pairs>,
    weights: Vec<Pairs>,
    stride: usize,
    panels: usize,
}

/// The first and the second of a pair as `f32`.
fn widened(pair: u32) -> [f32; 2] {
    [pair << 16, pair & 0xffff_0000].map(f32::from_bits)
}

impl Product {
    /// Random numbers of both signs, with `span` exponents from `least` on.
    fn random(
        seed: u64,
        (count, panels, stride): (usize, usize, usize),
        (least, span): (i32, u64),
    ) -> Self {
        let mut state = seed;
        let mut next = || {
            // Knuth's MMIX constants.
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let (mantissa, sign) = (state >> 40 & 0x7f, state >> 48 & 1);
            let exponent = (127 + least) as u64 + (state >> 33) % span;
            (sign << 15 | exponent << 7 | mantissa) as u32
        };
        let mut chunks = |count: usize| -> Vec<Pairs> {
            let chunk = |_| Pairs(std::array::from_fn(|_| next() << 16 | next()));
            (0..count).map(chunk).collect()
        };
        Self {
            rows: chunks(count * stride),
            weights: chunks(panels * LANES * stride),
            stride,
            panels,
        }
    }

    /// The result of `sum` for the pairs of each row and column, rows x outputs.
    fn each<T>(&self, sum: impl Fn(&[([f32; 2], [f32; 2])]) -> T) -> Vec<T> {
        let mut sums = Vec::new();
        for row in self.rows.chunks(self.stride) {
            for panel in self.weights.chunks(LANES * self.stride) {
                for column in 0..LANES {
                    let row = row.iter().flat_map(|chunk| chunk.0).map(widened);
                    let weights = panel.iter().map(|chunk| widened(chunk.0[column]));
                    sums.push(sum(&row.zip(weights).collect::<Vec<_>>()));
                }
            }
        }
        sums
    }

    /// The sums in the specified order: that of AMX, or that of all others.
    fn expected(&self, as_amx: bool) -> Vec<f32> {
        if as_amx {
            return self.each(|pairs| {
                let parts = pairs.chunks(16).map(|pairs| {
                    let part = |half: usize| {
                        let terms = pairs.iter().map(|(x, w)| (x[half], w[half]));
                        terms.fold(0f32, |sum, (x, w)| x.mul_add(w, sum))
                    };
                    part(0) + part(1)
                });
                parts.fold(0f32, |sum, part| sum + part)
            });
        }
        self.each(|pairs| {
            pairs.iter().fold(0f32, |sum, (x, w)| {
                x[0].mul_add(w[0], x[1].mul_add(w[1], sum))
            })
        })
    }

    /// The sums in `f64`, each with the largest error allowed.
    fn wide(&self) -> Vec<(f64, f64)> {
        self.each(|pairs| {
            let terms = pairs.iter().flat_map(|(x, w)| [(x[0], w[0]), (x[1], w[1])]);
            let terms = terms.map(|(x, w)| f64::from(x) * f64::from(w));
            let (sum, size) = terms.fold((0.0, 0.0), |(sum, size), x| (sum + x, size + x.abs()));
            (sum, 2.0 * pairs.len() as f64 * 2f64.powi(-24) * size)
        })
    }
}

impl Job for &Product {
    type Output = Vec<f32>;

    /// Multiplies in tiles of every height and width that the kernel takes.
    fn run<K: Kernel>(self, kernel: K) -> Vec<f32> {
        let _session = kernel.session();
        let shape = kernel.pair_shape();
        let count = self.rows.len() / self.stride;
        let mut rows = self.rows.clone();
        // The rows after the last may hold anything.
        rows.resize(
            rows.len() + shape.rows * self.stride,
            Pairs([u32::MAX; LANES]),
        );
        let mut all = vec![0.0; count * LANES * self.panels];
        let mut sums = [Floats::ZERO; 64];
        let mut row = 0;
        for height in (1..=shape.rows).rev().cycle() {
            if row == count {
                break;
            }
            let height = height.min(count - row);
            let mut first = 0;
            for panels in (1..=shape.panels).rev().cycle() {
                if first == self.panels {
                    break;
                }
                let panels = panels.min(self.panels - first);
                let a = PairRows {
                    data: &rows[row * self.stride..],
                    stride: self.stride,
                    count: height,
                };
                let w = PairPanels {
                    data: &self.weights[first * LANES * self.stride..],
                    panels,
                    ahead: &[],
                };
                kernel.pair_tile(a, w, &mut sums);
                for (r, sums) in sums.chunks(panels).take(height).enumerate() {
                    let at = (row + r) * LANES * self.panels + LANES * first;
                    let sums = sums.iter().flat_map(|sums| sums.0);
                    for (to, sum) in all[at..].iter_mut().zip(sums) {
                        *to = sum;
                    }
                }
                first += panels;
            }
            row += height;
        }
        all
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn sums_of_pairs_are_in_their_order_to_the_bit_and_near_f64(
        seed in any::<u64>(),
        sizes in (1..70usize, 1..6usize, 1..4usize),
        // Magnitudes as in a model; any; the smallest that rounding leaves.
        exponents in prop::sample::select(vec![(-8, 10), (-56, 90), (-56, 3)]),
    ) {
        let product = Product::random(seed, sizes, exponents);
        let expected = [false, true].map(|as_amx| product.expected(as_amx));
        for expected in &expected {
            for (found, (wide, most)) in expected.iter().zip(product.wide()) {
                prop_assert!(!found.is_subnormal());
                let error = (f64::from(*found) - wide).abs();
                prop_assert!(error <= most, "{found} {wide}: {error:e} above {most:e}");
            }
        }
        for (name, kernel) in pair_kernels() {
            let expected = &expected[usize::from(sums_as_amx(name))];
            prop_assert!(bits(&kernel.run(&product)) == bits(expected), "{name}");
        }
    }
}

#[test]
fn the_order_of_amx_sometimes_gives_other_bits() {
    let product = Product::random(5, (20, 3, 3), (-8, 10));
    let pairs = product
        .expected(false)
        .into_iter()
        .zip(product.expected(true));
    let differ = pairs.filter(|(one, other)| one != other).count();
    assert!((100..900).contains(&differ), "{differ} of 960");
}

#[test]
fn nan_and_infinity_stay_and_spoil_only_their_row() {
    for (place, bad) in [(0, f32::NAN), (33, f32::INFINITY), (63, f32::NEG_INFINITY)] {
        let mut product = Product::random(7, (40, 5, 2), (-4, 6));
        // All weights are positive, so that infinity times a weight keeps its sign.
        for chunk in &mut product.weights {
            chunk.0 = chunk.0.map(|pair| pair & 0x7fff_7fff);
        }
        let clean = product.expected(false);
        let chunk = &mut product.rows[17 * 2 + place / 32];
        let half = place % 2 * 16;
        let pair = &mut chunk.0[place % 32 / 2];
        *pair = *pair & !(0xffff << half) | (round(bad) >> 16) << half;
        for (name, kernel) in pair_kernels() {
            let found = kernel.run(&product);
            for (index, (found, clean)) in found.iter().zip(&clean).enumerate() {
                match index / 80 {
                    17 if bad.is_nan() => assert!(found.is_nan(), "{name}"),
                    17 => assert_eq!(*found, bad, "{name}"),
                    _ => assert!((found - clean).abs() < 1e-2, "{name}: {found} {clean}"),
                }
            }
        }
    }
}
