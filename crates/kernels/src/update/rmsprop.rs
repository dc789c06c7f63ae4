//! RMSprop (Tieleman and Hinton, 2012) as in Keras: v = ρ v + (1 − ρ) g², step = lr g / √(v + ε),
//! where the centred form subtracts the square of the running mean gradient from v, and momentum
//! accumulates the steps.

use super::common::Common;
use super::sweep::{Formula, sweep};
use crate::Isa;
use crate::simd::Simd;

/// One RMSprop step. `mean_grad` is state of the centred form and `velocity` of a momentum that
/// is not 0; otherwise they may be empty.
///
/// 1 − ρ is formed in f64, as Keras does: from an f32 ρ near 1 it would be 10⁻⁵ off. Returns the
/// penalty of the weights before the step.
///
/// # Panics
/// When the lengths differ.
pub fn rmsprop(
    isa: Isa,
    c: &Common,
    rho: impl Into<f64>,
    momentum: f32,
    epsilon: f32,
    centered: bool,
    w: &mut [f32],
    g: &[f32],
    v: &mut [f32],
    mean_grad: &mut [f32],
    velocity: &mut [f32],
) -> f32 {
    let rho = rho.into();
    let decay = [rho as f32, (1.0 - rho) as f32];
    let mean_grad = centered.then_some(mean_grad);
    let velocity = (momentum != 0.0).then_some(velocity);
    dispatched(isa, c, decay, momentum, epsilon, w, g, v, mean_grad, velocity)
}

dispatch! {
    fn dispatched(
        c: &Common,
        decay: [f32; 2],
        momentum: f32,
        epsilon: f32,
        w: &mut [f32],
        g: &[f32],
        v: &mut [f32],
        mean_grad: Option<&mut [f32]>,
        velocity: Option<&mut [f32]>,
    ) -> f32 = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(
    c: &Common,
    decay: [f32; 2],
    momentum: f32,
    epsilon: f32,
    w: &mut [f32],
    g: &[f32],
    v: &mut [f32],
    mean_grad: Option<&mut [f32]>,
    velocity: Option<&mut [f32]>,
) -> f32 {
    // SAFETY: the CPU executes `S`, says the caller.
    unsafe {
        let formula = Rmsprop::<S> {
            rho: S::splat(decay[0]),
            rest: S::splat(decay[1]),
            momentum: if velocity.is_some() { Some(S::splat(momentum)) } else { None },
            epsilon: S::splat(epsilon),
            centered: mean_grad.is_some(),
        };
        match (mean_grad, velocity) {
            (None, None) => sweep::<S, 1>(c, formula, w, g, [v]),
            (Some(mean), None) => sweep::<S, 2>(c, formula, w, g, [v, mean]),
            (None, Some(velocity)) => sweep::<S, 2>(c, formula, w, g, [v, velocity]),
            (Some(mean), Some(velocity)) => sweep::<S, 3>(c, formula, w, g, [v, mean, velocity]),
        }
    }
}

/// The constants of the formula.
#[derive(Clone, Copy)]
struct Rmsprop<S: Simd> {
    rho: S::F,
    rest: S::F,
    /// None where it is 0, and there is no velocity.
    momentum: Option<S::F>,
    epsilon: S::F,
    centered: bool,
}

/// The state is v, the mean gradient if it is centred, and last the velocity if there is any.
impl<S: Simd, const N: usize> Formula<S, N> for Rmsprop<S> {
    #[inline(always)]
    unsafe fn apply(self, rate: S::F, w: S::F, g: S::F, mut state: [S::F; N]) -> (S::F, [S::F; N]) {
        // SAFETY: the CPU executes `S`, says the caller.
        unsafe {
            state[0] = S::fma(self.rho, state[0], S::mul(self.rest, S::mul(g, g)));
            let mut denominator = state[0];
            if self.centered {
                state[1] = S::fma(self.rho, state[1], S::mul(self.rest, g));
                denominator = S::fnma(state[1], state[1], denominator);
            }
            let root = S::sqrt(S::add(denominator, self.epsilon));
            let mut step = S::div(S::mul(rate, g), root);
            if let Some(momentum) = self.momentum {
                step = S::fma(momentum, state[N - 1], step);
                state[N - 1] = step;
            }
            (S::sub(w, step), state)
        }
    }
}
