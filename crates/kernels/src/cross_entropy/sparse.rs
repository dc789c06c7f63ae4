//! Softmax cross-entropy with the number of the one true class, as if of a one-hot label:
//! loss = lse(z) − z_label and dz = dloss · (p − [class = label]).

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
    /// [`softmax_cross_entropy`](super::softmax_cross_entropy) of class numbers.
    ///
    /// # Panics
    /// When the shapes differ, columns are not adjacent, or a label is not a class.
    pub fn sparse_softmax_cross_entropy(
        logits: Tile,
        labels: &[i32],
        loss: &mut [f32],
        probabilities: TileMut,
    ) = sparse_generic;

    /// The gradient of the logits of [`sparse_softmax_cross_entropy`] from one `dloss` per row.
    ///
    /// # Panics
    /// When the shapes differ, columns are not adjacent, or a label is not a class.
    pub fn sparse_softmax_cross_entropy_backward(
        probabilities: Tile,
        labels: &[i32],
        dloss: &[f32],
        dlogits: TileMut,
    ) = sparse_backward_generic;
}

#[inline(always)]
unsafe fn sparse_generic<S: Simd>(
    logits: Tile,
    labels: &[i32],
    loss: &mut [f32],
    mut probabilities: TileMut,
) {
    let (rows, n) = (logits.rows(), logits.cols());
    assert!(
        same_rows(logits, &probabilities) && labels.len() == rows && loss.len() == rows,
        "sparse_softmax_cross_entropy: shapes differ"
    );
    for (r, (loss, &label)) in loss.iter_mut().zip(labels).enumerate() {
        assert!((label as usize) < n, "class {label} of {n}");
        let z = logits.as_ptr().add(r * logits.row_stride());
        let p = r * probabilities.row_stride();
        let p = probabilities.as_mut_ptr().add(p);
        let (max, sum) = exponentials::<S>(z, n, p);
        scale_row::<S>(p, n, 1.0 / sum);
        *loss = scalar!(S, math::log::<S>, sum) + (max - *z.add(label as usize));
    }
}

#[inline(always)]
unsafe fn sparse_backward_generic<S: Simd>(
    probabilities: Tile,
    labels: &[i32],
    dloss: &[f32],
    mut dlogits: TileMut,
) {
    let (rows, n) = (probabilities.rows(), probabilities.cols());
    assert!(
        same_rows(probabilities, &dlogits) && labels.len() == rows && dloss.len() == rows,
        "sparse_softmax_cross_entropy_backward: shapes differ"
    );
    for (r, (&dloss, &label)) in dloss.iter().zip(labels).enumerate() {
        assert!((label as usize) < n, "class {label} of {n}");
        let p = probabilities.as_ptr().add(r * probabilities.row_stride());
        let to = r * dlogits.row_stride();
        let to = dlogits.as_mut_ptr().add(to);
        let factor = S::splat(dloss);
        strips!(S::LANES, n, |w, i| {
            w.store::<S>(to.add(i), S::mul(factor, w.load::<S>(p.add(i))));
        });
        *to.add(label as usize) = dloss * (*p.add(label as usize) - 1.0);
    }
}
