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

impl NormBounds {
    /// The factor of a group, from its sum of squares.
    pub fn factor(self, squares: f32) -> f32 {
        let norm = squares.sqrt();
        // Not `clamp`, whose bounds must be in order.
        let bounded = if norm > self.max { self.max } else { norm };
        let bounded = if bounded < self.min { self.min } else { bounded };
        (self.rate * bounded + (1.0 - self.rate) * norm) / (EPSILON + norm)
    }
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

#[inline(always)]
unsafe fn columns_generic<S: Simd>(bounds: NormBounds, mut w: TileMut) {
    // SAFETY: the CPU executes `S`, says the caller; the panels cover the columns.
    unsafe {
        let (least, most) = (S::splat(bounds.min), S::splat(bounds.max));
        let (rate, rest) = (S::splat(bounds.rate), S::splat(1.0 - bounds.rate));
        let epsilon = S::splat(EPSILON);
        strips!(COLUMNS, w.cols(), |width, c| {
            let squares = Squares { width, x: w.as_tile(), c };
            let mut factors = panel::sum_rows::<S, 1, _>(w.rows(), squares)[0];
            for factor in &mut factors {
                let norm = S::sqrt(*factor);
                let bounded = S::max(S::min(norm, most), least);
                let wanted = S::fma(rate, bounded, S::mul(rest, norm));
                *factor = S::div(wanted, S::add(epsilon, norm));
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
