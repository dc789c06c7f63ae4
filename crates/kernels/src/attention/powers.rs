//! Forward: scores to powers, and what makes shares of the rows of the product that goes over them.

#![allow(
    clippy::needless_range_loop,
    reason = "the index also numbers the vector inside the panel, and iterators hide the unrolling"
)]

use super::{Kept, Sees, check_kept, word};
use crate::bits::keep;
use crate::lanes::Width;
use crate::math;
use crate::panel::{self, COLUMNS};
use crate::rows::BLOCK;
use crate::simd::Simd;
use crate::tile::TileMut;

/// What no score is as small as.
const UNSEEN: f32 = -3.0e38;

/// Rows whose largest scores are found before the powers of any: a row's own would wait for it.
const GROUP: usize = 16;

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
