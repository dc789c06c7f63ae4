//! Elementwise functions of one tensor.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]

use crate::lanes::Width;
use crate::math;
use crate::simd::Simd;

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
    let tail = math::log1p::<S>(math::exp::<S>(S::neg(S::abs(x))));
    S::add(S::max(x, S::splat(0.0)), tail)
}

/// −1, 0 or 1; NaN and the zeros are returned as they are.
#[inline(always)]
pub(crate) unsafe fn sign<S: Simd>(x: S::F) -> S::F {
    let zero = S::splat(0.0);
    let y = S::select(S::lt(x, zero), S::splat(-1.0), x);
    S::select(S::lt(zero, x), S::splat(1.0), y)
}

#[inline(always)]
unsafe fn generic<S: Simd>(op: Unary, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "unary: lengths differ");
    let (n, x, y) = (x.len(), x.as_ptr(), y.as_mut_ptr());
    macro_rules! each {
        (|$v:ident| $result:expr) => {
            strips!(S::LANES, n, |w, i| {
                let $v = w.load::<S>(x.add(i));
                w.store::<S>(y.add(i), $result);
            })
        };
    }
    match op {
        Unary::Neg => each!(|v| S::neg(v)),
        Unary::Abs => each!(|v| S::abs(v)),
        Unary::Sign => each!(|v| sign::<S>(v)),
        Unary::Sqrt => each!(|v| S::sqrt(v)),
        Unary::Rsqrt => each!(|v| S::div(S::splat(1.0), S::sqrt(v))),
        Unary::Square => each!(|v| S::mul(v, v)),
        Unary::Reciprocal => each!(|v| S::div(S::splat(1.0), v)),
        Unary::Exp => each!(|v| math::exp::<S>(v)),
        Unary::Expm1 => each!(|v| math::expm1::<S>(v)),
        Unary::Log => each!(|v| math::log::<S>(v)),
        Unary::Log1p => each!(|v| math::log1p::<S>(v)),
        Unary::Relu => each!(|v| S::select(S::le(v, S::splat(0.0)), S::splat(0.0), v)),
        Unary::Sigmoid => each!(|v| math::sigmoid::<S>(v)),
        Unary::Tanh => each!(|v| math::tanh::<S>(v)),
        Unary::Softplus => each!(|v| softplus::<S>(v)),
        Unary::Erf => each!(|v| math::erf::<S>(v)),
        Unary::Floor => each!(|v| S::floor(v)),
    }
}
