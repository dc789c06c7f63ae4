//! Softmax and log-softmax of rows, and their gradients.
//!
//! With m the row's largest element and e = e^(x − m): softmax = e / Σ e and
//! log-softmax = (x − m) − log Σ e. An element −∞ has probability 0; a row of nothing else is NaN.

use crate::lanes::Width;
use crate::math;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};
use std::ops::Range;

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

/// The largest element of a row.
#[inline(always)]
pub(crate) unsafe fn largest<S: Simd>(x: &[f32]) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller; the strips end with `x`.
    unsafe {
        row_max!(S, x.len(), |w, i| w.fill::<S>(w.get::<S>(x, i), S::splat(f32::NEG_INFINITY)))
    }
}

/// Writes e^(x − max) of a row and returns max and the sum of what it wrote.
///
/// # Safety
/// The CPU executes `S`; the lengths are the same.
#[inline(always)]
unsafe fn exponentials<S: Simd>(x: &[f32], y: &mut [f32]) -> (f32, f32) {
    // SAFETY: the CPU executes `S` and the lengths are the same, says the caller; the strips end
    // there.
    unsafe {
        let max = largest::<S>(x);
        let shift = S::splat(max);
        let sum = row_sum!(S, x.len(), |w, i| {
            let e = math::exp::<S>(S::sub(w.get::<S>(x, i), shift));
            w.put::<S>(y, i, e);
            w.fill::<S>(e, S::splat(0.0))
        });
        (max, sum)
    }
}

/// Columns of rows so short that a vector takes one element of many of them, rather than all of one.
pub(crate) const SHORT: usize = 8;
/// Lanes of the widest vector.
const MOST: usize = 16;

/// Largest elements of some rows, and sums of their e^(x − max).
pub(crate) struct Scales {
    pub max: [f32; MOST],
    sum: [f32; MOST],
}

impl Scales {
    /// Logarithms of the sums.
    ///
    /// # Safety
    /// The CPU executes `S`.
    #[inline(always)]
    pub(crate) unsafe fn log_sums<S: Simd>(&self) -> [f32; MOST] {
        let mut logs = [0.0; MOST];
        // SAFETY: the CPU executes `S`, says the caller; a vector has room in `MOST`.
        unsafe { S::store(logs.as_mut_ptr(), math::log::<S>(S::load(self.sum.as_ptr()))) }
        logs
    }
}

/// Writes the softmax of as many rows as a vector has lanes, from row `first` on, or of those that there are.
///
/// # Safety
/// The CPU executes `S`; the tiles have the same rows and columns.
#[inline(always)]
pub(crate) unsafe fn softmax_rows<S: Simd>(x: Tile, y: &mut TileMut, first: usize) -> Scales {
    const { assert!(S::LANES <= MOST, "a lane for each row") }
    let rows = first..(first + S::LANES).min(x.rows());
    // SAFETY: the same contract.
    unsafe {
        if (1..=SHORT).contains(&x.cols()) {
            return softmax_across::<S>(x, y, rows);
        }
        let mut found = Scales { max: [0.0; MOST], sum: [0.0; MOST] };
        for (lane, row) in rows.enumerate() {
            let to = y.row_mut(row);
            let (max, sum) = exponentials::<S>(x.row(row), to);
            scale_row::<S>(to, 1.0 / sum);
            (found.max[lane], found.sum[lane]) = (max, sum);
        }
        found
    }
}

/// As [`softmax_rows`], of short rows, a lane for each.
#[inline(always)]
unsafe fn softmax_across<S: Simd>(x: Tile, y: &mut TileMut, rows: Range<usize>) -> Scales {
    let mut lanes = [[0.0f32; MOST]; SHORT];
    let mut found = Scales { max: [0.0; MOST], sum: [0.0; MOST] };
    // SAFETY: the CPU executes `S`, says the caller; the rows exist, and every vector has room in `MOST`.
    unsafe {
        for (lane, row) in rows.clone().enumerate() {
            for (lanes, &x) in lanes.iter_mut().zip(x.row(row)) {
                lanes[lane] = x;
            }
        }
        let lanes = &mut lanes[..x.cols()];
        let mut max = S::load(lanes[0].as_ptr());
        for of in &lanes[1..] {
            max = S::max(max, S::load(of.as_ptr()));
        }
        let mut sum = S::splat(0.0);
        for of in lanes.iter_mut() {
            let e = math::exp::<S>(S::sub(S::load(of.as_ptr()), max));
            sum = S::add(sum, e);
            S::store(of.as_mut_ptr(), e);
        }
        let factor = S::div(S::splat(1.0), sum);
        for of in lanes.iter_mut() {
            S::store(of.as_mut_ptr(), S::mul(S::load(of.as_ptr()), factor));
        }
        for (lane, row) in rows.enumerate() {
            for (to, of) in y.row_mut(row).iter_mut().zip(lanes.iter()) {
                *to = of[lane];
            }
        }
        S::store(found.max.as_mut_ptr(), max);
        S::store(found.sum.as_mut_ptr(), sum);
    }
    found
}

/// Multiplies a row by `factor`.
#[inline(always)]
unsafe fn scale_row<S: Simd>(y: &mut [f32], factor: f32) {
    // SAFETY: the CPU executes `S`, says the caller; the strips end with `y`.
    unsafe {
        let factor = S::splat(factor);
        strips!(S::LANES, y.len(), |w, i| {
            let scaled = S::mul(w.get::<S>(y, i), factor);
            w.put::<S>(y, i, scaled);
        });
    }
}

#[inline(always)]
unsafe fn softmax_generic<S: Simd>(x: Tile, mut y: TileMut) {
    assert!(same_rows(x, &y), "softmax: shapes differ");
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns.
    unsafe {
        for first in (0..x.rows()).step_by(S::LANES) {
            softmax_rows::<S>(x, &mut y, first);
        }
    }
}

#[inline(always)]
unsafe fn log_softmax_generic<S: Simd>(x: Tile, mut y: TileMut) {
    assert!(same_rows(x, &y), "log_softmax: shapes differ");
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns.
    unsafe {
        for r in 0..x.rows() {
            let (from, to) = (x.row(r), y.row_mut(r));
            let max = S::splat(largest::<S>(from));
            let sum = row_sum!(S, x.cols(), |w, i| {
                let e = math::exp::<S>(S::sub(w.get::<S>(from, i), max));
                w.fill::<S>(e, S::splat(0.0))
            });
            let log_sum = math::log::<S>(S::splat(sum));
            strips!(S::LANES, x.cols(), |w, i| {
                let shifted = S::sub(w.get::<S>(from, i), max);
                w.put::<S>(to, i, S::sub(shifted, log_sum));
            });
        }
    }
}

#[inline(always)]
unsafe fn softmax_backward_generic<S: Simd>(y: Tile, dy: Tile, mut dx: TileMut) {
    assert!(same_rows(y, &dx) && same_rows(dy, &dx), "softmax_backward: shapes differ");
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns.
    unsafe {
        for r in 0..y.rows() {
            let (y, dy, to) = (y.row(r), dy.row(r), dx.row_mut(r));
            let dot = S::splat(row_sum!(S, to.len(), |w, i| {
                S::mul(w.get::<S>(y, i), w.get::<S>(dy, i))
            }));
            strips!(S::LANES, to.len(), |w, i| {
                let difference = S::sub(w.get::<S>(dy, i), dot);
                w.put::<S>(to, i, S::mul(w.get::<S>(y, i), difference));
            });
        }
    }
}

#[inline(always)]
unsafe fn log_softmax_backward_generic<S: Simd>(y: Tile, dy: Tile, mut dx: TileMut) {
    assert!(same_rows(y, &dx) && same_rows(dy, &dx), "log_softmax_backward: shapes differ");
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns.
    unsafe {
        for r in 0..y.rows() {
            let (y, dy, to) = (y.row(r), dy.row(r), dx.row_mut(r));
            let sum = S::splat(row_sum!(S, to.len(), |w, i| w.get::<S>(dy, i)));
            strips!(S::LANES, to.len(), |w, i| {
                let probability = math::exp::<S>(w.get::<S>(y, i));
                w.put::<S>(to, i, S::fnma(probability, sum, w.get::<S>(dy, i)));
            });
        }
    }
}
