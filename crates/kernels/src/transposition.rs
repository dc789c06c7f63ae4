//! The transpose of a matrix, square after square in registers.

use crate::prefetch::{LINE, prefetch};
use crate::simd::Simd;
use crate::{Tile, TileMut};

dispatch! {
    /// Row i of `to` becomes column i of `from`.
    ///
    /// # Panics
    /// When the sizes do not agree, or the columns of `from` are not adjacent.
    pub fn transpose(from: Tile, to: TileMut) = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(from: Tile, mut to: TileMut) {
    let (rows, cols) = (from.rows(), from.cols());
    let fits = (to.rows(), to.cols()) == (cols, rows) && (from.col_stride() == 1 || cols == 0);
    assert!(fits, "transpose: sizes differ");
    let (stride, to_stride) = (from.row_stride(), to.row_stride());
    let (src, dst) = (from.as_ptr(), to.as_mut_ptr());
    // A line of a row is read while it is near.
    for line in (0..cols).step_by(LINE) {
        for row in (0..rows).step_by(S::LANES) {
            for ahead in row + S::LANES..row + 2 * S::LANES {
                prefetch::<true>(src.wrapping_add(ahead * stride + line));
            }
            for col in (line..cols.min(line + LINE)).step_by(S::LANES) {
                if row + S::LANES <= rows && col + S::LANES <= cols {
                    // SAFETY: the CPU executes `S`, says the caller; the square lies in both, which were asked above.
                    unsafe {
                        let (src, dst) =
                            (src.add(row * stride + col), dst.add(col * to_stride + row));
                        S::transpose(src, stride, S::LANES, dst, to_stride);
                    }
                    continue;
                }
                for i in row..rows.min(row + S::LANES) {
                    for j in col..cols.min(col + S::LANES) {
                        // SAFETY: the element is one of both.
                        unsafe { *dst.add(j * to_stride + i) = *src.add(i * stride + j) }
                    }
                }
            }
        }
    }
}
