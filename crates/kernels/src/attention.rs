//! Attention: what becomes of some rows of scores. The products around it are GEMM's.
//!
//! A row's shares are softmax(scale·x) over the columns that it sees; of none, zeros. Forward the product goes
//! over e^(scale·(x − max)), and its rows are divided by the sum behind it: they are shorter. Backward shares are
//! made again from the scores and the logarithm of their sum, so that nothing of the size of all scores is
//! kept (Rabe & Staats 2021, Dao et al. 2022). Dropout takes part in both passes, by its bits.

#![allow(
    clippy::needless_range_loop,
    reason = "the index also numbers the vector inside the panel, and iterators hide the unrolling"
)]

use crate::bits::keep;
use crate::lanes::Width;
use crate::mask::Mask;
use crate::math;
use crate::panel::{self, COLUMNS};
use crate::rows::BLOCK;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

/// What no score is as small as.
const UNSEEN: f32 = -3.0e38;

/// Rows whose largest scores are found before the powers of any: a row's own would wait for it.
const GROUP: usize = 16;

/// The columns that rows see.
#[derive(Clone, Copy, Debug)]
pub struct Sees<'a> {
    /// Row r sees the columns up to this number and r.
    pub until: Option<usize>,
    /// Numbers > 0 in columns that are seen; one row for each, or one for all.
    pub mask: Option<Tile<'a>>,
}

impl<'a> Sees<'a> {
    /// The columns that row `row` may see, and their mask.
    ///
    /// # Safety
    /// The mask has the row, or one for all, and the columns.
    unsafe fn row(&self, row: usize, cols: usize) -> (usize, Option<&'a [f32]>) {
        let end = self.until.map_or(cols, |until| (until + row + 1).min(cols));
        // SAFETY: as the caller says.
        let mask =
            self.mask.map(|mask| unsafe { mask.row(if mask.rows() == 1 { 0 } else { row }) });
        (end, mask)
    }

    fn check(&self, rows: usize, cols: usize) {
        let fits = |mask: Tile| {
            mask.cols() >= cols
                && (mask.rows() == 1 || mask.rows() == rows)
                && mask.col_stride() == 1
        };
        assert!(self.mask.is_none_or(fits), "attention: the mask has other sizes");
    }
}

/// Which shares dropout lets through, and what they are multiplied by then.
pub type Kept<'a> = Option<(Mask<'a>, f32)>;

dispatch! {
    /// Scores to powers in place, of those that dropout `kept`; the logarithm of the sum behind each row, infinite where it
    /// sees nothing; and the factors that make shares of the powers of each row.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn powers(
        x: TileMut,
        scale: f32,
        sees: Sees,
        kept: Kept,
        logs: &mut [f32],
        factors: &mut [f32],
    ) = powers_generic;

    /// Multiplies each row by its factor.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn scale_rows(y: TileMut, factors: &[f32]) = scale_generic;

    /// Scores `x` to the shares that [`powers`] and its factors made of them, of those that dropout `kept`; and in place of the
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

fn check_kept(kept: Kept, rows: usize, cols: usize) {
    let fits = |(bits, _): (Mask, f32)| (bits.rows(), bits.cols()) == (rows, cols);
    assert!(kept.is_none_or(fits), "attention: sizes differ");
}

/// Which of the columns from `c` on dropout kept in row `r`.
#[inline(always)]
unsafe fn word(kept: Kept, r: usize, c: usize) -> u32 {
    match kept {
        // SAFETY: the bits have the row and the column, says the caller.
        Some((bits, _)) => unsafe { bits.word(r, c / COLUMNS) },
        None => u32::MAX,
    }
}

/// The largest score of a row that it sees; what it does not see becomes 0, or so small.
///
/// # Safety
/// The CPU executes `S`; the row has the columns that it sees, of which the mask has a number for each.
#[inline(always)]
unsafe fn largest<S: Simd>(x: &mut [f32], (end, mask): (usize, Option<&[f32]>)) -> f32 {
    let (x, unseen) = x.split_at_mut(end);
    unseen.fill(0.0);
    // SAFETY: as the caller says; the strips end with `x`.
    unsafe {
        if let Some(mask) = mask {
            strips!(S::LANES, end, |w, i| {
                let seen = S::lt(S::splat(0.0), w.get::<S>(mask, i));
                w.put::<S>(x, i, S::select(seen, w.get::<S>(x, i), S::splat(UNSEEN)));
            });
        }
        let infinite = S::splat(f32::NEG_INFINITY);
        row_max!(S, end, |w, i| w.fill::<S>(w.get::<S>(x, i), infinite))
    }
}

/// e^(scale·(x − largest)) of row `r`, in place where dropout kept them; returns the sum of all.
///
/// # Safety
/// The CPU executes `S`; the bits have the row and its columns.
#[inline(always)]
unsafe fn powers_of<S: Simd>(
    x: &mut [f32],
    [largest, scale]: [f32; 2],
    kept: Kept,
    r: usize,
) -> f32 {
    let mut total = 0.0;
    // SAFETY: as the caller says; the strips end with `x`.
    unsafe {
        let (largest, scale) = (S::splat(largest), S::splat(scale));
        for (block, x) in x.chunks_mut(BLOCK).enumerate() {
            let mut sums = panel::splat::<S>(0.0);
            strips!(COLUMNS, x.len(), |w, c| {
                let word = word(kept, r, block * BLOCK + c);
                let mut powers = panel::load::<S, _>(w, x, c);
                for k in 0..panel::vectors::<S>() {
                    let power = math::exp::<S>(S::mul(S::sub(powers[k], largest), scale));
                    let exists = w.at::<S>(k).fill::<S>(power, S::splat(0.0));
                    sums[k] = S::add(sums[k], exists);
                    powers[k] = keep::<S>(word, k, power);
                }
                panel::store::<S, _>(w, x, c, powers);
            });
            let mut sum = sums[0];
            for k in 1..panel::vectors::<S>() {
                sum = S::add(sum, sums[k]);
            }
            total += f64::from(S::sum(sum));
        }
    }
    total as f32
}

#[inline(always)]
unsafe fn powers_generic<S: Simd>(
    mut x: TileMut,
    scale: f32,
    sees: Sees,
    kept: Kept,
    logs: &mut [f32],
    factors: &mut [f32],
) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!((logs.len(), factors.len()) == (rows, rows), "attention: a logarithm for each row");
    sees.check(rows, cols);
    check_kept(kept, rows, cols);
    let rise = kept.map_or(1.0, |(_, rise)| rise);
    // SAFETY: the CPU executes `S`, says the caller; rows, masks and bits are as long as was just seen.
    unsafe {
        for first in (0..rows).step_by(GROUP) {
            let group = first..rows.min(first + GROUP);
            for r in group.clone() {
                logs[r] = largest::<S>(x.row_mut(r), sees.row(r, cols));
            }
            for r in group {
                let x = &mut x.row_mut(r)[..sees.row(r, cols).0];
                (logs[r], factors[r]) = match logs[r] <= UNSEEN {
                    // Its logarithm is infinite, and what is divided by it 0.
                    true => {
                        x.fill(0.0);
                        (0.0, f32::INFINITY)
                    }
                    false => (logs[r] * scale, powers_of::<S>(x, [logs[r], scale], kept, r)),
                };
            }
        }
        strips!(S::LANES, rows, |w, r| {
            let (log, sum) = (w.get::<S>(logs, r), w.get::<S>(factors, r));
            w.put::<S>(logs, r, S::add(log, math::log::<S>(sum)));
            w.put::<S>(factors, r, S::div(S::splat(rise), sum));
        });
    }
}

#[inline(always)]
unsafe fn scale_generic<S: Simd>(mut y: TileMut, factors: &[f32]) {
    assert!(factors.len() == y.rows(), "attention: a factor for each row");
    // SAFETY: the CPU executes `S`, says the caller; there is a factor for each row.
    unsafe {
        for (r, &factor) in factors.iter().enumerate() {
            let (y, factor) = (y.row_mut(r), S::splat(factor));
            strips!(S::LANES, y.len(), |w, i| {
                w.put::<S>(y, i, S::mul(w.get::<S>(y, i), factor));
            });
        }
    }
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
