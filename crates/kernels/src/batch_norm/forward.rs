//! Batch statistics, normalization and epilogue.
//!
//! The statistics take two passes, the mean first and then centred squares, which a large mean
//! does not spoil. ReLU, dropout and their mask come in the pass that writes y, so the gradient
//! needs one bit per element and no copy of the activation.

#![allow(
    clippy::needless_range_loop,
    reason = "the index also numbers the vector inside the panel, and iterators hide the unrolling"
)]

use super::per_column;
use crate::bits::{Rate, draw_words, keep};
use crate::lanes::Width;
use crate::mask::MaskMut;
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
}

/// Squared distances of a panel's elements from their columns' means.
struct Centred<'a, S: Simd, W> {
    width: W,
    x: Tile<'a>,
    c: usize,
    mean: Panel<S>,
}

impl<S: Simd, W: Width> RowTerms<S, 1> for Centred<'_, S, W> {
    #[inline(always)]
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; 1]) {
        // SAFETY: as the caller says.
        unsafe {
            let x = panel::load::<S, W>(self.width, self.x.row(row), self.c);
            for k in 0..panel::vectors::<S>() {
                let d = S::sub(x[k], self.mean[k]);
                sums[0][k] = S::fma(d, d, sums[0][k]);
            }
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
    /// The panel from column `c` on of one row; returns the bits of the columns whose gradient
    /// passes.
    ///
    /// # Safety
    /// The CPU executes `S`, and the rows have the columns that exist.
    #[inline(always)]
    unsafe fn row<W: Width, const RELU: bool, const DROP: bool>(
        &self,
        w: W,
        kept: u32,
        c: usize,
        x: &[f32],
        y: &mut [f32],
    ) -> u32 {
        // SAFETY: as the caller says.
        unsafe {
            let mut v = panel::load::<S, W>(w, x, c);
            let (zero, mut stopped) = (S::splat(0.0), 0);
            for k in 0..panel::vectors::<S>() {
                v[k] = S::fma(S::sub(v[k], self.mean[k]), self.factor[k], self.shift[k]);
                if RELU {
                    let off = S::le(v[k], zero);
                    stopped |= S::mask_bits(off) << (k * S::LANES);
                    v[k] = S::clear(off, v[k]);
                }
                if DROP {
                    v[k] = keep::<S>(kept, k, v[k]);
                }
            }
            panel::store::<S, W>(w, y, c, v);
            kept & !stopped
        }
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
    // SAFETY: the CPU executes `S`, says the caller; the panels cover the columns, which tiles and
    // mask share and the slices count.
    unsafe {
        // Dropout's factor is positive, so it may as well come before the ReLU.
        let scale = S::splat(epilogue.dropout.map_or(1.0, |(_, rate)| rate.scale));
        let count = S::splat(rows as f32);
        strips!(COLUMNS, cols, |w, c| {
            let mut mu = sum_panel::<S, _>(w, x, c);
            for k in 0..panel::vectors::<S>() {
                mu[k] = S::div(mu[k], count);
            }
            let squares = Centred { width: w, x, c, mean: mu };
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
            panel::store::<S, _>(w, mean, c, mu);
            panel::store::<S, _>(w, variance, c, var);
            panel::store::<S, _>(w, rstd, c, inverse);

            macro_rules! rows {
                ($relu:literal, $drop:literal, $words:ident, $start:ident) => {
                    for (i, &kept) in $words.iter().enumerate() {
                        let r = $start + i;
                        let (from, to) = (x.row(r), y.row_mut(r));
                        let passed = normalize.row::<_, $relu, $drop>(w, kept, c, from, to);
                        if let (true, Some(mask)) = ($relu || $drop, &mut mask) {
                            mask.set_word(r, c / COLUMNS, passed & w.bits());
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
}
