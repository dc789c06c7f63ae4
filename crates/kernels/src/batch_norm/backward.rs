//! The gradient of batch normalization through the batch statistics and the epilogue's mask.
//!
//! Two passes over dy and x: the sums per column, and then dx from them.

#![allow(
    clippy::needless_range_loop,
    reason = "the index also numbers the vector inside the panel, and iterators hide the unrolling"
)]

use super::per_column;
use crate::bits::keep;
use crate::lanes::Width;
use crate::mask::Mask;
use crate::panel::{self, COLUMNS, Panel, RowTerms};
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// The gradient through mask, scale and normalization with batch statistics.
    ///
    /// With g = bit ? dy · scale : 0 and x̂ = (x − mean) · rstd: dβ = Σ g, dγ = Σ g · x̂,
    /// dx = γ · rstd · (g − (dβ + x̂ · dγ) / rows).
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn backward(
        dy: Tile,
        mask: Option<Mask>,
        scale: f32,
        x: Tile,
        mean: &[f32],
        rstd: &[f32],
        gamma: Option<&[f32]>,
        dx: TileMut,
        dgamma: &mut [f32],
        dbeta: &mut [f32],
    ) = backward_generic;
}

/// The gradient that reaches the normalization's output, and the centred input.
struct Gradient<'a, S: Simd, W> {
    width: W,
    dy: Tile<'a>,
    x: Tile<'a>,
    mask: Option<Mask<'a>>,
    c: usize,
    mean: Panel<S>,
}

impl<S: Simd, W: Width> Gradient<'_, S, W> {
    /// (bit ? dy : 0, x − mean) of one row.
    ///
    /// # Safety
    /// The CPU executes `S`, and the tiles have the row.
    #[inline(always)]
    unsafe fn row(&self, r: usize) -> (Panel<S>, Panel<S>) {
        // SAFETY: as the caller says.
        unsafe {
            let mut g = panel::load::<S, W>(self.width, self.dy.row(r), self.c);
            let mut x = panel::load::<S, W>(self.width, self.x.row(r), self.c);
            let word = self.mask.map(|mask| mask.word(r, self.c / COLUMNS));
            for k in 0..panel::vectors::<S>() {
                if let Some(word) = word {
                    g[k] = keep::<S>(word, k, g[k]);
                }
                x[k] = S::sub(x[k], self.mean[k]);
            }
            (g, x)
        }
    }
}

impl<S: Simd, W: Width> RowTerms<S, 2> for &Gradient<'_, S, W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 2]) {
        // SAFETY: as the caller says.
        unsafe {
            let (g, x) = self.row(row);
            for k in 0..panel::vectors::<S>() {
                sums[0][k] = S::add(sums[0][k], g[k]);
                sums[1][k] = S::fma(g[k], x[k], sums[1][k]);
            }
        }
    }
}

#[inline(always)]
unsafe fn backward_generic<S: Simd>(
    dy: Tile,
    mask: Option<Mask>,
    scale: f32,
    x: Tile,
    mean: &[f32],
    rstd: &[f32],
    gamma: Option<&[f32]>,
    mut dx: TileMut,
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!(
        x.col_stride() == 1
            && dy.col_stride() == 1
            && (dy.rows(), dy.cols()) == (rows, cols)
            && (dx.rows(), dx.cols()) == (rows, cols)
            && per_column(cols, &[mean, rstd, dgamma, dbeta])
            && gamma.is_none_or(|gamma| gamma.len() == cols)
            && mask.is_none_or(|mask| (mask.rows(), mask.cols()) == (rows, cols)),
        "batch_norm: shapes differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; the panels cover the columns, which tiles and
    // mask share and the slices count.
    unsafe {
        let (count, scale) = (S::splat(rows as f32), S::splat(scale));
        strips!(COLUMNS, cols, |w, c| {
            let mean = panel::load::<S, _>(w, mean, c);
            let gradient = Gradient::<S, _> { width: w, dy, x, mask, c, mean };
            let [mut sum, mut dot] = panel::sum_rows::<S, 2, _>(rows, &gradient);
            let inverse = panel::load::<S, _>(w, rstd, c);
            // dx = of_g · (bit ? dy : 0) + of_x · (x − mean) + constant.
            let mut of_g = panel::load_or::<S, _>(w, gamma, c, 1.0);
            let (mut of_x, mut constant) = (of_g, of_g);
            for k in 0..panel::vectors::<S>() {
                sum[k] = S::mul(sum[k], scale);
                dot[k] = S::mul(S::mul(dot[k], scale), inverse[k]);
                let factor = S::mul(of_g[k], inverse[k]);
                let per_row = S::div(S::neg(factor), count);
                of_g[k] = S::mul(factor, scale);
                of_x[k] = S::mul(S::mul(per_row, dot[k]), inverse[k]);
                constant[k] = S::mul(per_row, sum[k]);
            }
            panel::store::<S, _>(w, dbeta, c, sum);
            panel::store::<S, _>(w, dgamma, c, dot);
            for r in 0..rows {
                let (mut g, x) = gradient.row(r);
                for k in 0..panel::vectors::<S>() {
                    g[k] = S::fma(of_g[k], g[k], S::fma(of_x[k], x[k], constant[k]));
                }
                panel::store::<S, _>(w, dx.row_mut(r), c, g);
            }
        });
    }
}
