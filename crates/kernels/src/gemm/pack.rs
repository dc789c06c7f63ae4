//! Packing: panels of A and B rewritten so that the micro-kernel reads them in order.
//!
//! A panel is `depth` rows of `width` floats, one row per k: of B, `width` columns; of A, the
//! rows of a tile. Where the width direction is adjacent in memory the rows are copied; where the
//! k direction is, squares are transposed in registers; anything else goes float by float. Lanes
//! past the matrix are zeros. After BLIS's packm.

#![allow(unsafe_op_in_unsafe_fn, reason = "the contract is stated on the functions")]

use super::micro::Micro;
use super::operands::Ahead;
use super::packed::PackedMut;
use crate::prefetch::prefetch;
use crate::{Tile, simd::Simd};

/// Rows of B asked for in advance: a column block of a wide matrix is too scattered for the
/// hardware to foresee.
const AHEAD: usize = 8;

/// Panels packed side by side.
const ABREAST: usize = 4;

/// A part of a matrix to pack: where it starts and how it lies in memory.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub src: *const f32,
    /// Elements from one k to the next.
    pub along_k: usize,
    /// Elements from one column of B (row of A) to the next.
    pub across: usize,
    pub depth: usize,
    /// Columns of B (rows of A); at least 1.
    pub width: usize,
}

impl Part {
    /// Of B: rows `k..k + depth`, `width` columns from `column`.
    pub(super) fn of_b(b: Tile, k: usize, depth: usize, column: usize, width: usize) -> Part {
        Part {
            src: b.as_ptr().wrapping_add(k * b.row_stride() + column * b.col_stride()),
            along_k: b.row_stride(),
            across: b.col_stride(),
            depth,
            width,
        }
    }

    /// Writes `panels` panels of `panel` floats per row, one after the other: each starts `step`
    /// columns after the one before it and has as many as there are.
    ///
    /// # Safety
    /// The CPU executes `S`; the source is readable; `dst` has room for `panels * depth * panel`
    /// floats; `panel` is a multiple of `S::LANES` and at least `step`; the last panel has a column.
    #[inline(always)]
    pub(super) unsafe fn pack<S: Simd>(
        self,
        panels: usize,
        step: usize,
        panel: usize,
        dst: *mut f32,
    ) {
        let mut done = 0;
        if self.across == 1 {
            let whole = (self.width + step).saturating_sub(panel) / step;
            done = whole.min(panels);
            self.copy::<S>(done, step, panel, dst);
        }
        for i in done..panels {
            let left = self.skip(i * step);
            let one = Part { width: left.width.min(panel), ..left };
            let dst = dst.add(i * self.depth * panel);
            if self.across == 1 {
                one.copy_partial::<S>(panel, dst);
            } else if self.along_k == 1 {
                one.transpose::<S>(panel, dst);
            } else {
                one.gather(0, panel, dst);
            }
        }
    }

    /// Where it lies, as rows of adjacent floats.
    pub(super) fn ahead(self) -> Ahead {
        let Part { src: ptr, along_k, across, depth, width } = self;
        match across {
            1 => Ahead { ptr, row: along_k, cols: width, rows: depth, piece: 0 },
            _ => Ahead { ptr, row: across, cols: depth, rows: width, piece: 0 },
        }
    }

    /// All but the first columns.
    pub(super) fn skip(self, columns: usize) -> Part {
        let src = self.src.wrapping_add(columns * self.across);
        Part { src, width: self.width - columns, ..self }
    }

    /// Whole panels, a row of several of them after the other: nearly the order the source lies
    /// in, while the panels, whose rows may meet in the same cache sets, are few.
    #[inline(always)]
    unsafe fn copy<S: Simd>(self, panels: usize, step: usize, panel: usize, dst: *mut f32) {
        for first in (0..panels).step_by(ABREAST) {
            let abreast = ABREAST.min(panels - first);
            for k in 0..self.depth {
                let mut src = self.src.wrapping_add(k * self.along_k + first * step);
                let mut dst = dst.wrapping_add((first * self.depth + k) * panel);
                for _ in 0..abreast {
                    prefetch::<true>(src.wrapping_add(AHEAD * self.along_k));
                    for at in (0..panel).step_by(S::LANES) {
                        S::store(dst.add(at), S::load(src.add(at)));
                    }
                    src = src.wrapping_add(step);
                    dst = dst.wrapping_add(self.depth * panel);
                }
            }
        }
    }

    /// One panel that is wider than the part.
    #[inline(always)]
    unsafe fn copy_partial<S: Simd>(self, panel: usize, dst: *mut f32) {
        for at in (0..panel).step_by(S::LANES) {
            let lanes = self.width.saturating_sub(at);
            for k in 0..self.depth {
                let src = self.src.wrapping_add(k * self.along_k + at);
                let v = if lanes >= S::LANES { S::load(src) } else { S::load_partial(src, lanes) };
                S::store(dst.add(k * panel + at), v);
            }
        }
    }

    /// One panel whose columns are adjacent along k.
    #[inline(always)]
    unsafe fn transpose<S: Simd>(self, panel: usize, dst: *mut f32) {
        let squares = self.depth - self.depth % S::LANES;
        for at in (0..self.width).step_by(S::LANES) {
            let strip = self.skip(at);
            for k in (0..squares).step_by(S::LANES) {
                let dst = dst.add(k * panel + at);
                for column in S::LANES..2 * S::LANES {
                    prefetch::<true>(strip.src.wrapping_add(column * self.across + k));
                }
                S::transpose(strip.src.add(k), self.across, strip.width, dst, panel);
            }
        }
        for k in 0..squares {
            for j in self.width..panel {
                *dst.add(k * panel + j) = 0.0;
            }
        }
        self.gather(squares, panel, dst);
    }

    /// Rows `from..depth` of one panel, float by float.
    #[inline(always)]
    unsafe fn gather(self, from: usize, panel: usize, dst: *mut f32) {
        for k in from..self.depth {
            for j in 0..panel {
                *dst.add(k * panel + j) = match j < self.width {
                    true => *self.src.add(k * self.along_k + j * self.across),
                    false => 0.0,
                };
            }
        }
    }
}

/// Packs the whole of B, panel after panel, each with all its rows of k.
///
/// # Safety
/// The CPU executes `S`, and `to` was made for it. Panics when the sizes differ.
#[inline(always)]
pub(super) unsafe fn whole<S: Micro>(b: Tile, to: PackedMut) {
    assert!(b.rows() == to.rows && b.cols() == to.cols, "packed has other sizes");
    let part = Part::of_b(b, 0, b.rows(), 0, b.cols());
    part.pack::<S>(b.cols().div_ceil(S::WIDTH), S::WIDTH, S::WIDTH, to.data.as_mut_ptr());
}
