//! What the micro-kernel is given: where its operands lie, and what it fetches for later.
//!
//! The hardware follows a stream once it is read; a GEMM reads many short ones. So the tiles ask
//! for their part of C before they compute it, and, piece by piece, for the next panel of B or for
//! the source of the next packing.

/// Floats in a cache line.
pub(super) const LINE: usize = 16;

/// What one call of the micro-kernel reads and writes: a column of tiles of the same height.
///
/// Valid when A has `tiles * height` rows and `k` columns, B `k` rows of whole panels, and C and
/// base `tiles * height` rows of `cols` columns.
#[derive(Clone, Copy)]
pub(super) struct Operands {
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
    pub ahead: Ahead,
}

impl Operands {
    /// Nothing at all: what is left to say of a part that is described in steps.
    pub(super) const NONE: Operands = Operands {
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
        ahead: Ahead::NOTHING,
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
        for _ in 0..rows {
            for at in (0..self.cols).step_by(LINE) {
                prefetch::<false>(self.ptr.wrapping_add(at));
            }
            self.ptr = self.ptr.wrapping_add(self.row);
        }
        self.rows -= rows;
    }

    /// What is left after `pieces`.
    pub(super) fn skip(self, pieces: usize) -> Ahead {
        let rows = (pieces * self.piece).min(self.rows);
        let ptr = self.ptr.wrapping_add(rows * self.row);
        Ahead { ptr, rows: self.rows - rows, ..self }
    }
}

/// Asks for the cache line at `p`, which need not be readable: into L1, or only into L2.
#[inline(always)]
pub(super) fn prefetch<const L1: bool>(p: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch has no effect but on the cache, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        if L1 {
            _mm_prefetch::<_MM_HINT_T0>(p.cast());
        } else {
            _mm_prefetch::<_MM_HINT_T1>(p.cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = p;
}
