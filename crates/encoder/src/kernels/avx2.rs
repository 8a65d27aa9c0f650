//! AVX2 with FMA, and AVX-VNNI on top of it.

use std::arch::x86_64::*;

use super::{BytePanels, ByteRows, Floats, Ints, Kernel, LANES, Lanes, Sums, TileShape};

/// Proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

/// Proof that it has AVX-VNNI as well.
#[derive(Clone, Copy)]
pub(crate) struct AvxVnni(Avx2);

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        has.then_some(Self(()))
    }
}

impl AvxVnni {
    pub(super) fn detect() -> Option<Self> {
        let avx2 = Avx2::detect()?;
        is_x86_feature_detected!("avxvnni").then_some(Self(avx2))
    }
}

/// The lower and the upper eight lanes.
#[derive(Clone, Copy)]
pub(crate) struct Pair(__m256, __m256);

impl Pair {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(__m256, __m256) -> __m256) -> Self {
        Self(f(self.0, other.0), f(self.1, other.1))
    }

    #[inline(always)]
    fn map(self, f: impl Fn(__m256) -> __m256) -> Self {
        Self(f(self.0), f(self.1))
    }
}

/// Halves are added until one lane is left.
#[target_feature(enable = "avx2")]
#[inline]
pub(super) fn sum_of_eight(x: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
}

impl Lanes for Avx2 {
    type F = Pair;

    const PANELS: usize = 1;

    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx2,fma")]
        fn compiled<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: the token proves that the processor has these features.
        unsafe { compiled(f) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Pair {
        // SAFETY: the token proves AVX2 and FMA, here and below.
        let x = unsafe { _mm256_set1_ps(x) };
        Pair(x, x)
    }

    #[inline(always)]
    fn load(self, from: &Floats) -> Pair {
        let from = from.0.as_ptr();
        // SAFETY: as above; `Floats` is 64 bytes, aligned.
        unsafe { Pair(_mm256_load_ps(from), _mm256_load_ps(from.add(8))) }
    }

    #[inline(always)]
    fn store(self, x: Pair, to: &mut Floats) {
        let to = to.0.as_mut_ptr();
        // SAFETY: as above; `Floats` is 64 bytes, aligned.
        unsafe {
            _mm256_store_ps(to, x.0);
            _mm256_store_ps(to.add(8), x.1);
        }
    }

    #[inline(always)]
    fn ints_to_floats(self, from: &Ints) -> Pair {
        let from = from.0.as_ptr().cast::<__m256i>();
        // SAFETY: as above; `Ints` is 64 bytes, aligned.
        unsafe {
            Pair(
                _mm256_cvtepi32_ps(_mm256_load_si256(from)),
                _mm256_cvtepi32_ps(_mm256_load_si256(from.add(1))),
            )
        }
    }

    #[inline(always)]
    fn add(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { _mm256_add_ps(a, b) },
        )
    }

    #[inline(always)]
    fn sub(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { _mm256_sub_ps(a, b) },
        )
    }

    #[inline(always)]
    fn mul(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { _mm256_mul_ps(a, b) },
        )
    }

    #[inline(always)]
    fn div(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { _mm256_div_ps(a, b) },
        )
    }

    #[inline(always)]
    fn mul_add(self, a: Pair, b: Pair, c: Pair) -> Pair {
        // SAFETY: as above.
        unsafe {
            Pair(
                _mm256_fmadd_ps(a.0, b.0, c.0),
                _mm256_fmadd_ps(a.1, b.1, c.1),
            )
        }
    }

    #[inline(always)]
    fn max(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { _mm256_max_ps(a, b) },
        )
    }

    #[inline(always)]
    fn clamp(self, x: Pair, low: f32, high: f32) -> Pair {
        // With a NaN the instructions give their second operand.
        // SAFETY: as above.
        x.map(
            #[inline(always)]
            |x| unsafe {
                _mm256_min_ps(_mm256_set1_ps(high), _mm256_max_ps(_mm256_set1_ps(low), x))
            },
        )
    }

    #[inline(always)]
    fn magnitude(self, so_far: Pair, x: Pair) -> Pair {
        // SAFETY: as above.
        so_far.zip(
            x,
            #[inline(always)]
            |so_far, x| unsafe {
                let bits = _mm256_castps_si256(_mm256_andnot_ps(_mm256_set1_ps(-0.0), x));
                _mm256_castsi256_ps(_mm256_max_epi32(_mm256_castps_si256(so_far), bits))
            },
        )
    }

    #[inline(always)]
    fn power_of_two(self, shifted: Pair) -> Pair {
        // SAFETY: as above.
        shifted.map(
            #[inline(always)]
            |x| unsafe {
                let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(x));
                let one = _mm256_castps_si256(_mm256_set1_ps(1.0));
                _mm256_castsi256_ps(_mm256_add_epi32(exponent, one))
            },
        )
    }

    #[inline(always)]
    fn sum(self, x: Pair) -> f32 {
        // SAFETY: as above.
        unsafe { sum_of_eight(_mm256_add_ps(x.0, x.1)) }
    }

    #[inline(always)]
    fn highest_magnitude(self, x: Pair) -> f32 {
        let mut all = Floats::ZERO;
        self.store(x, &mut all);
        f32::from_bits(all.0.iter().fold(0, |most, x| most.max(x.to_bits())))
    }

    #[inline(always)]
    fn highest(self, x: Pair) -> f32 {
        let mut all = Floats::ZERO;
        self.store(x, &mut all);
        all.0.iter().fold(f32::NEG_INFINITY, |a, &b| a.max(b))
    }

    #[inline(always)]
    fn to_bytes(self, x: Pair) -> [i8; LANES] {
        let mut bytes = [0; LANES];
        // SAFETY: as above; `bytes` has room for the sixteen that are stored.
        unsafe {
            let words = _mm256_packs_epi32(_mm256_cvtps_epi32(x.0), _mm256_cvtps_epi32(x.1));
            let words = _mm256_permute4x64_epi64::<0b11_01_10_00>(words);
            let narrow = _mm_packs_epi16(
                _mm256_castsi256_si128(words),
                _mm256_extracti128_si256::<1>(words),
            );
            _mm_storeu_si128(bytes.as_mut_ptr().cast(), narrow);
        }
        bytes
    }

    #[inline(always)]
    fn halves(self, pairs: Pair) -> [Pair; 2] {
        // SAFETY: as above.
        let first = pairs.map(
            #[inline(always)]
            |x| unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_castps_si256(x))) },
        );
        // SAFETY: as above.
        let upper = unsafe { _mm256_castsi256_ps(_mm256_set1_epi32(-0x1_0000)) };
        let second = pairs.map(
            #[inline(always)]
            |x| unsafe { _mm256_and_ps(x, upper) },
        );
        [first, second]
    }
}

impl Kernel for Avx2 {
    type Lanes = Self;
    type Session = ();

    const SHAPE: TileShape = TileShape::of(4, 1);
    const BLOCK: usize = 48;

    #[inline(always)]
    fn lanes(self) -> Self {
        self
    }

    #[inline(always)]
    fn session(self) {}

    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
        rows.check(Self::SHAPE);
        w.check(Self::SHAPE, rows.stride);
        // SAFETY: the token proves the features; `check` has held the lengths against each other.
        unsafe {
            match w.ahead {
                [] => signed::<false>(rows, w, sums),
                _ => signed::<true>(rows, w, sums),
            }
        }
    }
}

#[target_feature(enable = "avx2")]
unsafe fn signed<const FETCH: bool>(rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
    // SAFETY: the caller's promise is passed on.
    unsafe {
        match rows.count {
            1 => signed_tile::<FETCH, 1>(rows, w, sums),
            2 => signed_tile::<FETCH, 2>(rows, w, sums),
            3 => signed_tile::<FETCH, 3>(rows, w, sums),
            _ => signed_tile::<FETCH, 4>(rows, w, sums),
        }
    }
}

/// Pairs of products go through 16 bits, where |w| times the activation with w's sign fits: two of
/// them are at most 2 * 127 * 127, below 2^15.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn signed_tile<const FETCH: bool, const R: usize>(
    rows: ByteRows<'_>,
    w: BytePanels<'_>,
    sums: &mut Sums,
) {
    let groups = 16 * rows.stride;
    let a = rows.data.as_ptr().cast::<i32>();
    let b = w.data.as_ptr().cast::<__m256i>();
    let ahead = w.ahead.as_ptr().cast::<i8>();
    let ones = _mm256_set1_epi16(1);
    let mut sum = [[_mm256_setzero_si256(); 2]; R];
    for group in 0..groups {
        if FETCH {
            _mm_prefetch::<_MM_HINT_T1>(ahead.wrapping_add(64 * group));
        }
        // SAFETY: a panel has `groups` chunks of two halves, aligned.
        let weights = unsafe {
            [
                _mm256_load_si256(b.add(2 * group)),
                _mm256_load_si256(b.add(2 * group + 1)),
            ]
        };
        let sizes = [_mm256_abs_epi8(weights[0]), _mm256_abs_epi8(weights[1])];
        for (r, sum) in sum.iter_mut().enumerate() {
            // SAFETY: there are R rows of `groups` times four bytes.
            let x = _mm256_set1_epi32(unsafe { *a.add(r * groups + group) });
            for half in 0..2 {
                let pairs = _mm256_maddubs_epi16(sizes[half], _mm256_sign_epi8(x, weights[half]));
                sum[half] = _mm256_add_epi32(sum[half], _mm256_madd_epi16(pairs, ones));
            }
        }
    }
    for (sum, to) in sum.into_iter().zip(sums) {
        let to = to.0.as_mut_ptr().cast::<__m256i>();
        // SAFETY: `Ints` is two halves, aligned.
        unsafe {
            _mm256_store_si256(to, sum[0]);
            _mm256_store_si256(to.add(1), sum[1]);
        }
    }
}

impl Kernel for AvxVnni {
    type Lanes = Avx2;
    type Session = ();

    const SHAPE: TileShape = TileShape::of(6, 1);
    const BLOCK: usize = 48;
    /// As for AVX-512 with VNNI.
    const OFFSET: i8 = i8::MIN;

    #[inline(always)]
    fn lanes(self) -> Avx2 {
        self.0
    }

    #[inline(always)]
    fn session(self) {}

    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
        rows.check(Self::SHAPE);
        w.check(Self::SHAPE, rows.stride);
        // SAFETY: the token proves the features; `check` has held the lengths against each other.
        unsafe {
            match w.ahead {
                [] => unsigned::<false>(rows, w, sums),
                _ => unsigned::<true>(rows, w, sums),
            }
        }
    }
}

#[target_feature(enable = "avx2,avxvnni")]
unsafe fn unsigned<const FETCH: bool>(rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
    // SAFETY: the caller's promise is passed on.
    unsafe {
        match rows.count {
            1 => unsigned_tile::<FETCH, 1>(rows, w, sums),
            2 => unsigned_tile::<FETCH, 2>(rows, w, sums),
            3 => unsigned_tile::<FETCH, 3>(rows, w, sums),
            4 => unsigned_tile::<FETCH, 4>(rows, w, sums),
            5 => unsigned_tile::<FETCH, 5>(rows, w, sums),
            _ => unsigned_tile::<FETCH, 6>(rows, w, sums),
        }
    }
}

#[target_feature(enable = "avx2,avxvnni")]
#[inline]
unsafe fn unsigned_tile<const FETCH: bool, const R: usize>(
    rows: ByteRows<'_>,
    w: BytePanels<'_>,
    sums: &mut Sums,
) {
    let groups = 16 * rows.stride;
    let a = rows.data.as_ptr().cast::<i32>();
    let b = w.data.as_ptr().cast::<__m256i>();
    let ahead = w.ahead.as_ptr().cast::<i8>();
    let columns = w.sums[0].0.as_ptr().cast::<__m256i>();
    let mut sum = [[_mm256_setzero_si256(); 2]; R];
    for half in 0..2 {
        // SAFETY: `Ints` is two halves, aligned.
        let columns = _mm256_slli_epi32::<7>(unsafe { _mm256_load_si256(columns.add(half)) });
        for row in &mut sum {
            row[half] = _mm256_sub_epi32(_mm256_setzero_si256(), columns);
        }
    }
    for group in 0..groups {
        if FETCH {
            _mm_prefetch::<_MM_HINT_T1>(ahead.wrapping_add(64 * group));
        }
        // SAFETY: a panel has `groups` chunks of two halves, aligned.
        let weights = unsafe {
            [
                _mm256_load_si256(b.add(2 * group)),
                _mm256_load_si256(b.add(2 * group + 1)),
            ]
        };
        for (r, sum) in sum.iter_mut().enumerate() {
            // SAFETY: there are R rows of `groups` times four bytes.
            let x = _mm256_set1_epi32(unsafe { *a.add(r * groups + group) });
            for (sum, weights) in sum.iter_mut().zip(weights) {
                *sum = _mm256_dpbusd_avx_epi32(*sum, x, weights);
            }
        }
    }
    for (sum, to) in sum.into_iter().zip(sums) {
        let to = to.0.as_mut_ptr().cast::<__m256i>();
        // SAFETY: `Ints` is two halves, aligned.
        unsafe {
            _mm256_store_si256(to, sum[0]);
            _mm256_store_si256(to.add(1), sum[1]);
        }
    }
}
