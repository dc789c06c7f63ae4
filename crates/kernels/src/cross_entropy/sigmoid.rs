//! Sigmoid cross-entropy, elementwise and without overflow:
//! loss = max(z, 0) − z · y + log(1 + e^−|z|) and dz = dloss · (sigmoid(z) − y).

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]

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
    let (z, y, loss) = (logits.as_ptr(), labels.as_ptr(), loss.as_mut_ptr());
    strips!(S::LANES, n, |w, i| {
        let (z, y) = (w.load::<S>(z.add(i)), w.load::<S>(y.add(i)));
        // softplus(z) is max(z, 0) + log(1 + e^−|z|).
        w.store::<S>(loss.add(i), S::fnma(z, y, softplus::<S>(z)));
    });
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
    let (z, y, dloss) = (logits.as_ptr(), labels.as_ptr(), dloss.as_ptr());
    let to = dlogits.as_mut_ptr();
    strips!(S::LANES, n, |w, i| {
        let error = S::sub(math::sigmoid::<S>(w.load::<S>(z.add(i))), w.load::<S>(y.add(i)));
        w.store::<S>(to.add(i), S::mul(w.load::<S>(dloss.add(i)), error));
    });
}
