//! Multi-head self-attention (Vaswani et al. 2017), each sequence of a pack on its own.

use std::ops::Range;

use crate::kernels::{Chosen, Floats, Kernel};
use crate::linear::Linear;
use crate::matrix::Columns;
use crate::relative_bias::RelativeBias;
use crate::shapes::BlockShapes;
use crate::weights::Weights;
use crate::{Config, Error, Precision};

mod bytes;
mod floats;

/// About how many queries are processed at a time, so that their scores stay in cache.
const QUERIES: usize = 24;

pub(crate) struct Attention {
    /// Hidden states to queries, keys and values, side by side.
    pub(crate) qkv: Linear,
    pub(crate) output: Linear,
    /// The columns of queries, and of keys and of values: a group for each head.
    columns: Columns,
    /// The number of heads.
    heads: usize,
    /// The columns of a head.
    width: usize,
}

/// The input of attention for one sequence.
pub(crate) struct Sequence<'a> {
    /// A row for each live token: queries, keys and values of `heads`.
    pub(crate) qkv: &'a [Floats],
    /// A row for each stopped token: keys and values of `heads`. As keys they follow the live ones.
    pub(crate) stopped: &'a [Floats],
    pub(crate) heads: Range<usize>,
    /// The live tokens to compute attention for.
    pub(crate) queries: Range<usize>,
}

/// The size of a head, in columns and in chunks.
#[derive(Clone, Copy)]
struct Shape {
    width: usize,
    head_chunks: usize,
}

impl<'a> Sequence<'a> {
    /// The number of tokens. `chunks` is the width of all heads together.
    fn tokens(&self, chunks: usize) -> usize {
        self.qkv.len() / (3 * chunks) + self.stopped.len() / (2 * chunks)
    }

    /// The keys of all tokens in one head, which has the chunks `head` of `chunks`.
    #[inline(always)]
    fn keys(&self, chunks: usize, head: Range<usize>) -> impl Iterator<Item = &'a [Floats]> {
        self.part(chunks, head, 0)
    }

    /// The same for values.
    #[inline(always)]
    fn values(&self, chunks: usize, head: Range<usize>) -> impl Iterator<Item = &'a [Floats]> {
        self.part(chunks, head, chunks)
    }

    #[inline(always)]
    fn part(
        &self,
        chunks: usize,
        head: Range<usize>,
        offset: usize,
    ) -> impl Iterator<Item = &'a [Floats]> {
        let rows = move |rows: &'a [Floats], queries: usize| {
            let start = queries + offset + head.start;
            let rows = rows.chunks_exact(queries + 2 * chunks);
            rows.map(move |row| &row[start..start + head.len()])
        };
        let stopped = rows.clone()(self.stopped, 0);
        rows(self.qkv, chunks).chain(stopped)
    }
}

/// Buffers for one head of one sequence.
#[derive(Default)]
pub(crate) struct Scratch {
    bytes: bytes::Scratch,
    floats: floats::Scratch,
}

impl Attention {
    pub(crate) fn load(
        weights: &Weights<'_>,
        config: &Config,
        shapes: &BlockShapes,
        precision: Precision,
        kernel: Chosen,
    ) -> Result<Self, Error> {
        Ok(Self {
            qkv: Linear::load(weights, &shapes.qkv, precision)?.for_kernel(kernel),
            output: Linear::load(weights, &shapes.output, precision)?.for_kernel(kernel),
            columns: shapes.qkv.outputs,
            heads: config.heads,
            width: config.hidden / config.heads,
        })
    }

    /// All heads, by number.
    pub(crate) fn heads(&self) -> Range<usize> {
        0..self.heads
    }

    /// The width of a head, in chunks.
    pub(crate) fn head_chunks(&self) -> usize {
        self.columns.group_chunks()
    }

    /// The width of all heads together, in chunks.
    pub(crate) fn chunks(&self) -> usize {
        self.columns.chunks()
    }

    /// Writes the weighted mean of the values to `context`, a row for each query. Computes in 8 bits
    /// if the linear layers do, else in `f32`.
    #[inline(always)]
    pub(crate) fn attend<K: Kernel>(
        &self,
        kernel: K,
        sequence: Sequence<'_>,
        bias: Option<&RelativeBias>,
        context: &mut [Floats],
        scratch: &mut Scratch,
    ) {
        let shape = Shape {
            width: self.width,
            head_chunks: self.head_chunks(),
        };
        if self.qkv.eight_bit() {
            bytes::attend(kernel, shape, sequence, bias, context, &mut scratch.bytes);
        } else {
            floats::attend(kernel, shape, sequence, bias, context, &mut scratch.floats);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernels::tests::kernels;
    use crate::kernels::{Job, LANES, Lanes};

    /// Attention of all heads of a sequence, in 8 bits or in `f32`.
    struct Attend<'a> {
        /// Another sequence, computed first with the same buffers.
        before: &'a [Floats],
        qkv: &'a [Floats],
        heads: Columns,
        queries: Range<usize>,
        eight_bit: bool,
    }

    impl Job for Attend<'_> {
        type Output = Vec<Floats>;

        fn run<K: Kernel>(self, kernel: K) -> Vec<Floats> {
            let heads = self.heads.chunks() / self.heads.group_chunks();
            let shape = Shape {
                width: self.heads.count() / heads,
                head_chunks: self.heads.group_chunks(),
            };
            let mut context = vec![Floats::ZERO; self.queries.len() * self.heads.chunks()];
            let mut scratch = Scratch::default();
            for (qkv, queries) in [(self.before, 0..1), (self.qkv, self.queries)] {
                let sequence = Sequence {
                    qkv,
                    stopped: &[],
                    heads: 0..heads,
                    queries,
                };
                kernel.lanes().run(
                    #[inline(always)]
                    || {
                        if self.eight_bit {
                            let scratch = &mut scratch.bytes;
                            bytes::attend(kernel, shape, sequence, None, &mut context, scratch);
                        } else {
                            let scratch = &mut scratch.floats;
                            floats::attend(kernel, shape, sequence, None, &mut context, scratch);
                        }
                    },
                );
            }
            context
        }
    }

    /// Random queries, keys and values of `tokens`, from -2 to 2; zeros as padding.
    fn qkv(heads: Columns, tokens: usize, seed: u32) -> Vec<Floats> {
        let mut state = seed;
        let mut rows = Vec::new();
        for _ in 0..3 * tokens {
            let values: Vec<f32> = (0..heads.count())
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 8) as f32 / (1 << 22) as f32 - 2.0
                })
                .collect();
            rows.extend(heads.spread(&values));
        }
        rows
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn eight_bit_attention_is_the_same_on_every_kernel_and_close_to_f32(
            count in 1..4usize,
            width in prop::sample::select(vec![1, 5, 16, 18, 32, 64, 80]),
            tokens in prop_oneof![1..20usize, 60..70usize, 120..140usize],
            cut in 0.0..1.0f64,
            seed in any::<u32>(),
        ) {
            let heads = Columns::grouped(count, width);
            let qkv = qkv(heads, tokens, seed);
            let queries = (cut * tokens as f64) as usize..tokens;
            let run = |kernel: crate::kernels::Chosen, eight_bit| {
                let queries = queries.clone();
                let before = &qkv[..3 * heads.chunks()];
                kernel.run(Attend { before, qkv: &qkv, heads, queries, eight_bit })
            };
            let scalar = crate::kernels::Chosen::SCALAR;
            let (expected, exact) = (run(scalar, true), run(scalar, false));
            for (isa, kernel) in kernels() {
                prop_assert_eq!(&run(kernel, true), &expected, "{}", isa);
            }
            let (expected, exact) = (Floats::lanes(&expected), Floats::lanes(&exact));
            for (found, exact) in expected.iter().zip(exact) {
                prop_assert!((found - exact).abs() < 0.06, "{found} {exact}");
            }
        }
    }

    #[test]
    fn in_8_bits_zeros_give_zeros_and_a_nan_spoils_only_its_head() {
        let heads = Columns::grouped(2, 18);
        let stride = 3 * heads.chunks();
        let run = |kernel: crate::kernels::Chosen, qkv: &[Floats]| {
            let queries = 0..qkv.len() / stride;
            let found = kernel.run(Attend {
                before: &qkv[..stride],
                qkv,
                heads,
                queries,
                eight_bit: true,
            });
            Floats::lanes(&found).to_vec()
        };
        for (isa, kernel) in kernels() {
            let mut qkv = qkv(heads, 21, 7);
            assert!(
                run(kernel, &vec![Floats::ZERO; qkv.len()])
                    .iter()
                    .all(|&x| x == 0.0),
                "{isa}"
            );
            // A value of the first head.
            qkv[5 * stride + 2 * heads.chunks()].0[3] = f32::NAN;
            let found = run(kernel, &qkv);
            for row in found.chunks(heads.chunks() * LANES) {
                assert!(row[..18].iter().all(|x| x.is_nan()), "{isa}");
                assert!(row[32..].iter().all(|x| x.is_finite()), "{isa}");
            }
        }
    }

    #[test]
    fn a_sequence_of_nan_does_not_spoil_a_shorter_one_after_it() {
        let heads = Columns::grouped(2, 18);
        let short = qkv(heads, 5, 3);
        for bad in [f32::NAN, f32::INFINITY] {
            let mut long = qkv(heads, 23, 7);
            for key in long.chunks_exact_mut(heads.chunks()).skip(1).step_by(3) {
                key.iter_mut().for_each(|chunk| chunk.0.fill(bad));
            }
            for (isa, kernel) in kernels() {
                for eight_bit in [true, false] {
                    let after = |before| {
                        kernel.run(Attend {
                            before,
                            qkv: &short,
                            heads,
                            queries: 0..5,
                            eight_bit,
                        })
                    };
                    assert_eq!(after(&long), after(&short), "{isa}, in 8 bits: {eight_bit}");
                }
            }
        }
    }
}
