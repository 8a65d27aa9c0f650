//! AVX-512 with its 8-bit dot product (VNNI): Intel from Ice Lake, AMD from Zen 4. Uses the dot
//! product of bfloat16 where the processor has it (Intel from Cooper Lake, AMD from Zen 4).

use std::arch::x86_64::*;

use super::pair_tile::{portable, shape};
use super::{
    BytePanels, ByteRows, Bytes, FloatSums, Floats, Ints, Kernel, LANES, Lanes, PairPanels,
    PairRows, Pairs, Sums, TileShape,
};

/// Proof that the processor has AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy)]
pub(crate) struct Avx512 {
    /// Whether it has BF16 as well.
    bf16: bool,
}

/// Proof that it has VNNI as well.
#[derive(Clone, Copy)]
pub(crate) struct Avx512Vnni(Avx512);

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma");
        let bf16 = is_x86_feature_detected!("avx512bf16");
        has.then_some(Self { bf16 })
    }

    /// The kernel as on a processor without BF16.
    #[cfg(test)]
    pub(super) fn without_bf16(self) -> Self {
        Self { bf16: false }
    }
}

impl Avx512Vnni {
    pub(super) fn detect() -> Option<Self> {
        let avx512 = Avx512::detect()?;
        is_x86_feature_detected!("avx512vnni").then_some(Self(avx512))
    }

    /// The kernel as on a processor without BF16.
    #[cfg(test)]
    pub(super) fn without_bf16(self) -> Self {
        Self(self.0.without_bf16())
    }
}

impl Lanes for Avx512 {
    type F = __m512;

    const PANELS: usize = 4;

    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
        fn compiled<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` proves that the processor has these features.
        unsafe { compiled(f) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        // SAFETY: `self` proves AVX-512 F, here and below.
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    fn load(self, from: &Floats) -> __m512 {
        // SAFETY: as above; `Floats` is 64 bytes, aligned.
        unsafe { _mm512_load_ps(from.0.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, x: __m512, to: &mut Floats) {
        // SAFETY: as above; `Floats` is 64 bytes, aligned.
        unsafe { _mm512_store_ps(to.0.as_mut_ptr(), x) }
    }

    #[inline(always)]
    fn ints_to_floats(self, from: &Ints) -> __m512 {
        // SAFETY: as above; `Ints` is 64 bytes, aligned.
        unsafe { _mm512_cvtepi32_ps(_mm512_load_si512(from.0.as_ptr().cast())) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn at_least(self, x: __m512, low: f32) -> __m512 {
        // If an operand is NaN, the instruction returns its second operand.
        // SAFETY: as above.
        unsafe { _mm512_max_ps(_mm512_set1_ps(low), x) }
    }

    #[inline(always)]
    fn clamp(self, x: __m512, low: f32, high: f32) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_min_ps(_mm512_set1_ps(high), self.at_least(x, low)) }
    }

    #[inline(always)]
    fn magnitude(self, so_far: __m512, x: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe {
            let bits = _mm512_castps_si512(_mm512_abs_ps(x));
            _mm512_castsi512_ps(_mm512_max_epi32(_mm512_castps_si512(so_far), bits))
        }
    }

    #[inline(always)]
    fn power_of_two(self, shifted: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe {
            let exponent = _mm512_slli_epi32::<23>(_mm512_castps_si512(shifted));
            let one = _mm512_castps_si512(_mm512_set1_ps(1.0));
            _mm512_castsi512_ps(_mm512_add_epi32(exponent, one))
        }
    }

    #[inline(always)]
    fn sum(self, x: __m512) -> f32 {
        // SAFETY: as above, and AVX-512 DQ.
        unsafe {
            let halves = _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x));
            super::avx2::sum_of_eight(halves)
        }
    }

    #[inline(always)]
    fn highest_magnitude(self, x: __m512) -> f32 {
        // SAFETY: as above.
        f32::from_bits(unsafe { _mm512_reduce_max_epi32(_mm512_castps_si512(x)) }.cast_unsigned())
    }

    #[inline(always)]
    fn highest(self, x: __m512) -> f32 {
        // SAFETY: as above.
        unsafe { _mm512_reduce_max_ps(x) }
    }

    #[inline(always)]
    fn to_bytes(self, x: __m512) -> [i8; LANES] {
        let mut bytes = [0; LANES];
        // SAFETY: as above; `bytes` has room for the sixteen that are stored.
        unsafe {
            let narrow = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x));
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), narrow);
        }
        bytes
    }

    #[inline(always)]
    fn all_to_bytes(self, x: [__m512; 4]) -> Bytes {
        /// Packing leaves 4 bytes of each vector in every 128 bits; this brings the bytes of the first
        /// vector together, then those of the second, ...
        const ORDER: [i32; 16] = [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15];
        let mut bytes = Bytes::ZERO;
        // SAFETY: as above; `Bytes` is 64 bytes, aligned.
        unsafe {
            let low = _mm512_packs_epi32(_mm512_cvtps_epi32(x[0]), _mm512_cvtps_epi32(x[1]));
            let high = _mm512_packs_epi32(_mm512_cvtps_epi32(x[2]), _mm512_cvtps_epi32(x[3]));
            let order = _mm512_loadu_si512(ORDER.as_ptr().cast());
            let narrow = _mm512_permutexvar_epi32(order, _mm512_packs_epi16(low, high));
            _mm512_store_si512(bytes.0.as_mut_ptr().cast(), narrow);
        }
        bytes
    }

    #[inline(always)]
    fn halves(self, pairs: __m512) -> [__m512; 2] {
        // SAFETY: as above.
        unsafe {
            let pairs = _mm512_castps_si512(pairs);
            let second = _mm512_and_si512(pairs, _mm512_set1_epi32(-0x1_0000));
            [
                _mm512_castsi512_ps(_mm512_slli_epi32::<16>(pairs)),
                _mm512_castsi512_ps(second),
            ]
        }
    }

    fn pair_tile(self, rows: PairRows<'_>, w: PairPanels<'_>, sums: &mut FloatSums) {
        if !self.bf16 {
            return self.run(
                #[inline(always)]
                || portable(self, rows, w, sums),
            );
        }
        rows.check(shape::<Self>());
        w.check(shape::<Self>(), rows.stride);
        // SAFETY: `self` proves the features; `check` checked that rows and panels are in their slices.
        unsafe {
            match w.panels {
                4 => tall_of_pairs::<4>(rows, w, sums),
                3 => tall_of_pairs::<3>(rows, w, sums),
                2 => tall_of_pairs::<2>(rows, w, sums),
                _ => tall_of_pairs::<1>(rows, w, sums),
            }
        }
    }
}

/// With few rows, reading the weights takes most of the time. Tiles of 12 rows read them once or twice
/// rather than two or three times.
const HIGH: TileShape = TileShape::of(12, 2);
/// With very few rows, one panel at a time reads the weights in the order of memory.
const FLAT: TileShape = TileShape::of(6, 1);

impl Kernel for Avx512Vnni {
    type Lanes = Avx512;
    type Session = ();

    const SHAPE: TileShape = TileShape::of(6, 4);
    const ROWS: usize = HIGH.rows;
    const BLOCK: usize = 48;
    /// The instruction multiplies unsigned by signed bytes. So 128 is added to activations, and 128
    /// times the sum of the weights is subtracted from the result.
    const OFFSET: i8 = i8::MIN;

    #[inline(always)]
    fn lanes(self) -> Avx512 {
        self.0
    }

    #[inline(always)]
    fn session(self) {}

    fn shape(rows: usize) -> TileShape {
        match rows {
            0..=6 => FLAT,
            7..=16 => HIGH,
            _ => Self::SHAPE,
        }
    }

    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
        let shape = if w.panels > HIGH.panels {
            Self::SHAPE
        } else {
            HIGH
        };
        rows.check(shape);
        w.check(shape, rows.stride);
        // SAFETY: `self` proves the features; `check` checked that rows and panels are in their slices.
        unsafe {
            match w.panels {
                4 => tall::<4>(rows, w, sums),
                3 => tall::<3>(rows, w, sums),
                2 => tall::<2>(rows, w, sums),
                _ => tall::<1>(rows, w, sums),
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn tall<const P: usize>(rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
    // SAFETY: the caller's promise is passed on.
    unsafe {
        match w.ahead.len() / (16 * rows.stride) {
            0 => fetching::<0, P>(rows, w, sums),
            1 => fetching::<1, P>(rows, w, sums),
            2 => fetching::<2, P>(rows, w, sums),
            _ => fetching::<4, P>(rows, w, sums),
        }
    }
}

/// Prefetches `A` panels.
#[target_feature(enable = "avx512f,avx512vnni")]
#[inline]
unsafe fn fetching<const A: usize, const P: usize>(
    rows: ByteRows<'_>,
    w: BytePanels<'_>,
    sums: &mut Sums,
) {
    // SAFETY: the caller's promise is passed on.
    unsafe {
        match rows.count {
            1 => tile::<A, 1, P>(rows, w, sums),
            2 => tile::<A, 2, P>(rows, w, sums),
            3 => tile::<A, 3, P>(rows, w, sums),
            4 => tile::<A, 4, P>(rows, w, sums),
            5 => tile::<A, 5, P>(rows, w, sums),
            7 if P <= HIGH.panels => tile::<A, 7, P>(rows, w, sums),
            8 if P <= HIGH.panels => tile::<A, 8, P>(rows, w, sums),
            9 if P <= HIGH.panels => tile::<A, 9, P>(rows, w, sums),
            10 if P <= HIGH.panels => tile::<A, 10, P>(rows, w, sums),
            11 if P <= HIGH.panels => tile::<A, 11, P>(rows, w, sums),
            12 if P <= HIGH.panels => tile::<A, 12, P>(rows, w, sums),
            _ => tile::<A, 6, P>(rows, w, sums),
        }
    }
}

#[target_feature(enable = "avx512f,avx512vnni")]
#[inline]
unsafe fn tile<const A: usize, const R: usize, const P: usize>(
    rows: ByteRows<'_>,
    w: BytePanels<'_>,
    sums: &mut Sums,
) {
    let groups = 16 * rows.stride;
    let a = rows.data.as_ptr().cast::<i32>();
    let b = w.data.as_ptr();
    let ahead = w.ahead.as_ptr().cast::<i8>();
    let mut sum = [[_mm512_setzero_si512(); P]; R];
    for p in 0..P {
        // SAFETY: `Ints` is 64 bytes, aligned.
        let columns = unsafe { _mm512_load_si512(w.sums[p].0.as_ptr().cast()) };
        let correction = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_slli_epi32::<7>(columns));
        for row in &mut sum {
            row[p] = correction;
        }
    }
    for group in 0..groups {
        for a in 0..A {
            _mm_prefetch::<_MM_HINT_T1>(ahead.wrapping_add(64 * (a * groups + group)));
        }
        let mut weights = [_mm512_setzero_si512(); P];
        for (p, weights) in weights.iter_mut().enumerate() {
            // SAFETY: there are P panels of `groups` chunks, aligned.
            *weights = unsafe { _mm512_load_si512(b.add(p * groups + group).cast()) };
        }
        for (r, sum) in sum.iter_mut().enumerate() {
            // SAFETY: there are R rows of `groups` times four bytes.
            let x = _mm512_set1_epi32(unsafe { *a.add(r * groups + group) });
            for (sum, weights) in sum.iter_mut().zip(weights) {
                *sum = _mm512_dpbusd_epi32(*sum, x, weights);
            }
        }
    }
    for (r, row) in sum.into_iter().enumerate() {
        for (p, sum) in row.into_iter().enumerate() {
            // SAFETY: `Ints` is 64 bytes, aligned.
            unsafe { _mm512_store_si512(sums[r * P + p].0.as_mut_ptr().cast(), sum) };
        }
    }
}

#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn tall_of_pairs<const P: usize>(
    rows: PairRows<'_>,
    w: PairPanels<'_>,
    sums: &mut FloatSums,
) {
    // SAFETY: the caller's promise is passed on.
    unsafe {
        match rows.count {
            1 => tile_of_pairs::<1, P>(rows, w, sums),
            2 => tile_of_pairs::<2, P>(rows, w, sums),
            3 => tile_of_pairs::<3, P>(rows, w, sums),
            4 => tile_of_pairs::<4, P>(rows, w, sums),
            5 => tile_of_pairs::<5, P>(rows, w, sums),
            _ => tile_of_pairs::<6, P>(rows, w, sums),
        }
    }
}

#[target_feature(enable = "avx512f,avx512bf16")]
#[inline]
unsafe fn tile_of_pairs<const R: usize, const P: usize>(
    rows: PairRows<'_>,
    w: PairPanels<'_>,
    sums: &mut FloatSums,
) {
    let pairs = LANES * rows.stride;
    let a = rows.data.as_ptr().cast::<i32>();
    let b = w.data.as_ptr();
    let ahead = w.ahead.as_ptr().cast::<i8>();
    let mut sum = [[_mm512_setzero_ps(); P]; R];
    for pair in 0..pairs {
        _mm_prefetch::<_MM_HINT_T1>(ahead.wrapping_add(64 * pair));
        let mut weights = [_mm512_setzero_si512(); P];
        for (p, weights) in weights.iter_mut().enumerate() {
            // SAFETY: there are P panels of a chunk for every pair, aligned.
            *weights = unsafe { _mm512_load_si512(b.add(p * pairs + pair).cast()) };
        }
        for (r, sum) in sum.iter_mut().enumerate() {
            // SAFETY: there are R rows of as many pairs.
            let x = _mm512_set1_epi32(unsafe { *a.add(r * pairs + pair) });
            for (sum, weights) in sum.iter_mut().zip(weights) {
                *sum = _mm512_dpbf16_ps(*sum, as_bf16(x), as_bf16(weights));
            }
        }
    }
    for (r, row) in sum.into_iter().enumerate() {
        for (p, sum) in row.into_iter().enumerate() {
            // SAFETY: `Floats` is 64 bytes, aligned.
            unsafe { _mm512_store_ps(sums[r * P + p].0.as_mut_ptr(), sum) };
        }
    }
}

#[target_feature(enable = "avx512f")]
#[inline]
fn as_bf16(pairs: __m512i) -> __m512bh {
    // SAFETY: both types are 512 bits, and any bits are valid.
    unsafe { std::mem::transmute(pairs) }
}

// The loads and stores above rely on this.
const _: () = assert!(size_of::<Bytes>() == 64 && align_of::<Bytes>() == 64);
const _: () = assert!(size_of::<Pairs>() == 64 && align_of::<Pairs>() == 64);
