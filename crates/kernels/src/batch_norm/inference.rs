//! Normalization with known statistics, folded into one multiply-add per element.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]

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
    let (scale, shift) = (scale.as_ptr(), shift.as_ptr());
    for r in 0..x.rows() {
        let from = x.as_ptr().add(r * x.row_stride());
        let to = r * y.row_stride();
        let to = y.as_mut_ptr().add(to);
        strips!(S::LANES, x.cols(), |w, c| {
            let v = w.load::<S>(from.add(c));
            let v = S::fma(v, w.load::<S>(scale.add(c)), w.load::<S>(shift.add(c)));
            w.store::<S>(to.add(c), v);
        });
    }
}
