//! Batch normalization over the rows of a column block (channels last), with ReLU and dropout.
//!
//! y = γ (x − μ) / √(σ² + ε) + β per column, σ² the biased variance (Keras), from two passes: the
//! mean first, then centred squares. ReLU, dropout and their mask come in the pass that writes y,
//! so the gradient needs one bit per element and no copy of the activation.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]
#![allow(
    clippy::needless_range_loop,
    reason = "the index also numbers the vector inside the panel, and iterators hide the unrolling"
)]

use crate::bits::{Rate, draw_words, keep};
use crate::lanes::Width;
use crate::mask::{Mask, MaskMut};
use crate::panel::{self, COLUMNS, Panel, RowTerms};
use crate::reduce::sum_panel;
use crate::rng::Key;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

/// What follows the normalization.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Epilogue {
    /// max(·, 0).
    pub relu: bool,
    /// Inverted dropout.
    pub dropout: Option<(Key, Rate)>,
}

dispatch! {
    /// Batch statistics of every column, and y.
    ///
    /// The tile holds all rows of its columns; `full_words_per_row` and the mask's first word
    /// place it in the full matrix, whose first row it starts at. With ReLU or dropout the mask
    /// gets 1 where the gradient passes: where the element is kept and its pre-activation is not
    /// 0 or less. Dropout needs the mask.
    ///
    /// # Panics
    /// When the shapes differ, the columns of `x` are not adjacent, or dropout has no mask.
    pub fn forward(
        x: Tile,
        gamma: Option<&[f32]>,
        beta: Option<&[f32]>,
        epsilon: f32,
        mean: &mut [f32],
        variance: &mut [f32],
        rstd: &mut [f32],
        epilogue: Epilogue,
        full_words_per_row: usize,
        y: TileMut,
        mask: Option<MaskMut>,
    ) = forward_generic;

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

    /// y = x · scale + shift per column: normalization with known statistics.
    ///
    /// # Panics
    /// When the shapes differ or the columns of `x` are not adjacent.
    pub fn apply(x: Tile, scale: &[f32], shift: &[f32], y: TileMut) = apply_generic;
}

/// Whether every slice has one number per column.
fn per_column(cols: usize, slices: &[&[f32]]) -> bool {
    slices.iter().all(|slice| slice.len() == cols)
}

/// Squared distances of a panel's elements from their columns' means.
struct Centred<S: Simd, W> {
    width: W,
    base: *const f32,
    row_stride: usize,
    mean: Panel<S>,
}

impl<S: Simd, W: Width> RowTerms<S, 1> for Centred<S, W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 1]) {
        let x = panel::load::<S, W>(self.width, self.base.add(row * self.row_stride));
        for k in 0..panel::vectors::<S>() {
            let d = S::sub(x[k], self.mean[k]);
            sums[0][k] = S::fma(d, d, sums[0][k]);
        }
    }
}

/// A panel on its way from x to y: y = (x − mean) · factor + shift, then the epilogue.
struct Normalize<S: Simd> {
    mean: Panel<S>,
    factor: Panel<S>,
    shift: Panel<S>,
}

impl<S: Simd> Normalize<S> {
    /// One row; returns the bits of the columns whose gradient passes.
    #[inline(always)]
    unsafe fn row<W: Width, const RELU: bool, const DROP: bool>(
        &self,
        w: W,
        kept: u32,
        x: *const f32,
        y: *mut f32,
    ) -> u32 {
        let mut v = panel::load::<S, W>(w, x);
        let (zero, mut stopped) = (S::splat(0.0), 0);
        for k in 0..panel::vectors::<S>() {
            v[k] = S::fma(S::sub(v[k], self.mean[k]), self.factor[k], self.shift[k]);
            if RELU {
                let off = S::le(v[k], zero);
                stopped |= S::mask_bits(off) << (k * S::LANES);
                v[k] = S::select(off, zero, v[k]);
            }
            if DROP {
                v[k] = keep::<S>(kept, k, v[k]);
            }
        }
        panel::store::<S, W>(w, y, v);
        kept & !stopped
    }
}

/// Rows whose dropout words are drawn together.
const BATCH: usize = 64;

#[inline(always)]
unsafe fn forward_generic<S: Simd>(
    x: Tile,
    gamma: Option<&[f32]>,
    beta: Option<&[f32]>,
    epsilon: f32,
    mean: &mut [f32],
    variance: &mut [f32],
    rstd: &mut [f32],
    epilogue: Epilogue,
    full_words_per_row: usize,
    mut y: TileMut,
    mut mask: Option<MaskMut>,
) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!(
        x.col_stride() == 1
            && (y.rows(), y.cols()) == (rows, cols)
            && per_column(cols, &[mean, variance, rstd])
            && gamma.is_none_or(|gamma| gamma.len() == cols)
            && beta.is_none_or(|beta| beta.len() == cols)
            && mask.as_ref().is_none_or(|mask| (mask.rows(), mask.cols()) == (rows, cols)),
        "batch_norm: shapes differ"
    );
    assert!(epilogue.dropout.is_none() || mask.is_some(), "batch_norm: dropout needs a mask");
    let first_word = mask.as_ref().map_or(0, MaskMut::first_word);
    // Dropout's factor is positive, so it may as well come before the ReLU.
    let scale = S::splat(epilogue.dropout.map_or(1.0, |(_, rate)| rate.scale));
    let count = S::splat(rows as f32);
    strips!(COLUMNS, cols, |w, c| {
        let base = x.as_ptr().add(c);
        let mut mu = sum_panel::<S, _>(w, rows, base, x.row_stride());
        for k in 0..panel::vectors::<S>() {
            mu[k] = S::div(mu[k], count);
        }
        let squares = Centred { width: w, base, row_stride: x.row_stride(), mean: mu };
        let [mut var] = panel::sum_rows::<S, 1, _>(rows, squares);
        let mut inverse = var;
        let mut normalize = Normalize::<S> {
            mean: mu,
            factor: panel::load_or::<S, _>(w, gamma, c, 1.0),
            shift: panel::load_or::<S, _>(w, beta, c, 0.0),
        };
        for k in 0..panel::vectors::<S>() {
            var[k] = S::div(var[k], count);
            inverse[k] = S::div(S::splat(1.0), S::sqrt(S::add(var[k], S::splat(epsilon))));
            normalize.factor[k] = S::mul(S::mul(normalize.factor[k], inverse[k]), scale);
            normalize.shift[k] = S::mul(normalize.shift[k], scale);
        }
        panel::store::<S, _>(w, mean.as_mut_ptr().add(c), mu);
        panel::store::<S, _>(w, variance.as_mut_ptr().add(c), var);
        panel::store::<S, _>(w, rstd.as_mut_ptr().add(c), inverse);

        let to = y.as_mut_ptr().add(c);
        let bits = mask.as_mut().map(|mask| mask.first_mut_ptr().add(c / COLUMNS));
        let bits_stride = mask.as_ref().map_or(0, MaskMut::row_stride);
        macro_rules! rows {
            ($relu:literal, $drop:literal, $words:ident, $start:ident) => {
                for (i, &kept) in $words.iter().enumerate() {
                    let r = $start + i;
                    let (from, to) = (base.add(r * x.row_stride()), to.add(r * y.row_stride()));
                    let passed = normalize.row::<_, $relu, $drop>(w, kept, from, to);
                    if let (true, Some(bits)) = ($relu || $drop, bits) {
                        *bits.add(r * bits_stride) = passed & w.bits();
                    }
                }
            };
        }
        let mut words = [u32::MAX; BATCH];
        for start in (0..rows).step_by(BATCH) {
            let words = &mut words[..BATCH.min(rows - start)];
            if let Some((key, rate)) = epilogue.dropout {
                let first = start * full_words_per_row + first_word + c / COLUMNS;
                let step = full_words_per_row as u32;
                draw_words::<S>(key, rate.threshold, first as u32, step, words);
            }
            match (epilogue.relu, epilogue.dropout.is_some()) {
                (false, false) => rows!(false, false, words, start),
                (false, true) => rows!(false, true, words, start),
                (true, false) => rows!(true, false, words, start),
                (true, true) => rows!(true, true, words, start),
            }
        }
    });
}

/// The gradient that reaches the normalization's output, and the centred input.
struct Gradient<S: Simd, W> {
    width: W,
    dy: *const f32,
    dy_stride: usize,
    x: *const f32,
    x_stride: usize,
    bits: Option<*const u32>,
    bits_stride: usize,
    mean: Panel<S>,
}

impl<S: Simd, W: Width> Gradient<S, W> {
    /// (bit ? dy : 0, x − mean) of one row.
    #[inline(always)]
    unsafe fn row(&self, r: usize) -> (Panel<S>, Panel<S>) {
        let mut g = panel::load::<S, W>(self.width, self.dy.add(r * self.dy_stride));
        let mut x = panel::load::<S, W>(self.width, self.x.add(r * self.x_stride));
        let word = self.bits.map(|bits| *bits.add(r * self.bits_stride));
        for k in 0..panel::vectors::<S>() {
            if let Some(word) = word {
                g[k] = keep::<S>(word, k, g[k]);
            }
            x[k] = S::sub(x[k], self.mean[k]);
        }
        (g, x)
    }
}

impl<S: Simd, W: Width> RowTerms<S, 2> for &Gradient<S, W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 2]) {
        let (g, x) = self.row(row);
        for k in 0..panel::vectors::<S>() {
            sums[0][k] = S::add(sums[0][k], g[k]);
            sums[1][k] = S::fma(g[k], x[k], sums[1][k]);
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
    let (count, scale) = (S::splat(rows as f32), S::splat(scale));
    strips!(COLUMNS, cols, |w, c| {
        let gradient = Gradient::<S, _> {
            width: w,
            dy: dy.as_ptr().add(c),
            dy_stride: dy.row_stride(),
            x: x.as_ptr().add(c),
            x_stride: x.row_stride(),
            bits: mask.map(|mask| mask.first_ptr().add(c / COLUMNS)),
            bits_stride: mask.map_or(0, Mask::row_stride),
            mean: panel::load::<S, _>(w, mean.as_ptr().add(c)),
        };
        let [mut sum, mut dot] = panel::sum_rows::<S, 2, _>(rows, &gradient);
        let inverse = panel::load::<S, _>(w, rstd.as_ptr().add(c));
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
        panel::store::<S, _>(w, dbeta.as_mut_ptr().add(c), sum);
        panel::store::<S, _>(w, dgamma.as_mut_ptr().add(c), dot);
        let to = dx.as_mut_ptr().add(c);
        for r in 0..rows {
            let (mut g, x) = gradient.row(r);
            for k in 0..panel::vectors::<S>() {
                g[k] = S::fma(of_g[k], g[k], S::fma(of_x[k], x[k], constant[k]));
            }
            panel::store::<S, _>(w, to.add(r * dx.row_stride()), g);
        }
    });
}

#[inline(always)]
unsafe fn apply_generic<S: Simd>(x: Tile, scale: &[f32], shift: &[f32], mut y: TileMut) {
    assert!(
        x.col_stride() == 1
            && (y.rows(), y.cols()) == (x.rows(), x.cols())
            && per_column(x.cols(), &[scale, shift]),
        "batch_norm: shapes differ"
    );
    let (scale, shift) = (scale.as_ptr(), shift.as_ptr());
    for r in 0..x.rows() {
        let from = x.as_ptr().add(r * x.row_stride());
        let to = r * y.row_stride();
        let to = y.as_mut_ptr().add(to);
        strips!(S::LANES, x.cols(), |w, c| {
            let v = w.load::<S>(from.add(c));
            let v = S::fma(v, w.load::<S>(scale.add(c)), w.load::<S>(shift.add(c)));
            w.store::<S>(to.add(c), v);
        });
    }
}
