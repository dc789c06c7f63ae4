//! Lion (Chen et al. 2023) as in Keras: w −= lr sign(β₁ m + (1 − β₁) g), m = β₂ m + (1 − β₂) g.

use super::common::Common;
use super::sweep::{Formula, sweep};
use crate::simd::Simd;

dispatch! {
    /// One Lion step with its momentum; `beta1` and `beta2` are each β and 1 − β.
    ///
    /// Returns the penalty of the weights before the step.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn lion(
        c: &Common,
        beta1: [f32; 2],
        beta2: [f32; 2],
        w: &mut [f32],
        g: &[f32],
        m: &mut [f32],
    ) -> f32 = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(
    c: &Common,
    beta1: [f32; 2],
    beta2: [f32; 2],
    w: &mut [f32],
    g: &[f32],
    m: &mut [f32],
) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let formula = Lion::<S> {
            beta1: S::splat(beta1[0]),
            rest1: S::splat(beta1[1]),
            beta2: S::splat(beta2[0]),
            rest2: S::splat(beta2[1]),
        };
        sweep::<S, 1>(c, formula, w, g, [m])
    }
}

/// The constants of the formula.
#[derive(Clone, Copy)]
struct Lion<S: Simd> {
    beta1: S::F,
    rest1: S::F,
    beta2: S::F,
    rest2: S::F,
}

impl<S: Simd> Formula<S, 1> for Lion<S> {
    #[inline(always)]
    unsafe fn apply(self, rate: S::F, w: S::F, g: S::F, [m]: [S::F; 1]) -> (S::F, [S::F; 1]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let zero = S::splat(0.0);
            let ahead = S::fma(m, self.beta1, S::mul(g, self.rest1));
            // 0 has no sign, and NaN keeps to itself.
            let below = S::select(S::lt(ahead, zero), S::splat(-1.0), ahead);
            let sign = S::select(S::lt(zero, ahead), S::splat(1.0), below);
            let m = S::fma(m, self.beta2, S::mul(g, self.rest2));
            (S::fnma(rate, sign, w), [m])
        }
    }
}
