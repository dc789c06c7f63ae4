//! Gradient descent, plain and with (Nesterov) momentum: v = μ v − lr g, then w += v, or
//! w += μ v − lr g with Nesterov. The learning rate is inside the velocity, as in Keras.

use super::common::{Common, CommonLanes, fetch_ahead};
use crate::lanes::Width;
use crate::simd::Simd;

dispatch! {
    /// w −= lr · g; returns the penalty of the weights before it.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn sgd(c: &Common, w: &mut [f32], g: &[f32]) -> f32 = sgd_generic;

    /// SGD with momentum; `velocity` is its state. Returns the penalty of the weights before it.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn momentum(
        c: &Common,
        momentum: f32,
        nesterov: bool,
        w: &mut [f32],
        g: &[f32],
        velocity: &mut [f32],
    ) -> f32 = momentum_generic;
}

#[inline(always)]
unsafe fn sgd_generic<S: Simd>(c: &Common, w: &mut [f32], g: &[f32]) -> f32 {
    assert_eq!(w.len(), g.len(), "sgd: lengths differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end with both slices.
    unsafe {
        let mut common = CommonLanes::<S>::new(c);
        strips!(S::LANES, g.len(), |width, i| {
            fetch_ahead(i, [w]);
            let (weight, gradient) = common.load(width, w, g, i);
            width.put::<S>(w, i, S::fnma(common.learning_rate, gradient, weight));
        });
        common.penalty()
    }
}

#[inline(always)]
unsafe fn momentum_generic<S: Simd>(
    c: &Common,
    momentum: f32,
    nesterov: bool,
    w: &mut [f32],
    g: &[f32],
    velocity: &mut [f32],
) -> f32 {
    let n = w.len();
    assert!(g.len() == n && velocity.len() == n, "momentum: lengths differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end at `n`, the length of every
    // slice.
    unsafe {
        let (mut common, momentum) = (CommonLanes::<S>::new(c), S::splat(momentum));
        strips!(S::LANES, n, |width, i| {
            fetch_ahead(i, [w, velocity]);
            let (weight, gradient) = common.load(width, w, g, i);
            let step = S::mul(common.learning_rate, gradient);
            let v = S::sub(S::mul(momentum, width.get::<S>(velocity, i)), step);
            let ahead = if nesterov { S::sub(S::mul(momentum, v), step) } else { v };
            width.put::<S>(velocity, i, v);
            width.put::<S>(w, i, S::add(weight, ahead));
        });
        common.penalty()
    }
}
