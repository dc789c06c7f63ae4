//! Constraints of weights, in place, as in Keras: w · (w ≥ 0), and groups of weights of a bounded
//! norm, w · (r · clip(n, min, max) + (1 − r) · n) / (ε + n) with n = √Σw² of the group and ε = 10⁻⁷.

use crate::lanes::Width;
use crate::panel::{self, COLUMNS, Panel, RowTerms};
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

/// Keeps a group of zeros from dividing by zero.
const EPSILON: f32 = 1e-7;

dispatch! {
    /// 0 in the place of each w < 0.
    pub fn non_negative(w: &mut [f32]) = non_negative_generic;

    /// Bounds the norm of every column.
    pub fn norm_columns(bounds: NormBounds, w: TileMut) = columns_generic;

    /// Adds the sum of squares of each row to `sums`.
    ///
    /// # Panics
    /// When there are not as many as rows, or columns are not adjacent.
    pub fn add_row_squares(w: Tile, sums: &mut [f32]) = row_squares_generic;

    /// The factors of groups in the place of their sums of squares.
    pub fn norm_factors(bounds: NormBounds, squares: &mut [f32]) = factors_generic;

    /// Multiplies each row by its factor.
    ///
    /// # Panics
    /// When there are not as many as rows.
    pub fn scale_rows(w: TileMut, factors: &[f32]) = scale_rows_generic;
}

/// What norms of groups of weights are held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormBounds {
    /// The least.
    pub min: f32,
    /// The most.
    pub max: f32,
    /// The share of the way there that one step goes: 1 for all of it.
    pub rate: f32,
}

#[inline(always)]
unsafe fn non_negative_generic<S: Simd>(w: &mut [f32]) {
    // SAFETY: the CPU executes `S`, says the caller; the strips end with `w`.
    unsafe {
        strips!(S::LANES, w.len(), |width, i| {
            let x = width.get::<S>(w, i);
            width.put::<S>(w, i, S::clear(S::lt(x, S::splat(0.0)), x));
        });
    }
}

/// The squares of one panel of columns.
struct Squares<'a, W> {
    width: W,
    x: Tile<'a>,
    c: usize,
}

impl<S: Simd, W: Width> RowTerms<S, 1> for Squares<'_, W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 1]) {
        // SAFETY: as the caller says.
        unsafe {
            let x = panel::load::<S, W>(self.width, self.x.row(row), self.c);
            for (sum, x) in sums[0].iter_mut().zip(x) {
                *sum = S::fma(x, x, *sum);
            }
        }
    }
}

/// The bounds in vectors.
#[derive(Clone, Copy)]
struct Bounds<S: Simd> {
    least: S::F,
    most: S::F,
    rate: S::F,
    rest: S::F,
}

impl<S: Simd> Bounds<S> {
    #[inline(always)]
    unsafe fn new(bounds: NormBounds) -> Self {
        // SAFETY: the CPU is the only condition.
        unsafe {
            Bounds {
                least: S::splat(bounds.min),
                most: S::splat(bounds.max),
                rate: S::splat(bounds.rate),
                rest: S::splat(1.0 - bounds.rate),
            }
        }
    }

    /// The factor of a group, from its sum of squares. The bounds need not be in order.
    #[inline(always)]
    unsafe fn factor(self, squares: S::F) -> S::F {
        // SAFETY: the CPU is the only condition.
        unsafe {
            let norm = S::sqrt(squares);
            let bounded = S::max(S::min(norm, self.most), self.least);
            let wanted = S::fma(self.rate, bounded, S::mul(self.rest, norm));
            S::div(wanted, S::add(S::splat(EPSILON), norm))
        }
    }
}

#[inline(always)]
unsafe fn row_squares_generic<S: Simd>(w: Tile, sums: &mut [f32]) {
    assert!(sums.len() == w.rows() && w.col_stride() == 1, "add_row_squares: sizes differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end with the row.
    unsafe {
        for (r, sum) in sums.iter_mut().enumerate() {
            let row = w.row(r);
            let mut squares = S::splat(0.0);
            strips!(S::LANES, row.len(), |width, i| {
                let x = width.get::<S>(row, i);
                squares = S::fma(x, x, squares);
            });
            *sum += S::sum(squares);
        }
    }
}

#[inline(always)]
unsafe fn factors_generic<S: Simd>(bounds: NormBounds, squares: &mut [f32]) {
    // SAFETY: the CPU executes `S`, says the caller; the strips end with the squares.
    unsafe {
        let bounds = Bounds::<S>::new(bounds);
        strips!(S::LANES, squares.len(), |width, i| {
            let factor = bounds.factor(width.get::<S>(squares, i));
            width.put::<S>(squares, i, factor);
        });
    }
}

#[inline(always)]
unsafe fn scale_rows_generic<S: Simd>(mut w: TileMut, factors: &[f32]) {
    assert!(factors.len() == w.rows(), "scale_rows: sizes differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end with the row.
    unsafe {
        for (r, &factor) in factors.iter().enumerate() {
            let (row, factor) = (w.row_mut(r), S::splat(factor));
            strips!(S::LANES, row.len(), |width, i| {
                let x = width.get::<S>(row, i);
                width.put::<S>(row, i, S::mul(x, factor));
            });
        }
    }
}

#[inline(always)]
unsafe fn columns_generic<S: Simd>(bounds: NormBounds, mut w: TileMut) {
    // SAFETY: the CPU executes `S`, says the caller; the panels cover the columns.
    unsafe {
        let bounds = Bounds::<S>::new(bounds);
        strips!(COLUMNS, w.cols(), |width, c| {
            let squares = Squares { width, x: w.as_tile(), c };
            let mut factors = panel::sum_rows::<S, 1, _>(w.rows(), squares)[0];
            for factor in &mut factors {
                *factor = bounds.factor(*factor);
            }
            for r in 0..w.rows() {
                let row = w.row_mut(r);
                let mut x = panel::load::<S, _>(width, row, c);
                for (x, factor) in x.iter_mut().zip(factors) {
                    *x = S::mul(*x, factor);
                }
                panel::store::<S, _>(width, row, c, x);
            }
        });
    }
}
