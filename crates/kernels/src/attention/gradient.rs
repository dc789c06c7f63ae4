//! Backward: shares made again, and the gradient of their scores.

#![allow(
    clippy::needless_range_loop,
    reason = "the index also numbers the vector inside the panel, and iterators hide the unrolling"
)]

use super::{Kept, Sees, check_kept, word};
use crate::bits::keep;
use crate::lanes::Width;
use crate::math;
use crate::panel::{self, COLUMNS};
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// Scores `x` to the shares that `powers` and its factors made of them, of those that dropout `kept`; and in place of the
    /// gradient of these that of the scores: `scale·p·(dp − Σ p·dp)`, with the sums of each row, where `dp` is 0 for shares
    /// that were dropped and multiplied as they were for the others.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn score_gradient(
        x: TileMut,
        scale: f32,
        sees: Sees,
        kept: Kept,
        logs: &[f32],
        sums: &[f32],
        dp: TileMut,
    ) = gradient_generic;

    /// The inner product of each row of one with that of the other.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn row_products(a: Tile, b: Tile, sums: &mut [f32]) = products_generic;
}

#[inline(always)]
unsafe fn gradient_generic<S: Simd>(
    mut x: TileMut,
    scale: f32,
    sees: Sees,
    kept: Kept,
    logs: &[f32],
    sums: &[f32],
    mut dp: TileMut,
) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!(
        (dp.rows(), dp.cols(), sums.len(), logs.len()) == (rows, cols, rows, rows),
        "attention: sizes differ"
    );
    sees.check(rows, cols);
    check_kept(kept, rows, cols);
    // SAFETY: the CPU executes `S`, says the caller; rows, masks and bits are as long as was just seen.
    unsafe {
        let rise = S::splat(kept.map_or(1.0, |(_, rise)| rise));
        let (scale, zero) = (S::splat(scale), S::splat(0.0));
        for (r, (&log, &sum)) in logs.iter().zip(sums).enumerate() {
            let (end, mask) = sees.row(r, cols);
            // Of a row that sees nothing there is nothing to make again.
            let end = if log == f32::INFINITY { 0 } else { end };
            let ((x, unseen), (dp, beyond)) =
                (x.row_mut(r).split_at_mut(end), dp.row_mut(r).split_at_mut(end));
            [unseen, beyond].into_iter().for_each(|rest| rest.fill(0.0));
            let (log, sum) = (S::splat(log), S::splat(sum));
            strips!(COLUMNS, end, |w, c| {
                let word = word(kept, r, c);
                let mut p = panel::load::<S, _>(w, x, c);
                let mut d = panel::load::<S, _>(w, dp, c);
                let seen = panel::load_or::<S, _>(w, mask, c, 1.0);
                for k in 0..panel::vectors::<S>() {
                    let power = math::exp::<S>(S::sub(S::mul(p[k], scale), log));
                    let power = S::clear(S::le(seen[k], zero), power);
                    let back = keep::<S>(word, k, S::mul(d[k], rise));
                    d[k] = S::mul(S::mul(power, S::sub(back, sum)), scale);
                    p[k] = keep::<S>(word, k, S::mul(power, rise));
                }
                panel::store::<S, _>(w, dp, c, d);
                panel::store::<S, _>(w, x, c, p);
            });
        }
    }
}

#[inline(always)]
unsafe fn products_generic<S: Simd>(a: Tile, b: Tile, sums: &mut [f32]) {
    let (rows, cols) = (a.rows(), a.cols());
    assert!(
        (b.rows(), b.cols(), sums.len()) == (rows, cols, rows)
            && a.col_stride() == 1
            && b.col_stride() == 1,
        "attention: sizes differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; both have the same rows.
    unsafe {
        for (r, sum) in sums.iter_mut().enumerate() {
            let (a, b) = (a.row(r), b.row(r));
            *sum = row_sum!(S, cols, |w, i| S::mul(w.get::<S>(a, i), w.get::<S>(b, i)));
        }
    }
}
