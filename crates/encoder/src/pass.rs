//! A pack through the model, on one thread or several.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::columns::{self, Shared};
use crate::exit;
use crate::kernels::{Floats, Job, Kernel, Lanes};
use crate::layer::{Layer, Pack, Part};
use crate::linear::Linear;
use crate::matrix::{Columns, Matrix};
use crate::share::{self, Split, share};
use crate::standing::{From, Moves, Standing};
use crate::{Encoder, Packed};

/// Blocks of rows that go through a layer together, for each thread, about: what is between its
/// products stays in cache, and takes little memory however large the pack is. A sequence is not cut.
const GROUP: usize = 2;

/// What a pass writes to, kept for the next one.
#[derive(Default)]
pub(crate) struct Workspace {
    /// During the pass, the rows of tokens that go on alone.
    pub(crate) hidden: Matrix,
    pub(crate) logits: Matrix,
    stopped: Stopped,
    joint: Matrix,
    context: Matrix,
    shared: Shared,
    /// What is said of each token at an exit.
    scores: Matrix,
    /// One for each thread.
    parts: Vec<Part>,
}

/// Of tokens that have stopped.
#[derive(Default)]
struct Stopped {
    hidden: Matrix,
    /// Room to put `hidden` in another order.
    spare: Matrix,
    /// Keys and values of a layer.
    joint: Matrix,
}

/// A pass that is counted as long as it lives.
pub(crate) struct Running<'a> {
    passes: &'a AtomicUsize,
    /// Whether no other pass was running when it began.
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

/// A pack through the model.
pub(crate) struct Pass<'a> {
    pub(crate) encoder: &'a Encoder,
    pub(crate) packed: Packed<'a>,
    pub(crate) classify: bool,
    /// The tokens whose rows are wanted, in order; without, all are.
    pub(crate) tokens: Option<&'a [usize]>,
    /// How many may share it.
    pub(crate) threads: usize,
    pub(crate) workspace: &'a mut Workspace,
}

impl Job for Pass<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        let (model, tokens) = (self.encoder, self.packed.tokens());
        let split = Split::of(tokens, self.threads, K::BLOCK / 2);
        let parts = split.parts();
        if self.workspace.parts.len() < parts {
            self.workspace.parts.resize_with(parts, Part::default);
        }
        // What is done to rows by themselves: little, by columns.
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
            cuts.zip(places).zip(&mut *self.workspace.parts),
            |((rows, hidden), room)| model.embed(kernel, self.packed, rows, hidden, room),
        );
        let mut standing = Standing::new(self.packed);
        let mut first = 0;
        let count = model.layers.len();
        // Behind the last layer's keys and values nothing looks at tokens whose rows are not wanted.
        let narrow = match model.relative_bias {
            None => count.saturating_sub(1),
            // Its attention counts on the order of the tokens.
            Some(_) => count,
        };
        loop {
            if let Some(gate) = model.exit_before(first) {
                let open = open(kernel, gate, by_rows, self.workspace);
                let moves = standing.stop_apart(|row| open[row]);
                self.workspace.stop(moves);
            }
            if let Some(tokens) = self.tokens.filter(|_| first == narrow) {
                let moves = standing.stop_but(tokens);
                self.workspace.stop(moves);
            }
            if first == count {
                break;
            }
            let border = |&layer: &usize| {
                model.exit_before(layer).is_some() || (layer == narrow && self.tokens.is_some())
            };
            let end = (first + 1..count).find(border).unwrap_or(count);
            let layers = &model.layers[first..end];
            match split {
                Split::Rows(_) => rows(kernel, model, layers, &standing, parts, self.workspace),
                Split::Columns(_) => {
                    let bias = model.relative_bias.as_ref();
                    let Workspace {
                        hidden,
                        stopped,
                        shared,
                        parts: rooms,
                        ..
                    } = &mut *self.workspace;
                    let room = (shared, &mut rooms[..parts]);
                    let rows = (hidden, &stopped.hidden);
                    columns::apply(kernel, layers, &standing.whole(), bias, rows, room);
                }
            }
            first = end;
        }
        self.classify(kernel, &standing, by_rows);
    }
}

impl Workspace {
    /// Moves the rows of tokens that do not go on to those of tokens that have stopped.
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
                From::Stopped(row) => old.rows(row..row + 1),
                From::Live(row) => hidden.rows(row..row + 1),
            };
            spare.rows_mut(to..to + 1).copy_from_slice(row);
        }
        std::mem::swap(old, spare);
        hidden.keep(&moves.kept);
    }
}

/// Of the tokens that go on, which an exit is open for.
fn open<K: Kernel>(kernel: K, exit: &Linear, parts: usize, workspace: &mut Workspace) -> Vec<bool> {
    let Workspace {
        hidden,
        scores,
        parts: rooms,
        ..
    } = workspace;
    let count = hidden.count();
    scores.reshape(count, exit.chunks());
    let cuts = || share::cuts(count, parts);
    let rows = cuts().map(|rows| hidden.rows(rows));
    let places = rows.zip(scores.split_mut(cuts()));
    share(places.zip(rooms), |((rows, scores), room)| {
        multiply(kernel, exit, rows, scores, room);
    });
    let scores = scores.view(1);
    scores.iter().map(|&score| exit::open(score)).collect()
}

/// Some layers, where each thread takes some rows.
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
        joint,
        context,
        parts: rooms,
        ..
    } = workspace;
    // Where threads wait for each other, they do so less often.
    let group = GROUP * K::BLOCK;
    let most = if parts > 1 { 2 * group * parts } else { group };
    let groups = standing.groups(most);
    for layer in layers {
        for group in &groups {
            let count = group.live.len();
            let rows = || share::cuts(count, parts);
            let first = group.live.start;
            let places = || rows().map(|rows| first + rows.start..first + rows.end);
            let (all, some) = (layer.joint_columns(), layer.stopped_columns());
            joint.reshape(count, all.len());
            stopped.joint.reshape(group.stopped.len(), some.len());
            context.reshape(count, layer.context_chunks());
            let cuts = share::cuts(group.stopped.len(), parts.min(count));
            let first = group.stopped.start;
            let others = cuts.clone().map(|rows| {
                let rows = first + rows.start..first + rows.end;
                stopped.hidden.rows(rows)
            });
            let others = others.zip(stopped.joint.split_mut(cuts));
            let others = others.map(Some).chain(std::iter::repeat_with(|| None));
            let taken = hidden.split_mut(places()).zip(joint.split_mut(rows()));
            share(
                taken.zip(others).zip(&mut *rooms),
                |(((hidden, joint), others), room)| {
                    layer.project(kernel, hidden, &all, joint, &mut room.rounded);
                    if let Some((hidden, joint)) = others {
                        layer.project(kernel, hidden, &some, joint, &mut room.rounded);
                    }
                },
            );
            let pack = Pack {
                group,
                bias: model.relative_bias.as_ref(),
                joint,
                stopped: &stopped.joint,
            };
            let taken = hidden.split_mut(places()).zip(context.split_mut(rows()));
            let taken = rows().zip(taken).zip(&mut *rooms);
            share(taken, |((rows, places), room)| {
                layer.finish(kernel, pack, &rows, places, room);
            });
        }
    }
}

impl Pass<'_> {
    /// Fills the logits, where they are wanted, and puts the rows of wanted tokens in the order of the
    /// pack.
    fn classify<K: Kernel>(self, kernel: K, standing: &Standing, parts: usize) {
        let model = self.encoder;
        let Workspace {
            hidden,
            logits,
            stopped,
            parts: rooms,
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
            share(places.zip(rooms), |((hidden, logits), room)| {
                multiply(kernel, &model.classifier, hidden, logits, room);
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
        room: &mut Part,
    ) {
        let (inner, rounded) = (&mut room.inner, &mut room.rounded);
        self.embedding
            .apply(kernel, packed, rows, hidden, inner, rounded);
    }
}

/// Fills `out` with what a layer makes of rows.
fn multiply<K: Kernel>(
    kernel: K,
    layer: &Linear,
    rows: &[Floats],
    out: &mut [Floats],
    room: &mut Part,
) {
    let l = kernel.lanes();
    l.run(
        #[inline(always)]
        || {
            layer.apply(
                kernel,
                rows,
                out,
                &mut room.rounded,
                #[inline(always)]
                |value, out| l.store(value, out),
            );
        },
    );
}
