//! Intel's tile matrix unit (AMX) on 8-bit integers and bfloat16: Xeon from Sapphire Rapids.
//!
//! A tile register holds 16 rows of 64 bytes: sixteen rows of activations or a panel of weights, with
//! 64 inputs in 8 bits or 32 inputs in bfloat16. Panels have this layout anyway; rows in 8 bits are
//! interleaved so that they have it too.
//!
//! The unit multiplies while the processor executes other instructions, but the processor looks only
//! a few hundred instructions ahead. Other work to overlap with a product is therefore placed between
//! the product's steps.
//!
//! Where the unit is missing, tests emulate its instructions in software (`trapped.rs`).

use std::arch::asm;
use std::arch::x86_64::{__cpuid_count, _MM_HINT_T1, _mm_prefetch};

use super::avx512::Avx512;
use super::{
    BytePanels, ByteRows, FloatSums, Kernel, Lanes, PairPanels, PairRows, Rows, Sums, TileShape,
    pair_tile,
};

const SHAPE: TileShape = TileShape {
    rows: 32,
    step: 16,
    panels: 2,
};

/// A product of one or two tiles of rows and one or two panels.
pub(crate) struct Block {
    /// 16 or 32 rows of `steps` times 64 bytes, in tiles of sixteen. Within a tile, rows are
    /// `row_bytes` apart and steps `step_bytes`.
    pub(crate) a: *const i8,
    pub(crate) row_bytes: usize,
    pub(crate) step_bytes: usize,
    pub(crate) steps: usize,
    /// One or two panels of `steps` times 1024 bytes, one after the other.
    pub(crate) b: *const i8,
    /// The results: for each row 64 bytes of 32-bit sums for each panel.
    pub(crate) c: *mut i32,
    /// Whether there are 32 rows.
    pub(crate) tall: bool,
    /// Whether there are two panels.
    pub(crate) wide: bool,
    /// What to prefetch into the cache: `lines` cache lines of 64 bytes in each step.
    pub(crate) ahead: *const i8,
    pub(crate) lines: usize,
}

impl Block {
    /// A block of rows that are not interleaved, and of panels, given as chunks, number and what to
    /// prefetch.
    fn of<T>(rows: Rows<'_, T>, (data, panels, ahead): (&[T], usize, &[T]), c: *mut i32) -> Self {
        Self {
            a: rows.data.as_ptr().cast(),
            row_bytes: 64 * rows.stride,
            step_bytes: 64,
            steps: rows.stride,
            b: data.as_ptr().cast(),
            c,
            tall: rows.count > SHAPE.step,
            wide: panels > 1,
            ahead: ahead.as_ptr().cast(),
            lines: ahead.len() / rows.stride,
        }
    }

    /// Prefetches a step's share of `ahead`.
    #[inline(always)]
    fn prefetch(&self, step: usize) {
        let first = self.ahead.wrapping_add(64 * step * self.lines);
        for line in 0..self.lines {
            // SAFETY: a prefetch may be of any address.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(first.wrapping_add(64 * line)) };
        }
    }
}

/// The kernel: AMX tiles, and other lanes for `f32`.
#[derive(Clone, Copy)]
pub(crate) struct Tiled<L> {
    unit: Unit,
    lanes: L,
}

pub(crate) type Amx = Tiled<Avx512>;

impl Amx {
    pub(super) fn detect() -> Option<Self> {
        let (lanes, unit) = (Avx512::detect()?, Unit::detect()?);
        Some(Self { unit, lanes })
    }

    /// The kernel as on a processor without BF16, in tiles or elsewhere.
    #[cfg(test)]
    pub(super) fn without_bf16(self) -> Self {
        let (unit, lanes) = (Unit { bf16: false }, self.lanes.without_bf16());
        Self { unit, lanes }
    }
}

#[cfg(all(test, target_os = "linux"))]
impl Tiled<super::scalar::Scalar> {
    /// The kernel without detection. Where the instructions are missing, they must be trapped.
    pub(super) fn assumed(bf16: bool) -> Self {
        let (unit, lanes) = (Unit { bf16 }, super::scalar::Scalar);
        Self { unit, lanes }
    }
}

impl<L: Lanes> Kernel for Tiled<L> {
    type Lanes = L;
    type Session = Configured;

    const SHAPE: TileShape = SHAPE;
    const INTERLEAVE: usize = 16;
    const BLOCK: usize = 96;
    const PREFETCHES_FEW_ROWS: bool = false;
    const OVERLAPS: bool = true;

    #[inline(always)]
    fn lanes(self) -> L {
        self.lanes
    }

    #[inline(always)]
    fn session(self) -> Configured {
        self.unit.session()
    }

    fn tile(self, rows: ByteRows<'_>, w: BytePanels<'_>, sums: &mut Sums) {
        self.tile_beside(rows, w, sums, || {});
    }

    #[inline(always)]
    fn tile_beside(
        self,
        rows: ByteRows<'_>,
        w: BytePanels<'_>,
        sums: &mut Sums,
        beside: impl FnMut(),
    ) {
        rows.check(SHAPE);
        w.check(SHAPE, rows.stride);
        let panels = (w.data, w.panels, w.ahead);
        let block = Block {
            row_bytes: 64,
            step_bytes: 1024,
            ..Block::of(rows, panels, sums.as_mut_ptr().cast())
        };
        // SAFETY: `check` checked that rows (whole tiles of them) and panels are within their slices;
        // `sums` has 32 rows of two panels; the caller holds a session.
        unsafe { self.unit.multiply(&block, beside) };
    }

    fn pair_shape(self) -> TileShape {
        if self.unit.bf16 {
            SHAPE
        } else {
            pair_tile::shape::<L>()
        }
    }

    fn pair_tile(self, rows: PairRows<'_>, w: PairPanels<'_>, sums: &mut FloatSums) {
        if !self.unit.bf16 {
            return self.lanes.pair_tile(rows, w, sums);
        }
        rows.check(SHAPE);
        w.check(SHAPE, rows.stride);
        let panels = (w.data, w.panels, w.ahead);
        let block = Block::of(rows, panels, sums.as_mut_ptr().cast());
        // SAFETY: as for `tile`, and the unit has BF16.
        unsafe { self.unit.multiply_pairs(&block) };
    }
}

/// Proof that the processor has AMX for 8-bit integers and that Linux lets this process use it.
#[derive(Clone, Copy)]
pub(crate) struct Unit {
    /// Whether it has AMX for bfloat16 as well.
    bf16: bool,
}

/// A guard held while a thread uses tiles. The configuration belongs to the thread, so the guard
/// cannot move to another.
pub(crate) struct Configured(std::marker::PhantomData<*const ()>);

/// The operand of `ldtilecfg`.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static EIGHT_FULL_TILES: Configuration = {
    let mut configuration = Configuration {
        palette: 1,
        start_row: 0,
        reserved: [0; 14],
        row_bytes: [0; 16],
        rows: [0; 16],
    };
    let mut tile = 0;
    while tile < 8 {
        configuration.row_bytes[tile] = 64;
        configuration.rows[tile] = 16;
        tile += 1;
    }
    configuration
};

impl Unit {
    #[cfg(target_os = "linux")]
    fn detect() -> Option<Self> {
        const AMX_BF16: u32 = 1 << 22;
        const AMX_TILE: u32 = 1 << 24;
        const AMX_INT8: u32 = 1 << 25;
        const ARCH_PRCTL: i64 = 158;
        const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
        const XFEATURE_XTILEDATA: u64 = 18;
        // A processor with AVX-512 has leaf 7.
        let features = __cpuid_count(7, 0).edx;
        if features & AMX_TILE == 0 || features & AMX_INT8 == 0 {
            return None;
        }
        let mut status = ARCH_PRCTL;
        // SAFETY: this system call requests a permission and touches no memory.
        unsafe {
            asm!(
                "syscall",
                inlateout("rax") status,
                in("rdi") ARCH_REQ_XCOMP_PERM,
                in("rsi") XFEATURE_XTILEDATA,
                lateout("rcx") _,
                lateout("r11") _,
                options(nostack)
            );
        }
        let bf16 = features & AMX_BF16 != 0;
        (status == 0).then_some(Self { bf16 })
    }

    #[cfg(not(target_os = "linux"))]
    fn detect() -> Option<Self> {
        None
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        // Thread switches are cheaper when no tiles are in use.
        // SAFETY: `self` proves that the processor has AMX.
        unsafe {
            asm!(
                "tilerelease",
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, nomem)
            );
        }
    }
}

impl Unit {
    /// Configures the thread's tiles until the guard is dropped.
    #[inline(always)]
    fn session(self) -> Configured {
        // SAFETY: `self` proves that the processor has AMX; the configuration is valid.
        unsafe {
            asm!(
                "ldtilecfg [{}]",
                in(reg) &raw const EIGHT_FULL_TILES,
                out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                options(nostack, readonly)
            );
        }
        Configured(std::marker::PhantomData)
    }

    /// Multiplies 8-bit integers, and calls `beside` after each step.
    ///
    /// # Safety
    /// The block must be as [`Block`] says, and the thread must hold a session.
    #[inline(always)]
    unsafe fn multiply(self, block: &Block, beside: impl FnMut()) {
        // SAFETY: the caller's promise is passed on.
        unsafe {
            match (block.tall, block.wide) {
                (true, true) => bytes::tall_wide(block, beside),
                (true, false) => bytes::tall_narrow(block, beside),
                (false, true) => bytes::short_wide(block, beside),
                (false, false) => bytes::short_narrow(block, beside),
            }
        }
    }

    /// Multiplies bfloat16.
    ///
    /// # Safety
    /// As for [`Unit::multiply`], and the unit must have BF16.
    unsafe fn multiply_pairs(self, block: &Block) {
        // SAFETY: the caller's promise is passed on.
        unsafe {
            match (block.tall, block.wide) {
                (true, true) => pairs::tall_wide(block, || {}),
                (true, false) => pairs::tall_narrow(block, || {}),
                (false, true) => pairs::short_wide(block, || {}),
                (false, false) => pairs::short_narrow(block, || {}),
            }
        }
    }
}

/// Defines a function that multiplies one shape of block: sums in tiles 0 to 3, rows in 4 and 5,
/// panels in 6 and 7. The inputs of a step are loaded just before their products, so that loads and
/// products of neighbouring steps overlap.
///
/// Sums stay in their tiles from one `asm!` block to the next. Nothing in between uses tiles: the
/// compiler would do so only with AMX among the target features.
macro_rules! multiply {
    ($name:ident: zero $($zero:literal)+; step $($step:expr),+; store $($store:literal)+) => {
        /// # Safety
        /// As for [`Unit::multiply`].
        #[inline(always)]
        pub(super) unsafe fn $name(block: &Block, mut beside: impl FnMut()) {
            // SAFETY: only memory that `block` spans is accessed, as the caller promises; all
            // registers that change are declared.
            unsafe {
                asm!(
                    $(concat!("tilezero tmm", $zero),)+
                    out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                    options(nostack, nomem)
                );
                for step in 0..block.steps {
                    let a = block.a.wrapping_add(block.step_bytes * step);
                    let b = block.b.wrapping_add(1024 * step);
                    asm!(
                        $($step,)+
                        "/* {a0} {a1} {b0} {b1} {row} {line} */",
                        a0 = in(reg) a,
                        a1 = in(reg) a.wrapping_add(1024 * block.steps),
                        b0 = in(reg) b,
                        b1 = in(reg) b.wrapping_add(1024 * block.steps),
                        row = in(reg) block.row_bytes,
                        line = in(reg) 64usize,
                        out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
                        out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
                        options(nostack, readonly)
                    );
                    block.prefetch(step);
                    beside();
                }
                asm!(
                    $($store,)+
                    "/* {c0} {c1} {line} {two_lines} */",
                    c0 = in(reg) block.c,
                    c1 = in(reg) block.c.wrapping_add(if block.wide { 512 } else { 256 }),
                    line = in(reg) 64usize,
                    two_lines = in(reg) 128usize,
                    options(nostack)
                );
            }
        }
    };
}

/// Defines a module with functions for all shapes of blocks that use the given product instruction.
macro_rules! shapes {
    ($module:ident: $dot:literal) => {
        mod $module {
            use std::arch::asm;

            use super::Block;

            multiply!(tall_wide:
                zero "0" "1" "2" "3";
                step
                    "tileloadd tmm6, [{b0} + {line}*1]",
                    "tileloadd tmm4, [{a0} + {row}*1]",
                    "tileloadd tmm7, [{b1} + {line}*1]",
                    concat!($dot, " tmm0, tmm4, tmm6"),
                    "tileloadd tmm5, [{a1} + {row}*1]",
                    concat!($dot, " tmm1, tmm4, tmm7"),
                    concat!($dot, " tmm2, tmm5, tmm6"),
                    concat!($dot, " tmm3, tmm5, tmm7");
                store
                    "tilestored [{c0} + {two_lines}*1], tmm0"
                    "tilestored [{c0} + {two_lines}*1 + 64], tmm1"
                    "tilestored [{c1} + {two_lines}*1], tmm2"
                    "tilestored [{c1} + {two_lines}*1 + 64], tmm3"
            );

            multiply!(short_wide:
                zero "0" "1";
                step
                    "tileloadd tmm6, [{b0} + {line}*1]",
                    "tileloadd tmm4, [{a0} + {row}*1]",
                    "tileloadd tmm7, [{b1} + {line}*1]",
                    concat!($dot, " tmm0, tmm4, tmm6"),
                    concat!($dot, " tmm1, tmm4, tmm7");
                store
                    "tilestored [{c0} + {two_lines}*1], tmm0"
                    "tilestored [{c0} + {two_lines}*1 + 64], tmm1"
            );

            multiply!(tall_narrow:
                zero "0" "2";
                step
                    "tileloadd tmm6, [{b0} + {line}*1]",
                    "tileloadd tmm4, [{a0} + {row}*1]",
                    concat!($dot, " tmm0, tmm4, tmm6"),
                    "tileloadd tmm5, [{a1} + {row}*1]",
                    concat!($dot, " tmm2, tmm5, tmm6");
                store
                    "tilestored [{c0} + {line}*1], tmm0"
                    "tilestored [{c1} + {line}*1], tmm2"
            );

            multiply!(short_narrow:
                zero "0";
                step
                    "tileloadd tmm6, [{b0} + {line}*1]",
                    "tileloadd tmm4, [{a0} + {row}*1]",
                    concat!($dot, " tmm0, tmm4, tmm6");
                store
                    "tilestored [{c0} + {line}*1], tmm0"
            );
        }
    };
}

shapes!(bytes: "tdpbssd");
shapes!(pairs: "tdpbf16ps");
