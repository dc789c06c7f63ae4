//! Softmax cross-entropy with a label per class.
//!
//! loss = Σ y · (lse(z) − z) and dz = dloss · (p · Σ y − y), for labels y that need not sum to one,
//! smoothed to y · (1 − s) + s / classes.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]

use crate::lanes::Width;
use crate::math;
use crate::simd::Simd;
use crate::softmax::{exponentials, same_rows, scale_row};
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
struct Smoothed<S: Simd> {
    labels: *const f32,
    factor: S::F,
    shift: S::F,
}

impl<S: Simd> Smoothed<S> {
    #[inline(always)]
    unsafe fn new(labels: Tile, row: usize, smoothing: f32) -> Self {
        Smoothed {
            labels: labels.as_ptr().add(row * labels.row_stride()),
            factor: S::splat(1.0 - smoothing),
            shift: S::splat(smoothing / labels.cols() as f32),
        }
    }

    /// The vector at `i`, 0 in lanes that do not exist.
    #[inline(always)]
    unsafe fn load<W: Width>(&self, w: W, i: usize) -> S::F {
        let y = w.load::<S>(self.labels.wrapping_add(i));
        w.fill::<S>(S::fma(y, self.factor, self.shift), S::splat(0.0))
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
    for (r, loss) in loss.iter_mut().enumerate() {
        let z = logits.as_ptr().add(r * logits.row_stride());
        let p = r * probabilities.row_stride();
        let p = probabilities.as_mut_ptr().add(p);
        let labels = Smoothed::<S>::new(labels, r, smoothing);
        let (max, sum) = exponentials::<S>(z, n, p);
        let shift = S::splat(max);
        let [label_sum, dot] = row_sums!(S, 2, n, |w, i| {
            let y = labels.load(w, i);
            let below = S::sub(shift, w.load::<S>(z.wrapping_add(i)));
            // 0 · ∞ would be NaN where a logit without label is −∞.
            [y, S::clear(S::eq(y, S::splat(0.0)), S::mul(y, below))]
        });
        scale_row::<S>(p, n, 1.0 / sum);
        *loss = scalar!(S, math::log::<S>, sum) * label_sum as f32 + dot as f32;
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
    for (r, &dloss) in dloss.iter().enumerate() {
        let p = probabilities.as_ptr().add(r * probabilities.row_stride());
        let to = r * dlogits.row_stride();
        let to = dlogits.as_mut_ptr().add(to);
        let labels = Smoothed::<S>::new(labels, r, smoothing);
        let label_sum = S::splat(row_sum!(S, n, |w, i| labels.load(w, i)));
        let dloss = S::splat(dloss);
        strips!(S::LANES, n, |w, i| {
            let weighted = S::mul(w.load::<S>(p.add(i)), label_sum);
            w.store::<S>(to.add(i), S::mul(dloss, S::sub(weighted, labels.load(w, i))));
        });
    }
}
