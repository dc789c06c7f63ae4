//! Layer normalization: each row on its own.
//!
//! y = γ (x − μ) / √(σ² + ε) + β with μ and the biased σ² of the row, the mean first and centred
//! squares after it. Backward, with h = dy · γ and x̂ = (x − μ) / √(σ² + ε):
//! dx = (h − mean(h) − x̂ · mean(h · x̂)) / √(σ² + ε), dγ = Σ dy · x̂ and dβ = Σ dy over rows.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]

use crate::lanes::Width;
use crate::panel::{self, COLUMNS, Panel, RowTerms};
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// Statistics of every row, and y.
    ///
    /// # Panics
    /// When the shapes differ or the columns of `x` are not adjacent.
    pub fn forward(
        x: Tile,
        gamma: Option<&[f32]>,
        beta: Option<&[f32]>,
        epsilon: f32,
        mean: &mut [f32],
        rstd: &mut [f32],
        y: TileMut,
    ) = forward_generic;

    /// The gradient of x.
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn backward(
        dy: Tile,
        x: Tile,
        mean: &[f32],
        rstd: &[f32],
        gamma: Option<&[f32]>,
        dx: TileMut,
    ) = backward_generic;

    /// The gradients of γ and β for a block of columns of all rows.
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn backward_params(
        dy: Tile,
        x: Tile,
        mean: &[f32],
        rstd: &[f32],
        dgamma: &mut [f32],
        dbeta: &mut [f32],
    ) = backward_params_generic;
}

/// The vector at `i` of optional per-column numbers.
#[inline(always)]
unsafe fn load_or<S: Simd, W: Width>(w: W, values: Option<&[f32]>, i: usize, other: f32) -> S::F {
    match values {
        Some(values) => w.load::<S>(values.as_ptr().wrapping_add(i)),
        None => S::splat(other),
    }
}

#[inline(always)]
unsafe fn forward_generic<S: Simd>(
    x: Tile,
    gamma: Option<&[f32]>,
    beta: Option<&[f32]>,
    epsilon: f32,
    mean: &mut [f32],
    rstd: &mut [f32],
    mut y: TileMut,
) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!(
        x.col_stride() == 1
            && (y.rows(), y.cols()) == (rows, cols)
            && mean.len() == rows
            && rstd.len() == rows
            && gamma.is_none_or(|gamma| gamma.len() == cols)
            && beta.is_none_or(|beta| beta.len() == cols),
        "layer_norm: shapes differ"
    );
    for r in 0..rows {
        let from = x.as_ptr().add(r * x.row_stride());
        let to = r * y.row_stride();
        let to = y.as_mut_ptr().add(to);
        let mu = row_sum!(S, cols, |w, i| w.load::<S>(from.wrapping_add(i))) / cols as f32;
        let centre = S::splat(mu);
        let squares = row_sum!(S, cols, |w, i| {
            let d = S::sub(w.load::<S>(from.wrapping_add(i)), centre);
            w.fill::<S>(S::mul(d, d), S::splat(0.0))
        });
        let inverse = 1.0 / (squares / cols as f32 + epsilon).sqrt();
        (mean[r], rstd[r]) = (mu, inverse);
        let factor = S::splat(inverse);
        strips!(S::LANES, cols, |w, i| {
            let normalized = S::mul(S::sub(w.load::<S>(from.add(i)), centre), factor);
            let gamma = load_or::<S, _>(w, gamma, i, 1.0);
            let beta = load_or::<S, _>(w, beta, i, 0.0);
            w.store::<S>(to.add(i), S::fma(normalized, gamma, beta));
        });
    }
}

#[inline(always)]
unsafe fn backward_generic<S: Simd>(
    dy: Tile,
    x: Tile,
    mean: &[f32],
    rstd: &[f32],
    gamma: Option<&[f32]>,
    mut dx: TileMut,
) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!(
        x.col_stride() == 1
            && dy.col_stride() == 1
            && (dy.rows(), dy.cols()) == (rows, cols)
            && (dx.rows(), dx.cols()) == (rows, cols)
            && mean.len() == rows
            && rstd.len() == rows
            && gamma.is_none_or(|gamma| gamma.len() == cols),
        "layer_norm: shapes differ"
    );
    for r in 0..rows {
        let (dy, x) = (dy.as_ptr().add(r * dy.row_stride()), x.as_ptr().add(r * x.row_stride()));
        let to = r * dx.row_stride();
        let to = dx.as_mut_ptr().add(to);
        let (centre, inverse) = (S::splat(mean[r]), rstd[r]);
        // Lanes that do not exist have dy = 0, so they add nothing.
        let [sum, dot] = row_sums!(S, 2, cols, |w, i| {
            let gamma = load_or::<S, _>(w, gamma, i, 1.0);
            let h = S::mul(w.load::<S>(dy.wrapping_add(i)), gamma);
            [h, S::mul(h, S::sub(w.load::<S>(x.wrapping_add(i)), centre))]
        });
        let count = cols as f32;
        let of_h = S::splat(inverse);
        let of_x = S::splat(-(dot as f32) / count * inverse * inverse * inverse);
        let constant = S::splat(-(sum as f32) / count * inverse);
        strips!(S::LANES, cols, |w, i| {
            let h = S::mul(w.load::<S>(dy.add(i)), load_or::<S, _>(w, gamma, i, 1.0));
            let centred = S::sub(w.load::<S>(x.add(i)), centre);
            w.store::<S>(to.add(i), S::fma(of_h, h, S::fma(of_x, centred, constant)));
        });
    }
}

/// dy and dy · x̂ of a panel's elements.
struct ParameterTerms<'a, W> {
    width: W,
    dy: *const f32,
    dy_stride: usize,
    x: *const f32,
    x_stride: usize,
    mean: &'a [f32],
    rstd: &'a [f32],
}

impl<S: Simd, W: Width> RowTerms<S, 2> for ParameterTerms<'_, W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 2]) {
        let dy = panel::load::<S, W>(self.width, self.dy.add(row * self.dy_stride));
        let x = panel::load::<S, W>(self.width, self.x.add(row * self.x_stride));
        let mean = S::splat(*self.mean.get_unchecked(row));
        let rstd = S::splat(*self.rstd.get_unchecked(row));
        for k in 0..panel::vectors::<S>() {
            let normalized = S::mul(S::sub(x[k], mean), rstd);
            sums[0][k] = S::fma(dy[k], normalized, sums[0][k]);
            sums[1][k] = S::add(sums[1][k], dy[k]);
        }
    }
}

#[inline(always)]
unsafe fn backward_params_generic<S: Simd>(
    dy: Tile,
    x: Tile,
    mean: &[f32],
    rstd: &[f32],
    dgamma: &mut [f32],
    dbeta: &mut [f32],
) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!(
        x.col_stride() == 1
            && dy.col_stride() == 1
            && (dy.rows(), dy.cols()) == (rows, cols)
            && mean.len() == rows
            && rstd.len() == rows
            && dgamma.len() == cols
            && dbeta.len() == cols,
        "layer_norm: shapes differ"
    );
    strips!(COLUMNS, cols, |w, c| {
        let terms = ParameterTerms {
            width: w,
            dy: dy.as_ptr().add(c),
            dy_stride: dy.row_stride(),
            x: x.as_ptr().add(c),
            x_stride: x.row_stride(),
            mean,
            rstd,
        };
        let [of_gamma, of_beta] = panel::sum_rows::<S, 2, _>(rows, terms);
        panel::store::<S, _>(w, dgamma.as_mut_ptr().add(c), of_gamma);
        panel::store::<S, _>(w, dbeta.as_mut_ptr().add(c), of_beta);
    });
}
