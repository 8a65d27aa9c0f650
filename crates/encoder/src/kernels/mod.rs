//! What each instruction set does for the encoder, and the only unsafe code.
//!
//! A [`Kernel`] multiplies 8-bit integers and bfloat16, its [`Lanes`] compute with sixteen `f32` at a
//! time. Their values are tokens: one can be had only where the processor has the instructions, so
//! that holding one proves that they may run. Everything above this module is safe code, generic over
//! the token.
//!
//! All kernels share one layout, but for the order of chunks in some rows of 8-bit activations
//! ([`Kernel::INTERLEAVE`]). Matrices are rows of [`Floats`], [`Pairs`] or [`Bytes`], the last one
//! filled up with zeros. Weights are panels of sixteen output columns; a panel of 8-bit weights is a
//! [`Bytes`] for every four inputs (column 0's four, column 1's four, ...), one of bfloat16 a
//! [`Pairs`] for every two, one of `f32` a [`Floats`] for every input. One register of 512 bits, two
//! of 256, four of 128 or one row of an AMX tile then hold the same part of it.
//!
//! 8-bit products are exact: every kernel gives the same 32-bit sums. `f32` arithmetic is written as
//! the same sequence of roundings for all of them, sums of lanes included, so that a result does not
//! depend on the processor it was computed on.
//!
//! bfloat16 products are exact in `f32`, and there are no denormal numbers among them or their sums
//! ([`bf16`](crate::bf16)), so only the order of a sum's terms could tell kernels apart. It is that of
//! AVX-512 (`VDPBF16PS`) for all but one: AMX (`TDPBF16PS`) sums, of every 32 inputs, the even and
//! the odd ones apart before it adds both to the rest. Two such sums of n terms, n from 32 to 4096,
//! each differ from the exact one by n 2^-24 times the sum of the terms' sizes at most.

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

/// Values in a vector.
pub(crate) const LANES: usize = 16;

/// 8-bit integers in a vector.
pub(crate) const BYTES: usize = 4 * LANES;

/// Sixteen `f32`, a cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Floats(pub(crate) [f32; LANES]);

/// Sixteen sums of products.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Ints(pub(crate) [i32; LANES]);

/// Sixteen pairs of bfloat16, a cache line: the first of a pair in the lower half.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Pairs(pub(crate) [u32; LANES]);

/// Sixty-four 8-bit integers, a cache line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(crate) struct Bytes(pub(crate) [i8; BYTES]);

impl Floats {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);

    /// The same memory, number by number.
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

    /// The same bits, which may be no numbers.
    #[inline(always)]
    fn as_floats(&self) -> &Floats {
        // SAFETY: both are sixteen times four bytes, aligned alike, and any bits are an `f32`.
        unsafe { &*std::ptr::from_ref(self).cast() }
    }
}

impl Bytes {
    pub(crate) const ZERO: Self = Self([0; BYTES]);

    /// The same memory, where it is whole chunks that begin at one's boundary.
    pub(crate) fn slice_of(bytes: &[u8]) -> Option<&[Self]> {
        // SAFETY: any sixty-four bytes are sixty-four 8-bit integers; alignment is what `align_to` is for.
        match unsafe { bytes.align_to() } {
            ([], chunks, []) => Some(chunks),
            _ => None,
        }
    }

    /// What [`Bytes::column`] gives for a weight of 1.
    pub(crate) const COLUMN_STEP: f32 = 16_777_216.0;

    /// Of a panel's chunk, the weights of one of its four inputs, as the highest of four bytes each.
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

/// Arithmetic on sixteen `f32`. Operations round once, to nearest, as IEEE 754 has it.
pub(crate) trait Lanes: Copy + Send + Sync {
    /// A vector.
    type F: Copy;

    /// Columns of an `f32` tile that stay in registers, in panels.
    const PANELS: usize;

    /// Runs `f` compiled for this instruction set, as far as the compiler inlines it.
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
    /// The larger; either one where one is NaN.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// The smaller; either one where one is NaN.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    /// `x`, or a bound that it is below; NaN stays NaN.
    fn at_least(self, x: Self::F, low: f32) -> Self::F;
    /// `x` held between two bounds; NaN stays NaN.
    fn clamp(self, x: Self::F, low: f32, high: f32) -> Self::F;
    /// The larger of `so_far` (not negative) and |x|; NaN counts as the largest.
    fn magnitude(self, so_far: Self::F, x: Self::F) -> Self::F;
    /// 2^n from 1.5 * 2^23 + n, for n from -126 to 127.
    fn power_of_two(self, shifted: Self::F) -> Self::F;
    /// The sum of all lanes: halves are added until one is left.
    fn sum(self, x: Self::F) -> f32;
    /// The largest lane; NaN where a lane is, as [`Lanes::magnitude`] orders them.
    fn highest_magnitude(self, x: Self::F) -> f32;
    /// The largest lane; any of them where one is NaN.
    fn highest(self, x: Self::F) -> f32;
    /// Rounded to nearest, ties to even, for values from -127 to 127.
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
    /// The bfloat16 in the lower half of each lane, and those in the upper half.
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
    /// The arithmetic that goes with it.
    type Lanes: Lanes;
    /// What a thread has to hold while it calls [`Kernel::tile`] or [`Kernel::pair_tile`].
    type Session;

    /// The largest tile where rows are many.
    const SHAPE: TileShape;
    /// Rows of any tile at most.
    const ROWS: usize = Self::SHAPE.rows;
    /// Rows of activations that lie together: the first chunk of each, then the second of each. Tiles
    /// begin at the first of them.
    const INTERLEAVE: usize = 1;
    /// Rows that pass through a block together, so that what is between its layers stays in cache.
    const BLOCK: usize;
    /// Added to every activation (wrapping) before it is stored for [`Kernel::tile`].
    const OFFSET: i8 = 0;

    fn lanes(self) -> Self::Lanes;

    fn session(self) -> Self::Session;

    /// The largest tile where there are this many rows.
    fn shape(_rows: usize) -> TileShape {
        Self::SHAPE
    }

    /// What [`Kernel::tile`] can use of panels that stay as they are, for rows of `stride` chunks;
    /// nothing in most kernels.
    fn headroom(self, _panels: &[Bytes], _stride: usize) -> Headroom {
        Headroom::default()
    }

    /// Fills `sums[row * w.panels + panel]` with the products of rows and panels. The thread must
    /// hold a session.
    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums);

    /// Whether fetching panels ahead pays where all rows are in one tile, so that weights only pass by.
    const PREFETCHES_FEW_ROWS: bool = true;

    /// Whether [`Kernel::tile_beside`] does both at once.
    const OVERLAPS: bool = false;

    /// As [`Kernel::tile`], and calls `beside`, which does a part of other work, once for every chunk
    /// of a row.
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

    /// Fills `sums[row * w.panels + panel]` with the products of rows and panels. What a row gets
    /// does not depend on the tile. The thread must hold a session.
    fn pair_tile(self, rows: PairRows<'_>, w: PairPanels<'_>, sums: &mut FloatSums) {
        self.lanes().pair_tile(rows, w, sums);
    }
}

/// Chunks to keep for rows of activations of `stride` chunks: a tile may read past the last one.
pub(crate) fn chunks_for<K: Kernel>(rows: usize, stride: usize) -> usize {
    (rows + K::ROWS).next_multiple_of(K::INTERLEAVE) * stride
}

/// A row of activations for [`Kernel::tile`].
pub(crate) struct RowMut<'a> {
    data: &'a mut [Bytes],
    first: usize,
    apart: usize,
}

impl<'a> RowMut<'a> {
    /// The `row`th of rows of `stride` chunks.
    #[inline(always)]
    pub(crate) fn new<K: Kernel>(data: &'a mut [Bytes], row: usize, stride: usize) -> Self {
        Self {
            data,
            first: row / K::INTERLEAVE * K::INTERLEAVE * stride + row % K::INTERLEAVE,
            apart: K::INTERLEAVE,
        }
    }

    #[inline(always)]
    pub(crate) fn chunk(&mut self, number: usize) -> &mut Bytes {
        &mut self.data[self.first + number * self.apart]
    }

    /// Puts activations into a chunk.
    #[inline(always)]
    pub(crate) fn put<K: Kernel>(&mut self, number: usize, activations: Bytes) {
        *self.chunk(number) = Bytes(activations.0.map(|x| x.wrapping_add(K::OFFSET)));
    }
}

/// Puts what `round` makes of each sixteen `values`, from -127 to 127, into a row.
#[inline(always)]
pub(crate) fn put_row<K: Kernel>(
    kernel: K,
    values: &[Floats],
    row: &mut RowMut<'_>,
    round: impl Fn(<K::Lanes as Lanes>::F) -> <K::Lanes as Lanes>::F,
) {
    each_bytes(
        kernel.lanes(),
        values,
        round,
        #[inline(always)]
        |chunk, bytes| row.put::<K>(chunk, bytes),
    );
}

/// Hands `put` what `round` makes of `values`, from -127 to 127: the number of each chunk, and it, the
/// last one filled up with zeros.
#[inline(always)]
pub(crate) fn each_bytes<L: Lanes>(
    l: L,
    values: &[Floats],
    round: impl Fn(L::F) -> L::F,
    mut put: impl FnMut(usize, Bytes),
) {
    let (fours, rest) = values.as_chunks::<4>();
    for (number, [a, b, c, d]) in fours.iter().enumerate() {
        let four = [
            round(l.load(a)),
            round(l.load(b)),
            round(l.load(c)),
            round(l.load(d)),
        ];
        put(number, l.all_to_bytes(four));
    }
    if !rest.is_empty() {
        let mut last = Bytes::ZERO;
        for (to, values) in last.0.as_chunks_mut().0.iter_mut().zip(rest) {
            *to = l.to_bytes(round(l.load(values)));
        }
        put(fours.len(), last);
    }
}

/// Sums of a tile, enough for the largest.
pub(crate) type Sums = [Ints; 64];
pub(crate) type FloatSums = [Floats; 64];

/// Consecutive rows of activations.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a, T> {
    /// `count` rows, up to a whole step of the tile; in 8 bits [`Kernel::INTERLEAVE`].
    pub(crate) data: &'a [T],
    /// Chunks of a row.
    pub(crate) stride: usize,
    pub(crate) count: usize,
}

pub(crate) type ByteRows<'a> = Rows<'a, Bytes>;
pub(crate) type PairRows<'a> = Rows<'a, Pairs>;

/// Consecutive panels of weights.
#[derive(Clone, Copy)]
pub(crate) struct BytePanels<'a> {
    /// Panel after panel, each 16 chunks for every chunk of a row.
    pub(crate) data: &'a [Bytes],
    /// The sum of each column.
    pub(crate) sums: &'a [Ints],
    /// That of all panels, or none.
    pub(crate) headroom: HeadroomOf<'a>,
    pub(crate) panels: usize,
    /// Panels to fetch into the cache meanwhile.
    pub(crate) ahead: &'a [Bytes],
}

/// Consecutive panels of bfloat16.
#[derive(Clone, Copy)]
pub(crate) struct PairPanels<'a> {
    /// As in [`BytePanels`], and so are the others.
    pub(crate) data: &'a [Pairs],
    pub(crate) panels: usize,
    #[cfg_attr(
        not(target_arch = "x86_64"),
        expect(dead_code, reason = "the portable product fetches nothing")
    )]
    pub(crate) ahead: &'a [Pairs],
}

impl<T> Rows<'_, T> {
    /// Panics unless the rows are there.
    #[inline(always)]
    fn check(self, shape: TileShape) {
        assert!((1..=shape.rows).contains(&self.count));
        assert!(self.count.next_multiple_of(shape.step) * self.stride <= self.data.len());
    }
}

impl BytePanels<'_> {
    /// Panics unless the panels are there, for rows of `stride` chunks.
    #[inline(always)]
    fn check(self, shape: TileShape, stride: usize) {
        assert!((1..=shape.panels).contains(&self.panels) && self.panels <= self.sums.len());
        assert!(self.panels * 16 * stride <= self.data.len());
        self.headroom.check(stride);
    }
}

impl PairPanels<'_> {
    /// Panics unless the panels are there, for rows of `stride` chunks.
    #[inline(always)]
    fn check(self, shape: TileShape, stride: usize) {
        assert!((1..=shape.panels).contains(&self.panels));
        assert!(self.panels * LANES * stride <= self.data.len());
    }
}

/// Something to be done with a kernel that is chosen at run time.
pub(crate) trait Job {
    type Output;
    fn run<K: Kernel>(self, kernel: K) -> Self::Output;
}

/// A kernel this processor has.
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
    /// AMX's instructions, one by one in software.
    #[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
    TrappedAmx(trapped::TrappedAmx),
}

impl Chosen {
    /// The one that every processor has.
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
