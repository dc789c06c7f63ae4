//! Sigmoid cross-entropy, elementwise and without overflow:
//! loss = max(z, 0) − z · y + log(1 + e^−|z|) and dz = dloss · (sigmoid(z) − y).

use crate::lanes::Width;
use crate::math;
use crate::simd::Simd;
use crate::unary::softplus;

dispatch! {
    /// One loss per logit.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn sigmoid_cross_entropy(
        logits: &[f32],
        labels: &[f32],
        loss: &mut [f32],
    ) = sigmoid_generic;

    /// The gradient of the logits from one `dloss` per logit.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn sigmoid_cross_entropy_backward(
        logits: &[f32],
        labels: &[f32],
        dloss: &[f32],
        dlogits: &mut [f32],
    ) = sigmoid_backward_generic;
}

#[inline(always)]
unsafe fn sigmoid_generic<S: Simd>(logits: &[f32], labels: &[f32], loss: &mut [f32]) {
    let n = loss.len();
    assert!(logits.len() == n && labels.len() == n, "sigmoid_cross_entropy: lengths differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end at `n`, the length of every
    // slice.
    unsafe {
        strips!(S::LANES, n, |w, i| {
            let (z, y) = (w.get::<S>(logits, i), w.get::<S>(labels, i));
            // softplus(z) is max(z, 0) + log(1 + e^−|z|).
            w.put::<S>(loss, i, S::fnma(z, y, softplus::<S>(z)));
        });
    }
}

#[inline(always)]
unsafe fn sigmoid_backward_generic<S: Simd>(
    logits: &[f32],
    labels: &[f32],
    dloss: &[f32],
    dlogits: &mut [f32],
) {
    let n = dlogits.len();
    assert!(
        logits.len() == n && labels.len() == n && dloss.len() == n,
        "sigmoid_cross_entropy_backward: lengths differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; the strips end at `n`, the length of every
    // slice.
    unsafe {
        strips!(S::LANES, n, |w, i| {
            let probability = math::sigmoid::<S>(w.get::<S>(logits, i));
            let error = S::sub(probability, w.get::<S>(labels, i));
            w.put::<S>(dlogits, i, S::mul(w.get::<S>(dloss, i), error));
        });
    }
}
