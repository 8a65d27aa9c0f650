//! AVX2 with FMA, and AVX-VNNI on top of it.

use std::arch::x86_64::*;

use super::{
    BytePanels, ByteRows, Bytes, Floats, Headroom, Ints, Kernel, LANES, Lanes, Sums, TileShape,
};

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

/// The sum of all lanes: the upper half is added to the lower until one lane is left.
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
        // SAFETY: `self` proves that the processor has these features.
        unsafe { compiled(f) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Pair {
        // SAFETY: `self` proves AVX2 and FMA, here and below.
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
    fn min(self, a: Pair, b: Pair) -> Pair {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { _mm256_min_ps(a, b) },
        )
    }

    #[inline(always)]
    fn at_least(self, x: Pair, low: f32) -> Pair {
        // If an operand is NaN, the instruction returns its second operand.
        // SAFETY: as above.
        x.map(
            #[inline(always)]
            |x| unsafe { _mm256_max_ps(_mm256_set1_ps(low), x) },
        )
    }

    #[inline(always)]
    fn clamp(self, x: Pair, low: f32, high: f32) -> Pair {
        // SAFETY: as above.
        self.at_least(x, low).map(
            #[inline(always)]
            |x| unsafe { _mm256_min_ps(_mm256_set1_ps(high), x) },
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
    const ROWS: usize = HIGH.rows;
    const BLOCK: usize = 48;

    #[inline(always)]
    fn lanes(self) -> Self {
        self
    }

    #[inline(always)]
    fn session(self) {}

    fn shape(rows: usize) -> TileShape {
        if rows <= Self::SHAPE.rows {
            Self::SHAPE
        } else {
            HIGH
        }
    }

    fn headroom(self, panels: &[Bytes], stride: usize) -> Headroom {
        // SAFETY: `self` proves the features.
        unsafe { measure(panels, stride) }
    }

    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
        rows.check(HIGH);
        w.check(HIGH, rows.stride);
        let narrow_fits = rows.count > Self::SHAPE.rows && !w.headroom.below.is_empty();
        // SAFETY: `self` proves the features; `check` checked that rows and panels are in their slices.
        unsafe {
            match (narrow_fits, w.ahead) {
                (true, []) => narrow::<false>(rows, w, sums),
                (true, _) => narrow::<true>(rows, w, sums),
                (false, []) => signed::<false>(rows, w, sums),
                (false, _) => signed::<true>(rows, w, sums),
            }
        }
    }
}

/// The largest tile when the [`Headroom`] of the panels is known.
const HIGH: TileShape = TileShape::of(10, 1);

/// Products fit into 16 bits if the magnitudes of their weights add up to at most this: an activation
/// or its complement has at most the magnitude 128.
const FITTING: i16 = i16::MAX / 128;

#[target_feature(enable = "avx2")]
fn measure(panels: &[Bytes], stride: usize) -> Headroom {
    let (one, ones) = (_mm256_set1_epi8(1), _mm256_set1_epi16(1));
    let mut found = Headroom::default();
    if u16::try_from(8 * stride).is_err() {
        return found;
    }
    found.order.reserve_exact(panels.len());
    let mut others = Vec::new();
    for panel in panels.chunks_exact(16 * stride) {
        let mut below = Ints::ZERO;
        let mut fitting = [0; 2];
        for (half, fitting) in fitting.iter_mut().enumerate() {
            // |w| - w is 2 |w| for negative weights, else 0.
            let mut twice = _mm256_setzero_si256();
            for (number, eight) in (0..).zip(panel.as_chunks::<2>().0) {
                let mut sizes = _mm256_setzero_si256();
                let mut weights = sizes;
                for chunk in eight {
                    let chunk = chunk.0.as_ptr().cast::<__m256i>();
                    // SAFETY: a chunk is two halves, aligned.
                    let w = unsafe { _mm256_load_si256(chunk.add(half)) };
                    sizes = _mm256_add_epi16(sizes, _mm256_maddubs_epi16(_mm256_abs_epi8(w), one));
                    weights = _mm256_add_epi16(weights, _mm256_maddubs_epi16(one, w));
                }
                let below = _mm256_madd_epi16(_mm256_sub_epi16(sizes, weights), ones);
                twice = _mm256_add_epi32(twice, below);
                let over = _mm256_cmpgt_epi16(sizes, _mm256_set1_epi16(FITTING));
                if _mm256_movemask_epi8(over) == 0 {
                    found.order.push(number);
                    *fitting += 1;
                } else {
                    others.push(number);
                }
            }
            found.order.append(&mut others);
            // SAFETY: `Ints` is two halves, aligned.
            unsafe {
                let to = below.0.as_mut_ptr().cast::<__m256i>().add(half);
                _mm256_store_si256(to, _mm256_srli_epi32::<1>(twice));
            }
        }
        found.below.push(below);
        found.fitting.push(fitting);
    }
    found
}

#[target_feature(enable = "avx2")]
unsafe fn narrow<const FETCH: bool>(rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
    // SAFETY: the caller's promise is passed on.
    unsafe {
        match rows.count {
            5 => narrow_tile::<FETCH, 5>(rows, w, sums),
            6 => narrow_tile::<FETCH, 6>(rows, w, sums),
            7 => narrow_tile::<FETCH, 7>(rows, w, sums),
            8 => narrow_tile::<FETCH, 8>(rows, w, sums),
            9 => narrow_tile::<FETCH, 9>(rows, w, sums),
            _ => narrow_tile::<FETCH, 10>(rows, w, sums),
        }
    }
}

/// Multiplies half of the columns at a time, so that each row needs one register of sums.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn narrow_tile<const FETCH: bool, const R: usize>(
    rows: ByteRows<'_>,
    w: BytePanels<'_>,
    sums: &mut Sums,
) {
    let groups = 16 * rows.stride;
    let a = rows.data.as_ptr().cast::<i32>();
    let b = w.data.as_ptr().cast::<__m256i>();
    let mut ahead = w.ahead.as_ptr().cast::<i8>();
    let below = w.headroom.below[0].0.as_ptr().cast::<__m256i>();
    let order = w.headroom.order.chunks_exact(groups / 2);
    let ones = _mm256_set1_epi16(1);
    for (half, (order, &fitting)) in order.zip(&w.headroom.fitting[0]).enumerate() {
        // SAFETY: `Ints` is two halves, aligned.
        let mut sum = [unsafe { _mm256_load_si256(below.add(half)) }; R];
        let products = |group: usize, [size, sign]: [__m256i; 2], r: usize| {
            // SAFETY: there are R rows of `groups` times four bytes.
            let x = _mm256_set1_epi32(unsafe { *a.add(r * groups + group) });
            _mm256_maddubs_epi16(size, _mm256_xor_si256(x, sign))
        };
        let (fitting, others) = order.split_at(fitting);
        for &number in fitting {
            if FETCH {
                _mm_prefetch::<_MM_HINT_T1>(ahead);
                ahead = ahead.wrapping_add(64);
            }
            let group = 2 * usize::from(number);
            // SAFETY: a panel has two chunks for each of the numbers.
            let weights = unsafe { [signed_half(b, group, half), signed_half(b, group + 1, half)] };
            for (r, sum) in sum.iter_mut().enumerate() {
                let two = products(group, weights[0], r);
                let four = _mm256_add_epi16(two, products(group + 1, weights[1], r));
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(four, ones));
            }
        }
        for &number in others {
            if FETCH {
                _mm_prefetch::<_MM_HINT_T1>(ahead);
                ahead = ahead.wrapping_add(64);
            }
            let group = 2 * usize::from(number);
            for group in [group, group + 1] {
                // SAFETY: as above.
                let weights = unsafe { signed_half(b, group, half) };
                for (r, sum) in sum.iter_mut().enumerate() {
                    let two = products(group, weights, r);
                    *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(two, ones));
                }
            }
        }
        for (sum, to) in sum.into_iter().zip(&mut *sums) {
            // SAFETY: `Ints` is two halves, aligned.
            unsafe { _mm256_store_si256(to.0.as_mut_ptr().cast::<__m256i>().add(half), sum) };
        }
    }
}

/// Magnitudes |w| and signs (all bits set if negative) of half of a panel's chunk. |w| times (x xor
/// sign) is the product w x, less |w| if w is negative, since !x = -x - 1.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn signed_half(panel: *const __m256i, group: usize, half: usize) -> [__m256i; 2] {
    // SAFETY: the caller promises that the panel has that chunk: two halves, aligned.
    let w = unsafe { _mm256_load_si256(panel.add(2 * group + half)) };
    let sign = _mm256_cmpgt_epi8(_mm256_setzero_si256(), w);
    [_mm256_abs_epi8(w), sign]
}

#[target_feature(enable = "avx2")]
unsafe fn signed<const FETCH: bool>(rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
    for first in (0..rows.count).step_by(4) {
        let sums = &mut sums[first..];
        let rows = ByteRows {
            data: &rows.data[first * rows.stride..],
            stride: rows.stride,
            count: rows.count - first,
        };
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
}

/// Multiplies up to four rows. Products, |w| times the activation with w's sign, are added in pairs
/// in 16 bits: a pair is at most 2 * 128 * 127, below 2^15.
#[target_feature(enable = "avx2")]
#[inline]
unsafe fn signed_tile<const FETCH: bool, const R: usize>(
    rows: ByteRows<'_>,
    w: BytePanels<'_>,
    sums: &mut [Ints],
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
    /// As in AVX-512 with VNNI.
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
        // SAFETY: `self` proves the features; `check` checked that rows and panels are in their slices.
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
