//! Follow the regularized leader (McMahan et al. 2013) as in Keras: s₊ = s + g²,
//! z += g + 2 λ₃ w − (s₊ᵖ − sᵖ)/lr · w, w = (clip(z, −λ₁, λ₁) − z) / (s₊ᵖ/lr + 2 (λ₂ + β/(2 lr))).

use super::common::Common;
use super::sweep::{Formula, sweep};
use crate::math::{exp, log};
use crate::simd::Simd;

/// The constants of [`ftrl`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FtrlConstants {
    /// p, the exponent of the accumulated squares.
    pub power: f32,
    /// s before the first step.
    pub initial: f32,
    /// λ₁.
    pub l1: f32,
    /// λ₂.
    pub l2: f32,
    /// λ₃, added to the gradient alone.
    pub shrinkage: f32,
    /// β.
    pub beta: f32,
}

dispatch! {
    /// One step with the accumulated squares, without their initial value, and z.
    ///
    /// Returns the penalty of the weights before the step.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn ftrl(
        c: &Common,
        constants: &FtrlConstants,
        w: &mut [f32],
        g: &[f32],
        sum: &mut [f32],
        linear: &mut [f32],
    ) -> f32 = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(
    c: &Common,
    constants: &FtrlConstants,
    w: &mut [f32],
    g: &[f32],
    sum: &mut [f32],
    linear: &mut [f32],
) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let &FtrlConstants { power, initial, l1, l2, shrinkage, beta } = constants;
        let inverse = 1.0 / c.learning_rate;
        let formula = Ftrl::<S> {
            inverse: S::splat(inverse),
            power: if power == 0.5 { None } else { Some(S::splat(power)) },
            initial: S::splat(initial),
            l1: S::splat(l1),
            l2: S::splat(2.0 * l2 + beta * inverse),
            shrinkage: S::splat(2.0 * shrinkage),
        };
        sweep::<S, 2>(c, formula, w, g, [sum, linear])
    }
}

/// The constants in vectors.
#[derive(Clone, Copy)]
struct Ftrl<S: Simd> {
    /// 1/lr.
    inverse: S::F,
    /// The exponent, unless it is that of a root.
    power: Option<S::F>,
    initial: S::F,
    l1: S::F,
    /// Twice λ₂ with its share of β.
    l2: S::F,
    /// Twice λ₃.
    shrinkage: S::F,
}

impl<S: Simd> Ftrl<S> {
    /// A power of accumulated squares.
    #[inline(always)]
    unsafe fn power(self, x: S::F) -> S::F {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            match self.power {
                None => S::sqrt(x),
                Some(power) => exp::<S>(S::mul(power, log::<S>(x))),
            }
        }
    }
}

impl<S: Simd> Formula<S, 2> for Ftrl<S> {
    #[inline(always)]
    unsafe fn apply(
        self,
        _: S::F,
        w: S::F,
        g: S::F,
        [sum, linear]: [S::F; 2],
    ) -> (S::F, [S::F; 2]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            let next = S::fma(g, g, sum);
            let before = self.power(S::add(sum, self.initial));
            let after = self.power(S::add(next, self.initial));
            let shrunk = S::fma(self.shrinkage, w, g);
            let sigma = S::mul(S::sub(after, before), self.inverse);
            let linear = S::add(linear, S::fnma(sigma, w, shrunk));
            let clipped = S::max(S::min(linear, self.l1), S::neg(self.l1));
            let quadratic = S::fma(after, self.inverse, self.l2);
            (S::div(S::sub(clipped, linear), quadratic), [next, linear])
        }
    }
}
