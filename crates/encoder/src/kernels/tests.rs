//! Tests every kernel against the portable one, and the portable one against wider arithmetic.

use proptest::prelude::*;

use super::*;

/// Random bytes from `least` to `most`.
fn bytes(least: i8, most: i8, count: usize) -> impl Strategy<Value = Vec<Bytes>> {
    let chunk = prop::collection::vec(least..=most, 64);
    let chunk = chunk.prop_map(|values| Bytes(values.try_into().unwrap()));
    prop::collection::vec(chunk, count)
}

/// Activations and weights of a product: rows x 64 `stride` inputs, `panels` x 16 outputs.
#[derive(Debug, Clone)]
struct Product {
    rows: Vec<Bytes>,
    weights: Vec<Bytes>,
    stride: usize,
    panels: usize,
    /// Whether to measure the headroom of the weights.
    headroom: bool,
}

fn product() -> impl Strategy<Value = Product> {
    // Sums of a few products fit into 16 bits where weights are small.
    let sizes = (1..80usize, 1..6usize, 1..4usize, 1..=127i8, any::<bool>());
    sizes.prop_flat_map(|(rows, panels, stride, most, headroom)| {
        // Files may have weights of -128; activations are at least -127.
        let factors = (
            bytes(-127, 127, rows * stride),
            bytes(-most - 1, most, panels * 16 * stride),
        );
        factors.prop_map(move |(rows, weights)| Product {
            rows,
            weights,
            stride,
            panels,
            headroom,
        })
    })
}

impl Product {
    fn weight(&self, output: usize, input: usize) -> i64 {
        let chunk = &self.weights[output / 16 * 16 * self.stride + input / 4];
        i64::from(chunk.0[output % 16 * 4 + input % 4])
    }

    fn column_sums(&self) -> Vec<Ints> {
        let inputs = 64 * self.stride;
        let sum = |output| {
            (0..inputs)
                .map(|input| self.weight(output, input))
                .sum::<i64>()
        };
        let panel = |panel| Ints(std::array::from_fn(|i| sum(16 * panel + i) as i32));
        (0..self.panels).map(panel).collect()
    }

    /// The sums in 64 bits, rows x outputs.
    fn wide(&self) -> Vec<i64> {
        let mut sums = Vec::new();
        for row in self.rows.chunks(self.stride) {
            for output in 0..16 * self.panels {
                let inputs = row.iter().flat_map(|chunk| chunk.0).enumerate();
                sums.push(
                    inputs
                        .map(|(i, x)| i64::from(x) * self.weight(output, i))
                        .sum(),
                );
            }
        }
        sums
    }
}

impl Job for &Product {
    type Output = Vec<i64>;

    /// Multiplies in tiles of every height and width that the kernel takes.
    fn run<K: Kernel>(self, kernel: K) -> Vec<i64> {
        let _session = kernel.session();
        let count = self.rows.len() / self.stride;
        let mut rows = vec![Bytes::ZERO; chunks_for::<K>(count, self.stride)];
        for (number, row) in self.rows.chunks(self.stride).enumerate() {
            let mut to = RowMut::new::<K>(&mut rows, number, self.stride);
            for (chunk, from) in row.iter().enumerate() {
                to.put::<K>(chunk, *from);
            }
        }
        let column_sums = self.column_sums();
        let headroom = match self.headroom {
            true => kernel.headroom(&self.weights, self.stride),
            false => Headroom::default(),
        };
        let mut all = vec![0; count * 16 * self.panels];
        let mut sums = [Ints::ZERO; 64];
        let mut row = 0;
        for height in (1..=K::ROWS).rev().cycle() {
            if row == count {
                break;
            }
            // The next tile must start at a multiple of the interleaved rows.
            let height = height.next_multiple_of(K::INTERLEAVE).min(count - row);
            let mut first = 0;
            let widest = (0..100).map(K::shape).filter(|shape| height <= shape.rows);
            let widest = widest.map(|shape| shape.panels).max().unwrap_or_default();
            for panels in (1..=widest).rev().cycle() {
                if first == self.panels {
                    break;
                }
                let panels = panels.min(self.panels - first);
                let a = ByteRows {
                    data: &rows[row * self.stride..],
                    stride: self.stride,
                    count: height,
                };
                let w = BytePanels {
                    data: &self.weights[first * 16 * self.stride..],
                    sums: &column_sums[first..],
                    headroom: headroom.of(first..self.panels),
                    panels,
                    ahead: &self.weights[..16 * self.stride * (height % (panels + 1))],
                };
                let mut beside = 0;
                kernel.tile_beside(a, w, &mut sums, || beside += 1);
                assert_eq!(beside, a.stride);
                for (r, sums) in sums.chunks(panels).take(height).enumerate() {
                    let at = (row + r) * 16 * self.panels + 16 * first;
                    let sums = sums.iter().flat_map(|sums| sums.0);
                    for (to, sum) in all[at..].iter_mut().zip(sums) {
                        *to = i64::from(sum);
                    }
                }
                first += panels;
            }
            row += height;
        }
        all
    }
}

/// The kernels that can be tested here: all that the processor has, and AMX, emulated if missing.
pub(crate) fn kernels() -> Vec<(&'static str, Chosen)> {
    let named = |isa: Isa| Some((isa.name(), Chosen::new(isa)?));
    let found = Isa::ALL.into_iter().filter_map(named);
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    let found = found.chain(match Chosen::new(Isa::Amx) {
        Some(_) => None,
        None => Some(("amx, trapped", Chosen::TrappedAmx(trapped::amx(true)))),
    });
    found.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_of_bytes_are_exact_on_every_kernel(product in product()) {
        let expected = product.wide();
        for (isa, kernel) in kernels() {
            prop_assert_eq!(&kernel.run(&product), &expected, "{}", isa);
        }
    }

    #[test]
    fn float_products_are_the_same_bits_on_every_kernel_and_near_f64(
        values in prop::collection::vec(-2f32..2.0, 1024),
        rows in 1..15usize,
        panels in 1..6usize,
        inputs in 1..50usize,
    ) {
        let product = FloatProduct::new(&values, rows, panels, inputs);
        let expected = Chosen::SCALAR.run(&product);
        for (found, wide) in expected.iter().zip(product.wide()) {
            prop_assert!((f64::from(*found) - wide).abs() < 1e-4 * (1.0 + wide.abs()), "{found} {wide}");
        }
        for (isa, kernel) in kernels() {
            prop_assert_eq!(&kernel.run(&product), &expected, "{}", isa);
        }
    }

    #[test]
    fn lanes_round_alike(values in prop::collection::vec(any::<f32>(), 32)) {
        let vector = |at: usize| Floats(std::array::from_fn(|i| values[at + i]));
        let (a, b) = (vector(0), vector(16));
        let expected = Chosen::SCALAR.run(Operations(a, b));
        for (isa, kernel) in kernels() {
            prop_assert_eq!(&kernel.run(Operations(a, b)), &expected, "{}", isa);
        }
    }
}

#[test]
fn the_largest_bytes_do_not_overflow() {
    // Two weights of 127, or four of 64, are the most whose products fit into 16 bits together.
    for weight in [-128, -127, -65, -64, -63, 63, 64, 65, 127] {
        for x in [-127, 127] {
            let product = Product {
                rows: vec![Bytes([x; 64]); 13 * 48],
                weights: vec![Bytes([weight; 64]); 5 * 16 * 48],
                stride: 48,
                panels: 5,
                headroom: true,
            };
            for (isa, kernel) in kernels() {
                let sums = kernel.run(&product);
                let expected = 48 * 64 * i64::from(x) * i64::from(weight);
                assert!(sums.iter().all(|&sum| sum == expected), "{isa}");
            }
        }
    }
}

/// A product of `f32` with strides larger than the sizes.
struct FloatProduct {
    a: Vec<Floats>,
    b: Vec<Floats>,
    rows: usize,
    panels: usize,
    inputs: usize,
}

impl FloatProduct {
    fn new(values: &[f32], rows: usize, panels: usize, inputs: usize) -> Self {
        let mut values = values.iter().cycle();
        let mut take = |count: usize| -> Vec<Floats> {
            let chunk = |_| Floats(std::array::from_fn(|_| *values.next().unwrap()));
            (0..count).map(chunk).collect()
        };
        let stride = inputs.div_ceil(LANES) + 1;
        Self {
            a: take(rows * stride),
            b: take(panels * (inputs + 2)),
            rows,
            panels,
            inputs,
        }
    }

    fn factors(&self) -> (FloatRows<'_>, FloatPanels<'_>) {
        let rows = FloatRows {
            data: &self.a,
            stride: self.inputs.div_ceil(LANES) + 1,
            count: self.rows,
        };
        let panels = FloatPanels {
            data: &self.b,
            panel_stride: self.inputs + 2,
            input_stride: 1,
            panels: self.panels,
            inputs: self.inputs,
        };
        (rows, panels)
    }

    fn wide(&self) -> Vec<f64> {
        let (a, b) = self.factors();
        let mut sums = Vec::new();
        for row in 0..self.rows {
            for output in 0..LANES * self.panels {
                let term = |input: usize| {
                    let x = a.data[row * a.stride + input / LANES].0[input % LANES];
                    let w = b.data[output / LANES * b.panel_stride + input].0[output % LANES];
                    f64::from(x) * f64::from(w)
                };
                sums.push((0..self.inputs).map(term).sum());
            }
        }
        sums
    }
}

impl Job for &FloatProduct {
    type Output = Vec<f32>;

    fn run<K: Kernel>(self, kernel: K) -> Vec<f32> {
        let l = kernel.lanes();
        let (a, b) = self.factors();
        let mut sums = vec![Floats::ZERO; self.rows * self.panels];
        l.run(
            #[inline(always)]
            || {
                super::product(l, a, b, |row, panel, sum| {
                    l.store(sum, &mut sums[row * self.panels + panel])
                })
            },
        );
        sums.iter().flat_map(|sums| sums.0).collect()
    }
}

/// Every operation of [`Lanes`] on two vectors.
#[derive(Clone, Copy)]
struct Operations(Floats, Floats);

impl Job for Operations {
    type Output = Vec<u32>;

    fn run<K: Kernel>(self, kernel: K) -> Vec<u32> {
        let l = kernel.lanes();
        let mut results = Vec::new();
        l.run(
            #[inline(always)]
            || {
                let (a, b) = (l.load(&self.0), l.load(&self.1));
                let small = l.clamp(a, -127.0, 127.0);
                let size = l.magnitude(l.magnitude(l.splat(0.0), a), b);
                let shifted = l.add(l.clamp(a, -126.0, 127.0), l.splat(12_582_912.0));
                let vectors = [
                    l.add(a, b),
                    l.sub(a, b),
                    l.mul(a, b),
                    l.div(a, b),
                    l.mul_add(a, b, l.splat(0.1)),
                    l.max(a, b),
                    small,
                    size,
                    l.power_of_two(shifted),
                ];
                for vector in vectors {
                    let mut lanes = Floats::ZERO;
                    l.store(vector, &mut lanes);
                    results.extend(lanes.0);
                }
                results.extend([l.sum(small), l.highest_magnitude(size), l.highest(a)]);
                results.extend(l.to_bytes(small).map(f32::from));
            },
        );
        // NaNs may differ in their payload, and zeros from `max` in their sign.
        results
            .iter()
            .map(|x| {
                if x.is_nan() {
                    u32::MAX
                } else {
                    (x + 0.0).to_bits()
                }
            })
            .collect()
    }
}
