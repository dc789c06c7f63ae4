//! Adam (Kingma and Ba, 2015) and AMSGrad as in Keras: m += (g − m)(1 − β₁),
//! v += (g² − v)(1 − β₂), w −= α m / (√v + ε) with α = lr √(1 − β₂ᵗ) / (1 − β₁ᵗ) and ε outside the
//! root. AMSGrad divides by the largest v so far, which is not bias-corrected.

use super::common::Common;
use super::sweep::{Formula, sweep};
use crate::Isa;
use crate::simd::Simd;

/// One Adam step with moments `m` and `v`, or one AMSGrad step with `vhat` as well.
///
/// `alpha` is the bias-corrected learning rate; 1 − β is formed in f64, as Keras does: from an
/// f32 β₂ = 0.999 it would be 10⁻⁵ off. Returns the penalty of the weights before the step.
///
/// # Panics
/// When the lengths differ.
pub fn adam(
    isa: Isa,
    c: &Common,
    beta1: impl Into<f64>,
    beta2: impl Into<f64>,
    epsilon: f32,
    alpha: f32,
    w: &mut [f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    vhat: Option<&mut [f32]>,
) -> f32 {
    let rest = [(1.0 - beta1.into()) as f32, (1.0 - beta2.into()) as f32];
    dispatched(isa, c, rest, epsilon, alpha, w, g, m, v, vhat)
}

dispatch! {
    fn dispatched(
        c: &Common,
        rest: [f32; 2],
        epsilon: f32,
        alpha: f32,
        w: &mut [f32],
        g: &[f32],
        m: &mut [f32],
        v: &mut [f32],
        vhat: Option<&mut [f32]>,
    ) -> f32 = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(
    c: &Common,
    rest: [f32; 2],
    epsilon: f32,
    alpha: f32,
    w: &mut [f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
    vhat: Option<&mut [f32]>,
) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let formula = Adam::<S> {
            rest1: S::splat(rest[0]),
            rest2: S::splat(rest[1]),
            epsilon: S::splat(epsilon),
            alpha: S::splat(alpha),
        };
        match vhat {
            None => sweep::<S, 2>(c, formula, w, g, [m, v]),
            Some(vhat) => sweep::<S, 3>(c, formula, w, g, [m, v, vhat]),
        }
    }
}

/// The constants of the formula.
#[derive(Clone, Copy)]
struct Adam<S: Simd> {
    rest1: S::F,
    rest2: S::F,
    epsilon: S::F,
    alpha: S::F,
}

impl<S: Simd> Adam<S> {
    /// The next moments.
    #[inline(always)]
    unsafe fn moments(self, g: S::F, [m, v]: [S::F; 2]) -> [S::F; 2] {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let m = S::fma(S::sub(g, m), self.rest1, m);
            [m, S::fma(S::sub(S::mul(g, g), v), self.rest2, v)]
        }
    }

    /// The next weight, by the second moment or its bound.
    #[inline(always)]
    unsafe fn weight(self, w: S::F, m: S::F, bound: S::F) -> S::F {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let root = S::add(S::root(bound), self.epsilon);
            S::sub(w, S::quotient(S::mul(self.alpha, m), root))
        }
    }
}

impl<S: Simd> Formula<S, 2> for Adam<S> {
    #[inline(always)]
    unsafe fn apply(self, _: S::F, w: S::F, g: S::F, state: [S::F; 2]) -> (S::F, [S::F; 2]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let [m, v] = self.moments(g, state);
            (self.weight(w, m, v), [m, v])
        }
    }
}

impl<S: Simd> Formula<S, 3> for Adam<S> {
    #[inline(always)]
    unsafe fn apply(self, _: S::F, w: S::F, g: S::F, [m, v, vhat]: [S::F; 3]) -> (S::F, [S::F; 3]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let [m, v] = self.moments(g, [m, v]);
            let vhat = S::max(vhat, v);
            (self.weight(w, m, vhat), [m, v, vhat])
        }
    }
}
