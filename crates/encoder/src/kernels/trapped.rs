//! AMX on processors without it: the instructions trap, and a signal handler emulates them after
//! Intel's manual (Software Developer's Manual, volume 2: LDTILECFG to TDPBSSD and TDPBF16PS). So
//! tests run the same machine code as a Xeon.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::sync::Once;

use super::amx::Tiled;
use super::scalar::Scalar;

pub(crate) type TrappedAmx = Tiled<Scalar>;

/// The kernel of AMX instructions over portable lanes, with or without those for bfloat16.
pub(crate) fn amx(bf16: bool) -> TrappedAmx {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        // SAFETY: the handler is a function of the three arguments that SA_SIGINFO asks for, and
        // all-zero is a valid `sigaction`.
        let installed = unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handle as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO;
            libc::sigaction(libc::SIGILL, &raw const action, std::ptr::null_mut())
        };
        assert_eq!(installed, 0);
    });
    Tiled::assumed(bf16)
}

/// The rows of a tile, as bytes.
type Tile = [[i8; 64]; 16];

thread_local! {
    /// The thread's eight tiles, while they are configured.
    static TILES: RefCell<Option<Box<[Tile; 8]>>> = const { RefCell::new(None) };
}

extern "C" fn handle(_: c_int, _: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: the kernel passes the thread's state, which the handler may change until it returns.
    let registers = unsafe { &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs };
    // SAFETY: the processor has read the instruction, and AMX instructions are followed by others.
    let found = unsafe { Instruction::at(registers) };
    // SAFETY: it is one of `kernels/amx.rs`, which promises that its operands are valid.
    match found.and_then(|instruction| unsafe { instruction.run() }.then_some(instruction)) {
        Some(instruction) => registers[libc::REG_RIP as usize] += instruction.bytes as i64,
        // Not one of AMX: restore the default handler, which ends the process on return.
        // SAFETY: a system call that touches no memory.
        None => unsafe {
            libc::signal(libc::SIGILL, libc::SIG_DFL);
        },
    }
}

/// An instruction in the three-byte VEX form, its memory operand resolved.
struct Instruction {
    /// The prefix that VEX encodes: 0 is none, 1 is 66, 2 is F3, 3 is F2.
    prefix: u8,
    opcode: u8,
    /// ModRM.reg.
    register: usize,
    /// VEX.vvvv.
    third: usize,
    operand: Operand,
    /// The length of the instruction.
    bytes: usize,
}

enum Operand {
    Register(usize),
    /// An address (base and displacement), and the scaled index, which is a tile's stride.
    Memory(usize, usize),
}

impl Instruction {
    /// # Safety
    /// The instruction pointer must point at 16 readable bytes.
    unsafe fn at(registers: &[i64]) -> Option<Self> {
        /// The places of registers 0 to 15 in the thread's state.
        const PLACES: [c_int; 16] = [
            libc::REG_RAX,
            libc::REG_RCX,
            libc::REG_RDX,
            libc::REG_RBX,
            libc::REG_RSP,
            libc::REG_RBP,
            libc::REG_RSI,
            libc::REG_RDI,
            libc::REG_R8,
            libc::REG_R9,
            libc::REG_R10,
            libc::REG_R11,
            libc::REG_R12,
            libc::REG_R13,
            libc::REG_R14,
            libc::REG_R15,
        ];
        let value = |number: u8| registers[PLACES[usize::from(number)] as usize] as usize;
        let at = registers[libc::REG_RIP as usize] as *const [u8; 16];
        // SAFETY: as promised.
        let code = unsafe { at.read() };
        let [0xc4, first, second, opcode, modrm, sib, ..] = code else {
            return None;
        };
        let [r, x, b] = [7, 6, 5].map(|bit| (!first >> bit & 1) << 3);
        // Only opcode map 0F38, W0, 128 bits.
        if first & 31 != 2 || second & 0b1000_0100 != 0 {
            return None;
        }
        let (mode, low) = (modrm >> 6, modrm & 7);
        let (operand, bytes) = if mode == 3 {
            (Operand::Register(usize::from(low | b)), 5)
        } else {
            let (base, stride, after) = match low {
                4 => {
                    let index = sib >> 3 & 7 | x;
                    let stride = if index == 4 {
                        0
                    } else {
                        value(index) << (sib >> 6)
                    };
                    (sib & 7, stride, 6)
                }
                _ => (low, 0, 5),
            };
            let (displacement, bytes) = match mode {
                0 if base == 5 => return None,
                0 => (0, after),
                1 => (isize::from(code[after].cast_signed()), after + 1),
                _ => {
                    let four = code[after..after + 4].try_into().ok()?;
                    (i32::from_le_bytes(four) as isize, after + 4)
                }
            };
            let base = value(base | b).wrapping_add_signed(displacement);
            (Operand::Memory(base, stride), bytes)
        };
        Some(Self {
            prefix: second & 3,
            opcode,
            register: usize::from(modrm >> 3 & 7 | r),
            third: usize::from(!second >> 3 & 15),
            operand,
            bytes,
        })
    }

    /// Executes the instruction. False if it is not one of AMX, or not allowed in this state.
    ///
    /// # Safety
    /// Its memory operand must be valid.
    unsafe fn run(&self) -> bool {
        TILES.with_borrow_mut(|tiles| {
            match (self.opcode, self.prefix, &self.operand) {
                // LDTILECFG. Only eight full tiles are supported.
                (0x49, 0, &Operand::Memory(at, _)) => {
                    let mut full = [0u8; 64];
                    full[0] = 1;
                    full[16..32].copy_from_slice(&[64, 0].repeat(8));
                    full[48..56].fill(16);
                    // SAFETY: as promised.
                    if unsafe { (at as *const [u8; 64]).read() } != full {
                        return false;
                    }
                    *tiles = Some(Box::new([[[0; 64]; 16]; 8]));
                    true
                }
                // TILERELEASE.
                (0x49, 0, Operand::Register(0)) => {
                    *tiles = None;
                    true
                }
                (opcode, prefix, operand) => {
                    let Some(tiles) = tiles else { return false };
                    match (opcode, prefix, operand) {
                        // TILEZERO.
                        (0x49, 3, Operand::Register(0)) => tiles[self.register] = [[0; 64]; 16],
                        // TILELOADD.
                        (0x4b, 3, &Operand::Memory(at, stride)) => {
                            for (row, to) in tiles[self.register].iter_mut().enumerate() {
                                // SAFETY: as promised.
                                *to = unsafe { ((at + row * stride) as *const [i8; 64]).read() };
                            }
                        }
                        // TILESTORED.
                        (0x4b, 2, &Operand::Memory(at, stride)) => {
                            for (row, from) in tiles[self.register].iter().enumerate() {
                                // SAFETY: as promised.
                                unsafe { ((at + row * stride) as *mut [i8; 64]).write(*from) };
                            }
                        }
                        // TDPBSSD.
                        (0x5e, 3, &Operand::Register(second)) => {
                            let (a, b) = (tiles[second], tiles[self.third]);
                            dot_product(&mut tiles[self.register], &a, &b);
                        }
                        // TDPBF16PS.
                        (0x5c, 2, &Operand::Register(second)) => {
                            let (a, b) = (tiles[second], tiles[self.third]);
                            dot_product_of_pairs(&mut tiles[self.register], &a, &b);
                        }
                        _ => return false,
                    }
                    true
                }
            }
        })
    }
}

/// Adds to each sum of a row and a column the products of all their bytes.
fn dot_product(sums: &mut Tile, a: &Tile, b: &Tile) {
    for (sums, a) in sums.iter_mut().zip(a) {
        for (four, b) in a.as_chunks::<4>().0.iter().zip(b) {
            let columns = b.as_chunks::<4>().0;
            for (sum, column) in sums.as_chunks_mut::<4>().0.iter_mut().zip(columns) {
                let products = four
                    .iter()
                    .zip(column)
                    .map(|(&x, &w)| i32::from(x) * i32::from(w));
                let before = i32::from_le_bytes(sum.map(i8::cast_unsigned));
                let after = products.fold(before, i32::wrapping_add);
                *sum = after.to_le_bytes().map(u8::cast_signed);
            }
        }
    }
}

/// Adds to each sum of a row and a column the products of all their pairs: those of the first and of
/// the second numbers are summed separately, then added. Every operation rounds to nearest even and
/// takes denormal operands and results for zero.
fn dot_product_of_pairs(sums: &mut Tile, a: &Tile, b: &Tile) {
    for (sums, a) in sums.iter_mut().zip(a) {
        let mut separate = [[0f32; 2]; 16];
        for (pair, b) in a.as_chunks::<4>().0.iter().zip(b) {
            for (sums, column) in separate.iter_mut().zip(b.as_chunks::<4>().0) {
                for ((sum, x), w) in sums.iter_mut().zip(widened(*pair)).zip(widened(*column)) {
                    *sum = flushed(flushed(x).mul_add(flushed(w), *sum));
                }
            }
        }
        for (sum, [first, second]) in sums.as_chunks_mut::<4>().0.iter_mut().zip(separate) {
            let before = f32::from_le_bytes(sum.map(i8::cast_unsigned));
            let after = flushed(flushed(before) + flushed(first + second));
            *sum = after.to_le_bytes().map(u8::cast_signed);
        }
    }
}

/// A pair of bfloat16 as `f32`.
fn widened(pair: [i8; 4]) -> [f32; 2] {
    let [a, b, c, d] = pair.map(i8::cast_unsigned);
    [[0, 0, a, b], [0, 0, c, d]].map(f32::from_le_bytes)
}

/// The number, or zero of the same sign if it is denormal.
fn flushed(x: f32) -> f32 {
    if x.is_subnormal() {
        0f32.copysign(x)
    } else {
        x
    }
}
