//! The kernels: arithmetic for each instruction set, and the only unsafe code.
//!
//! A [`Kernel`] multiplies 8-bit integers and bfloat16; its [`Lanes`] compute with sixteen `f32` at a
//! time. A value of these types proves that the processor has the instructions, because it can only
//! be made there. Everything above this module is safe code, generic over the kernel.
//!
//! A chunk is sixteen `f32` ([`Floats`]), sixteen pairs of bfloat16 ([`Pairs`]) or 64 8-bit integers
//! ([`Bytes`]): one cache line. Rows of matrices are whole chunks, padded with zeros. Weights lie in
//! panels of sixteen output columns: a panel has a [`Bytes`] for every four inputs (the four of column
//! 0, the four of column 1, ...), a [`Pairs`] for every two inputs, or a [`Floats`] for every input. A
//! chunk of a panel then fills one register of 512 bits, two of 256, four of 128 or one row of an AMX
//! tile. All kernels share this layout, except that some interleave rows of 8-bit activations
//! ([`Kernel::INTERLEAVE`]).
//!
//! 8-bit products are exact: every kernel gives the same 32-bit sums. `f32` arithmetic is the same
//! sequence of roundings in all kernels, also where lanes are summed, so that results do not depend on
//! the processor.
//!
//! Products of bfloat16 are exact in `f32`, and neither they nor their sums are denormal
//! ([`bf16`](crate::bf16)), so kernels could differ only in the order of a sum's terms. All but AMX
//! add in the order of AVX-512 (`VDPBF16PS`). AMX (`TDPBF16PS`) sums, for every 32 inputs, the even
//! and the odd ones separately, then adds both to the rest. With n terms, n from 32 to 4096, either
//! sum differs from the exact one by at most n 2^-24 times the sum of the terms' magnitudes.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod float_tile;
mod headroom;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(test)]
pub(crate) mod pair_tests;
mod pair_tile;
mod products;
mod scalar;
mod shape;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod trapped;

use crate::isa::Isa;

pub(crate) use float_tile::{FloatPanels, FloatRows, product};
pub(crate) use headroom::{Headroom, HeadroomOf};
pub(crate) use products::{byte_product, pair_product};
pub(crate) use shape::TileShape;

/// `f32` values in a chunk.
pub(crate) const LANES: usize = 16;

/// 8-bit integers in a chunk.
pub(crate) const BYTES: usize = 4 * LANES;

/// Sixteen `f32`, a cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Floats(pub(crate) [f32; LANES]);

/// Sixteen 32-bit sums of 8-bit products.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Ints(pub(crate) [i32; LANES]);

/// Sixteen pairs of bfloat16, a cache line. The first of a pair is the lower half.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Pairs(pub(crate) [u32; LANES]);

/// Sixty-four 8-bit integers, a cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Bytes(pub(crate) [i8; BYTES]);

impl Floats {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);

    /// The lanes of all chunks.
    pub(crate) fn lanes(chunks: &[Self]) -> &[f32] {
        // SAFETY: a chunk is sixteen `f32` and nothing else, aligned at least as they are.
        unsafe { std::slice::from_raw_parts(chunks.as_ptr().cast(), chunks.len() * LANES) }
    }
}

impl Ints {
    pub(crate) const ZERO: Self = Self([0; LANES]);
}

impl Pairs {
    pub(crate) const ZERO: Self = Self([0; LANES]);

    /// The same bits as `f32`, which may be NaN.
    #[inline(always)]
    fn as_floats(&self) -> &Floats {
        // SAFETY: both are sixteen times four bytes, aligned alike, and any bits are an `f32`.
        unsafe { &*std::ptr::from_ref(self).cast() }
    }
}

impl Bytes {
    pub(crate) const ZERO: Self = Self([0; BYTES]);

    /// `bytes` as chunks, if they are aligned to 64 bytes and a multiple of 64 long.
    pub(crate) fn slice_of(bytes: &[u8]) -> Option<&[Self]> {
        // SAFETY: any sixty-four bytes are sixty-four 8-bit integers; `align_to` aligns them.
        match unsafe { bytes.align_to() } {
            ([], chunks, []) => Some(chunks),
            _ => None,
        }
    }

    /// The value of a weight of 1 in the result of [`Bytes::column`].
    pub(crate) const COLUMN_STEP: f32 = 16_777_216.0;

    /// The sixteen weights of one of the four inputs of a panel's chunk, each times `COLUMN_STEP`.
    #[inline(always)]
    pub(crate) fn column(&self, input: usize) -> Ints {
        const HIGHEST_BYTE: i32 = !0xFF_FFFF;
        let shift = 24 - 8 * input as u32;
        let mut found = Ints::ZERO;
        for (to, four) in found.0.iter_mut().zip(self.0.as_chunks::<4>().0) {
            let four = i32::from_le_bytes(four.map(i8::cast_unsigned));
            *to = four.wrapping_shl(shift) & HIGHEST_BYTE;
        }
        found
    }
}

/// Arithmetic on sixteen `f32`. Operations round once, to nearest, as in IEEE 754.
pub(crate) trait Lanes: Copy + Send + Sync {
    /// A vector.
    type F: Copy;

    /// The width of an `f32` tile whose sums fit into registers, in panels.
    const PANELS: usize;

    /// Runs `f`. What is inlined into it is compiled for this instruction set.
    fn run<R>(self, f: impl FnOnce() -> R) -> R;

    fn splat(self, x: f32) -> Self::F;
    fn load(self, from: &Floats) -> Self::F;
    fn store(self, x: Self::F, to: &mut Floats);
    fn ints_to_floats(self, from: &Ints) -> Self::F;
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// a b + c, rounded once.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The larger. If one is NaN, either.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// The smaller. If one is NaN, either.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// `x`, or `low` where it is below; NaN stays NaN.
    fn at_least(self, x: Self::F, low: f32) -> Self::F;
    /// `x` limited to `low..=high`; NaN stays NaN.
    fn clamp(self, x: Self::F, low: f32, high: f32) -> Self::F;
    /// The larger of `so_far`, which must not be negative, and |x|; NaN counts as the largest.
    fn magnitude(self, so_far: Self::F, x: Self::F) -> Self::F;
    /// 2^n, where `shifted` is 1.5 * 2^23 + n, for n from -126 to 127.
    fn power_of_two(self, shifted: Self::F) -> Self::F;
    /// The sum of all lanes: the upper half is added to the lower until one lane is left.
    fn sum(self, x: Self::F) -> f32;
    /// The largest lane of a result of [`Lanes::magnitude`]; NaN if a lane is NaN.
    fn highest_magnitude(self, x: Self::F) -> f32;
    /// The largest lane. If one is NaN, any lane.
    fn highest(self, x: Self::F) -> f32;
    /// Lanes rounded to nearest, ties to even. They must be from -127 to 127.
    fn to_bytes(self, x: Self::F) -> [i8; LANES];
    /// The same for four vectors.
    #[inline(always)]
    fn all_to_bytes(self, x: [Self::F; 4]) -> Bytes {
        let mut bytes = Bytes::ZERO;
        for (x, to) in x.into_iter().zip(bytes.0.as_chunks_mut().0) {
            *to = self.to_bytes(x);
        }
        bytes
    }
    /// For lanes with the bits of [`Pairs`], the first of each pair and the second, as `f32`.
    fn halves(self, pairs: Self::F) -> [Self::F; 2];

    /// As [`Kernel::pair_tile`], for tiles of [`pair_tile::shape`].
    fn pair_tile(self, rows: PairRows<'_>, w: PairPanels<'_>, sums: &mut FloatSums) {
        self.run(
            #[inline(always)]
            || pair_tile::portable(self, rows, w, sums),
        );
    }
}

/// Products of 8-bit integers and of bfloat16.
pub(crate) trait Kernel: Copy + Send + Sync {
    /// The `f32` arithmetic.
    type Lanes: Lanes;
    /// A guard that a thread must hold while it calls [`Kernel::tile`] or [`Kernel::pair_tile`].
    type Session;

    /// The largest tile of a product with many rows.
    const SHAPE: TileShape;
    /// The most rows of any tile.
    const ROWS: usize = Self::SHAPE.rows;
    /// How many rows of activations are interleaved: the first chunk of each, then the second of
    /// each, ... Tiles start at a multiple of this many rows.
    const INTERLEAVE: usize = 1;
    /// How many rows go through the linear layers of a block at a time, so that the results between
    /// the layers stay in cache.
    const BLOCK: usize;
    /// Added (wrapping) to every activation before it is stored for [`Kernel::tile`].
    const OFFSET: i8 = 0;

    fn lanes(self) -> Self::Lanes;

    fn session(self) -> Self::Session;

    /// The largest tile of a product with this many rows.
    fn shape(_rows: usize) -> TileShape {
        Self::SHAPE
    }

    /// Facts about panels, with `stride` chunks of inputs, that make [`Kernel::tile`] faster; empty for
    /// most kernels.
    fn headroom(self, _panels: &[Bytes], _stride: usize) -> Headroom {
        Headroom::default()
    }

    /// Fills `sums[row * w.panels + panel]` with the products of rows and panels. The thread must
    /// hold a session.
    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums);

    /// Whether prefetching panels pays when all rows are in one tile, so that each weight is read once.
    const PREFETCHES_FEW_ROWS: bool = true;

    /// Whether [`Kernel::tile_beside`] overlaps the multiplication with the other work.
    const OVERLAPS: bool = false;

    /// As [`Kernel::tile`], and calls `beside`, which does a part of some other work, once for every
    /// chunk of a row.
    #[inline(always)]
    fn tile_beside(
        self,
        rows: ByteRows<'_>,
        w: BytePanels<'_>,
        sums: &mut Sums,
        mut beside: impl FnMut(),
    ) {
        self.tile(rows, w, sums);
        (0..rows.stride).for_each(|_| beside());
    }

    /// The largest tile of bfloat16.
    fn pair_shape(self) -> TileShape {
        pair_tile::shape::<Self::Lanes>()
    }

    /// Fills `sums[row * w.panels + panel]` with the products of rows and panels. The sums of a row do
    /// not depend on the tile it is in. The thread must hold a session.
    fn pair_tile(self, rows: PairRows<'_>, w: PairPanels<'_>, sums: &mut FloatSums) {
        self.lanes().pair_tile(rows, w, sums);
    }
}

/// Chunks to allocate for rows of activations of `stride` chunks; a tile may read past the last row.
pub(crate) fn chunks_for<K: Kernel>(rows: usize, stride: usize) -> usize {
    (rows + K::ROWS).next_multiple_of(K::INTERLEAVE) * stride
}

/// A row of activations for [`Kernel::tile`], maybe interleaved with others.
pub(crate) struct RowMut<'a> {
    data: &'a mut [Bytes],
    /// The index of the row's first chunk, and the distance to the next.
    first: usize,
    step: usize,
}

impl<'a> RowMut<'a> {
    /// Row number `row` of rows of `stride` chunks.
    #[inline(always)]
    pub(crate) fn new<K: Kernel>(data: &'a mut [Bytes], row: usize, stride: usize) -> Self {
        Self {
            data,
            first: row / K::INTERLEAVE * K::INTERLEAVE * stride + row % K::INTERLEAVE,
            step: K::INTERLEAVE,
        }
    }

    #[inline(always)]
    pub(crate) fn chunk(&mut self, number: usize) -> &mut Bytes {
        &mut self.data[self.first + number * self.step]
    }

    /// Stores activations in a chunk, with the kernel's offset.
    #[inline(always)]
    pub(crate) fn put<K: Kernel>(&mut self, number: usize, activations: Bytes) {
        *self.chunk(number) = Bytes(activations.0.map(|x| x.wrapping_add(K::OFFSET)));
    }
}

/// Stores `values` in a row as bytes, after `scale`, which must give values from -127 to 127.
#[inline(always)]
pub(crate) fn put_row<K: Kernel>(
    kernel: K,
    values: &[Floats],
    row: &mut RowMut<'_>,
    scale: impl Fn(<K::Lanes as Lanes>::F) -> <K::Lanes as Lanes>::F,
) {
    each_bytes(
        kernel.lanes(),
        values,
        scale,
        #[inline(always)]
        |chunk, bytes| row.put::<K>(chunk, bytes),
    );
}

/// Converts `values` to bytes, after `scale`, which must give values from -127 to 127. `put` gets the
/// index of each chunk and the chunk, the last one padded with zeros.
#[inline(always)]
pub(crate) fn each_bytes<L: Lanes>(
    l: L,
    values: &[Floats],
    scale: impl Fn(L::F) -> L::F,
    mut put: impl FnMut(usize, Bytes),
) {
    let (fours, rest) = values.as_chunks::<4>();
    for (number, [a, b, c, d]) in fours.iter().enumerate() {
        let four = [
            scale(l.load(a)),
            scale(l.load(b)),
            scale(l.load(c)),
            scale(l.load(d)),
        ];
        put(number, l.all_to_bytes(four));
    }
    if !rest.is_empty() {
        let mut last = Bytes::ZERO;
        for (to, values) in last.0.as_chunks_mut().0.iter_mut().zip(rest) {
            *to = l.to_bytes(scale(l.load(values)));
        }
        put(fours.len(), last);
    }
}

/// The sums of a tile; the largest tiles have 64 chunks of them.
pub(crate) type Sums = [Ints; 64];
pub(crate) type FloatSums = [Floats; 64];

/// Consecutive rows of activations.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, T> {
    /// `count` rows, and more up to a whole step of the tile. In 8 bits, rows are interleaved as
    /// [`Kernel::INTERLEAVE`] says.
    pub(crate) data: &'a [T],
    /// The length of a row, in chunks.
    pub(crate) stride: usize,
    pub(crate) count: usize,
}

pub(crate) type ByteRows<'a> = Rows<'a, Bytes>;
pub(crate) type PairRows<'a> = Rows<'a, Pairs>;

/// Consecutive panels of weights.
#[derive(Clone, Copy)]
pub(crate) struct BytePanels<'a> {
    /// Panel after panel, each with 16 chunks for every chunk of a row.
    pub(crate) data: &'a [Bytes],
    /// The sum of each column, a chunk for each panel.
    pub(crate) sums: &'a [Ints],
    /// The headroom of all panels, or empty.
    pub(crate) headroom: HeadroomOf<'a>,
    pub(crate) panels: usize,
    /// Panels to prefetch into the cache.
    pub(crate) ahead: &'a [Bytes],
}

/// Consecutive panels of bfloat16; the fields are as in [`BytePanels`].
#[derive(Clone, Copy)]
pub(crate) struct PairPanels<'a> {
    pub(crate) data: &'a [Pairs],
    pub(crate) panels: usize,
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "the portable product fetches nothing")
    )]
    pub(crate) ahead: &'a [Pairs],
}

impl<T> Rows<'_, T> {
    /// Panics unless `data` has all rows.
    #[inline(always)]
    fn check(self, shape: TileShape) {
        assert!((1..=shape.rows).contains(&self.count));
        assert!(self.count.next_multiple_of(shape.step) * self.stride <= self.data.len());
    }
}

impl BytePanels<'_> {
    /// Panics unless `data` has all panels, for rows of `stride` chunks.
    #[inline(always)]
    fn check(self, shape: TileShape, stride: usize) {
        assert!((1..=shape.panels).contains(&self.panels) && self.panels <= self.sums.len());
        assert!(self.panels * 16 * stride <= self.data.len());
        self.headroom.check(stride);
    }
}

impl PairPanels<'_> {
    /// Panics unless `data` has all panels, for rows of `stride` chunks.
    #[inline(always)]
    fn check(self, shape: TileShape, stride: usize) {
        assert!((1..=shape.panels).contains(&self.panels));
        assert!(self.panels * LANES * stride <= self.data.len());
    }
}

/// Generic code to run with the kernel that is chosen at run time.
pub(crate) trait Job {
    type Output;
    fn run<K: Kernel>(self, kernel: K) -> Self::Output;
}

/// A kernel that this processor has.
#[derive(Clone, Copy)]
pub(crate) enum Chosen {
    #[cfg(target_arch = "x86_64")]
    Amx(amx::Amx),
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(avx512::Avx512Vnni),
    #[cfg(target_arch = "x86_64")]
    AvxVnni(avx2::AvxVnni),
    #[cfg(target_arch = "x86_64")]
    Avx2(avx2::Avx2),
    #[cfg(target_arch = "aarch64")]
    Neon(neon::Neon),
    Scalar(scalar::Scalar),
    /// AMX with its instructions emulated in software.
    #[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
    TrappedAmx(trapped::TrappedAmx),
}

impl Chosen {
    /// The kernel that every processor has.
    pub(crate) const SCALAR: Self = Self::Scalar(scalar::Scalar);

    /// The kernel of an instruction set, where the processor has it.
    pub(crate) fn new(isa: Isa) -> Option<Self> {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Amx => amx::Amx::detect().map(Self::Amx),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => avx512::Avx512Vnni::detect().map(Self::Avx512Vnni),
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni => avx2::AvxVnni::detect().map(Self::AvxVnni),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => avx2::Avx2::detect().map(Self::Avx2),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => neon::Neon::detect().map(Self::Neon),
            Isa::Scalar => Some(Self::SCALAR),
            _ => None,
        }
    }

    pub(crate) fn run<J: Job>(self, job: J) -> J::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Amx(kernel) => job.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni(kernel) => job.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni(kernel) => job.run(kernel),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(kernel) => job.run(kernel),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(kernel) => job.run(kernel),
            Self::Scalar(kernel) => job.run(kernel),
            #[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
            Self::TrappedAmx(kernel) => job.run(kernel),
        }
    }
}
