//! Softmax cross-entropy with a label per class.
//!
//! loss = Σ y · (lse(z) − z) and dz = dloss · (p · Σ y − y), for labels y that need not sum to one,
//! smoothed to y · (1 − s) + s / classes.

use crate::lanes::Width;
use crate::simd::Simd;
use crate::softmax::{same_rows, softmax_rows};
use crate::tile::{Tile, TileMut};

dispatch! {
    /// One loss per row, and the softmax of the logits. A label of 0 adds nothing, whatever its
    /// logit.
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn softmax_cross_entropy(
        logits: Tile,
        labels: Tile,
        smoothing: f32,
        loss: &mut [f32],
        probabilities: TileMut,
    ) = softmax_generic;

    /// The gradient of the logits from one `dloss` per row.
    ///
    /// # Panics
    /// When the shapes differ or columns are not adjacent.
    pub fn softmax_cross_entropy_backward(
        probabilities: Tile,
        labels: Tile,
        smoothing: f32,
        dloss: &[f32],
        dlogits: TileMut,
    ) = softmax_backward_generic;
}

/// The smoothed labels of a row: y · (1 − s) + s / classes.
struct Smoothed<'a, S: Simd> {
    labels: &'a [f32],
    factor: S::F,
    shift: S::F,
}

impl<'a, S: Simd> Smoothed<'a, S> {
    #[inline(always)]
    unsafe fn new(labels: &'a [f32], smoothing: f32) -> Self {
        let shift = smoothing / labels.len() as f32;
        // SAFETY: the CPU is the only condition.
        let (factor, shift) = unsafe { (S::splat(1.0 - smoothing), S::splat(shift)) };
        Smoothed { labels, factor, shift }
    }

    /// The vector at `i`, 0 in lanes that do not exist.
    #[inline(always)]
    unsafe fn load<W: Width>(&self, w: W, i: usize) -> S::F {
        // SAFETY: as for `Width::get`, says the caller.
        unsafe {
            let y = w.get::<S>(self.labels, i);
            w.fill::<S>(S::fma(y, self.factor, self.shift), S::splat(0.0))
        }
    }
}

#[inline(always)]
unsafe fn softmax_generic<S: Simd>(
    logits: Tile,
    labels: Tile,
    smoothing: f32,
    loss: &mut [f32],
    mut probabilities: TileMut,
) {
    assert!(
        same_rows(logits, &probabilities)
            && same_rows(labels, &probabilities)
            && loss.len() == logits.rows(),
        "softmax_cross_entropy: shapes differ"
    );
    let n = logits.cols();
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns, and
    // the losses one per row.
    unsafe {
        for first in (0..loss.len()).step_by(S::LANES) {
            let found = softmax_rows::<S>(logits, &mut probabilities, first);
            let log_sums = found.log_sums::<S>();
            for (lane, row) in (first..loss.len()).take(S::LANES).enumerate() {
                let (z, shift) = (logits.row(row), S::splat(found.max[lane]));
                let labels = Smoothed::<S>::new(labels.row(row), smoothing);
                let [label_sum, dot] = row_sums!(S, 2, n, |w, i| {
                    let y = labels.load(w, i);
                    let below = S::sub(shift, w.get::<S>(z, i));
                    // 0 · ∞ would be NaN where a logit without label is −∞.
                    [y, S::clear(S::eq(y, S::splat(0.0)), S::mul(y, below))]
                });
                loss[row] = log_sums[lane] * label_sum as f32 + dot as f32;
            }
        }
    }
}

#[inline(always)]
unsafe fn softmax_backward_generic<S: Simd>(
    probabilities: Tile,
    labels: Tile,
    smoothing: f32,
    dloss: &[f32],
    mut dlogits: TileMut,
) {
    assert!(
        same_rows(probabilities, &dlogits)
            && same_rows(labels, &dlogits)
            && dloss.len() == dlogits.rows(),
        "softmax_cross_entropy_backward: shapes differ"
    );
    let n = probabilities.cols();
    // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns, and
    // the losses one per row.
    unsafe {
        for (r, &dloss) in dloss.iter().enumerate() {
            let (p, to) = (probabilities.row(r), dlogits.row_mut(r));
            let labels = Smoothed::<S>::new(labels.row(r), smoothing);
            let label_sum = S::splat(row_sum!(S, n, |w, i| labels.load(w, i)));
            let dloss = S::splat(dloss);
            strips!(S::LANES, n, |w, i| {
                let weighted = S::mul(w.get::<S>(p, i), label_sum);
                w.put::<S>(to, i, S::mul(dloss, S::sub(weighted, labels.load(w, i))));
            });
        }
    }
}
