//! Arm's Advanced SIMD with the 8-bit dot product (`FEAT_DotProd`).

use std::arch::aarch64::*;
use std::arch::is_aarch64_feature_detected;

use super::{BytePanels, ByteRows, Floats, Ints, Kernel, LANES, Lanes, Sums, TileShape};

/// Proof that the processor has both.
#[derive(Clone, Copy)]
pub(crate) struct Neon(());

impl Neon {
    pub(super) fn detect() -> Option<Self> {
        let has = is_aarch64_feature_detected!("neon") && is_aarch64_feature_detected!("dotprod");
        has.then_some(Self(()))
    }
}

/// Four registers of four lanes.
#[derive(Clone, Copy)]
pub(crate) struct Quads([float32x4_t; 4]);

impl Quads {
    #[inline(always)]
    fn map(self, f: impl Fn(float32x4_t) -> float32x4_t) -> Self {
        Self([f(self.0[0]), f(self.0[1]), f(self.0[2]), f(self.0[3])])
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(float32x4_t, float32x4_t) -> float32x4_t) -> Self {
        let (a, b) = (self.0, other.0);
        Self([f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])])
    }
}

impl Lanes for Neon {
    type F = Quads;

    const PANELS: usize = 1;

    #[inline(always)]
    fn run<R>(self, f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "neon,dotprod")]
        fn compiled<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: `self` proves that the processor has these features.
        unsafe { compiled(f) }
    }

    #[inline(always)]
    fn splat(self, x: f32) -> Quads {
        // SAFETY: `self` proves Advanced SIMD, here and below.
        Quads([unsafe { vdupq_n_f32(x) }; 4])
    }

    #[inline(always)]
    fn load(self, from: &Floats) -> Quads {
        let from = from.0.as_ptr();
        // SAFETY: as above; `Floats` is four quads.
        unsafe {
            Quads([
                vld1q_f32(from),
                vld1q_f32(from.add(4)),
                vld1q_f32(from.add(8)),
                vld1q_f32(from.add(12)),
            ])
        }
    }

    #[inline(always)]
    fn store(self, x: Quads, to: &mut Floats) {
        for (quad, to) in x.0.into_iter().zip(to.0.as_chunks_mut::<4>().0) {
            // SAFETY: as above; `to` is four lanes.
            unsafe { vst1q_f32(to.as_mut_ptr(), quad) };
        }
    }

    #[inline(always)]
    fn ints_to_floats(self, from: &Ints) -> Quads {
        let from = from.0.as_ptr();
        // SAFETY: as above; `Ints` is four quads.
        unsafe {
            Quads([
                vcvtq_f32_s32(vld1q_s32(from)),
                vcvtq_f32_s32(vld1q_s32(from.add(4))),
                vcvtq_f32_s32(vld1q_s32(from.add(8))),
                vcvtq_f32_s32(vld1q_s32(from.add(12))),
            ])
        }
    }

    #[inline(always)]
    fn add(self, a: Quads, b: Quads) -> Quads {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { vaddq_f32(a, b) },
        )
    }

    #[inline(always)]
    fn sub(self, a: Quads, b: Quads) -> Quads {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { vsubq_f32(a, b) },
        )
    }

    #[inline(always)]
    fn mul(self, a: Quads, b: Quads) -> Quads {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { vmulq_f32(a, b) },
        )
    }

    #[inline(always)]
    fn div(self, a: Quads, b: Quads) -> Quads {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { vdivq_f32(a, b) },
        )
    }

    #[inline(always)]
    fn mul_add(self, a: Quads, b: Quads, c: Quads) -> Quads {
        let (a, b, c) = (a.0, b.0, c.0);
        // SAFETY: as above.
        unsafe {
            Quads([
                vfmaq_f32(c[0], a[0], b[0]),
                vfmaq_f32(c[1], a[1], b[1]),
                vfmaq_f32(c[2], a[2], b[2]),
                vfmaq_f32(c[3], a[3], b[3]),
            ])
        }
    }

    #[inline(always)]
    fn max(self, a: Quads, b: Quads) -> Quads {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { vmaxq_f32(a, b) },
        )
    }

    #[inline(always)]
    fn min(self, a: Quads, b: Quads) -> Quads {
        // SAFETY: as above.
        a.zip(
            b,
            #[inline(always)]
            |a, b| unsafe { vminq_f32(a, b) },
        )
    }

    #[inline(always)]
    fn at_least(self, x: Quads, low: f32) -> Quads {
        // The maximum of NaN and a number is NaN.
        // SAFETY: as above.
        x.map(
            #[inline(always)]
            |x| unsafe { vmaxq_f32(x, vdupq_n_f32(low)) },
        )
    }

    #[inline(always)]
    fn clamp(self, x: Quads, low: f32, high: f32) -> Quads {
        // SAFETY: as above.
        self.at_least(x, low).map(
            #[inline(always)]
            |x| unsafe { vminq_f32(x, vdupq_n_f32(high)) },
        )
    }

    #[inline(always)]
    fn magnitude(self, so_far: Quads, x: Quads) -> Quads {
        // SAFETY: as above.
        so_far.zip(
            x,
            #[inline(always)]
            |so_far, x| unsafe {
                let bits = vreinterpretq_u32_f32(vabsq_f32(x));
                vreinterpretq_f32_u32(vmaxq_u32(vreinterpretq_u32_f32(so_far), bits))
            },
        )
    }

    #[inline(always)]
    fn power_of_two(self, shifted: Quads) -> Quads {
        // SAFETY: as above.
        shifted.map(
            #[inline(always)]
            |x| unsafe {
                let exponent = vshlq_n_u32::<23>(vreinterpretq_u32_f32(x));
                let one = vreinterpretq_u32_f32(vdupq_n_f32(1.0));
                vreinterpretq_f32_u32(vaddq_u32(exponent, one))
            },
        )
    }

    #[inline(always)]
    fn sum(self, x: Quads) -> f32 {
        // SAFETY: as above.
        unsafe {
            let four = vaddq_f32(vaddq_f32(x.0[0], x.0[2]), vaddq_f32(x.0[1], x.0[3]));
            let two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
            vget_lane_f32::<0>(two) + vget_lane_f32::<1>(two)
        }
    }

    #[inline(always)]
    fn highest_magnitude(self, x: Quads) -> f32 {
        let mut all = Floats::ZERO;
        self.store(x, &mut all);
        f32::from_bits(all.0.iter().fold(0, |most, x| most.max(x.to_bits())))
    }

    #[inline(always)]
    fn highest(self, x: Quads) -> f32 {
        // SAFETY: as above.
        unsafe {
            vmaxvq_f32(vmaxq_f32(
                vmaxq_f32(x.0[0], x.0[1]),
                vmaxq_f32(x.0[2], x.0[3]),
            ))
        }
    }

    #[inline(always)]
    fn to_bytes(self, x: Quads) -> [i8; LANES] {
        let mut bytes = [0; LANES];
        let x = x.0;
        // SAFETY: as above; `bytes` has room for the sixteen that are stored.
        unsafe {
            let low = vcombine_s16(
                vmovn_s32(vcvtnq_s32_f32(x[0])),
                vmovn_s32(vcvtnq_s32_f32(x[1])),
            );
            let high = vcombine_s16(
                vmovn_s32(vcvtnq_s32_f32(x[2])),
                vmovn_s32(vcvtnq_s32_f32(x[3])),
            );
            vst1q_s8(
                bytes.as_mut_ptr(),
                vcombine_s8(vmovn_s16(low), vmovn_s16(high)),
            );
        }
        bytes
    }

    #[inline(always)]
    fn halves(self, pairs: Quads) -> [Quads; 2] {
        // SAFETY: as above.
        let first = pairs.map(
            #[inline(always)]
            |x| unsafe { vreinterpretq_f32_u32(vshlq_n_u32::<16>(vreinterpretq_u32_f32(x))) },
        );
        // SAFETY: as above.
        let second = pairs.map(
            #[inline(always)]
            |x| unsafe {
                let upper = vdupq_n_u32(0xffff_0000);
                vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(x), upper))
            },
        );
        [first, second]
    }
}

impl Kernel for Neon {
    type Lanes = Self;
    type Session = ();

    const SHAPE: TileShape = TileShape::of(6, 1);
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
        // SAFETY: `self` proves the features; `check` checked that rows and panels are in their slices.
        unsafe {
            match w.ahead {
                [] => fetching::<false>(rows, w, sums),
                _ => fetching::<true>(rows, w, sums),
            }
        }
    }
}

#[target_feature(enable = "neon,dotprod")]
unsafe fn fetching<const FETCH: bool>(rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
    // SAFETY: the caller's promise is passed on.
    unsafe {
        match rows.count {
            1 => tile::<FETCH, 1>(rows, w, sums),
            2 => tile::<FETCH, 2>(rows, w, sums),
            3 => tile::<FETCH, 3>(rows, w, sums),
            4 => tile::<FETCH, 4>(rows, w, sums),
            5 => tile::<FETCH, 5>(rows, w, sums),
            _ => tile::<FETCH, 6>(rows, w, sums),
        }
    }
}

/// The `sdot` instruction, whose intrinsic is not stable.
///
/// # Safety
/// The processor must have `FEAT_DotProd`.
#[target_feature(enable = "neon,dotprod")]
#[inline]
unsafe fn dot(mut sum: int32x4_t, weights: int8x16_t, x: int8x16_t) -> int32x4_t {
    // SAFETY: one instruction on registers, which the caller promises the processor has.
    unsafe {
        std::arch::asm!(
            "sdot {0:v}.4s, {1:v}.16b, {2:v}.16b",
            inout(vreg) sum, in(vreg) weights, in(vreg) x,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sum
}

/// Prefetches a cache line into the second-level cache. There is no stable intrinsic.
#[inline(always)]
fn fetch(line: *const i8) {
    // SAFETY: a prefetch may be of any address.
    unsafe {
        std::arch::asm!(
            "prfm pldl2keep, [{}]", in(reg) line,
            options(readonly, nostack, preserves_flags)
        );
    }
}

#[target_feature(enable = "neon,dotprod")]
#[inline]
unsafe fn tile<const FETCH: bool, const R: usize>(
    rows: ByteRows<'_>,
    w: BytePanels<'_>,
    sums: &mut Sums,
) {
    let groups = 16 * rows.stride;
    let a = rows.data.as_ptr().cast::<i32>();
    let b = w.data.as_ptr().cast::<i8>();
    let ahead = w.ahead.as_ptr().cast::<i8>();
    let mut sum = [[vdupq_n_s32(0); 4]; R];
    for group in 0..groups {
        if FETCH {
            fetch(ahead.wrapping_add(64 * group));
        }
        let mut weights = [vdupq_n_s8(0); 4];
        for (quad, weights) in weights.iter_mut().enumerate() {
            // SAFETY: a panel has `groups` chunks of four quads.
            *weights = unsafe { vld1q_s8(b.add(64 * group + 16 * quad)) };
        }
        for (r, sum) in sum.iter_mut().enumerate() {
            // SAFETY: there are R rows of `groups` times four bytes.
            let x = vreinterpretq_s8_s32(vdupq_n_s32(unsafe { *a.add(r * groups + group) }));
            for (sum, weights) in sum.iter_mut().zip(weights) {
                // SAFETY: the features are those of this function.
                *sum = unsafe { dot(*sum, weights, x) };
            }
        }
    }
    for (sum, to) in sum.into_iter().zip(sums) {
        for (quad, to) in sum.into_iter().zip(to.0.as_chunks_mut::<4>().0) {
            // SAFETY: `to` is four lanes.
            unsafe { vst1q_s32(to.as_mut_ptr(), quad) };
        }
    }
}
