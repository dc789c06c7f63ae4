//! Attention: what becomes of a block of scores, row by row. The products around it are GEMM's.
//!
//! A row's shares are softmax(scale·x) over the columns that it sees; of none, zeros. Backward they are
//! made again from the scores and the logarithm of their sum, so that nothing of the size of all scores
//! is kept (Rabe & Staats 2021, Dao et al. 2022).

use crate::bits::keep;
use crate::lanes::Width;
use crate::mask::Mask;
use crate::math;
use crate::panel::{self, COLUMNS};
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};
use std::ops::Range;

/// What no score is as small as.
const UNSEEN: f32 = -3.0e38;

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

    /// What these rows of it see.
    ///
    /// # Panics
    /// When the mask does not have them.
    pub fn part(self, rows: Range<usize>) -> Self {
        let until = self.until.map(|until| until + rows.start);
        let part = |mask: Tile<'a>| match mask.rows() {
            1 => mask,
            _ => mask.part(rows, 0..mask.cols()),
        };
        Sees { until, mask: self.mask.map(part) }
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

dispatch! {
    /// Scores to shares in place, and the logarithm of the sum behind each row, infinite where it sees nothing.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn shares(x: TileMut, scale: f32, sees: Sees, logs: &mut [f32]) = shares_generic;

    /// Scores to the shares that [`shares`] made of them.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn shares_again(x: TileMut, scale: f32, sees: Sees, logs: &[f32]) = again_generic;

    /// The gradient of scores in place of that of the shares: `scale·p·(dp − Σ p·dp)`, with the sums of each row; of the
    /// shares that dropout `kept`, by which they were scaled, and `dp` is 0 for the others.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn score_gradient(
        p: Tile,
        scale: f32,
        sums: &[f32],
        kept: Option<(Mask, f32)>,
        dp: TileMut,
    ) = gradient_generic;

    /// The inner product of each row of one with that of the other.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn row_products(a: Tile, b: Tile, sums: &mut [f32]) = products_generic;
}

#[inline(always)]
unsafe fn shares_generic<S: Simd>(mut x: TileMut, scale: f32, sees: Sees, logs: &mut [f32]) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!(logs.len() == rows, "attention: a logarithm for each row");
    sees.check(rows, cols);
    // SAFETY: the CPU executes `S`, says the caller; rows and masks are as long as was just seen.
    unsafe {
        for (r, log) in logs.iter_mut().enumerate() {
            let (end, mask) = sees.row(r, cols);
            let (x, unseen) = x.row_mut(r).split_at_mut(end);
            unseen.fill(0.0);
            if let Some(mask) = mask {
                strips!(S::LANES, end, |w, i| {
                    let seen = S::lt(S::splat(0.0), w.get::<S>(mask, i));
                    w.put::<S>(x, i, S::select(seen, w.get::<S>(x, i), S::splat(UNSEEN)));
                });
            }
            let infinite = S::splat(f32::NEG_INFINITY);
            let largest = row_max!(S, end, |w, i| w.fill::<S>(w.get::<S>(x, i), infinite));
            if largest <= UNSEEN {
                x.fill(0.0);
                *log = f32::INFINITY;
                continue;
            }
            let (largest_all, scale_all) = (S::splat(largest), S::splat(scale));
            let zero = S::splat(0.0);
            let sum = row_sum!(S, end, |w, i| {
                let difference = S::sub(w.get::<S>(x, i), largest_all);
                let power = math::exp::<S>(S::mul(difference, scale_all));
                w.put::<S>(x, i, power);
                w.fill::<S>(power, zero)
            });
            let share = S::splat(1.0 / sum);
            strips!(S::LANES, end, |w, i| {
                w.put::<S>(x, i, S::mul(w.get::<S>(x, i), share));
            });
            *log = largest * scale + sum.ln();
        }
    }
}

#[inline(always)]
unsafe fn again_generic<S: Simd>(mut x: TileMut, scale: f32, sees: Sees, logs: &[f32]) {
    let (rows, cols) = (x.rows(), x.cols());
    assert!(logs.len() == rows, "attention: a logarithm for each row");
    sees.check(rows, cols);
    // SAFETY: the CPU executes `S`, says the caller; rows and masks are as long as was just seen.
    unsafe {
        for (r, &log) in logs.iter().enumerate() {
            let (end, mask) = sees.row(r, cols);
            let (x, unseen) = x.row_mut(r).split_at_mut(end);
            unseen.fill(0.0);
            if log == f32::INFINITY {
                x.fill(0.0);
                continue;
            }
            let (scale, log, zero) = (S::splat(scale), S::splat(log), S::splat(0.0));
            strips!(S::LANES, end, |w, i| {
                let p = math::exp::<S>(S::sub(S::mul(w.get::<S>(x, i), scale), log));
                let p = match mask {
                    Some(mask) => S::clear(S::le(w.get::<S>(mask, i), zero), p),
                    None => p,
                };
                w.put::<S>(x, i, p);
            });
        }
    }
}

#[inline(always)]
unsafe fn gradient_generic<S: Simd>(
    p: Tile,
    scale: f32,
    sums: &[f32],
    kept: Option<(Mask, f32)>,
    mut dp: TileMut,
) {
    let (rows, cols) = (p.rows(), p.cols());
    let fits = |(mask, _): (Mask, f32)| (mask.rows(), mask.cols()) == (rows, cols);
    assert!(
        (dp.rows(), dp.cols(), sums.len()) == (rows, cols, rows)
            && p.col_stride() == 1
            && kept.is_none_or(fits),
        "attention: sizes differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; all have the same rows and columns.
    unsafe {
        for (r, &sum) in sums.iter().enumerate() {
            let (p, dp) = (p.row(r), dp.row_mut(r));
            let (scale, sum) = (S::splat(scale), S::splat(sum));
            let of = |p: S::F, dp: S::F| S::mul(S::mul(p, S::sub(dp, sum)), scale);
            let Some((mask, rise)) = kept else {
                strips!(S::LANES, cols, |w, i| {
                    w.put::<S>(dp, i, of(w.get::<S>(p, i), w.get::<S>(dp, i)));
                });
                continue;
            };
            let rise = S::splat(rise);
            strips!(COLUMNS, cols, |w, c| {
                let word = mask.word(r, c / COLUMNS);
                let p = panel::load::<S, _>(w, p, c);
                let mut v = panel::load::<S, _>(w, dp, c);
                for k in 0..panel::vectors::<S>() {
                    v[k] = of(p[k], keep::<S>(word, k, S::mul(v[k], rise)));
                }
                panel::store::<S, _>(w, dp, c, v);
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
