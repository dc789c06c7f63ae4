//! The loops around the micro-kernel: which part of A, B and C is in which cache.
//!
//! B goes by blocks of `DEPTH` rows, A by blocks of `DEPTH` columns and `ROWS` rows: a panel of B
//! stays in L1, the block of A in L2, as in BLIS. Where A is one block high, B is packed a few
//! panels at a time, which stay in L2 too, while the tiles fetch the source of the next few;
//! otherwise by `COLUMNS`, so that A passes through the caches seldom. Unlike BLIS, an operand is
//! packed only where the copy pays: a GEMM of a training step is a few hundred on a side, and its
//! operands usually lie well enough.

#![allow(unsafe_op_in_unsafe_fn, reason = "the contract is stated on the functions")]

use super::Start;
use super::micro::Micro;
use super::operands::{LINE, Operands};
use super::pack::Part;
use super::sweep::{self, Next, Panels, Right};
use crate::{Tile, TileMut};

/// Most rows of B in a block.
const DEPTH: usize = 288;
/// Most columns of B in a block; like `GROUP`, a multiple of every panel width.
const COLUMNS: usize = 1024;
/// Columns of B in a block when A is one block high.
const GROUP: usize = 128;
/// Most rows of A in a block, up to a whole tile.
const ROWS: usize = 192;
/// What a product that starts from zero is added to: the widest group of panels.
static ZEROS: [f32; 128] = [0.0; 128];

/// Where the right-hand side comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    View(Tile<'a>),
    /// Panels written by `pack::whole`, from the first column of C on.
    Packed(&'a [f32]),
}

impl Source<'_> {
    /// Whether `m` rows of C use B enough to pack it.
    fn packs<S: Micro>(self, m: usize) -> bool {
        match self {
            Source::View(b) => b.col_stride() != 1 || m > 3 * S::ROWS,
            Source::Packed(_) => false,
        }
    }

    /// Columns of B per block.
    fn step<S: Micro>(self, m: usize) -> usize {
        match self {
            // A transposed source is read in as many streams as it has columns.
            Source::View(b) if m <= ROWS && b.col_stride() != 1 => GROUP / 2,
            Source::View(_) if m <= ROWS && self.packs::<S>(m) => GROUP,
            _ => COLUMNS,
        }
    }
}

/// Rows of B per block. It depends on `k` alone, so the bits of C do not depend on how C is cut.
fn block_depth(k: usize) -> usize {
    k.div_ceil(k.div_ceil(DEPTH).max(1)).next_multiple_of(LINE).min(k)
}

/// Rows of A per block.
fn block_rows<S: Micro>(m: usize) -> usize {
    m.div_ceil(m.div_ceil(ROWS).max(1)).next_multiple_of(S::ROWS).min(m)
}

/// Floats of the packed block of B and of the packed block of A, at most.
fn space<S: Micro>(m: usize, n: usize, k: usize) -> (usize, usize) {
    let columns = n.min(if m <= ROWS { GROUP } else { COLUMNS }).next_multiple_of(S::WIDTH);
    let rows = m.min(ROWS).div_ceil(S::ROWS) * sweep::padded::<S>();
    (columns * k.min(DEPTH), rows * k.min(DEPTH))
}

/// See `gemm::scratch_len`.
#[inline(always)]
pub(super) unsafe fn scratch_len<S: Micro>(m: usize, n: usize, k: usize) -> usize {
    let (b, a) = space::<S>(m, n, k);
    LINE + b + a
}

/// See `gemm::panel_width`.
#[inline(always)]
pub(super) unsafe fn panel_width<S: Micro>() -> usize {
    S::WIDTH
}

/// C = start + A · B.
///
/// # Safety
/// The CPU executes `S`; A is `c.rows()` × k, B is k × `c.cols()`, a bias has `c.cols()` values.
#[inline(always)]
pub(super) unsafe fn multiply<S: Micro>(
    a: Tile,
    b: Source,
    mut c: TileMut,
    start: Start,
    scratch: &mut [f32],
) {
    const { assert!(4 * S::WIDTH <= ZEROS.len(), "a group of panels starts from zeros") }
    let (m, n, k) = (a.rows(), c.cols(), a.cols());
    if m == 0 || n == 0 {
        return;
    }
    let (b_space, a_space) = space::<S>(m, n, k);
    let skip = scratch.as_ptr().align_offset(LINE * size_of::<f32>());
    let (b_space, a_space) = scratch[skip..][..b_space + a_space].split_at_mut(b_space);

    let (c_ptr, c_row) = (c.as_mut_ptr(), c.row_stride());
    let step = b.step::<S>(m);
    let mut from = 0;
    loop {
        let depth = block_depth(k).min(k - from);
        let (base, base_row, base_col) = match start {
            Start::Zero if from == 0 => (ZEROS.as_ptr(), 0, 0),
            Start::Bias(bias) if from == 0 => (bias.as_ptr(), 0, 1),
            _ => (c_ptr.cast_const(), c_row, 1),
        };
        for column in (0..n).step_by(step) {
            let columns = step.min(n - column);
            let mut right = right::<S>(b, m, k, (from, depth), (column, columns), b_space);
            if let Source::View(b) = b
                && step < COLUMNS
            {
                let end = column + step;
                let (from, column) = if end < n { (from, end) } else { (from + depth, 0) };
                let depth = depth.min(k - from);
                let part = Part::of_b(b, from, depth, column, step.min(n - column));
                right.next = Next::Block(part.ahead());
            }
            let mut row = 0;
            while row < m {
                let rows = block_rows::<S>(m).min(m - row);
                let corner = Operands {
                    k: depth,
                    a: a.as_ptr().wrapping_add(row * a.row_stride() + from * a.col_stride()),
                    a_row: a.row_stride(),
                    a_col: a.col_stride(),
                    base: base.wrapping_add(row * base_row + column * base_col),
                    base_row,
                    c: c_ptr.wrapping_add(row * c_row + column),
                    c_row,
                    cols: columns,
                    ..Operands::NONE
                };
                sweep::sweep::<S>(corner, rows, base_col, right, a_space);
                row += rows;
            }
        }
        from += depth;
        if from >= k {
            break;
        }
    }
}

/// A block of B as panels: packed already, packed here, or in place but for the partial one.
#[inline(always)]
unsafe fn right<S: Micro>(
    b: Source,
    m: usize,
    k: usize,
    (from, depth): (usize, usize),
    (column, columns): (usize, usize),
    space: &mut [f32],
) -> Right {
    let here = Panels { ptr: space.as_ptr(), row: S::WIDTH, panel: depth * S::WIDTH };
    match b {
        Source::Packed(packed) => {
            let ptr = packed.as_ptr().wrapping_add(column * k + from * S::WIDTH);
            let whole = Panels { ptr, row: S::WIDTH, panel: k * S::WIDTH };
            Right { whole, partial: whole.skip(columns / S::WIDTH), next: Next::Panel }
        }
        Source::View(view) => {
            let done = if b.packs::<S>(m) { 0 } else { columns / S::WIDTH };
            let (start, left) = (column + done * S::WIDTH, columns - done * S::WIDTH);
            let part = Part::of_b(view, from, depth, start, left);
            part.pack::<S>(left.div_ceil(S::WIDTH), S::WIDTH, S::WIDTH, space.as_mut_ptr());
            if b.packs::<S>(m) {
                Right { whole: here, partial: here.skip(columns / S::WIDTH), next: Next::Nothing }
            } else {
                let ptr = view.as_ptr().wrapping_add(from * view.row_stride() + column);
                let whole = Panels { ptr, row: view.row_stride(), panel: S::WIDTH };
                Right { whole, partial: here, next: Next::Nothing }
            }
        }
    }
}
