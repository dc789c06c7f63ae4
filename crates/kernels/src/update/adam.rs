//! Adam (Kingma and Ba, 2015) and AMSGrad as in Keras: m += (g − m)(1 − β₁),
//! v += (g² − v)(1 − β₂), w −= α m / (√v + ε) with α = lr √(1 − β₂ᵗ) / (1 − β₁ᵗ) and ε outside the
//! root. AMSGrad divides by the largest v so far, which is not bias-corrected.

use super::common::{Common, CommonLanes, fetch_ahead};
use crate::Isa;
use crate::lanes::Width;
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
    mut vhat: Option<&mut [f32]>,
) -> f32 {
    let n = w.len();
    assert!(
        g.len() == n
            && m.len() == n
            && v.len() == n
            && vhat.as_ref().is_none_or(|vhat| vhat.len() == n),
        "adam: lengths differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; the strips end at `n`, the length of every
    // slice.
    unsafe {
        let mut common = CommonLanes::<S>::new(c);
        let (rest1, rest2) = (S::splat(rest[0]), S::splat(rest[1]));
        let (epsilon, alpha) = (S::splat(epsilon), S::splat(alpha));
        strips!(S::LANES, n, |width, i| {
            fetch_ahead(i, [w, m, v]);
            let (weight, gradient) = common.load(width, w, g, i);
            let first = width.get::<S>(m, i);
            let first = S::fma(S::sub(gradient, first), rest1, first);
            let second = width.get::<S>(v, i);
            let second = S::fma(S::sub(S::mul(gradient, gradient), second), rest2, second);
            width.put::<S>(m, i, first);
            width.put::<S>(v, i, second);
            let mut bound = second;
            if let Some(vhat) = &mut vhat {
                bound = S::max(width.get::<S>(vhat, i), second);
                width.put::<S>(vhat, i, bound);
            }
            let step = S::div(S::mul(alpha, first), S::add(S::sqrt(bound), epsilon));
            width.put::<S>(w, i, S::sub(weight, step));
        });
        common.penalty()
    }
}
