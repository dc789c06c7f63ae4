//! Constraints of weights, in place, as in Keras: w · (w ≥ 0), and groups of weights of a bounded
//! norm, w · min(n, max) / (ε + n) with n = √Σw² of the group and ε = 10⁻⁷.

use crate::lanes::Width;
use crate::panel::{self, COLUMNS, Panel, RowTerms};
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

/// Keeps a group of zeros from dividing by zero.
const EPSILON: f32 = 1e-7;

dispatch! {
    /// 0 in the place of each w < 0.
    pub fn non_negative(w: &mut [f32]) = non_negative_generic;

    /// Bounds the norm of every column by `max`.
    pub fn max_norm_columns(max: f32, w: TileMut) = columns_generic;
}

/// The factor that bounds the norm of a group by `max`, from its sum of squares.
pub fn max_norm_factor(max: f32, squares: f32) -> f32 {
    let norm = squares.sqrt();
    // Not `min`, which would make a number of NaN.
    let bounded = if norm > max { max } else { norm };
    bounded / (EPSILON + norm)
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
unsafe fn columns_generic<S: Simd>(max: f32, mut w: TileMut) {
    // SAFETY: the CPU executes `S`, says the caller; the panels cover the columns.
    unsafe {
        let (max, epsilon) = (S::splat(max), S::splat(EPSILON));
        strips!(COLUMNS, w.cols(), |width, c| {
            let squares = Squares { width, x: w.as_tile(), c };
            let mut factors = panel::sum_rows::<S, 1, _>(w.rows(), squares)[0];
            for factor in &mut factors {
                let norm = S::sqrt(*factor);
                *factor = S::div(S::min(norm, max), S::add(epsilon, norm));
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
