//! A pack through the model, on one thread or several.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::columns::{self, Shared};
use crate::exit;
use crate::kernels::{Floats, Job, Kernel, Lanes};
use crate::layer::{Layer, LayerInput, Scratch};
use crate::linear::Linear;
use crate::matrix::{Columns, Matrix};
use crate::share::{self, Split, share};
use crate::standing::{Moves, Origin, Standing};
use crate::{Encoder, Packed};

/// About how many blocks of rows a thread takes through a layer at a time. Few, so that results
/// between products stay in cache and memory does not grow with the pack. Sequences are not split.
const GROUP: usize = 2;

/// The buffers that a pass writes to, kept for the next pass.
#[derive(Default)]
pub(crate) struct Workspace {
    /// A row for each live token during the pass; after it, for each token that is wanted.
    pub(crate) hidden: Matrix,
    pub(crate) logits: Matrix,
    stopped: Stopped,
    qkv: Matrix,
    context: Matrix,
    shared: Shared,
    /// The score of each live token at an exit.
    scores: Matrix,
    /// One for each thread.
    scratches: Vec<Scratch>,
}

/// The rows of tokens that have stopped.
#[derive(Default)]
struct Stopped {
    hidden: Matrix,
    /// Where the next `hidden` is built.
    spare: Matrix,
    /// Their keys and values in the current layer.
    kv: Matrix,
}

/// Counts a pass as running until it is dropped.
pub(crate) struct Running<'a> {
    passes: &'a AtomicUsize,
    /// Whether no other pass was running at the start.
    pub(crate) alone: bool,
}

impl<'a> Running<'a> {
    pub(crate) fn new(passes: &'a AtomicUsize) -> Self {
        let alone = passes.fetch_add(1, Ordering::Relaxed) == 0;
        Self { passes, alone }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.passes.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The job of running a pack through the model.
pub(crate) struct Pass<'a> {
    pub(crate) encoder: &'a Encoder,
    pub(crate) packed: Packed<'a>,
    /// Whether to compute logits.
    pub(crate) classify: bool,
    /// The tokens whose rows are wanted, in rising order; `None` means all.
    pub(crate) tokens: Option<&'a [usize]>,
    /// How many threads may share the pass.
    pub(crate) threads: usize,
    pub(crate) workspace: &'a mut Workspace,
}

impl Job for Pass<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let (model, tokens) = (self.encoder, self.packed.tokens());
        let split = Split::of(tokens, self.threads, K::BLOCK / 2);
        let parts = split.parts();
        if self.workspace.scratches.len() < parts {
            self.workspace
                .scratches
                .resize_with(parts, Scratch::default);
        }
        // Threads for work row by row; one where threads share columns.
        let by_rows = match split {
            Split::Rows(parts) => parts,
            Split::Columns(_) => 1,
        };
        let hidden_chunks = Columns::plain(model.config.hidden).chunks();
        self.workspace.hidden.reshape(tokens, hidden_chunks);
        self.workspace.stopped.hidden.reshape(0, hidden_chunks);
        let cuts = share::cuts(tokens, by_rows);
        let places = self.workspace.hidden.split_mut(cuts.clone());
        share(
            cuts.zip(places).zip(&mut *self.workspace.scratches),
            |((rows, hidden), scratch)| model.embed(kernel, self.packed, rows, hidden, scratch),
        );
        let mut standing = Standing::new(self.packed);
        let mut first = 0;
        let count = model.layers.len();
        // From this layer on, only wanted tokens are live: the others lend the last layer their keys
        // and values, and nothing needs more of them.
        let narrow = match model.relative_bias {
            None => count.saturating_sub(1),
            // The bias takes rows for positions, so that no token may be missing.
            Some(_) => count,
        };
        loop {
            if let Some(gate) = model.exit_before(first) {
                let passed = passed(kernel, gate, by_rows, self.workspace);
                let moves = standing.keep_near(|row| passed[row]);
                self.workspace.stop(moves);
            }
            if let Some(tokens) = self.tokens.filter(|_| first == narrow) {
                let moves = standing.keep_only(tokens);
                self.workspace.stop(moves);
            }
            if first == count {
                break;
            }
            let may_stop = |&layer: &usize| {
                model.exit_before(layer).is_some() || (layer == narrow && self.tokens.is_some())
            };
            let end = (first + 1..count).find(may_stop).unwrap_or(count);
            let layers = &model.layers[first..end];
            match split {
                Split::Rows(_) => rows(kernel, model, layers, &standing, parts, self.workspace),
                Split::Columns(_) => {
                    let bias = model.relative_bias.as_ref();
                    let Workspace {
                        hidden,
                        stopped,
                        shared,
                        scratches,
                        ..
                    } = &mut *self.workspace;
                    let scratch = (shared, &mut scratches[..parts]);
                    let rows = (hidden, &stopped.hidden);
                    columns::apply(kernel, layers, &standing.whole(), bias, rows, scratch);
                }
            }
            first = end;
        }
        self.classify(kernel, &standing, by_rows);
    }
}

impl Workspace {
    /// Moves the rows of tokens that stop from `hidden` to `stopped`.
    fn stop(&mut self, moves: Moves) {
        let Self {
            hidden, stopped, ..
        } = self;
        let Stopped {
            hidden: old, spare, ..
        } = stopped;
        spare.reshape(moves.stopped.len(), hidden.chunks());
        for (to, from) in moves.stopped.into_iter().enumerate() {
            let row = match from {
                Origin::Stopped(row) => old.rows(row..row + 1),
                Origin::Live(row) => hidden.rows(row..row + 1),
            };
            spare.rows_mut(to..to + 1).copy_from_slice(row);
        }
        std::mem::swap(old, spare);
        hidden.keep(&moves.kept);
    }
}

/// For each live token whether it passes the gate of an exit.
fn passed<K: Kernel>(
    kernel: K,
    gate: &Linear,
    parts: usize,
    workspace: &mut Workspace,
) -> Vec<bool> {
    let Workspace {
        hidden,
        scores,
        scratches,
        ..
    } = workspace;
    let count = hidden.count();
    scores.reshape(count, gate.chunks());
    let cuts = || share::cuts(count, parts);
    let rows = cuts().map(|rows| hidden.rows(rows));
    let places = rows.zip(scores.split_mut(cuts()));
    share(places.zip(scratches), |((rows, scores), scratch)| {
        multiply(kernel, gate, rows, scores, scratch);
    });
    let scores = scores.view(1);
    scores.iter().map(|&score| exit::passes(score)).collect()
}

/// Runs some layers; each thread takes some of the rows.
fn rows<K: Kernel>(
    kernel: K,
    model: &Encoder,
    layers: &[Layer],
    standing: &Standing,
    parts: usize,
    workspace: &mut Workspace,
) {
    let Workspace {
        hidden,
        stopped,
        qkv,
        context,
        scratches,
        ..
    } = workspace;
    // Larger groups for several threads, so that they wait for each other less often.
    let group = GROUP * K::BLOCK;
    let most = if parts > 1 { 2 * group * parts } else { group };
    let groups = standing.groups(most);
    for layer in layers {
        for group in &groups {
            let count = group.live.len();
            let rows = || share::cuts(count, parts);
            let first = group.live.start;
            let places = || rows().map(|rows| first + rows.start..first + rows.end);
            let (all, some) = (layer.qkv_columns(), layer.kv_columns());
            qkv.reshape(count, all.len());
            stopped.kv.reshape(group.stopped.len(), some.len());
            context.reshape(count, layer.context_chunks());
            let cuts = share::cuts(group.stopped.len(), parts.min(count));
            let first = group.stopped.start;
            let others = cuts.clone().map(|rows| {
                let rows = first + rows.start..first + rows.end;
                stopped.hidden.rows(rows)
            });
            let others = others.zip(stopped.kv.split_mut(cuts));
            let others = others.map(Some).chain(std::iter::repeat_with(|| None));
            let taken = hidden.split_mut(places()).zip(qkv.split_mut(rows()));
            share(
                taken.zip(others).zip(&mut *scratches),
                |(((hidden, qkv), others), scratch)| {
                    layer.project(kernel, hidden, &all, qkv, &mut scratch.rounded);
                    if let Some((hidden, qkv)) = others {
                        layer.project(kernel, hidden, &some, qkv, &mut scratch.rounded);
                    }
                },
            );
            let input = LayerInput {
                group,
                bias: model.relative_bias.as_ref(),
                qkv,
                stopped: &stopped.kv,
            };
            let taken = hidden.split_mut(places()).zip(context.split_mut(rows()));
            let taken = rows().zip(taken).zip(&mut *scratches);
            share(taken, |((rows, places), scratch)| {
                layer.finish(kernel, input, &rows, places, scratch);
            });
        }
    }
}

impl Pass<'_> {
    /// Fills the logits, if they are wanted, and puts the rows of wanted tokens, live or stopped, in
    /// the order of the pack.
    fn classify<K: Kernel>(self, kernel: K, standing: &Standing, parts: usize) {
        let model = self.encoder;
        let Workspace {
            hidden,
            logits,
            stopped,
            scratches,
            ..
        } = self.workspace;
        let chunks = match self.classify {
            true => model.classifier.chunks(),
            false => 0,
        };
        let count = standing.live().len();
        logits.reshape(count, chunks);
        if self.classify {
            let cuts = || share::cuts(count, parts);
            let places = hidden.split_mut(cuts()).zip(logits.split_mut(cuts()));
            share(places.zip(scratches), |((hidden, logits), scratch)| {
                multiply(kernel, &model.classifier, hidden, logits, scratch);
            });
        }
        let wanted = self.tokens.map_or(self.packed.tokens(), <[usize]>::len);
        let Some(exits) = model.exits.as_ref().filter(|_| count < wanted) else {
            return;
        };
        let place = |&token: &usize| match self.tokens {
            Some(tokens) => tokens.binary_search(&token).ok(),
            None => Some(token),
        };
        let places: Vec<usize> = standing.live().iter().filter_map(place).collect();
        hidden.spread(&places, wanted);
        logits.spread(&places, wanted);
        for (row, token) in standing.stopped().iter().enumerate() {
            let Some(place) = place(token) else {
                continue;
            };
            let state = stopped.hidden.rows(row..row + 1);
            hidden.rows_mut(place..place + 1).copy_from_slice(state);
            let logits = logits.rows_mut(place..place + 1);
            logits.copy_from_slice(&exits.logits()[..chunks]);
        }
    }
}

impl Encoder {
    fn embed<K: Kernel>(
        &self,
        kernel: K,
        packed: Packed<'_>,
        rows: Range<usize>,
        hidden: &mut [Floats],
        scratch: &mut Scratch,
    ) {
        let (inner, rounded) = (&mut scratch.inner, &mut scratch.rounded);
        self.embedding
            .apply(kernel, packed, rows, hidden, inner, rounded);
    }
}

/// Fills `out` with a layer's result for `rows`.
fn multiply<K: Kernel>(
    kernel: K,
    layer: &Linear,
    rows: &[Floats],
    out: &mut [Floats],
    scratch: &mut Scratch,
) {
    let l = kernel.lanes();
    l.run(
        #[inline(always)]
        || {
            layer.apply(
                kernel,
                rows,
                out,
                &mut scratch.rounded,
                #[inline(always)]
                |value, out| l.store(value, out),
            );
        },
    );
}
