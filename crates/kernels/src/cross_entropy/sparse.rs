//! Softmax cross-entropy with the number of the one true class, as if of a one-hot label:
//! loss = lse(z) − z_label and dz = dloss · (p − [class = label]).

use crate::lanes::Width;
use crate::simd::Simd;
use crate::softmax::{same_rows, softmax_rows};
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
    for first in (0..rows).step_by(S::LANES) {
        // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns.
        unsafe {
            let found = softmax_rows::<S>(logits, &mut probabilities, first);
            let log_sums = found.log_sums::<S>();
            for (lane, row) in (first..rows).take(S::LANES).enumerate() {
                let label = labels[row];
                assert!((label as usize) < n, "class {label} of {n}");
                let z = logits.row(row)[label as usize];
                loss[row] = log_sums[lane] + (found.max[lane] - z);
            }
        }
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
        // SAFETY: the CPU executes `S`, says the caller; the tiles have the same rows and columns.
        unsafe {
            let (p, to) = (probabilities.row(r), dlogits.row_mut(r));
            let factor = S::splat(dloss);
            strips!(S::LANES, n, |w, i| {
                w.put::<S>(to, i, S::mul(factor, w.get::<S>(p, i)));
            });
            to[label as usize] = dloss * (p[label as usize] - 1.0);
        }
    }
}
