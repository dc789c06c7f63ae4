//! The loops around the micro-kernel: which part of A, B and C is in which cache.
//!
//! B goes by blocks of `DEPTH` rows and `COLUMNS` columns, A by blocks of `DEPTH` columns and
//! `ROWS` rows: a panel of B stays in L1, the block of A in L2, the block of B in L3, as in BLIS.
//! Unlike BLIS, an operand is packed only where the copy pays: a GEMM of a training step is a few
//! hundred on a side, and both operands usually lie well enough. Leftover rows are spread: 128
//! rows are 18 tiles of 6 and 4 of 5, because 5 rows still fill the FMA units and 2 do not.

#![allow(unsafe_op_in_unsafe_fn, reason = "the contract is stated on the functions")]

use super::Start;
use super::micro::{Ahead, Micro, Operands};
use super::pack::Part;
use crate::{Tile, TileMut};

/// Most rows of B in a block.
const DEPTH: usize = 288;
/// Most columns of B in a block: a multiple of every panel width.
const COLUMNS: usize = 1024;
/// Columns of B in a block when there is one block of A: packed, they stay in L2 until they are used.
const GROUP: usize = 256;
/// Most rows of A in a block, about.
const ROWS: usize = 192;
/// Floats in a cache line: where packed blocks start.
pub(super) const LINE: usize = 16;
/// Floats in a page: what lies so far apart meets in the same cache sets.
const PAGE: usize = 1024;
/// What a product that starts from zero is added to: the widest group of panels.
static ZEROS: [f32; 128] = [0.0; 128];

/// Where the right-hand side comes from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    View(Tile<'a>),
    /// Panels written by `pack::whole`, from the first column of C on.
    Packed(&'a [f32]),
}

/// A run of panels in memory.
#[derive(Clone, Copy)]
struct Panels {
    ptr: *const f32,
    row: usize,
    panel: usize,
}

/// What the tiles of a block fetch for later.
#[derive(Clone, Copy)]
enum Next {
    Nothing,
    /// The panel after theirs: packed long ago, it has left the caches.
    Panel,
    /// What is packed next.
    Block(Ahead),
}

const NOTHING: Ahead = Ahead { ptr: std::ptr::null(), row: 0, cols: 0, rows: 0, piece: 0 };

/// Rows of B per block. It depends on `k` alone, so the bits of C do not depend on how C is cut.
fn block_depth(k: usize) -> usize {
    k.div_ceil(k.div_ceil(DEPTH).max(1)).next_multiple_of(LINE).min(k)
}

/// Rows of A per block.
fn block_rows<S: Micro>(m: usize) -> usize {
    m.div_ceil(m.div_ceil(ROWS).max(1)).next_multiple_of(S::ROWS).min(m)
}

/// Floats between the packed columns of a tile of A.
fn padded<S: Micro>() -> usize {
    S::ROWS.next_multiple_of(S::LANES)
}

/// Whether B is read where it lies: rows that few tiles of C use.
fn in_place<S: Micro>(b: Tile, m: usize) -> bool {
    b.col_stride() == 1 && m <= 3 * S::ROWS
}

/// Columns of B per block.
fn block_columns(m: usize) -> usize {
    if m <= ROWS { GROUP } else { COLUMNS }
}

/// Floats of the packed block of B and of the packed block of A, at most.
fn space<S: Micro>(m: usize, n: usize, k: usize) -> (usize, usize) {
    let columns = n.min(block_columns(m)).next_multiple_of(S::WIDTH);
    let rows = m.min(ROWS).div_ceil(S::ROWS) * padded::<S>();
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
    let (m, n, k) = (a.rows(), c.cols(), a.cols());
    if m == 0 || n == 0 {
        return;
    }
    let (b_space, a_space) = space::<S>(m, n, k);
    let skip = scratch.as_ptr().align_offset(LINE * size_of::<f32>());
    let (b_space, a_space) = scratch[skip..][..b_space + a_space].split_at_mut(b_space);

    let (c_ptr, c_row) = (c.as_mut_ptr(), c.row_stride());
    let step = if matches!(b, Source::Packed(_)) { COLUMNS } else { block_columns(m) };
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
            let (whole, tail) = b_panels::<S>(b, m, k, from, depth, column, columns, b_space);
            let next = match b {
                Source::Packed(_) => Next::Panel,
                Source::View(b) if step == GROUP && !in_place::<S>(b, m) => {
                    let (from, column) =
                        if column + step < n { (from, column + step) } else { (from + depth, 0) };
                    let depth = block_depth(k).min(k - from);
                    Next::Block(Part::of_b(b, from, depth, column, step.min(n - column)).ahead())
                }
                Source::View(_) => Next::Nothing,
            };
            let mut row = 0;
            while row < m {
                let rows = block_rows::<S>(m).min(m - row);
                let x = Operands {
                    tiles: 0,
                    k: depth,
                    a: a.as_ptr().wrapping_add(row * a.row_stride() + from * a.col_stride()),
                    a_row: a.row_stride(),
                    a_col: a.col_stride(),
                    a_tile: 0,
                    b: std::ptr::null(),
                    b_row: 0,
                    b_panel: 0,
                    base: base.wrapping_add(row * base_row + column * base_col),
                    base_row,
                    c: c_ptr.wrapping_add(row * c_row + column),
                    c_row,
                    cols: columns,
                    ahead: NOTHING,
                };
                block::<S>(x, rows, base_col, whole, tail, next, a_space);
                row += rows;
            }
        }
        from += depth;
        if from >= k {
            break;
        }
    }
}

/// The panels of a block of B: the whole ones, and the partial one at the end if there is one.
#[inline(always)]
unsafe fn b_panels<S: Micro>(
    b: Source,
    m: usize,
    k: usize,
    from: usize,
    depth: usize,
    column: usize,
    columns: usize,
    space: &mut [f32],
) -> (Panels, Panels) {
    let whole = columns / S::WIDTH;
    let panel = depth * S::WIDTH;
    let (panels, first_packed) = match b {
        Source::Packed(packed) => {
            let ptr = packed.as_ptr().wrapping_add(column * k + from * S::WIDTH);
            (Panels { ptr, row: S::WIDTH, panel: k * S::WIDTH }, columns.div_ceil(S::WIDTH))
        }
        Source::View(b) if in_place::<S>(b, m) => {
            let ptr = b.as_ptr().wrapping_add(from * b.row_stride() + column);
            (Panels { ptr, row: b.row_stride(), panel: S::WIDTH }, whole)
        }
        Source::View(_) => (Panels { ptr: space.as_ptr(), row: S::WIDTH, panel }, 0),
    };
    if let Source::View(b) = b {
        let done = first_packed * S::WIDTH;
        let panels = columns.div_ceil(S::WIDTH) - first_packed;
        let part = Part::of_b(b, from, depth, column + done, columns - done);
        part.pack::<S>(panels, S::WIDTH, S::WIDTH, space.as_mut_ptr());
    }
    let tail = match first_packed == whole {
        true => Panels { ptr: space.as_ptr(), row: S::WIDTH, panel },
        false => Panels { ptr: panels.ptr.wrapping_add(whole * panels.panel), ..panels },
    };
    (panels, tail)
}

/// One block of A times one block of B; `x` is the block's corner.
#[inline(always)]
unsafe fn block<S: Micro>(
    x: Operands,
    rows: usize,
    base_col: usize,
    whole: Panels,
    tail: Panels,
    next: Next,
    a_space: &mut [f32],
) {
    let tiles = rows.div_ceil(S::ROWS);
    let all_tiles = tiles;
    let (height, taller) = (rows / tiles, rows % tiles);
    let adjacent = x.a_row == 1 || rows == 1;
    let packs = match (adjacent, x.a_col == 1) {
        (false, false) => true,
        (true, _) => x.cols >= 256 || (x.a_col.is_multiple_of(PAGE) && x.cols >= 64),
        (false, true) => x.cols >= 512 && x.a_row.is_multiple_of(PAGE) && tiles > 2,
    };
    let padded = padded::<S>();
    if packs {
        let part = Part { src: x.a, along_k: x.a_col, across: x.a_row, depth: x.k, width: rows };
        let (tall, short) = a_space.split_at_mut(taller * padded * x.k);
        part.pack::<S>(taller, height + 1, padded, tall.as_mut_ptr());
        let part = part.skip(taller * (height + 1));
        part.pack::<S>(tiles - taller, height, padded, short.as_mut_ptr());
    }
    // The taller tiles, then the others.
    let runs =
        [(0, 0, taller, height + 1), (taller, taller * (height + 1), tiles - taller, height)];
    let all = x.cols / S::WIDTH;
    let mut panel = 0;
    while panel * S::WIDTH < x.cols {
        let (b, take) = match all - panel {
            0 => (tail, 1),
            left => {
                let ptr = whole.ptr.wrapping_add(panel * whole.panel);
                (Panels { ptr, ..whole }, S::group(height).min(left))
            }
        };
        let ahead = match next {
            Next::Panel if panel + take < all => Ahead {
                ptr: whole.ptr.wrapping_add((panel + take) * whole.panel),
                row: S::WIDTH,
                cols: S::WIDTH,
                rows: x.k,
                piece: x.k.div_ceil(all_tiles),
            },
            Next::Block(next) => {
                let piece = next.rows.div_ceil(all_tiles * all.max(1));
                Ahead { piece, ..next }.skip(panel * all_tiles)
            }
            _ => NOTHING,
        };
        for (tile, row, tiles, height) in runs {
            if tiles == 0 {
                continue;
            }
            let mut i = 0;
            while i < take {
                let group = if take - i >= S::group(height) { S::group(height) } else { 1 };
                let column = (panel + i) * S::WIDTH;
                let y = Operands {
                    tiles,
                    b: b.ptr.wrapping_add(i * b.panel),
                    b_row: b.row,
                    b_panel: b.panel,
                    base: x.base.wrapping_add(row * x.base_row + column * base_col),
                    c: x.c.wrapping_add(row * x.c_row + column),
                    cols: x.cols - column,
                    ahead: if i == 0 { ahead.skip(tile) } else { NOTHING },
                    ..x
                };
                if packs {
                    let a_tile = padded * x.k;
                    let a = a_space.as_ptr().wrapping_add(tile * a_tile);
                    let y = Operands { a, a_row: 1, a_col: padded, a_tile, ..y };
                    S::run::<true>(height, group, &y);
                } else {
                    let a = x.a.wrapping_add(row * x.a_row);
                    let y = Operands { a, a_tile: height * x.a_row, ..y };
                    if adjacent {
                        S::run::<true>(height, group, &y);
                    } else {
                        S::run::<false>(height, group, &y);
                    }
                }
                i += group;
            }
        }
        panel += take;
    }
}
