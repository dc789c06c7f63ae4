//! Layer normalization: each row on its own.
//!
//! y = γ (x − μ) / √(σ² + ε) + β with μ and the biased σ² of the row, the mean first and centred
//! squares after it. Backward, with h = dy · γ and x̂ = (x − μ) / √(σ² + ε):
//! dx = (h − mean(h) − x̂ · mean(h · x̂)) / √(σ² + ε), dγ = Σ dy · x̂ and dβ = Σ dy over rows.

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
    // SAFETY: as for `Width::get`, says the caller.
    unsafe {
        match values {
            Some(values) => w.get::<S>(values, i),
            None => S::splat(other),
        }
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
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns,
    // which γ and β count.
    unsafe {
        for r in 0..rows {
            let (from, to) = (x.row(r), y.row_mut(r));
            let mu = row_sum!(S, cols, |w, i| w.get::<S>(from, i)) / cols as f32;
            let centre = S::splat(mu);
            let squares = row_sum!(S, cols, |w, i| {
                let d = S::sub(w.get::<S>(from, i), centre);
                w.fill::<S>(S::mul(d, d), S::splat(0.0))
            });
            let inverse = 1.0 / (squares / cols as f32 + epsilon).sqrt();
            (mean[r], rstd[r]) = (mu, inverse);
            let factor = S::splat(inverse);
            strips!(S::LANES, cols, |w, i| {
                let normalized = S::mul(S::sub(w.get::<S>(from, i), centre), factor);
                let gamma = load_or::<S, _>(w, gamma, i, 1.0);
                let beta = load_or::<S, _>(w, beta, i, 0.0);
                w.put::<S>(to, i, S::fma(normalized, gamma, beta));
            });
        }
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
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns,
    // which γ counts.
    unsafe {
        for r in 0..rows {
            let (dy, x, to) = (dy.row(r), x.row(r), dx.row_mut(r));
            let (centre, inverse) = (S::splat(mean[r]), rstd[r]);
            // Lanes that do not exist have dy = 0, so they add nothing.
            let [sum, dot] = row_sums!(S, 2, cols, |w, i| {
                let gamma = load_or::<S, _>(w, gamma, i, 1.0);
                let h = S::mul(w.get::<S>(dy, i), gamma);
                [h, S::mul(h, S::sub(w.get::<S>(x, i), centre))]
            });
            let count = cols as f32;
            let of_h = S::splat(inverse);
            let of_x = S::splat(-(dot as f32) / count * inverse * inverse * inverse);
            let constant = S::splat(-(sum as f32) / count * inverse);
            strips!(S::LANES, cols, |w, i| {
                let h = S::mul(w.get::<S>(dy, i), load_or::<S, _>(w, gamma, i, 1.0));
                let centred = S::sub(w.get::<S>(x, i), centre);
                w.put::<S>(to, i, S::fma(of_h, h, S::fma(of_x, centred, constant)));
            });
        }
    }
}

/// dy and dy · x̂ of a panel's elements.
struct ParameterTerms<'a, W> {
    width: W,
    dy: Tile<'a>,
    x: Tile<'a>,
    c: usize,
    mean: &'a [f32],
    rstd: &'a [f32],
}

impl<S: Simd, W: Width> RowTerms<S, 2> for ParameterTerms<'_, W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 2]) {
        // SAFETY: as the caller says; `mean` and `rstd` have an element per row.
        unsafe {
            let dy = panel::load::<S, W>(self.width, self.dy.row(row), self.c);
            let x = panel::load::<S, W>(self.width, self.x.row(row), self.c);
            let mean = S::splat(*self.mean.get_unchecked(row));
            let rstd = S::splat(*self.rstd.get_unchecked(row));
            for k in 0..panel::vectors::<S>() {
                let normalized = S::mul(S::sub(x[k], mean), rstd);
                sums[0][k] = S::fma(dy[k], normalized, sums[0][k]);
                sums[1][k] = S::add(sums[1][k], dy[k]);
            }
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
    // SAFETY: the CPU executes `S`, says the caller; the panels cover the columns, which the tiles
    // share and dγ and dβ count.
    unsafe {
        strips!(COLUMNS, cols, |w, c| {
            let terms = ParameterTerms { width: w, dy, x, c, mean, rstd };
            let [of_gamma, of_beta] = panel::sum_rows::<S, 2, _>(rows, terms);
            panel::store::<S, _>(w, dgamma, c, of_gamma);
            panel::store::<S, _>(w, dbeta, c, of_beta);
        });
    }
}
