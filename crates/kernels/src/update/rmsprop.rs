//! RMSprop (Tieleman and Hinton, 2012) as in Keras: v = ρ v + (1 − ρ) g², step = lr g / √(v + ε),
//! where the centred form subtracts the square of the running mean gradient from v, and momentum
//! accumulates the steps.

use super::common::{Common, CommonLanes, fetch_ahead};
use crate::Isa;
use crate::lanes::Width;
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
    mut mean_grad: Option<&mut [f32]>,
    mut velocity: Option<&mut [f32]>,
) -> f32 {
    let n = w.len();
    assert!(
        g.len() == n
            && v.len() == n
            && mean_grad.as_ref().is_none_or(|state| state.len() == n)
            && velocity.as_ref().is_none_or(|state| state.len() == n),
        "rmsprop: lengths differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; the strips end at `n`, the length of every
    // slice.
    unsafe {
        let mut common = CommonLanes::<S>::new(c);
        let (rho, rest) = (S::splat(decay[0]), S::splat(decay[1]));
        let (momentum, epsilon) = (S::splat(momentum), S::splat(epsilon));
        strips!(S::LANES, n, |width, i| {
            fetch_ahead(i, [w, v]);
            let (weight, gradient) = common.load(width, w, g, i);
            let square = S::mul(rest, S::mul(gradient, gradient));
            let average = S::fma(rho, width.get::<S>(v, i), square);
            width.put::<S>(v, i, average);
            let mut denominator = average;
            if let Some(mean_grad) = &mut mean_grad {
                let old = width.get::<S>(mean_grad, i);
                let mean = S::fma(rho, old, S::mul(rest, gradient));
                width.put::<S>(mean_grad, i, mean);
                denominator = S::fnma(mean, mean, denominator);
            }
            let root = S::sqrt(S::add(denominator, epsilon));
            let mut step = S::div(S::mul(common.learning_rate, gradient), root);
            if let Some(velocity) = &mut velocity {
                step = S::fma(momentum, width.get::<S>(velocity, i), step);
                width.put::<S>(velocity, i, step);
            }
            width.put::<S>(w, i, S::sub(weight, step));
        });
        common.penalty()
    }
}
