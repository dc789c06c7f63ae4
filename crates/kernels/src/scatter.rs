//! Scatter: rows added where they were picked, the gradient of a table.

use crate::lanes::Width;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// `dx` from zeros, plus each row of `dy` at the row of its index among `axis` rows, in order. Indices are
    /// used as often as it takes to name all rows of `dy`, each time for the next `axis` rows of `dx`;
    /// negative ones count from the end.
    ///
    /// # Panics
    /// When the sizes do not fit, or an index is outside the axis.
    pub fn scatter_add(dy: Tile, indices: &[i32], axis: usize, dx: TileMut) = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(dy: Tile, indices: &[i32], axis: usize, mut dx: TileMut) {
    let (picks, cols) = (indices.len(), dx.cols());
    assert!(
        dy.cols() == cols
            && dy.rows() * axis == picks * dx.rows()
            && (dy.col_stride() == 1 || cols < 2),
        "scatter_add: shapes differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; rows are inside their tiles, as asserted.
    unsafe {
        dx.clear();
        for row in 0..dy.rows() {
            let index = indices[row % picks];
            let at = if index < 0 { index as isize + axis as isize } else { index as isize };
            assert!((0..axis as isize).contains(&at), "scatter_add: an index outside the axis");
            let (from, to) = (dy.row(row), dx.row_mut(row / picks * axis + at as usize));
            strips!(S::LANES, cols, |w, i| {
                w.put::<S>(to, i, S::add(w.get::<S>(to, i), w.get::<S>(from, i)));
            });
        }
    }
}
