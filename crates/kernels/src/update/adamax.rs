//! Adamax (Kingma and Ba, 2015) as in Keras: m += (g − m)(1 − β₁), u = max(β₂ u, |g|),
//! w −= lr m / ((1 − β₁ᵗ)(u + ε)).

use super::common::Common;
use super::sweep::{Formula, sweep};
use crate::simd::Simd;

dispatch! {
    /// One Adamax step with the first moment and the norm; `rest1` is 1 − β₁, `correction` 1 − β₁ᵗ.
    ///
    /// Returns the penalty of the weights before the step.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn adamax(
        c: &Common,
        rest1: f32,
        beta2: f32,
        epsilon: f32,
        correction: f32,
        w: &mut [f32],
        g: &[f32],
        moment: &mut [f32],
        norm: &mut [f32],
    ) -> f32 = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(
    c: &Common,
    rest1: f32,
    beta2: f32,
    epsilon: f32,
    correction: f32,
    w: &mut [f32],
    g: &[f32],
    moment: &mut [f32],
    norm: &mut [f32],
) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let formula = Adamax::<S> {
            rest1: S::splat(rest1),
            beta2: S::splat(beta2),
            epsilon: S::splat(epsilon),
            correction: S::splat(correction),
        };
        sweep::<S, 2>(c, formula, w, g, [moment, norm])
    }
}

/// The constants of the formula.
#[derive(Clone, Copy)]
struct Adamax<S: Simd> {
    rest1: S::F,
    beta2: S::F,
    epsilon: S::F,
    correction: S::F,
}

impl<S: Simd> Formula<S, 2> for Adamax<S> {
    #[inline(always)]
    unsafe fn apply(
        self,
        rate: S::F,
        w: S::F,
        g: S::F,
        [moment, norm]: [S::F; 2],
    ) -> (S::F, [S::F; 2]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let moment = S::fma(S::sub(g, moment), self.rest1, moment);
            let norm = S::max(S::mul(self.beta2, norm), S::abs(g));
            let divisor = S::mul(self.correction, S::add(norm, self.epsilon));
            (S::sub(w, S::div(S::mul(rate, moment), divisor)), [moment, norm])
        }
    }
}
