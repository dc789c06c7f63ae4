//! One block of A times one block of B: panel after panel of B, tile after tile of A.
//!
//! Leftover rows are spread: 128 rows are 18 tiles of 6 and 4 of 5, because 5 rows still fill the
//! FMA units and 2 do not. A is read in place unless its strides are bad: in general position,
//! or such that what one tile reads meets in the same cache sets, or spread over many lines while
//! there are enough panels to pay for the copy.

#![allow(unsafe_op_in_unsafe_fn, reason = "the contract is stated on the functions")]

use super::micro::Micro;
use super::operands::{Ahead, Later, Operands};
use super::pack::Part;

/// Floats in a page: what lies a multiple of it apart meets in the same cache sets.
const PAGE: usize = 1024;

/// A run of panels in memory.
#[derive(Clone, Copy)]
pub(super) struct Panels {
    pub ptr: *const f32,
    /// From one row of a panel to the next.
    pub row: usize,
    /// From one panel to the next.
    pub panel: usize,
}

impl Panels {
    /// The panels after the first few.
    pub(super) fn skip(self, panels: usize) -> Panels {
        Panels { ptr: self.ptr.wrapping_add(panels * self.panel), ..self }
    }
}

/// A block of B.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub whole: Panels,
    /// How many of them there are.
    pub count: usize,
    /// The last panel, where it has fewer columns.
    pub partial: Panels,
    pub next: Next,
}

/// What the tiles fetch for later.
#[derive(Clone, Copy)]
pub(super) enum Next {
    Nothing,
    /// The panel after theirs: packed long ago, it has left the caches.
    Panel,
    /// What is packed next.
    Block(Ahead),
}

/// Tiles of one height, the first of them tile `tile` at row `row` of the block.
#[derive(Clone, Copy)]
struct Run {
    tile: usize,
    row: usize,
    tiles: usize,
    height: usize,
}

/// Floats between the packed columns of a tile of A.
pub(super) fn padded<S: Micro>() -> usize {
    S::ROWS.next_multiple_of(S::LANES)
}

/// Multiplies `rows` rows of A by a block of B; `corner` is where the two start. Returns what is
/// left to fetch of its `later`.
///
/// # Safety
/// The CPU executes `S`; the operands are valid; `a_space` has room for the tiles.
#[inline(always)]
pub(super) unsafe fn sweep<'a, S: Micro>(
    corner: Operands<'a>,
    rows: usize,
    right: Block,
    a_space: &mut [f32],
) -> Later<'a> {
    let tiles = rows.div_ceil(S::ROWS);
    let (height, runs) = runs::<S>(rows);
    let mut x = corner;
    let mut adjacent = x.a_row == 1 || rows == 1;
    let packs = packs::<S>(&x, adjacent, tiles);
    if packs {
        pack::<S>(&x, rows, runs, a_space);
        (x.a, x.a_row, x.a_col) = (a_space.as_ptr(), 1, padded::<S>());
        adjacent = true;
    }

    let whole = right.count;
    let mut panel = 0;
    while panel * S::WIDTH < x.cols {
        let (b, take) = match whole - panel {
            0 => (right.partial, 1),
            left => (right.whole.skip(panel), S::group(height).min(left)),
        };
        let ahead = match right.next {
            Next::Block(next) => {
                let piece = next.rows.div_ceil(tiles * whole.max(1));
                Ahead { piece, ..next }.skip(panel * tiles)
            }
            _ => Ahead::NOTHING,
        };
        let next_panel =
            [std::ptr::slice_from_raw_parts(right.whole.skip(panel + take).ptr, x.k * S::WIDTH)];
        let next_panel = match right.next {
            // Few tiles are done before the fetches are.
            Next::Panel if panel + take < whole && tiles > 3 => {
                Some(Later::new(&next_panel, tiles, x.k))
            }
            _ => None,
        };
        for Run { tile, row, tiles, height } in runs.into_iter().filter(|run| run.tiles > 0) {
            let a_tile = if packs { padded::<S>() * x.k } else { height * x.a_row };
            let a = x.a.wrapping_add(if packs { tile * a_tile } else { row * x.a_row });
            let mut done = 0;
            while done < take {
                let group = S::group(height).min(take - done);
                let at = panel + done;
                let y = Operands {
                    tiles,
                    a,
                    a_tile,
                    b: b.skip(done).ptr,
                    b_row: b.row,
                    b_panel: b.panel,
                    base: x.base.wrapping_add(row * x.base_row + at * x.base_panel),
                    c: x.c.wrapping_add(row * x.c_row + at * x.c_panel),
                    cols: x.cols - at * S::WIDTH,
                    ahead: if done == 0 { ahead.skip(tile) } else { Ahead::NOTHING },
                    later: next_panel.map_or(x.later, |next| next.skip(tile)),
                    ..x
                };
                if adjacent {
                    S::run::<true>(height, group, &y);
                } else {
                    S::run::<false>(height, group, &y);
                }
                if next_panel.is_none() {
                    x.later = x.later.skip(tiles);
                }
                done += group;
            }
        }
        panel += take;
    }
    x.later
}

/// The heights of the tiles of so many rows: the smaller one, and the tiles of either.
fn runs<S: Micro>(rows: usize) -> (usize, [Run; 2]) {
    let tiles = rows.div_ceil(S::ROWS);
    let (height, taller) = (rows / tiles, rows % tiles);
    let rest = taller * (height + 1);
    let runs = [
        Run { tile: 0, row: 0, tiles: taller, height: height + 1 },
        Run { tile: taller, row: rest, tiles: tiles - taller, height },
    ];
    (height, runs)
}

/// The same for a product so small that nothing is fetched for later and A is read where it lies: its rows or its columns
/// are adjacent.
///
/// # Safety
/// As [`sweep`].
#[inline(always)]
pub(super) unsafe fn small<S: Micro>(all: &Operands, rows: usize, right: Block) {
    let adjacent = all.a_row == 1 || rows == 1;
    let (_, runs) = runs::<S>(rows);
    for Run { row, tiles, height, .. } in runs.into_iter().filter(|run| run.tiles > 0) {
        let (most, mut panel) = (S::group(height), 0);
        while panel * S::WIDTH < all.cols {
            let (b, group) = match right.count - panel {
                0 => (right.partial, 1),
                left => (right.whole.skip(panel), most.min(left)),
            };
            let tile = Operands {
                tiles,
                a: all.a.wrapping_add(row * all.a_row),
                a_tile: height * all.a_row,
                b: b.ptr,
                b_row: b.row,
                b_panel: b.panel,
                base: all.base.wrapping_add(row * all.base_row + panel * all.base_panel),
                c: all.c.wrapping_add(row * all.c_row + panel * all.c_panel),
                cols: all.cols - panel * S::WIDTH,
                ..*all
            };
            if adjacent {
                S::run::<true>(height, group, &tile);
            } else {
                S::run::<false>(height, group, &tile);
            }
            panel += group;
        }
    }
}

/// Whether A is packed, from measurements of both ways.
fn packs<S: Micro>(x: &Operands, adjacent: bool, tiles: usize) -> bool {
    if adjacent {
        x.cols >= 256 || (x.cols >= 64 && x.a_col.is_multiple_of(PAGE))
    } else if x.a_col == 1 {
        x.cols >= 512 && x.a_row.is_multiple_of(PAGE) && tiles > 2
    } else {
        true
    }
}

/// Packs a block of A, tile after tile.
#[inline(always)]
unsafe fn pack<S: Micro>(x: &Operands, rows: usize, runs: [Run; 2], space: &mut [f32]) {
    let part = Part { src: x.a, along_k: x.a_col, across: x.a_row, depth: x.k, width: rows };
    for run in runs.into_iter().filter(|run| run.tiles > 0) {
        let dst = space[run.tile * padded::<S>() * x.k..].as_mut_ptr();
        part.skip(run.row).pack::<S>(run.tiles, run.height, padded::<S>(), dst);
    }
}
