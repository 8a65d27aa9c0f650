//! A pack through the model, on one thread or several.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::columns::{self, Shared};
use crate::kernels::{Floats, Job, Kernel, Lanes};
use crate::layer::{Pack, Part};
use crate::matrix::{Columns, Matrix};
use crate::share::{self, Split, share};
use crate::{Encoder, Packed};

/// Blocks of rows that go through a layer together, for each thread, about: what is between its
/// products stays in cache, and takes little memory however large the pack is. A sequence is not cut.
const GROUP: usize = 2;

/// What a pass writes to, kept for the next one.
#[derive(Default)]
pub(crate) struct Workspace {
    pub(crate) hidden: Matrix,
    pub(crate) logits: Matrix,
    joint: Matrix,
    context: Matrix,
    shared: Shared,
    /// One for each thread.
    parts: Vec<Part>,
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
        let hidden_chunks = Columns::plain(model.config.hidden).chunks();
        self.workspace.hidden.reshape(tokens, hidden_chunks);
        let chunks = if self.classify {
            model.classifier.chunks()
        } else {
            0
        };
        self.workspace.logits.reshape(tokens, chunks);
        match split {
            Split::Rows(parts) => self.by_rows(kernel, parts),
            Split::Columns(parts) => self.by_columns(kernel, parts),
        }
    }
}

impl Pass<'_> {
    fn by_rows<K: Kernel>(self, kernel: K, parts: usize) {
        let (model, packed) = (self.encoder, self.packed);
        let Workspace {
            hidden,
            logits,
            joint,
            context,
            parts: rooms,
            ..
        } = self.workspace;
        let cuts = || share::cuts(packed.tokens(), parts);
        let places = cuts().zip(hidden.split_mut(cuts())).zip(&mut *rooms);
        share(places, |((rows, hidden), room)| {
            model.embed(kernel, packed, rows, hidden, room);
        });
        // Where threads wait for each other, they do so less often.
        let group = GROUP * K::BLOCK;
        let most = if parts > 1 { 2 * group * parts } else { group };
        let groups = packed.groups(most);
        for layer in &model.layers {
            for group in &groups {
                let pack = group.packed();
                let rows = || share::cuts(pack.tokens(), parts);
                let first = group.rows.start;
                let places = || rows().map(|rows| first + rows.start..first + rows.end);
                joint.reshape(pack.tokens(), layer.joint_chunks());
                context.reshape(pack.tokens(), layer.context_chunks());
                let taken = hidden.split_mut(places()).zip(joint.split_mut(rows()));
                share(taken.zip(&mut *rooms), |((hidden, joint), room)| {
                    layer.project(kernel, hidden, joint, &mut room.rounded);
                });
                let pack = Pack {
                    packed: pack,
                    bias: model.relative_bias.as_ref(),
                    joint,
                };
                let taken = hidden.split_mut(places()).zip(context.split_mut(rows()));
                let taken = rows().zip(taken).zip(&mut *rooms);
                share(taken, |((rows, places), room)| {
                    layer.finish(kernel, pack, &rows, places, room);
                });
            }
        }
        let places = hidden.split_mut(cuts()).zip(logits.split_mut(cuts()));
        share(places.zip(rooms), |((hidden, logits), room)| {
            model.classify(kernel, hidden, logits, room);
        });
    }

    fn by_columns<K: Kernel>(self, kernel: K, parts: usize) {
        let (model, packed) = (self.encoder, self.packed);
        let Workspace {
            hidden,
            logits,
            shared,
            parts: rooms,
            ..
        } = self.workspace;
        let rooms = &mut rooms[..parts];
        let rows = 0..packed.tokens();
        model.embed(kernel, packed, rows, hidden.all_mut(), &mut rooms[0]);
        let bias = model.relative_bias.as_ref();
        let room = (shared, &mut *rooms);
        columns::apply(kernel, &model.layers, packed, bias, hidden, room);
        model.classify(kernel, hidden.all(), logits.all_mut(), &mut rooms[0]);
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

    /// Fills `logits`, where there is room for them.
    fn classify<K: Kernel>(
        &self,
        kernel: K,
        hidden: &[Floats],
        logits: &mut [Floats],
        room: &mut Part,
    ) {
        let l = kernel.lanes();
        if logits.is_empty() {
            return;
        }
        l.run(
            #[inline(always)]
            || {
                self.classifier.apply(
                    kernel,
                    hidden,
                    logits,
                    &mut room.rounded,
                    #[inline(always)]
                    |value, out| l.store(value, out),
                );
            },
        );
    }
}
