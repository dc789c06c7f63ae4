//! Adadelta (Zeiler 2012) as in Keras: s = ρ s + (1 − ρ) g², d = −g √(u + ε) / √(s + ε),
//! u = ρ u + (1 − ρ) d², w += lr d.

use super::common::Common;
use super::sweep::{Formula, sweep};
use crate::simd::Simd;

dispatch! {
    /// One Adadelta step with the running squares of gradients and of steps; `rho` is ρ and 1 − ρ.
    ///
    /// Returns the penalty of the weights before the step.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn adadelta(
        c: &Common,
        rho: [f32; 2],
        epsilon: f32,
        w: &mut [f32],
        g: &[f32],
        squares: &mut [f32],
        steps: &mut [f32],
    ) -> f32 = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(
    c: &Common,
    rho: [f32; 2],
    epsilon: f32,
    w: &mut [f32],
    g: &[f32],
    squares: &mut [f32],
    steps: &mut [f32],
) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let formula = Adadelta::<S> {
            rho: S::splat(rho[0]),
            rest: S::splat(rho[1]),
            epsilon: S::splat(epsilon),
        };
        sweep::<S, 2>(c, formula, w, g, [squares, steps])
    }
}

/// The constants of the formula.
#[derive(Clone, Copy)]
struct Adadelta<S: Simd> {
    rho: S::F,
    rest: S::F,
    epsilon: S::F,
}

impl<S: Simd> Formula<S, 2> for Adadelta<S> {
    #[inline(always)]
    unsafe fn apply(
        self,
        rate: S::F,
        w: S::F,
        g: S::F,
        [squares, steps]: [S::F; 2],
    ) -> (S::F, [S::F; 2]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let squares = S::fma(self.rho, squares, S::mul(self.rest, S::mul(g, g)));
            let root = S::sqrt(S::add(steps, self.epsilon));
            let step = S::div(S::mul(root, g), S::sqrt(S::add(squares, self.epsilon)));
            let steps = S::fma(self.rho, steps, S::mul(self.rest, S::mul(step, step)));
            (S::fnma(rate, step, w), [squares, steps])
        }
    }
}
