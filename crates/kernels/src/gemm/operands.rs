//! What the micro-kernel is given: where its operands lie, and what it fetches for later.
//!
//! The hardware follows a stream once it is read; a GEMM reads many short ones. So the tiles ask,
//! piece by piece, for the next panel of B or for the source of the next packing, and for what the
//! caller needs after the product.

use crate::prefetch::{self, LINE};

/// What one call of the micro-kernel reads and writes: a column of tiles of the same height.
///
/// Valid when A has `tiles * height` rows and `k` columns, B `k` rows of whole panels, and C and
/// base `tiles * height` rows of `cols` columns.
#[derive(Clone, Copy)]
pub(super) struct Operands<'a> {
    pub tiles: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    pub a: *const f32,
    /// From one row of A to the next; ignored when they are adjacent.
    pub a_row: usize,
    /// From one column of A to the next; ignored when they are adjacent.
    pub a_col: usize,
    /// From one tile of A to the next.
    pub a_tile: usize,
    pub b: *const f32,
    /// From one row of a panel to the next.
    pub b_row: usize,
    /// From one panel to the next.
    pub b_panel: usize,
    /// What the product is added to: C itself, a bias (row stride 0) or zeros (panel stride 0 too).
    pub base: *const f32,
    pub base_row: usize,
    pub base_panel: usize,
    pub c: *mut f32,
    pub c_row: usize,
    /// From a panel's columns of C to the next one's.
    pub c_panel: usize,
    /// Columns of C that exist, of the panels' width.
    pub cols: usize,
    /// Whether sums below 0 become 0.
    pub relu: bool,
    pub ahead: Ahead,
    pub later: Later<'a>,
}

impl Operands<'_> {
    /// True where sums are written as they are.
    #[inline(always)]
    pub(super) fn is_bare(&self) -> bool {
        self.base_panel == 0 && !self.relu
    }

    /// Nothing at all: what is left to say of a part that is described in steps.
    pub(super) const NONE: Operands<'static> = Operands {
        tiles: 0,
        k: 0,
        a: std::ptr::null(),
        a_row: 0,
        a_col: 0,
        a_tile: 0,
        b: std::ptr::null(),
        b_row: 0,
        b_panel: 0,
        base: std::ptr::null(),
        base_row: 0,
        base_panel: 0,
        c: std::ptr::null_mut(),
        c_row: 0,
        c_panel: 0,
        cols: 0,
        relu: false,
        ahead: Ahead::NOTHING,
        later: Later { slices: &[], piece: 0, at: 0 },
    };
}

/// Memory that is needed soon: rows of adjacent floats, of which every tile fetches a `piece`.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    pub ptr: *const f32,
    pub row: usize,
    pub cols: usize,
    pub rows: usize,
    pub piece: usize,
}

impl Ahead {
    pub(super) const NOTHING: Ahead =
        Ahead { ptr: std::ptr::null(), row: 0, cols: 0, rows: 0, piece: 0 };

    /// Fetches into L2, and goes to the next piece.
    #[inline(always)]
    pub(super) fn fetch(&mut self) {
        let rows = self.piece.min(self.rows);
        prefetch::rows(self.ptr, self.row, rows, self.cols);
        self.ptr = self.ptr.wrapping_add(rows * self.row);
        self.rows -= rows;
    }

    /// What is left after `pieces`.
    pub(super) fn skip(self, pieces: usize) -> Ahead {
        let rows = (pieces * self.piece).min(self.rows);
        let ptr = self.ptr.wrapping_add(rows * self.row);
        Ahead { ptr, rows: self.rows - rows, ..self }
    }
}

/// Memory that is needed after the product, of which every tile fetches a piece: not at once, for
/// the caches take few requests at a time, but evenly over its steps of k.
#[derive(Clone, Copy)]
pub(super) struct Later<'a> {
    slices: &'a [*const [f32]],
    /// Floats of a piece: as many to each step.
    piece: usize,
    /// The next piece, counted through all slices.
    at: usize,
}

impl<'a> Later<'a> {
    /// `slices`, to be fetched by so many tiles of `k` steps. A tile fetches a line a step at most.
    pub(super) fn new(slices: &'a [*const [f32]], tiles: usize, k: usize) -> Later<'a> {
        let floats: usize = slices.iter().map(|slice| slice.len()).sum();
        let piece = floats.div_ceil(tiles.max(1)).next_multiple_of(k.max(1)).min(k * LINE);
        Later { slices, piece, at: 0 }
    }

    /// Where the next piece starts, and goes on to the one after it.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<*const f32> {
        let mut left = self.at;
        self.at += 1;
        for slice in self.slices {
            let pieces = slice.len().div_ceil(self.piece.max(1));
            if left < pieces {
                return Some(slice.cast::<f32>().wrapping_add(left * self.piece));
            }
            left -= pieces;
        }
        None
    }

    /// Floats to go on with each of `k` steps.
    pub(super) fn step(&self, k: usize) -> usize {
        self.piece.div_ceil(k.max(1)).min(LINE)
    }

    /// What is left after `pieces`.
    pub(super) fn skip(self, pieces: usize) -> Later<'a> {
        Later { at: self.at + pieces, ..self }
    }
}
