//! GEMM: C = A·B, on one thread, for the sizes of a training step.
//!
//! [`gemm`] takes strided views, so a transpose is [`Tile::transposed`]; [`pack`] and
//! [`gemm_packed`] reuse one right-hand side for several products. The structure is BLIS's
//! (`block`, `sweep`: cache blocks; `pack`: panels; `micro`: the register tile), with oneDNN BRGEMM's
//! habit of reading an operand in place where packing would not pay.
//!
//! Numbers: an element of C is its start value plus, block of k after block of k, a sum that is one
//! FMA chain in the order of k. The blocks depend on k alone, so the bits of an element depend on
//! its row of A, its column of B, its start value and the instruction set: not on how m and n are
//! cut into calls, on strides, or on packing. Nothing is skipped, so NaN and infinities propagate.

mod block;
mod micro;
mod operands;
mod pack;
mod sweep;

use crate::{Isa, Tile, TileMut};
use block::Source;
use std::ops::Range;

/// What the product is added to.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// C = A·B.
    Zero,
    /// C += A·B.
    Accumulate,
    /// C = bias + A·B, one value per column, the same for every row.
    Bias(&'a [f32]),
}

dispatch! {
    /// Columns of a packed panel: where a range of packed columns may start.
    pub fn panel_width() -> usize = block::panel_width;

    /// Floats of scratch a GEMM of this shape needs, whatever the strides, packed or not.
    ///
    /// Does not shrink as `m`, `n` or `k` grows, and is bounded.
    pub fn scratch_len(m: usize, n: usize, k: usize) -> usize = block::scratch_len;

    /// Rewrites B for [`gemm_packed`]; `packed` has at least [`packed_len`] floats.
    ///
    /// Products run fastest when `packed` starts on a cache line.
    ///
    /// # Panics
    /// When `packed` is too short.
    pub fn pack(b: Tile, packed: &mut [f32]) = pack::whole;

    fn multiply(a: Tile, b: Source, c: TileMut, start: Start, scratch: &mut [f32]) = block::multiply;
}

/// Floats that a packed right-hand side of `k` rows and `n` columns takes.
pub fn packed_len(isa: Isa, k: usize, n: usize) -> usize {
    n.next_multiple_of(panel_width(isa)) * k
}

/// C = start + A·B: A is m × k and B is k × n with any strides, C is m × n.
///
/// # Panics
/// When the sizes do not agree or `scratch` is shorter than [`scratch_len`].
pub fn gemm(isa: Isa, a: Tile, b: Tile, c: TileMut, start: Start, scratch: &mut [f32]) {
    assert!(a.cols() == b.rows(), "the columns of A are not the rows of B");
    assert!(b.cols() == c.cols(), "the columns of B are not the columns of C");
    check(isa, a, &c, start, scratch);
    multiply(isa, a, Source::View(b), c, start, scratch);
}

/// [`gemm`] with B packed by [`pack`]: `n` is the number of columns it was packed with.
///
/// # Panics
/// When the sizes do not agree, or `packed` or `scratch` is too short.
pub fn gemm_packed(
    isa: Isa,
    a: Tile,
    packed: &[f32],
    n: usize,
    c: TileMut,
    start: Start,
    scratch: &mut [f32],
) {
    gemm_packed_columns(isa, a, packed, n, 0..n, c, start, scratch);
}

/// [`gemm_packed`] for a range of the packed columns; C (and a bias) has these columns only.
///
/// # Panics
/// As [`gemm_packed`], and when the range starts inside a panel.
pub fn gemm_packed_columns(
    isa: Isa,
    a: Tile,
    packed: &[f32],
    n: usize,
    columns: Range<usize>,
    c: TileMut,
    start: Start,
    scratch: &mut [f32],
) {
    let k = a.cols();
    assert!(packed.len() >= packed_len(isa, k, n), "packed is too short");
    assert!(columns.start <= columns.end && columns.end <= n, "columns outside packed B");
    assert!(columns.start.is_multiple_of(panel_width(isa)), "columns start inside a panel");
    assert!(columns.len() == c.cols(), "the columns of B are not the columns of C");
    check(isa, a, &c, start, scratch);
    multiply(isa, a, Source::Packed(&packed[columns.start * k..]), c, start, scratch);
}

/// What both forms require.
fn check(isa: Isa, a: Tile, c: &TileMut, start: Start, scratch: &[f32]) {
    assert!(a.rows() == c.rows(), "the rows of A are not the rows of C");
    if let Start::Bias(bias) = start {
        assert!(bias.len() == c.cols(), "a bias has one value per column of C");
    }
    let needed = scratch_len(isa, c.rows(), c.cols(), a.cols());
    assert!(scratch.len() >= needed, "scratch is too short: {} < {needed}", scratch.len());
}
