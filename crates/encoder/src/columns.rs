//! The layers for few rows: each thread computes some columns of every product, so that it reads
//! only its part of the weights. Between products one thread puts the columns together.

use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::attention::Sequence;
use crate::crew::steps;
use crate::kernels::{Floats, Kernel, Lanes};
use crate::layer::{Layer, Scratch};
use crate::layer_norm::LayerNorm;
use crate::linear::Linear;
use crate::matrix::Matrix;
use crate::relative_bias::RelativeBias;
use crate::rounded::Rounded;
use crate::share::cuts;
use crate::standing::Group;

/// Buffers that all threads read, kept from pass to pass.
#[derive(Default)]
pub(crate) struct Shared {
    /// The input of the next product where that is not the hidden states.
    rows: Matrix,
    /// The input of the next product, rounded.
    rounded: Rounded,
    /// The hidden states of stopped tokens, rounded.
    stopped: Rounded,
}

/// What all threads read during a step, and one thread writes between steps.
struct Board<'a> {
    hidden: &'a mut Matrix,
    rows: &'a mut Matrix,
    rounded: &'a mut Rounded,
}

/// The steps of each layer, in this order.
#[derive(Clone, Copy)]
enum Step {
    Attend,
    Output,
    Up,
    Down,
}

const STEPS: [Step; 4] = [Step::Attend, Step::Output, Step::Up, Step::Down];

/// One thread's part of a step.
#[derive(Clone, Copy)]
struct Task<'a> {
    group: &'a Group,
    /// The hidden states of stopped tokens, and the same rounded.
    stopped: (&'a Matrix, &'a Rounded),
    bias: Option<&'a RelativeBias>,
    /// The index of the part among `parts`.
    part: usize,
    parts: usize,
}

/// Runs `layers` on `hidden`, the rows of all live tokens, with as many threads as there are
/// `parts`. `stopped` has the rows of stopped tokens.
pub(crate) fn apply<K: Kernel>(
    kernel: K,
    layers: &[Layer],
    group: &Group,
    bias: Option<&RelativeBias>,
    (hidden, stopped): (&mut Matrix, &Matrix),
    (shared, parts): (&mut Shared, &mut [Scratch]),
) {
    let count = parts.len();
    let Shared {
        rows,
        rounded,
        stopped: stopped_rounded,
    } = shared;
    if let Some(first) = layers.first() {
        round(kernel, hidden, &first.attention.qkv, rounded);
        // Every layer rounds in the same way, so that once is enough for all.
        round(kernel, stopped, &first.attention.qkv, stopped_rounded);
    }
    let stopped = (stopped, &*stopped_rounded);
    let board = RwLock::new(Board {
        hidden,
        rows,
        rounded,
    });
    let parts: Vec<RwLock<&mut Scratch>> = parts.iter_mut().map(RwLock::new).collect();
    let work = |step: usize, part: usize| {
        let (layer, step) = (&layers[step / STEPS.len()], STEPS[step % STEPS.len()]);
        let mut scratch = write(&parts[part]);
        let task = Task {
            group,
            stopped,
            bias,
            part,
            parts: count,
        };
        layer.step(kernel, step, task, &read(&board), &mut scratch);
    };
    let lead = |step: &dyn Fn(usize)| {
        for (index, layer) in layers.iter().enumerate() {
            for (number, which) in STEPS.into_iter().enumerate() {
                step(STEPS.len() * index + number);
                let found: Vec<_> = parts.iter().map(read).collect();
                let next = layers.get(index + 1);
                layer.collect(kernel, which, &found, &mut write(&board), next);
            }
        }
    };
    steps(count, work, lead);
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

impl Layer {
    /// Does a thread's part of a step.
    fn step<K: Kernel>(
        &self,
        kernel: K,
        step: Step,
        task: Task<'_>,
        board: &Board<'_>,
        scratch: &mut Scratch,
    ) {
        let (layer, rows) = match step {
            Step::Attend => {
                let heads = cuts(self.attention.heads().len(), task.parts).nth(task.part);
                return self.attend_with(kernel, task, heads.unwrap_or_default(), board, scratch);
            }
            Step::Output => (&self.attention.output, &*board.rows),
            Step::Up => (&self.up, &*board.hidden),
            Step::Down => (&self.down, &*board.rows),
        };
        let columns = columns(kernel, layer, task.parts).nth(task.part);
        let columns = columns.unwrap_or_default();
        let width = columns.len();
        scratch.inner.reshape(task.group.live.len(), width);
        let (rows, out) = ((rows, &*board.rounded), (scratch.inner.all_mut(), width));
        let l = kernel.lanes();
        match step {
            Step::Up => multiply(
                kernel,
                layer,
                rows,
                columns,
                out,
                #[inline(always)]
                |value, out| l.store(self.curve.apply(l, value), out),
            ),
            _ => multiply(kernel, layer, rows, columns, out, store(l)),
        }
    }

    /// Computes the attention of some heads for all sequences, from the hidden states.
    fn attend_with<K: Kernel>(
        &self,
        kernel: K,
        task: Task<'_>,
        heads: Range<usize>,
        board: &Board<'_>,
        scratch: &mut Scratch,
    ) {
        let l = kernel.lanes();
        let layer = &self.attention;
        let width = heads.len() * layer.head_chunks();
        let (live, stopped) = (task.group.live.len(), task.group.stopped.len());
        scratch.inner.reshape(live, 3 * width);
        scratch.stopped.reshape(stopped, 2 * width);
        scratch.context.reshape(live, width);
        if width == 0 || live == 0 {
            return;
        }
        let qkv = (&*board.hidden, &*board.rounded);
        for (rows, out, all) in [
            (qkv, &mut scratch.inner, 0..3),
            (task.stopped, &mut scratch.stopped, 1..3),
        ] {
            let stride = out.chunks();
            for (at, which) in all.enumerate().filter(|_| !rows.0.all().is_empty()) {
                let first = which * layer.chunks() + heads.start * layer.head_chunks();
                let out = &mut out.all_mut()[at * width..];
                let columns = first..first + width;
                multiply(kernel, &layer.qkv, rows, columns, (out, stride), store(l));
            }
        }
        for sequence in &task.group.sequences {
            let range = sequence.live.clone();
            if range.is_empty() {
                continue;
            }
            let sequence = Sequence {
                qkv: scratch.inner.rows(range.clone()),
                stopped: scratch.stopped.rows(sequence.stopped.clone()),
                heads: heads.clone(),
                queries: 0..range.len(),
            };
            let (context, attention) = (scratch.context.rows_mut(range), &mut scratch.attention);
            l.run(
                #[inline(always)]
                || layer.attend(kernel, sequence, task.bias, context, attention),
            );
        }
    }

    /// Joins the results of the parts of a step, and rounds them for the next step.
    fn collect<K: Kernel>(
        &self,
        kernel: K,
        step: Step,
        parts: &[RwLockReadGuard<'_, &mut Scratch>],
        board: &mut Board<'_>,
        next: Option<&Self>,
    ) {
        let Board {
            hidden,
            rows,
            rounded,
        } = board;
        let count = parts.len();
        let tokens = hidden.count();
        let inner = parts.iter().map(|part| &part.inner);
        match step {
            Step::Attend => {
                let width = self.attention.head_chunks();
                let columns = cuts(self.attention.heads().len(), count)
                    .map(|heads| heads.start * width..heads.end * width);
                let context = parts.iter().map(|part| &part.context);
                rows.reshape(tokens, self.attention.chunks());
                put(rows, context.zip(columns));
                round(kernel, rows, &self.attention.output, rounded);
            }
            Step::Output => {
                let columns = columns(kernel, &self.attention.output, count);
                add(kernel, hidden, inner.zip(columns), &self.attention_norm);
                round(kernel, hidden, &self.up, rounded);
            }
            Step::Up => {
                rows.reshape(tokens, self.up.chunks());
                put(rows, inner.zip(columns(kernel, &self.up, count)));
                round(kernel, rows, &self.down, rounded);
            }
            Step::Down => {
                let columns = columns(kernel, &self.down, count);
                add(kernel, hidden, inner.zip(columns), &self.output_norm);
                if let Some(next) = next {
                    round(kernel, hidden, &next.attention.qkv, rounded);
                }
            }
        }
    }
}

/// The columns of a product that each thread computes: whole tiles of the kernel.
fn columns<K: Kernel>(_: K, layer: &Linear, parts: usize) -> impl Iterator<Item = Range<usize>> {
    let (chunks, tile) = (
        layer.chunks(),
        K::SHAPE.panels.max(<K::Lanes as Lanes>::PANELS),
    );
    cuts(chunks.div_ceil(tile), parts)
        .map(move |tiles| tiles.start * tile..chunks.min(tiles.end * tile))
}

/// Multiplies all rows by some columns of the weights; `finish` writes the results to `out`.
fn multiply<K: Kernel>(
    kernel: K,
    layer: &Linear,
    (rows, rounded): (&Matrix, &Rounded),
    columns: Range<usize>,
    out: (&mut [Floats], usize),
    finish: impl Fn(<K::Lanes as Lanes>::F, &mut Floats),
) {
    kernel.lanes().run(
        #[inline(always)]
        || layer.multiply(kernel, (rows.all(), rounded), columns, out, finish),
    );
}

/// A `finish` that stores results as they are.
fn store<L: Lanes>(l: L) -> impl Fn(L::F, &mut Floats) {
    #[inline(always)]
    move |value, out| l.store(value, out)
}

/// Rounds rows for the layer that multiplies them.
fn round<K: Kernel>(kernel: K, rows: &Matrix, layer: &Linear, rounded: &mut Rounded) {
    kernel.lanes().run(
        #[inline(always)]
        || layer.round(kernel, rows.all(), rounded),
    );
}

/// Puts columns side by side.
fn put<'p>(rows: &mut Matrix, found: impl Iterator<Item = (&'p Matrix, Range<usize>)>) {
    for (from, columns) in found {
        let width = rows.chunks();
        let from = from.all().chunks_exact(columns.len());
        for (to, from) in rows.all_mut().chunks_exact_mut(width).zip(from) {
            to[columns.clone()].copy_from_slice(from);
        }
    }
}

/// Adds columns to those of `rows`, then normalises the rows.
fn add<'p, K: Kernel>(
    kernel: K,
    rows: &mut Matrix,
    found: impl Iterator<Item = (&'p Matrix, Range<usize>)>,
    norm: &LayerNorm,
) {
    let l = kernel.lanes();
    let width = rows.chunks();
    l.run(
        #[inline(always)]
        || {
            for (from, columns) in found {
                let from = from.all().chunks_exact(columns.len());
                for (to, from) in rows.all_mut().chunks_exact_mut(width).zip(from) {
                    for (to, from) in to[columns.clone()].iter_mut().zip(from) {
                        l.store(l.add(l.load(to), l.load(from)), to);
                    }
                }
            }
            norm.apply(l, rows.all_mut());
        },
    );
}
