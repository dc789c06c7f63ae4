//! Softmax and log-softmax of rows, and their gradients.
//!
//! With m the row's largest element and e = e^(x − m): softmax = e / Σ e and
//! log-softmax = (x − m) − log Σ e. An element −∞ has probability 0; a row of nothing else is NaN.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]

use crate::lanes::Width;
use crate::math;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// Softmax of every row.
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn softmax(x: Tile, y: TileMut) = softmax_generic;

    /// The logarithm of the softmax of every row.
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn log_softmax(x: Tile, y: TileMut) = log_softmax_generic;

    /// dx = y · (dy − Σ dy · y), with y the softmax.
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn softmax_backward(y: Tile, dy: Tile, dx: TileMut) = softmax_backward_generic;

    /// dx = dy − e^y · Σ dy, with y the log-softmax.
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn log_softmax_backward(y: Tile, dy: Tile, dx: TileMut) = log_softmax_backward_generic;
}

/// Whether a kernel over rows may read `x` while it writes `y`.
pub(crate) fn same_rows(x: Tile, y: &TileMut) -> bool {
    x.col_stride() == 1 && (x.rows(), x.cols()) == (y.rows(), y.cols())
}

/// The largest of the `n` elements at `x`.
#[inline(always)]
pub(crate) unsafe fn largest<S: Simd>(x: *const f32, n: usize) -> f32 {
    row_max!(S, n, |w, i| {
        w.fill::<S>(w.load::<S>(x.wrapping_add(i)), S::splat(f32::NEG_INFINITY))
    })
}

/// Writes e^(x − max) of a row and returns max and the sum of what it wrote.
#[inline(always)]
pub(crate) unsafe fn exponentials<S: Simd>(x: *const f32, n: usize, y: *mut f32) -> (f32, f32) {
    let max = largest::<S>(x, n);
    let shift = S::splat(max);
    let sum = row_sum!(S, n, |w, i| {
        let e = math::exp::<S>(S::sub(w.load::<S>(x.wrapping_add(i)), shift));
        w.store::<S>(y.wrapping_add(i), e);
        w.fill::<S>(e, S::splat(0.0))
    });
    (max, sum)
}

/// Multiplies a row by `factor`.
#[inline(always)]
pub(crate) unsafe fn scale_row<S: Simd>(y: *mut f32, n: usize, factor: f32) {
    let factor = S::splat(factor);
    strips!(S::LANES, n, |w, i| {
        w.store::<S>(y.add(i), S::mul(w.load::<S>(y.add(i)), factor));
    });
}

#[inline(always)]
unsafe fn softmax_generic<S: Simd>(x: Tile, mut y: TileMut) {
    assert!(same_rows(x, &y), "softmax: shapes differ");
    for r in 0..x.rows() {
        let to = r * y.row_stride();
        let to = y.as_mut_ptr().add(to);
        let (_, sum) = exponentials::<S>(x.as_ptr().add(r * x.row_stride()), x.cols(), to);
        scale_row::<S>(to, x.cols(), 1.0 / sum);
    }
}

#[inline(always)]
unsafe fn log_softmax_generic<S: Simd>(x: Tile, mut y: TileMut) {
    assert!(same_rows(x, &y), "log_softmax: shapes differ");
    for r in 0..x.rows() {
        let from = x.as_ptr().add(r * x.row_stride());
        let to = r * y.row_stride();
        let to = y.as_mut_ptr().add(to);
        let max = S::splat(largest::<S>(from, x.cols()));
        let sum = row_sum!(S, x.cols(), |w, i| {
            let e = math::exp::<S>(S::sub(w.load::<S>(from.wrapping_add(i)), max));
            w.fill::<S>(e, S::splat(0.0))
        });
        let log_sum = math::log::<S>(S::splat(sum));
        strips!(S::LANES, x.cols(), |w, i| {
            let shifted = S::sub(w.load::<S>(from.add(i)), max);
            w.store::<S>(to.add(i), S::sub(shifted, log_sum));
        });
    }
}

#[inline(always)]
unsafe fn softmax_backward_generic<S: Simd>(y: Tile, dy: Tile, mut dx: TileMut) {
    assert!(same_rows(y, &dx) && same_rows(dy, &dx), "softmax_backward: shapes differ");
    for r in 0..y.rows() {
        let (y, dy) = (y.as_ptr().add(r * y.row_stride()), dy.as_ptr().add(r * dy.row_stride()));
        let (n, to) = (dx.cols(), r * dx.row_stride());
        let to = dx.as_mut_ptr().add(to);
        let dot = S::splat(row_sum!(S, n, |w, i| {
            S::mul(w.load::<S>(y.wrapping_add(i)), w.load::<S>(dy.wrapping_add(i)))
        }));
        strips!(S::LANES, n, |w, i| {
            let difference = S::sub(w.load::<S>(dy.add(i)), dot);
            w.store::<S>(to.add(i), S::mul(w.load::<S>(y.add(i)), difference));
        });
    }
}

#[inline(always)]
unsafe fn log_softmax_backward_generic<S: Simd>(y: Tile, dy: Tile, mut dx: TileMut) {
    assert!(same_rows(y, &dx) && same_rows(dy, &dx), "log_softmax_backward: shapes differ");
    for r in 0..y.rows() {
        let (y, dy) = (y.as_ptr().add(r * y.row_stride()), dy.as_ptr().add(r * dy.row_stride()));
        let (n, to) = (dx.cols(), r * dx.row_stride());
        let to = dx.as_mut_ptr().add(to);
        let sum = S::splat(row_sum!(S, n, |w, i| w.load::<S>(dy.wrapping_add(i))));
        strips!(S::LANES, n, |w, i| {
            let probability = math::exp::<S>(w.load::<S>(y.add(i)));
            w.store::<S>(to.add(i), S::fnma(probability, sum, w.load::<S>(dy.add(i))));
        });
    }
}
