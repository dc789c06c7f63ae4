//! Normalization with known statistics, folded into one multiply-add per element.

use super::per_column;
use crate::lanes::Width;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// y = x · scale + shift per column: normalization with known statistics.
    ///
    /// # Panics
    /// When the shapes differ or the columns of `x` are not adjacent.
    pub fn apply(x: Tile, scale: &[f32], shift: &[f32], y: TileMut) = apply_generic;
}

#[inline(always)]
unsafe fn apply_generic<S: Simd>(x: Tile, scale: &[f32], shift: &[f32], mut y: TileMut) {
    assert!(
        x.col_stride() == 1
            && (y.rows(), y.cols()) == (x.rows(), x.cols())
            && per_column(x.cols(), &[scale, shift]),
        "batch_norm: shapes differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns,
    // which the slices count.
    unsafe {
        for r in 0..x.rows() {
            let (from, to) = (x.row(r), y.row_mut(r));
            strips!(S::LANES, x.cols(), |w, c| {
                let v = w.get::<S>(from, c);
                let v = S::fma(v, w.get::<S>(scale, c), w.get::<S>(shift, c));
                w.put::<S>(to, c, v);
            });
        }
    }
}
