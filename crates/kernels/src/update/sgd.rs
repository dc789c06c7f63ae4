//! Gradient descent, plain and with (Nesterov) momentum: v = μ v − lr g, then w += v, or
//! w += μ v − lr g with Nesterov. The learning rate is inside the velocity, as in Keras.

use super::common::Common;
use super::sweep::{Formula, sweep};
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
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe { sweep::<S, 0>(c, Plain, w, g, []) }
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
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let formula = Momentum::<S> { momentum: S::splat(momentum), nesterov };
        sweep::<S, 1>(c, formula, w, g, [velocity])
    }
}

/// Without momentum there are no constants.
#[derive(Clone, Copy)]
struct Plain;

impl<S: Simd> Formula<S, 0> for Plain {
    #[inline(always)]
    unsafe fn apply(self, rate: S::F, w: S::F, g: S::F, _: [S::F; 0]) -> (S::F, [S::F; 0]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe { (S::fnma(rate, g, w), []) }
    }
}

/// The constants of the formula with momentum.
#[derive(Clone, Copy)]
struct Momentum<S: Simd> {
    momentum: S::F,
    nesterov: bool,
}

impl<S: Simd> Formula<S, 1> for Momentum<S> {
    #[inline(always)]
    unsafe fn apply(self, rate: S::F, w: S::F, g: S::F, [v]: [S::F; 1]) -> (S::F, [S::F; 1]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let step = S::mul(rate, g);
            let v = S::sub(S::mul(self.momentum, v), step);
            let ahead = if self.nesterov { S::sub(S::mul(self.momentum, v), step) } else { v };
            (S::add(w, ahead), [v])
        }
    }
}
