//! C = A·Bᵀ where a mask has a bit, 0 elsewhere.
//!
//! A gradient on its way to a ReLU and dropout is needed where those let something through, which
//! is a third of its elements. Each is a dot product: a part of a row of A stays in registers while
//! the rows of B that the mask names pass by. With many bits the whole product is faster, whose
//! tiles use every operand several times.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "loops over constant bounds unroll and leave the row in registers; iterators do not"
)]

use crate::lanes::{All, First, Width};
use crate::mask::Mask;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

/// Columns of a word of the mask.
const WORD: usize = 32;

dispatch! {
    /// C = A·Bᵀ where `mask` has a bit, 0 elsewhere: A is m × k, B is n × k, C and the mask m × n.
    ///
    /// An element depends on its rows of A and B and the instruction set alone.
    ///
    /// # Panics
    /// When the sizes do not agree or the columns of A or B are not adjacent.
    pub fn masked_product(a: Tile, b: Tile, mask: Mask, c: TileMut) = generic;
}

/// Whether `mask` has so few bits that [`masked_product`] is faster than the whole product with an
/// inner size of `k`.
pub fn is_sparse(mask: Mask, k: usize) -> bool {
    // Measured: an element takes as long as 1.4 (k + 48) multiply-adds of a whole product.
    let bits: usize = (0..mask.rows()).map(|row| mask.count(row)).sum();
    7 * bits * (k + 48) < 5 * mask.rows() * mask.cols() * k
}

#[inline(always)]
unsafe fn generic<S: Simd>(a: Tile, b: Tile, mask: Mask, mut c: TileMut) {
    let (m, n, k) = (a.rows(), b.rows(), a.cols());
    assert!(
        a.col_stride() == 1
            && b.col_stride() == 1
            && b.cols() == k
            && (c.rows(), c.cols()) == (m, n)
            && (mask.rows(), mask.cols()) == (m, n),
        "masked_product: sizes differ"
    );
    // The rows of B of one word stay in L1.
    for column in (0..n).step_by(WORD) {
        let columns = WORD.min(n - column);
        let x = Columns {
            a: a.as_ptr(),
            a_row: a.row_stride(),
            b: b.as_ptr().wrapping_add(column * b.row_stride()),
            b_row: b.row_stride(),
            bits: mask.first_ptr().wrapping_add(column / WORD),
            bits_row: mask.row_stride(),
            used: u32::MAX >> (WORD - columns),
            c: c.as_mut_ptr().wrapping_add(column),
            c_row: c.row_stride(),
            rows: m,
        };
        for row in 0..m {
            x.c.add(row * x.c_row).write_bytes(0, columns);
        }
        let mut from = 0;
        while from < k {
            from += match (k - from) / S::LANES {
                0 => x.add::<S, _, 1>(First(k - from), from),
                1..4 => x.add::<S, _, 1>(All, from),
                4..8 => x.add::<S, _, 4>(All, from),
                8..16 => x.add::<S, _, 8>(All, from),
                _ if S::REGISTERS < 32 => x.add::<S, _, 8>(All, from),
                _ => x.add::<S, _, 16>(All, from),
            };
        }
    }
}

/// The columns of C of one word of the mask.
struct Columns {
    a: *const f32,
    a_row: usize,
    b: *const f32,
    b_row: usize,
    bits: *const u32,
    bits_row: usize,
    /// Bits of columns that exist.
    used: u32,
    c: *mut f32,
    c_row: usize,
    rows: usize,
}

impl Columns {
    /// Adds what `V` vectors of k from `from` on contribute; the k after them, less `from`.
    #[inline(always)]
    unsafe fn add<S: Simd, W: Width, const V: usize>(&self, width: W, from: usize) -> usize {
        for row in 0..self.rows {
            let a = self.a.add(row * self.a_row + from);
            let mut held = [S::splat(0.0); V];
            for v in 0..V {
                held[v] = width.load::<S>(a.wrapping_add(v * S::LANES));
            }
            let mut word = *self.bits.add(row * self.bits_row) & self.used;
            while word != 0 {
                let j = word.trailing_zeros() as usize;
                word &= word - 1;
                let b = self.b.add(j * self.b_row + from);
                // One chain would have the FMA units wait for it.
                let mut sums = [S::splat(0.0); 2];
                for v in 0..V {
                    let b = width.load::<S>(b.wrapping_add(v * S::LANES));
                    sums[v % 2] = S::fma(held[v], b, sums[v % 2]);
                }
                *self.c.add(row * self.c_row + j) += S::sum(S::add(sums[0], sums[1]));
            }
        }
        V * S::LANES
    }
}
