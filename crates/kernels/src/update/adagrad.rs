//! Adagrad (Duchi et al. 2011) as in Keras: s += g², w −= lr g / √(s + s₀ + ε).

use super::common::Common;
use super::sweep::{Formula, sweep};
use crate::simd::Simd;

dispatch! {
    /// One Adagrad step with accumulated squares, to which `offset`, the initial value and ε, is added.
    ///
    /// Returns the penalty of the weights before the step.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn adagrad(
        c: &Common,
        offset: f32,
        w: &mut [f32],
        g: &[f32],
        sum: &mut [f32],
    ) -> f32 = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(
    c: &Common,
    offset: f32,
    w: &mut [f32],
    g: &[f32],
    sum: &mut [f32],
) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let formula = Adagrad::<S> { offset: S::splat(offset) };
        sweep::<S, 1>(c, formula, w, g, [sum])
    }
}

/// The constants of the formula.
#[derive(Clone, Copy)]
struct Adagrad<S: Simd> {
    offset: S::F,
}

impl<S: Simd> Formula<S, 1> for Adagrad<S> {
    #[inline(always)]
    unsafe fn apply(self, rate: S::F, w: S::F, g: S::F, [sum]: [S::F; 1]) -> (S::F, [S::F; 1]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let sum = S::fma(g, g, sum);
            let step = S::div(S::mul(rate, g), S::sqrt(S::add(sum, self.offset)));
            (S::sub(w, step), [sum])
        }
    }
}
