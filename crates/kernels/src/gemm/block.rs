//! The loops around the micro-kernel: which part of A, B and C is in which cache.
//!
//! B goes by blocks of `DEPTH` rows, A by blocks of `DEPTH` columns and `ROWS` rows: the block of A
//! stays in an L2 of a MiB. Unlike in BLIS, a panel of B may be longer than L1: a large tile takes
//! so long for a row of it that L2 delivers in time, and fewer blocks of k mean that C passes by
//! less often. Where A is one block high, the product goes by a few panels at a time, so that their
//! columns of C stay in L1 over all blocks of k; a B to be packed is packed so too, while the tiles
//! fetch the source of the next few panels. Otherwise it goes by `COLUMNS`, so that A passes through
//! the caches seldom. And an operand is packed only where the copy pays: a GEMM of a training step
//! is a few hundred on a side, and its operands usually lie well enough.

#![allow(unsafe_op_in_unsafe_fn, reason = "the contract is stated on the functions")]

use super::micro::Micro;
use super::operands::{Later, Operands};
use super::pack::Part;
use super::sweep::{self, Block, Next, Panels};
use super::{Finish, Output, Right, Start};
use crate::Tile;
use crate::prefetch::LINE;

/// Most rows of B in a block.
const DEPTH: usize = 1024;
/// The same where there are more of them, as in the gradient of a kernel over all steps of all
/// rows: what comes from so far is used by more tiles while it is near.
const SHALLOW: usize = 256;
/// Most rows of C for which B stays where it lies in blocks that shallow, where a row of a panel is more than a line: CPUs of
/// narrow panels have a small L2, in which such rows meet (a fifth slower on Zen 3).
const FEW_ROWS: usize = 128;
/// Most floats between the rows of such a B: the hardware foresees no wider strides.
const FORESEEN: usize = 544;
/// Most columns of B in a block; like `GROUP`, a multiple of every panel width.
const COLUMNS: usize = 512;
/// Columns of B in a block when A is one block high.
const GROUP: usize = 128;
/// Multiplications of a product that is over before its blocks are counted.
const SMALL: usize = 1 << 17;
/// Most rows of A in a block, up to a whole tile.
const ROWS: usize = 192;
/// What a product that starts from zero is added to: the widest panel.
static ZEROS: [f32; 32] = [0.0; 32];

/// Whether the rows of C use B enough to pack it.
fn packs<S: Micro>(b: Right, a: Tile) -> bool {
    match b {
        Right::Tile(b) => {
            let is_tall = a.row_stride() == 1 && a.cols() > DEPTH;
            let stays = is_tall && S::WIDTH > LINE && b.row_stride() <= FORESEEN;
            let few = if stays { FEW_ROWS } else { 3 * S::ROWS };
            b.col_stride() != 1 || a.rows() > few
        }
        Right::Packed(_) => false,
    }
}

/// Columns of B per block.
fn block_columns<S: Micro>(b: Right, a: Tile) -> usize {
    let m = a.rows();
    match b {
        // A transposed source is read in as many streams as it has columns.
        Right::Tile(b) if m <= ROWS && b.col_stride() != 1 => GROUP / 2,
        Right::Tile(_) if m <= ROWS && packs::<S>(b, a) => GROUP,
        // A short tile takes several panels at once.
        Right::Packed(_) if m <= ROWS => (GROUP / 2).max(S::group(m.min(S::ROWS)) * S::WIDTH),
        _ => COLUMNS,
    }
}

/// C in memory: panels of columns, which for a row-major C stand side by side.
#[derive(Clone, Copy)]
struct Target {
    ptr: *mut f32,
    row: usize,
    panel: usize,
    /// Columns to write: those of the padding too, where C has room for them.
    cols: usize,
}

impl Target {
    fn new<S: Micro>(c: Output) -> Target {
        match c {
            Output::Tile(mut c) => {
                Target { ptr: c.as_mut_ptr(), row: c.row_stride(), panel: S::WIDTH, cols: c.cols() }
            }
            Output::Packed(c) => Target {
                ptr: c.data.as_mut_ptr(),
                row: S::WIDTH,
                panel: c.rows * S::WIDTH,
                cols: c.cols.next_multiple_of(S::WIDTH),
            },
        }
    }
}

/// Rows of B per block. It depends on `k` alone, so the bits of C do not depend on how C is cut.
fn block_depth(k: usize) -> usize {
    let most = if k > DEPTH { SHALLOW } else { DEPTH };
    k.div_ceil(k.div_ceil(most).max(1)).next_multiple_of(LINE).min(k)
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

/// What the block of k from `from` on is added to, and from one row of it and one panel to the next.
fn before<S: Micro>(start: Start, c: Target, from: usize) -> (*const f32, usize, usize) {
    match start {
        Start::Zero if from == 0 => (ZEROS.as_ptr(), 0, 0),
        Start::Bias(bias) if from == 0 => (bias.as_ptr(), 0, S::WIDTH),
        _ => (c.ptr.cast_const(), c.row, c.panel),
    }
}

/// C = start + A · B, finished.
///
/// # Safety
/// The CPU executes `S`; A is m × k, B is k × n and C is m × n, packed ones for `S`; a bias has n
/// values, and C is then row-major.
#[inline(always)]
pub(super) unsafe fn multiply<S: Micro>(
    a: Tile,
    b: Right,
    c: Output,
    start: Start,
    finish: Finish,
    later: &[*const [f32]],
    scratch: &mut [f32],
) {
    const { assert!(S::WIDTH <= ZEROS.len(), "a panel starts from zeros") }
    let (m, n, k) = (a.rows(), b.cols(), a.cols());
    if m == 0 || n == 0 {
        return;
    }
    let (b_space, a_space) = space::<S>(m, n, k);
    let skip = scratch.as_ptr().align_offset(LINE * size_of::<f32>());
    let (b_space, a_space) = scratch[skip..][..b_space + a_space].split_at_mut(b_space);

    let c = Target::new::<S>(c);
    let step = block_columns::<S>(b, a);
    let is_whole = n <= step || matches!(b, Right::Packed(_));
    let lies_well = m == 1 || a.row_stride() == 1 || a.col_stride() == 1;
    if m * n * k <= SMALL && m <= ROWS && is_whole && lies_well && k <= DEPTH {
        let (base, base_row, base_panel) = before::<S>(start, c, 0);
        let all = Operands {
            k,
            a: a.as_ptr(),
            a_row: a.row_stride(),
            a_col: a.col_stride(),
            base,
            base_row,
            base_panel,
            c: c.ptr,
            c_row: c.row,
            c_panel: c.panel,
            cols: c.cols,
            relu: finish == Finish::Relu,
            ..Operands::NONE
        };
        return sweep::small::<S>(&all, m, right::<S>(b, a, (0, k), (0, n), b_space));
    }
    let most = block_depth(k);
    let tiles = m.div_ceil(S::ROWS) * n.div_ceil(S::WIDTH) * k.div_ceil(most.max(1));
    let mut later = Later::new(later, tiles, most);
    for column in (0..n).step_by(step) {
        let (columns, panel) = (step.min(n - column), column / S::WIDTH);
        let mut from = 0;
        loop {
            let depth = most.min(k - from);
            let (base, base_row, base_panel) = before::<S>(start, c, from);
            let mut right = right::<S>(b, a, (from, depth), (column, columns), b_space);
            if let Right::Tile(b) = b
                && step < COLUMNS
            {
                let end = from + depth;
                let (from, column) = if end < k { (end, column) } else { (0, column + step) };
                let (depth, columns) = (most.min(k - from), step.min(n.saturating_sub(column)));
                right.next = Next::Block(Part::of_b(b, from, depth, column, columns).ahead());
            }
            let mut row = 0;
            while row < m {
                let rows = block_rows::<S>(m).min(m - row);
                let corner = Operands {
                    k: depth,
                    a: a.as_ptr().wrapping_add(row * a.row_stride() + from * a.col_stride()),
                    a_row: a.row_stride(),
                    a_col: a.col_stride(),
                    base: base.wrapping_add(row * base_row + panel * base_panel),
                    base_row,
                    base_panel,
                    c: c.ptr.wrapping_add(row * c.row + panel * c.panel),
                    c_row: c.row,
                    c_panel: c.panel,
                    cols: (c.cols - column).min(columns.next_multiple_of(S::WIDTH)),
                    relu: finish == Finish::Relu && from + depth >= k,
                    later,
                    ..Operands::NONE
                };
                later = sweep::sweep::<S>(corner, rows, right, a_space);
                row += rows;
            }
            from += depth;
            if from >= k {
                break;
            }
        }
    }
}

/// A block of B as panels: packed already, packed here, or in place but for the partial one.
#[inline(always)]
unsafe fn right<S: Micro>(
    b: Right,
    a: Tile,
    (from, depth): (usize, usize),
    (column, columns): (usize, usize),
    space: &mut [f32],
) -> Block {
    let here = Panels { ptr: space.as_ptr(), row: S::WIDTH, panel: depth * S::WIDTH };
    let count = columns / S::WIDTH;
    match b {
        Right::Packed(b) => {
            let ptr = b.data.as_ptr().wrapping_add(column / S::WIDTH * b.panel + from * S::WIDTH);
            let whole = Panels { ptr, row: S::WIDTH, panel: b.panel };
            Block { whole, count, partial: whole.skip(count), next: Next::Panel }
        }
        Right::Tile(view) => {
            let packs = packs::<S>(b, a);
            let done = if packs { 0 } else { count };
            let (start, left) = (column + done * S::WIDTH, columns - done * S::WIDTH);
            let part = Part::of_b(view, from, depth, start, left);
            part.pack::<S>(left.div_ceil(S::WIDTH), S::WIDTH, S::WIDTH, space.as_mut_ptr());
            if packs {
                Block { whole: here, count, partial: here.skip(count), next: Next::Panel }
            } else {
                let ptr = view.as_ptr().wrapping_add(from * view.row_stride() + column);
                let whole = Panels { ptr, row: view.row_stride(), panel: S::WIDTH };
                Block { whole, count, partial: here, next: Next::Nothing }
            }
        }
    }
}
