//! Elementwise functions of one tensor.

use crate::lanes::Width;
use crate::math;
use crate::simd::Simd;
use crate::simd::pair::Pair;

/// A function applied to every element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// −x.
    Neg,
    /// |x|.
    Abs,
    /// −1, 0 or 1; NaN stays NaN.
    Sign,
    /// √x.
    Sqrt,
    /// 1 / √x.
    Rsqrt,
    /// x².
    Square,
    /// 1 / x.
    Reciprocal,
    /// e^x.
    Exp,
    /// e^x − 1.
    Expm1,
    /// Natural logarithm.
    Log,
    /// log(1 + x).
    Log1p,
    /// max(x, 0); NaN stays NaN.
    Relu,
    /// 1 / (1 + e^−x).
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// log(1 + e^x), without overflow.
    Softplus,
    /// The error function.
    Erf,
    /// The largest integer not above x.
    Floor,
    /// Sine of radians.
    Sin,
    /// Cosine of radians.
    Cos,
}

dispatch! {
    /// `y[i] = op(x[i])`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn unary(op: Unary, x: &[f32], y: &mut [f32]) = generic;
}

/// log(1 + e^x) = max(x, 0) + log1p(e^−|x|).
#[inline(always)]
pub(crate) unsafe fn softplus<S: Simd>(x: S::F) -> S::F {
    // SAFETY: the CPU is the only condition.
    unsafe {
        let tail = math::log1p_unit::<S>(math::exp::<S>(S::neg(S::abs(x))));
        S::add(S::max(x, S::splat(0.0)), tail)
    }
}

/// −1, 0 or 1; NaN and the zeros are returned as they are.
#[inline(always)]
pub(crate) unsafe fn sign<S: Simd>(x: S::F) -> S::F {
    // SAFETY: the CPU is the only condition.
    unsafe {
        let zero = S::splat(0.0);
        let y = S::select(S::lt(x, zero), S::splat(-1.0), x);
        S::select(S::lt(zero, x), S::splat(1.0), y)
    }
}

#[inline(always)]
unsafe fn generic<S: Simd>(op: Unary, x: &[f32], y: &mut [f32]) {
    // SAFETY: a CPU that executes `S` executes pairs of it.
    unsafe { pairs::<Pair<S>>(op, x, y) }
}

#[inline(always)]
unsafe fn pairs<P: Simd>(op: Unary, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "unary: lengths differ");
    macro_rules! each {
        (|$v:ident| $result:expr) => {
            strips!(P::LANES, x.len(), |w, i| {
                let $v = w.get::<P>(x, i);
                w.put::<P>(y, i, $result);
            })
        };
    }
    // SAFETY: the CPU executes `P`, says the caller; the strips end with both slices.
    unsafe {
        match op {
            Unary::Neg => each!(|v| P::neg(v)),
            Unary::Abs => each!(|v| P::abs(v)),
            Unary::Sign => each!(|v| sign::<P>(v)),
            Unary::Sqrt => each!(|v| P::sqrt(v)),
            Unary::Rsqrt => each!(|v| P::div(P::splat(1.0), P::sqrt(v))),
            Unary::Square => each!(|v| P::mul(v, v)),
            Unary::Reciprocal => each!(|v| P::div(P::splat(1.0), v)),
            Unary::Exp => each!(|v| math::exp::<P>(v)),
            Unary::Expm1 => each!(|v| math::expm1::<P>(v)),
            Unary::Log => each!(|v| math::log::<P>(v)),
            Unary::Log1p => each!(|v| math::log1p::<P>(v)),
            Unary::Relu => each!(|v| P::clear(P::le(v, P::splat(0.0)), v)),
            Unary::Sigmoid => each!(|v| math::sigmoid::<P>(v)),
            Unary::Tanh => each!(|v| math::tanh::<P>(v)),
            Unary::Softplus => each!(|v| softplus::<P>(v)),
            Unary::Erf => each!(|v| math::erf::<P>(v)),
            Unary::Floor => each!(|v| P::floor(v)),
            Unary::Sin => {
                each!(|v| math::sin::<P>(v));
                far(x, y, f64::sin);
            }
            Unary::Cos => {
                each!(|v| math::cos::<P>(v));
                far(x, y, f64::cos);
            }
        }
    }
}

/// Angles of so many turns that float32 cannot count them, which are rare, in float64.
#[inline(always)]
fn far(x: &[f32], y: &mut [f32], f: fn(f64) -> f64) {
    if x.iter().any(|x| x.abs() > math::TURNS_MAX) {
        for (x, y) in x.iter().zip(y).filter(|(x, _)| x.abs() > math::TURNS_MAX) {
            *y = f(f64::from(*x)) as f32;
        }
    }
}
