//! Activations of recurrent cells: those whose slope follows from their value, so that backward
//! needs no other numbers than the gates.

use crate::lanes::Width;
use crate::math;
use crate::simd::Simd;
use crate::simd::pair::Pair;
use crate::unary::softplus;

/// See the module documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x.
    Linear,
    /// Hyperbolic tangent.
    Tanh,
    /// 1 / (1 + e^−x).
    Sigmoid,
    /// (x + 3) / 6, held within [0, 1].
    HardSigmoid,
    /// max(x, 0).
    Relu,
    /// x, below 0 e^x − 1.
    Elu,
    /// x / (1 + |x|).
    Softsign,
    /// log(1 + e^x).
    Softplus,
}

impl Activation {
    /// Its value at x.
    ///
    /// # Safety
    /// The CPU executes `S`.
    #[inline(always)]
    pub(super) unsafe fn apply<S: Simd>(self, x: S::F) -> S::F {
        // SAFETY: the CPU is the only condition.
        unsafe {
            let (zero, one) = (S::splat(0.0), S::splat(1.0));
            match self {
                Activation::Linear => x,
                Activation::Tanh => math::tanh::<S>(x),
                Activation::Sigmoid => math::sigmoid::<S>(x),
                Activation::HardSigmoid => {
                    let y = S::fma(x, S::splat(1.0 / 6.0), S::splat(0.5));
                    S::min(S::max(y, zero), one)
                }
                Activation::Relu => S::max(x, zero),
                Activation::Elu => S::select(S::lt(zero, x), x, math::expm1::<S>(x)),
                Activation::Softsign => S::div(x, S::add(one, S::abs(x))),
                Activation::Softplus => softplus::<S>(x),
            }
        }
    }

    /// `to` = its values at `z + sums`.
    ///
    /// # Safety
    /// The CPU executes `S`; all are equally long.
    #[inline(always)]
    pub(super) unsafe fn of_sums<S: Simd>(self, z: &[f32], sums: &[f32], to: &mut [f32]) {
        debug_assert!(z.len() == to.len() && sums.len() == to.len());
        // SAFETY: as the caller says, who executes pairs of `S` too. A loop for each of the usual functions, which it knows.
        unsafe {
            match self {
                Activation::Tanh => sums_of::<Pair<S>>(Activation::Tanh, z, sums, to),
                Activation::Sigmoid => sums_of::<Pair<S>>(Activation::Sigmoid, z, sums, to),
                other => sums_of::<Pair<S>>(other, z, sums, to),
            }
        }
    }

    /// `to` = its values at `x`.
    ///
    /// # Safety
    /// The CPU executes `S`; both are equally long.
    #[inline(always)]
    pub(super) unsafe fn values<S: Simd>(self, x: &[f32], to: &mut [f32]) {
        debug_assert!(x.len() == to.len());
        // SAFETY: as above.
        unsafe {
            match self {
                Activation::Tanh => values_of::<Pair<S>>(Activation::Tanh, x, to),
                other => values_of::<Pair<S>>(other, x, to),
            }
        }
    }

    /// Its values in the place of x.
    ///
    /// # Safety
    /// The CPU executes `S`.
    #[inline(always)]
    pub(super) unsafe fn in_place<S: Simd>(self, x: &mut [f32]) {
        // SAFETY: as above.
        unsafe {
            match self {
                Activation::Tanh => in_place_of::<Pair<S>>(Activation::Tanh, x),
                Activation::Sigmoid => in_place_of::<Pair<S>>(Activation::Sigmoid, x),
                other => in_place_of::<Pair<S>>(other, x),
            }
        }
    }

    /// Its slope where its value is y.
    ///
    /// # Safety
    /// The CPU executes `S`.
    #[inline(always)]
    pub(super) unsafe fn slope<S: Simd>(self, y: S::F) -> S::F {
        // SAFETY: the CPU is the only condition.
        unsafe {
            let (zero, one) = (S::splat(0.0), S::splat(1.0));
            match self {
                Activation::Linear => one,
                Activation::Tanh => S::fnma(y, y, one),
                Activation::Sigmoid => S::fnma(y, y, y),
                Activation::HardSigmoid => {
                    let outside = S::mask_or(S::le(y, zero), S::le(one, y));
                    S::clear(outside, S::splat(1.0 / 6.0))
                }
                Activation::Relu => S::clear(S::le(y, zero), one),
                Activation::Elu => S::select(S::lt(zero, y), one, S::add(y, one)),
                Activation::Softsign => {
                    let rest = S::sub(one, S::abs(y));
                    S::mul(rest, rest)
                }
                Activation::Softplus => S::neg(math::expm1::<S>(S::neg(y))),
            }
        }
    }
}

#[inline(always)]
unsafe fn sums_of<S: Simd>(kind: Activation, z: &[f32], sums: &[f32], to: &mut [f32]) {
    // SAFETY: as `Activation::of_sums`.
    unsafe {
        strips!(S::LANES, to.len(), |w, i| {
            let x = S::add(w.get::<S>(z, i), w.get::<S>(sums, i));
            w.put::<S>(to, i, kind.apply::<S>(x));
        });
    }
}

#[inline(always)]
unsafe fn values_of<S: Simd>(kind: Activation, x: &[f32], to: &mut [f32]) {
    // SAFETY: as `Activation::values`.
    unsafe {
        strips!(S::LANES, to.len(), |w, i| {
            w.put::<S>(to, i, kind.apply::<S>(w.get::<S>(x, i)));
        });
    }
}

#[inline(always)]
unsafe fn in_place_of<S: Simd>(kind: Activation, x: &mut [f32]) {
    // SAFETY: as `Activation::in_place`.
    unsafe {
        strips!(S::LANES, x.len(), |w, i| {
            let of = w.get::<S>(x, i);
            w.put::<S>(x, i, kind.apply::<S>(of));
        });
    }
}
