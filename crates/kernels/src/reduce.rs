//! Sums and extremes of rows, of columns and of whole slices.
//!
//! Every order of summation is fixed by the shape: lanes and accumulators by position, blocks of
//! 4096 elements (or 64 rows) summed apart and then together, so that the error of a long sum
//! grows with the block and not with the length.

use crate::lanes::Width;
use crate::panel::{self, COLUMNS, Panel, RowTerms};
use crate::simd::Simd;
use crate::softmax::SHORT;
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
    // SAFETY: the CPU executes `S`, says the caller; `y` counts the rows, whose columns are
    // adjacent.
    unsafe {
        for (r, y) in y.iter_mut().enumerate() {
            let row = x.row(r);
            if row.len() <= SHORT {
                // The first of the largest; of NaN, which is not comparable, the first.
                let larger = |a: f32, b: f32| b > a || (b.is_nan() && !a.is_nan());
                *y = (1..row.len()).fold(0, |at, i| if larger(row[at], row[i]) { i } else { at })
                    as u32;
                continue;
            }
            let max = row_max!(S, x.cols(), |w, i| {
                w.fill::<S>(w.get::<S>(row, i), S::splat(f32::NEG_INFINITY))
            });
            let mut first = None;
            strips!(S::LANES, x.cols(), |w, i| {
                let v = w.get::<S>(row, i);
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
}

#[inline(always)]
unsafe fn sum_generic<S: Simd>(x: &[f32]) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller; the strips end with `x`.
    unsafe { row_sum!(S, x.len(), |w, i| w.get::<S>(x, i)) }
}

#[inline(always)]
unsafe fn sum_squares_generic<S: Simd>(x: &[f32]) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller; the strips end with `x`.
    unsafe {
        row_sum!(S, x.len(), |w, i| {
            let v = w.get::<S>(x, i);
            S::mul(v, v)
        })
    }
}

#[inline(always)]
unsafe fn sum_abs_generic<S: Simd>(x: &[f32]) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller; the strips end with `x`.
    unsafe { row_sum!(S, x.len(), |w, i| S::abs(w.get::<S>(x, i))) }
}

#[inline(always)]
unsafe fn rows_generic<S: Simd>(op: Reduce, x: Tile, y: &mut [f32]) {
    assert!(x.col_stride() == 1 && y.len() == x.rows(), "reduce_rows: shapes differ");
    let n = x.cols();
    // SAFETY: the CPU executes `S`, says the caller; `y` counts the rows, whose columns are
    // adjacent.
    unsafe {
        let infinity = S::splat(f32::INFINITY);
        for (r, y) in y.iter_mut().enumerate() {
            let row = x.row(r);
            *y = match op {
                Reduce::Sum => row_sum!(S, n, |w, i| w.get::<S>(row, i)),
                Reduce::Max => {
                    row_max!(S, n, |w, i| w.fill::<S>(w.get::<S>(row, i), S::neg(infinity)))
                }
                Reduce::Min => {
                    -row_max!(S, n, |w, i| S::neg(w.fill::<S>(w.get::<S>(row, i), infinity)))
                }
            };
        }
    }
}

/// The elements of one panel of columns.
struct Elements<'a, W> {
    width: W,
    x: Tile<'a>,
    c: usize,
}

impl<S: Simd, W: Width> RowTerms<S, 1> for Elements<'_, W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 1]) {
        // SAFETY: as the caller says.
        unsafe {
            let x = panel::load::<S, W>(self.width, self.x.row(row), self.c);
            for k in 0..panel::vectors::<S>() {
                sums[0][k] = S::add(sums[0][k], x[k]);
            }
        }
    }
}

/// The sums of the columns of the panel from column `c` on.
///
/// # Safety
/// The CPU executes `S`; `x` has the columns that exist, and they are adjacent.
#[inline(always)]
pub(crate) unsafe fn sum_panel<S: Simd, W: Width>(width: W, x: Tile, c: usize) -> Panel<S> {
    // SAFETY: as the caller says, for each of the rows.
    unsafe { panel::sum_rows::<S, 1, _>(x.rows(), Elements { width, x, c })[0] }
}

#[inline(always)]
unsafe fn cols_generic<S: Simd>(op: Reduce, x: Tile, y: &mut [f32]) {
    assert!(x.col_stride() == 1 && y.len() == x.cols(), "reduce_cols: shapes differ");
    macro_rules! extreme {
        ($w:ident, $c:ident, $of_nothing:expr, $pick:path) => {{
            let mut best = panel::splat::<S>($of_nothing);
            for r in 0..x.rows() {
                let x = panel::load::<S, _>($w, x.row(r), $c);
                for k in 0..panel::vectors::<S>() {
                    best[k] = $pick(best[k], x[k]);
                }
            }
            best
        }};
    }
    // SAFETY: the CPU executes `S`, says the caller; the panels cover the columns, which are
    // adjacent and as many as `y` is long.
    unsafe {
        strips!(COLUMNS, x.cols(), |w, c| {
            let result = match op {
                Reduce::Sum => sum_panel::<S, _>(w, x, c),
                Reduce::Max => extreme!(w, c, f32::NEG_INFINITY, S::max),
                Reduce::Min => extreme!(w, c, f32::INFINITY, S::min),
            };
            panel::store::<S, _>(w, y, c, result);
        });
    }
}
