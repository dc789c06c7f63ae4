//! The micro-kernel: one tile of C, at most `ROWS` rows by one or a few panels, in registers.
//!
//! Every element of the tile is one sequential FMA chain over the k-block, then one addition of
//! what was there (`base`). Rows of A are broadcast, rows of B are vectors, as in BLIS and in
//! oneDNN's BRGEMM; C is row-major with its columns on the lanes. The tile fills the register
//! file: 6×16 for AVX2 and NEON, 14×32 for AVX-512. A short tile takes several panels at once, because
//! its own few chains would leave the FMA units waiting.

#![allow(unsafe_op_in_unsafe_fn, reason = "the contract is stated on the trait and on `Operands`")]
#![allow(
    clippy::needless_range_loop,
    reason = "loops over constant bounds unroll and leave the sums in registers; iterators do not"
)]

use super::operands::Operands;
use crate::prefetch::prefetch;
use crate::simd::{Simd, portable::Portable};
use std::mem::MaybeUninit;

/// The tile of an instruction set and its kernels.
pub(super) trait Micro: Simd {
    /// Rows of the tile.
    const ROWS: usize;
    /// Vectors in a row of a panel.
    const VECTORS: usize;
    /// Columns of a panel.
    const WIDTH: usize = Self::VECTORS * Self::LANES;

    /// Computes tiles of `height <= ROWS` rows by `panels <= group(height)` panels.
    ///
    /// With `ADJACENT` the rows of A are adjacent (`a_row` is 1), otherwise its columns are.
    ///
    /// # Safety
    /// The CPU executes `Self`; the operands are valid.
    unsafe fn run<const ADJACENT: bool>(height: usize, panels: usize, x: &Operands);

    /// Panels a tile of this height takes at once, while there are as many.
    fn group(height: usize) -> usize {
        group::<Self>(height)
    }
}

/// Panels that a tile of `height` takes at once: the most of 1, 2 and 4 whose sums, one side's
/// operands and one more vector fit the registers, and no more sums than the full tile has.
const fn group<S: Micro>(height: usize) -> usize {
    let mut group = 4;
    while group > 1 {
        let vectors = group * S::VECTORS;
        let side = if height < vectors { height } else { vectors };
        if height * group <= S::ROWS && height * vectors + side < S::REGISTERS {
            break;
        }
        group /= 2;
    }
    group
}

macro_rules! micro {
    ($(#[$features:meta])? $isa:ty, $rows:literal x $vectors:literal: $($height:literal)+) => {
        impl Micro for $isa {
            const ROWS: usize = $rows;
            const VECTORS: usize = $vectors;

            #[inline(always)]
            unsafe fn run<const ADJACENT: bool>(height: usize, panels: usize, x: &Operands) {
                // Functions of their own: as one, they take the compiler minutes.
                $(#[$features])?
                #[inline(never)]
                unsafe fn kernel<const H: usize, const P: usize, const ADJACENT: bool>(
                    x: &Operands,
                ) {
                    tiles::<$isa, H, P, $vectors, ADJACENT>(*x)
                }
                $(#[$features])?
                #[inline(never)]
                unsafe fn narrow<const H: usize, const ADJACENT: bool>(x: &Operands) {
                    tiles::<$isa, H, 1, 1, ADJACENT>(*x)
                }
                match height {
                    $($height => {
                        // Of a group there may be fewer panels; what exceeds it is never asked for.
                        const GROUP: usize = group::<$isa>($height);
                        const TWO: usize = if GROUP < 2 { GROUP } else { 2 };
                        const THREE: usize = if GROUP < 3 { GROUP } else { 3 };
                        match panels {
                            // The rest of the panel is padding.
                            1 if $vectors > 1 && x.cols <= <$isa as Simd>::LANES => {
                                narrow::<$height, ADJACENT>(x)
                            }
                            1 => kernel::<$height, 1, ADJACENT>(x),
                            2 => kernel::<$height, TWO, ADJACENT>(x),
                            3 => kernel::<$height, THREE, ADJACENT>(x),
                            _ => kernel::<$height, GROUP, ADJACENT>(x),
                        }
                    })+
                    _ => unreachable!("a tile has 1 to ROWS rows"),
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
micro!(
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    crate::simd::avx512::Avx512, 14 x 2: 1 2 3 4 5 6 7 8 9 10 11 12 13 14
);
#[cfg(target_arch = "x86_64")]
micro!(#[target_feature(enable = "avx2,fma")] crate::simd::avx2::Avx2, 6 x 2: 1 2 3 4 5 6);
#[cfg(target_arch = "aarch64")]
micro!(#[target_feature(enable = "neon")] crate::simd::neon::Neon, 6 x 4: 1 2 3 4 5 6);
micro!(Portable, 4 x 1: 1 2 3 4);

/// Tiles of `H` rows by `P` panels of `V` vectors.
#[inline(always)]
unsafe fn tiles<S: Simd, const H: usize, const P: usize, const V: usize, const ADJACENT: bool>(
    mut x: Operands,
) {
    for _ in 0..x.tiles {
        x.ahead.fetch();
        // With nothing to fetch the loop asks for what it has.
        let later = x.later.next().unwrap_or(x.b);
        tile::<S, H, P, V, ADJACENT>(x, later);
        x.a = x.a.wrapping_add(x.a_tile);
        x.base = x.base.wrapping_add(H * x.base_row);
        x.c = x.c.wrapping_add(H * x.c_row);
    }
}

/// One of them.
#[inline(always)]
unsafe fn tile<S: Simd, const H: usize, const P: usize, const V: usize, const ADJACENT: bool>(
    x: Operands,
    mut later: *const f32,
) {
    let later_step = x.later.step(x.k);
    let (a_row, a_col) = if ADJACENT { (1, x.a_col) } else { (x.a_row, 1) };
    let (mut a, mut b) = (x.a, x.b);
    let mut acc = [[[S::splat(0.0); V]; P]; H];
    // The loop's own instructions take slots that the FMA units cannot spare when another hardware
    // thread shares the core; in a large tile they are few already.
    let unroll = if H * P * V <= 16 { 4 } else { 1 };
    for _ in 0..x.k / unroll {
        for u in 0..unroll {
            let (a, b) = (a.wrapping_add(u * a_col), b.wrapping_add(u * x.b_row));
            step::<S, H, P, V>(&mut acc, a, a_row, b, x.b_panel);
        }
        a = a.wrapping_add(unroll * a_col);
        b = b.wrapping_add(unroll * x.b_row);
        // The next tile's part of this column: a column is too short a stream to be foreseen.
        if ADJACENT {
            prefetch::<true>(a.wrapping_add(x.a_tile + H - 1));
        }
        prefetch::<false>(later);
        later = later.wrapping_add(unroll * later_step);
    }
    for _ in 0..x.k % unroll {
        step::<S, H, P, V>(&mut acc, a, a_row, b, x.b_panel);
        a = a.wrapping_add(a_col);
        b = b.wrapping_add(x.b_row);
    }
    let is_whole = x.cols >= P * V * S::LANES;
    // Short products are not much more than what is done with their sums.
    if is_whole && x.is_bare() {
        for i in 0..H {
            for p in 0..P {
                for v in 0..V {
                    let at = i * x.c_row + p * x.c_panel + v * S::LANES;
                    S::store(x.c.add(at), acc[i][p][v]);
                }
            }
        }
        return;
    }
    // Through a copy, which takes no time: a loop over many rows is not unrolled below, and what it indexes lives in memory,
    // for the sums from the zeros they begin with.
    let mut sums = [[[MaybeUninit::<S::F>::uninit(); V]; P]; H];
    for i in 0..H {
        for p in 0..P {
            for v in 0..V {
                sums[i][p][v].write(acc[i][p][v]);
            }
        }
    }
    let floor = floor::<S>(x);
    if is_whole {
        for i in 0..H {
            for p in 0..P {
                let base = x.base.add(i * x.base_row + p * x.base_panel);
                let c = x.c.add(i * x.c_row + p * x.c_panel);
                for v in 0..V {
                    let at = v * S::LANES;
                    let sum = S::add(S::load(base.add(at)), sums[i][p][v].assume_init());
                    S::store(c.add(at), S::at_least(floor, sum));
                }
            }
        }
    } else {
        for (i, sums) in sums.iter().enumerate() {
            store_partial::<S, V>(x, i, sums[0].map(|sum| sum.assume_init()));
        }
    }
}

/// One k: a column of A times a row of B.
#[inline(always)]
unsafe fn step<S: Simd, const H: usize, const P: usize, const V: usize>(
    acc: &mut [[[S::F; V]; P]; H],
    a: *const f32,
    a_row: usize,
    b: *const f32,
    b_panel: usize,
) {
    // The shorter side is held in registers, the longer is read as it is used.
    if H < P * V {
        let mut column = [S::splat(0.0); H];
        for i in 0..H {
            column[i] = S::splat(*a.add(i * a_row));
        }
        for p in 0..P {
            for v in 0..V {
                let b = S::load(b.add(p * b_panel + v * S::LANES));
                for i in 0..H {
                    acc[i][p][v] = S::fma(column[i], b, acc[i][p][v]);
                }
            }
        }
    } else {
        let mut row = [[S::splat(0.0); V]; P];
        for p in 0..P {
            for v in 0..V {
                row[p][v] = S::load(b.add(p * b_panel + v * S::LANES));
            }
        }
        for i in 0..H {
            let a = S::splat(*a.add(i * a_row));
            for p in 0..P {
                for v in 0..V {
                    acc[i][p][v] = S::fma(a, row[p][v], acc[i][p][v]);
                }
            }
        }
    }
}

/// What no sum is below.
#[inline(always)]
unsafe fn floor<S: Simd>(x: Operands) -> S::F {
    S::splat(if x.relu { 0.0 } else { f32::NEG_INFINITY })
}

/// The columns of row `i` that exist, of a tile of one panel.
#[inline(always)]
unsafe fn store_partial<S: Simd, const V: usize>(x: Operands, i: usize, sums: [S::F; V]) {
    let floor = floor::<S>(x);
    let (base, c) = (x.base.add(i * x.base_row), x.c.add(i * x.c_row));
    for (v, sum) in sums.into_iter().enumerate() {
        let at = v * S::LANES;
        if at + S::LANES <= x.cols {
            let sum = S::add(S::load(base.add(at)), sum);
            S::store(c.add(at), S::at_least(floor, sum));
        } else if at < x.cols {
            let n = x.cols - at;
            let sum = S::add(S::load_partial(base.add(at), n), sum);
            S::store_partial(c.add(at), S::at_least(floor, sum), n);
        }
    }
}
