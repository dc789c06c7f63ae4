//! GEMM: C = A·B, on one thread, for the sizes of a training step.
//!
//! [`gemm`] takes strided views, so a transpose is [`Tile::transposed`], and packed matrices
//! ([`Packed`], the layout of weights). The structure is BLIS's (`block`, `sweep`: cache blocks;
//! `pack`: panels; `micro`: the register tile), with oneDNN BRGEMM's habit of reading an operand in
//! place where packing would not pay.
//!
//! Numbers: an element of C is its start value plus, block of k after block of k, a sum that is one
//! FMA chain in the order of k. The blocks depend on k alone, so the bits of an element depend on
//! its row of A, its column of B, its start value and the instruction set: not on how m and n are
//! cut into calls, on strides, or on packing. Nothing is skipped, so NaN and infinities propagate.
//!
//! [`masked_product`] is another algorithm, for the few elements of a product that somebody needs.

mod block;
mod masked;
mod micro;
mod operands;
mod pack;
mod packed;
mod sweep;

use crate::{Isa, Tile};
pub use masked::{is_sparse, masked_product};
pub use packed::{Output, Packed, PackedMut, Right, packed_len};

/// What the product is added to.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// C = A·B.
    Zero,
    /// C += A·B.
    Accumulate,
    /// C = bias + A·B, one value per column, the same for every row; not into a packed C.
    Bias(&'a [f32]),
}

/// What becomes of the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// They stay as they are.
    Plain,
    /// Where they are below 0 they become 0.
    Relu,
}

dispatch! {
    /// Columns of a panel: where a range of packed columns may start. A divisor of 32.
    pub fn panel_width() -> usize = block::panel_width;

    /// Floats of scratch a GEMM of this shape needs, whatever the strides, packed or not.
    ///
    /// Does not shrink as `m`, `n` or `k` grows, and is bounded.
    pub fn scratch_len(m: usize, n: usize, k: usize) -> usize = block::scratch_len;

    fn pack_whole(b: Tile, to: PackedMut) = pack::whole;

    fn multiply(
        a: Tile,
        b: Right,
        c: Output,
        start: Start,
        finish: Finish,
        later: &[*const [f32]],
        scratch: &mut [f32],
    ) = block::multiply;
}

/// Rewrites B in panels.
///
/// # Panics
/// When the sizes differ.
pub fn pack(isa: Isa, b: Tile, to: PackedMut) {
    assert!(to.fits(isa), "packed for another instruction set");
    pack_whole(isa, b, to);
}

/// C = start + A · B: A is m × k with any strides, B is k × n, C is m × n.
///
/// # Panics
/// When the sizes do not agree, `scratch` is shorter than [`scratch_len`], or a bias is to go into
/// a packed C.
pub fn gemm<'a>(
    isa: Isa,
    a: Tile,
    b: impl Into<Right<'a>>,
    c: impl Into<Output<'a>>,
    start: Start,
    scratch: &mut [f32],
) {
    gemm_before(isa, a, b, c, start, Finish::Plain, &[], scratch);
}

/// [`gemm`], whose sums become what `finish` says, and which meanwhile fetches into the near caches what the caller needs `later`: the
/// product leaves the far ones idle. That memory is not read and need not even exist.
///
/// # Panics
/// As [`gemm`].
pub fn gemm_before<'a>(
    isa: Isa,
    a: Tile,
    b: impl Into<Right<'a>>,
    c: impl Into<Output<'a>>,
    start: Start,
    finish: Finish,
    later: &[*const [f32]],
    scratch: &mut [f32],
) {
    let (b, c) = (b.into(), c.into());
    assert!(a.cols() == b.rows(), "the columns of A are not the rows of B");
    assert!(a.rows() == c.rows(), "the rows of A are not the rows of C");
    assert!(b.cols() == c.cols(), "the columns of B are not the columns of C");
    let fits = match (&b, &c) {
        (Right::Packed(b), _) if !b.fits(isa) => false,
        (_, Output::Packed(c)) => c.fits(isa),
        _ => true,
    };
    assert!(fits, "packed for another instruction set");
    if let Start::Bias(bias) = start {
        assert!(bias.len() == c.cols(), "a bias has one value per column of C");
        assert!(matches!(c, Output::Tile(_)), "a packed C takes no bias");
    }
    let needed = scratch_len(isa, c.rows(), c.cols(), a.cols());
    assert!(scratch.len() >= needed, "scratch is too short: {} < {needed}", scratch.len());
    multiply(isa, a, b, c, start, finish, later, scratch);
}
