//! Nadam (Dozat 2016) as in Keras: Adam with Nesterov's look ahead,
//! w −= lr (a m + b g) / (√(c v) + ε), with m and v as in Adam.

use super::common::Common;
use super::sweep::{Formula, sweep};
use crate::simd::Simd;

dispatch! {
    /// One Nadam step with both moments. `rest` is 1 − β₁ and 1 − β₂; `parts` are the factors of the moment, of the
    /// gradient and of the second moment in the corrected ones.
    ///
    /// Returns the penalty of the weights before the step.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn nadam(
        c: &Common,
        rest: [f32; 2],
        parts: [f32; 3],
        epsilon: f32,
        w: &mut [f32],
        g: &[f32],
        m: &mut [f32],
        v: &mut [f32],
    ) -> f32 = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(
    c: &Common,
    rest: [f32; 2],
    parts: [f32; 3],
    epsilon: f32,
    w: &mut [f32],
    g: &[f32],
    m: &mut [f32],
    v: &mut [f32],
) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let formula = Nadam::<S> {
            rest1: S::splat(rest[0]),
            rest2: S::splat(rest[1]),
            a: S::splat(parts[0]),
            b: S::splat(parts[1]),
            c: S::splat(parts[2]),
            epsilon: S::splat(epsilon),
        };
        sweep::<S, 2>(c, formula, w, g, [m, v])
    }
}

/// The constants of the formula.
#[derive(Clone, Copy)]
struct Nadam<S: Simd> {
    rest1: S::F,
    rest2: S::F,
    a: S::F,
    b: S::F,
    c: S::F,
    epsilon: S::F,
}

impl<S: Simd> Formula<S, 2> for Nadam<S> {
    #[inline(always)]
    unsafe fn apply(self, rate: S::F, w: S::F, g: S::F, [m, v]: [S::F; 2]) -> (S::F, [S::F; 2]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let m = S::fma(S::sub(g, m), self.rest1, m);
            let v = S::fma(S::sub(S::mul(g, g), v), self.rest2, v);
            let first = S::fma(self.a, m, S::mul(self.b, g));
            let root = S::add(S::sqrt(S::mul(self.c, v)), self.epsilon);
            (S::sub(w, S::div(S::mul(first, rate), root)), [m, v])
        }
    }
}
