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

/// Queries whose scores are in cache together, about.
const QUERIES: usize = 24;

pub(crate) struct Attention {
    /// hidden to queries, keys and values side by side.
    pub(crate) joint: Linear,
    pub(crate) output: Linear,
    /// hidden, in heads.
    heads: Columns,
    count: usize,
    width: usize,
}

/// What attention looks at.
pub(crate) struct Sequence<'a> {
    /// A row for each token that goes on: queries, keys and values of `heads`.
    pub(crate) joint: &'a [Floats],
    /// A row for each token that has stopped: keys and values. They come behind the others.
    pub(crate) stopped: &'a [Floats],
    pub(crate) heads: Range<usize>,
    /// The tokens to look from, of those that go on.
    pub(crate) queries: Range<usize>,
}

/// The columns of a head.
#[derive(Clone, Copy)]
struct Shape {
    width: usize,
    head_chunks: usize,
}

impl<'a> Sequence<'a> {
    /// How many tokens there are, where all heads have `chunks`.
    fn tokens(&self, chunks: usize) -> usize {
        self.joint.len() / (3 * chunks) + self.stopped.len() / (2 * chunks)
    }

    /// The keys of all tokens, `head` of the `chunks` of all heads.
    #[inline(always)]
    fn keys(&self, chunks: usize, head: Range<usize>) -> impl Iterator<Item = &'a [Floats]> {
        self.part(chunks, head, 0)
    }

    /// The values.
    #[inline(always)]
    fn values(&self, chunks: usize, head: Range<usize>) -> impl Iterator<Item = &'a [Floats]> {
        self.part(chunks, head, chunks)
    }

    #[inline(always)]
    fn part(
        &self,
        chunks: usize,
        head: Range<usize>,
        from: usize,
    ) -> impl Iterator<Item = &'a [Floats]> {
        let rows = move |rows: &'a [Floats], queries: usize| {
            let start = queries + from + head.start;
            let rows = rows.chunks_exact(queries + 2 * chunks);
            rows.map(move |row| &row[start..start + head.len()])
        };
        let stopped = rows.clone()(self.stopped, 0);
        rows(self.joint, chunks).chain(stopped)
    }
}

/// Room for one head of one sequence.
#[derive(Default)]
pub(crate) struct Room {
    bytes: bytes::Room,
    floats: floats::Room,
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
            joint: Linear::load(weights, &shapes.joint, precision)?.for_kernel(kernel),
            output: Linear::load(weights, &shapes.output, precision)?.for_kernel(kernel),
            heads: shapes.joint.outputs,
            count: config.heads,
            width: config.hidden / config.heads,
        })
    }

    /// How many heads there are.
    pub(crate) fn heads(&self) -> Range<usize> {
        0..self.count
    }

    /// Chunks of a head's columns.
    pub(crate) fn head_chunks(&self) -> usize {
        self.heads.group_chunks()
    }

    /// Chunks of a row of context.
    pub(crate) fn chunks(&self) -> usize {
        self.heads.chunks()
    }

    /// Mixes the values of a sequence into `context`, a row for each query. In 8 bits where the layers
    /// multiply so, else in `f32`.
    #[inline(always)]
    pub(crate) fn attend<K: Kernel>(
        &self,
        kernel: K,
        sequence: Sequence<'_>,
        bias: Option<&RelativeBias>,
        context: &mut [Floats],
        room: &mut Room,
    ) {
        let shape = Shape {
            width: self.width,
            head_chunks: self.heads.group_chunks(),
        };
        if self.joint.eight_bit() {
            bytes::attend(kernel, shape, sequence, bias, context, &mut room.bytes);
        } else {
            floats::attend(kernel, shape, sequence, bias, context, &mut room.floats);
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
        /// Another sequence, which leaves what it leaves in the room.
        before: &'a [Floats],
        joint: &'a [Floats],
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
            let mut room = Room::default();
            for (joint, queries) in [(self.before, 0..1), (self.joint, self.queries)] {
                let sequence = Sequence {
                    joint,
                    stopped: &[],
                    heads: 0..heads,
                    queries,
                };
                kernel.lanes().run(
                    #[inline(always)]
                    || {
                        if self.eight_bit {
                            let room = &mut room.bytes;
                            bytes::attend(kernel, shape, sequence, None, &mut context, room);
                        } else {
                            let room = &mut room.floats;
                            floats::attend(kernel, shape, sequence, None, &mut context, room);
                        }
                    },
                );
            }
            context
        }
    }

    /// Queries, keys and values of `tokens`, from -2 to 2, with zeros as filling.
    fn joint(heads: Columns, tokens: usize, seed: u32) -> Vec<Floats> {
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
        fn in_8_bits_every_kernel_gives_the_same_and_nearly_that_of_f32(
            count in 1..4usize,
            width in prop::sample::select(vec![1, 5, 16, 18, 32, 64, 80]),
            tokens in prop_oneof![1..20usize, 60..70usize, 120..140usize],
            cut in 0.0..1.0f64,
            seed in any::<u32>(),
        ) {
            let heads = Columns::grouped(count, width);
            let joint = joint(heads, tokens, seed);
            let queries = (cut * tokens as f64) as usize..tokens;
            let run = |kernel: crate::kernels::Chosen, eight_bit| {
                let queries = queries.clone();
                let before = &joint[..3 * heads.chunks()];
                kernel.run(Attend { before, joint: &joint, heads, queries, eight_bit })
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
    fn in_8_bits_zeros_give_zeros_and_what_is_not_a_number_none() {
        let heads = Columns::grouped(2, 18);
        let stride = 3 * heads.chunks();
        let run = |kernel: crate::kernels::Chosen, joint: &[Floats]| {
            let queries = 0..joint.len() / stride;
            let found = kernel.run(Attend {
                before: &joint[..stride],
                joint,
                heads,
                queries,
                eight_bit: true,
            });
            Floats::lanes(&found).to_vec()
        };
        for (isa, kernel) in kernels() {
            let mut joint = joint(heads, 21, 7);
            assert!(
                run(kernel, &vec![Floats::ZERO; joint.len()])
                    .iter()
                    .all(|&x| x == 0.0),
                "{isa}"
            );
            // A value of the first head.
            joint[5 * stride + 2 * heads.chunks()].0[3] = f32::NAN;
            let found = run(kernel, &joint);
            for row in found.chunks(heads.chunks() * LANES) {
                assert!(row[..18].iter().all(|x| x.is_nan()), "{isa}");
                assert!(row[32..].iter().all(|x| x.is_finite()), "{isa}");
            }
        }
    }

    #[test]
    fn a_sequence_that_is_not_a_number_spoils_no_shorter_one_behind_it() {
        let heads = Columns::grouped(2, 18);
        let short = joint(heads, 5, 3);
        for bad in [f32::NAN, f32::INFINITY] {
            let mut long = joint(heads, 23, 7);
            for key in long.chunks_exact_mut(heads.chunks()).skip(1).step_by(3) {
                key.iter_mut().for_each(|chunk| chunk.0.fill(bad));
            }
            for (isa, kernel) in kernels() {
                for eight_bit in [true, false] {
                    let behind = |before| {
                        kernel.run(Attend {
                            before,
                            joint: &short,
                            heads,
                            queries: 0..5,
                            eight_bit,
                        })
                    };
                    assert_eq!(
                        behind(&long),
                        behind(&short),
                        "{isa}, in 8 bits: {eight_bit}"
                    );
                }
            }
        }
    }
}
