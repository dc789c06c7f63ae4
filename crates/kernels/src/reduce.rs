//! Sums and extremes of rows, of columns and of whole slices.
//!
//! Every order of summation is fixed by the shape: lanes and accumulators by position, blocks of
//! 4096 elements (or 64 rows) summed apart and then together, so that the error of a long sum
//! grows with the block and not with the length.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]

use crate::lanes::Width;
use crate::panel::{self, COLUMNS, Panel, RowTerms};
use crate::simd::Simd;
use crate::tile::Tile;

/// What a reduction computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reduce {
    /// The sum; 0 of nothing.
    Sum,
    /// The largest element, NaN if any is NaN; −∞ of nothing.
    Max,
    /// The smallest element, NaN if any is NaN; +∞ of nothing.
    Min,
}

dispatch! {
    /// One value per row.
    ///
    /// # Panics
    /// When `y` has not one element per row, or the columns of `x` are not adjacent.
    pub fn reduce_rows(op: Reduce, x: Tile, y: &mut [f32]) = rows_generic;

    /// One value per column.
    ///
    /// # Panics
    /// When `y` has not one element per column, or the columns of `x` are not adjacent.
    pub fn reduce_cols(op: Reduce, x: Tile, y: &mut [f32]) = cols_generic;

    /// The index of each row's first largest element, or of its first NaN; 0 of nothing.
    ///
    /// # Panics
    /// When `y` has not one element per row, or the columns of `x` are not adjacent.
    pub fn argmax_rows(x: Tile, y: &mut [u32]) = argmax_generic;

    /// Σ x.
    pub fn sum(x: &[f32]) -> f32 = sum_generic;

    /// Σ x².
    pub fn sum_squares(x: &[f32]) -> f32 = sum_squares_generic;

    /// Σ |x|.
    pub fn sum_abs(x: &[f32]) -> f32 = sum_abs_generic;
}

#[inline(always)]
unsafe fn argmax_generic<S: Simd>(x: Tile, y: &mut [u32]) {
    assert!(x.col_stride() == 1 && y.len() == x.rows(), "argmax_rows: shapes differ");
    for (r, y) in y.iter_mut().enumerate() {
        let p = x.as_ptr().add(r * x.row_stride());
        let max = row_max!(S, x.cols(), |w, i| {
            w.fill::<S>(w.load::<S>(p.wrapping_add(i)), S::splat(f32::NEG_INFINITY))
        });
        let mut first = None;
        strips!(S::LANES, x.cols(), |w, i| {
            let v = w.load::<S>(p.wrapping_add(i));
            // A NaN equals nothing, but its row's maximum is NaN.
            let hits = S::mask_or(S::eq(v, S::splat(max)), S::is_nan(v));
            let hits = S::mask_bits(hits) & w.bits();
            if first.is_none() && hits != 0 {
                first = Some(i as u32 + hits.trailing_zeros());
            }
        });
        *y = first.unwrap_or(0);
    }
}

#[inline(always)]
unsafe fn sum_generic<S: Simd>(x: &[f32]) -> f32 {
    let p = x.as_ptr();
    row_sum!(S, x.len(), |w, i| w.load::<S>(p.wrapping_add(i)))
}

#[inline(always)]
unsafe fn sum_squares_generic<S: Simd>(x: &[f32]) -> f32 {
    let p = x.as_ptr();
    row_sum!(S, x.len(), |w, i| {
        let v = w.load::<S>(p.wrapping_add(i));
        S::mul(v, v)
    })
}

#[inline(always)]
unsafe fn sum_abs_generic<S: Simd>(x: &[f32]) -> f32 {
    let p = x.as_ptr();
    row_sum!(S, x.len(), |w, i| S::abs(w.load::<S>(p.wrapping_add(i))))
}

#[inline(always)]
unsafe fn rows_generic<S: Simd>(op: Reduce, x: Tile, y: &mut [f32]) {
    assert!(x.col_stride() == 1 && y.len() == x.rows(), "reduce_rows: shapes differ");
    let n = x.cols();
    let infinity = S::splat(f32::INFINITY);
    for (r, y) in y.iter_mut().enumerate() {
        let p = x.as_ptr().add(r * x.row_stride());
        *y = match op {
            Reduce::Sum => row_sum!(S, n, |w, i| w.load::<S>(p.wrapping_add(i))),
            Reduce::Max => row_max!(S, n, |w, i| {
                w.fill::<S>(w.load::<S>(p.wrapping_add(i)), S::neg(infinity))
            }),
            Reduce::Min => -row_max!(S, n, |w, i| {
                S::neg(w.fill::<S>(w.load::<S>(p.wrapping_add(i)), infinity))
            }),
        };
    }
}

/// The elements of one panel of columns.
struct Elements<W> {
    width: W,
    base: *const f32,
    row_stride: usize,
}

impl<S: Simd, W: Width> RowTerms<S, 1> for Elements<W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 1]) {
        let x = panel::load::<S, W>(self.width, self.base.add(row * self.row_stride));
        for k in 0..panel::vectors::<S>() {
            sums[0][k] = S::add(sums[0][k], x[k]);
        }
    }
}

/// The sums of the columns of a panel.
#[inline(always)]
pub(crate) unsafe fn sum_panel<S: Simd, W: Width>(
    width: W,
    rows: usize,
    base: *const f32,
    row_stride: usize,
) -> Panel<S> {
    panel::sum_rows::<S, 1, _>(rows, Elements { width, base, row_stride })[0]
}

#[inline(always)]
unsafe fn cols_generic<S: Simd>(op: Reduce, x: Tile, y: &mut [f32]) {
    assert!(x.col_stride() == 1 && y.len() == x.cols(), "reduce_cols: shapes differ");
    let (rows, stride, y) = (x.rows(), x.row_stride(), y.as_mut_ptr());
    macro_rules! extreme {
        ($w:ident, $base:ident, $of_nothing:expr, $pick:path) => {{
            let mut best = panel::splat::<S>($of_nothing);
            for r in 0..rows {
                let x = panel::load::<S, _>($w, $base.add(r * stride));
                for k in 0..panel::vectors::<S>() {
                    best[k] = $pick(best[k], x[k]);
                }
            }
            best
        }};
    }
    strips!(COLUMNS, x.cols(), |w, c| {
        let base = x.as_ptr().add(c);
        let result = match op {
            Reduce::Sum => sum_panel::<S, _>(w, rows, base, stride),
            Reduce::Max => extreme!(w, base, f32::NEG_INFINITY, S::max),
            Reduce::Min => extreme!(w, base, f32::INFINITY, S::min),
        };
        panel::store::<S, _>(w, y.add(c), result);
    });
}
