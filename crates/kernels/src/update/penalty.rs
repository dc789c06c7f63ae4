//! L1 and L2 penalties of a weight tensor: l1 · Σ|w| + l2 · Σw², and their gradient
//! l1 · sign(w) + 2 · l2 · w, where sign(0) = 0.

use crate::Isa;
use crate::lanes::Width;
use crate::reduce::{sum_abs, sum_squares};
use crate::simd::Simd;
use crate::unary::sign;

/// The factors of a penalty; 0 = none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Penalty {
    /// The factor of Σ|w|.
    pub l1: f32,
    /// The factor of Σw².
    pub l2: f32,
}

/// l1 · Σ|w| + l2 · Σw².
pub fn penalty(isa: Isa, p: &Penalty, w: &[f32]) -> f32 {
    let absolute = if p.l1 == 0.0 { 0.0 } else { p.l1 * sum_abs(isa, w) };
    let squares = if p.l2 == 0.0 { 0.0 } else { p.l2 * sum_squares(isa, w) };
    absolute + squares
}

dispatch! {
    /// g += l1 · sign(w) + 2 · l2 · w.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn penalty_gradient(p: &Penalty, w: &[f32], g: &mut [f32]) = gradient_generic;
}

/// A penalty in vectors: its gradient, and its value over the weights counted so far.
pub(super) struct PenaltyLanes<S: Simd> {
    factors: Penalty,
    l1: Option<S::F>,
    twice_l2: Option<S::F>,
    absolute: S::F,
    squares: S::F,
}

impl<S: Simd> PenaltyLanes<S> {
    #[inline(always)]
    pub(super) unsafe fn new(p: &Penalty) -> Self {
        // SAFETY: the CPU is the only condition.
        unsafe {
            PenaltyLanes {
                factors: *p,
                l1: if p.l1 == 0.0 { None } else { Some(S::splat(p.l1)) },
                twice_l2: if p.l2 == 0.0 { None } else { Some(S::splat(2.0 * p.l2)) },
                absolute: S::splat(0.0),
                squares: S::splat(0.0),
            }
        }
    }

    /// Adds the weights `w` to the value.
    #[inline(always)]
    pub(super) unsafe fn count(&mut self, w: S::F) {
        // SAFETY: the CPU is the only condition.
        unsafe {
            if self.l1.is_some() {
                self.absolute = S::add(self.absolute, S::abs(w));
            }
            if self.twice_l2.is_some() {
                self.squares = S::fma(w, w, self.squares);
            }
        }
    }

    /// The value. A factor of 0 makes no NaN of infinite weights.
    #[inline(always)]
    pub(super) unsafe fn total(&self) -> f32 {
        let Penalty { l1, l2 } = self.factors;
        // SAFETY: the CPU is the only condition.
        unsafe {
            let absolute = if l1 == 0.0 { 0.0 } else { l1 * S::sum(self.absolute) };
            let squares = if l2 == 0.0 { 0.0 } else { l2 * S::sum(self.squares) };
            absolute + squares
        }
    }

    /// g plus the penalty's gradient at w.
    #[inline(always)]
    pub(super) unsafe fn add(&self, w: S::F, mut g: S::F) -> S::F {
        // SAFETY: the CPU is the only condition.
        unsafe {
            if let Some(l1) = self.l1 {
                g = S::fma(l1, sign::<S>(w), g);
            }
            if let Some(twice_l2) = self.twice_l2 {
                g = S::fma(twice_l2, w, g);
            }
            g
        }
    }
}

#[inline(always)]
unsafe fn gradient_generic<S: Simd>(p: &Penalty, w: &[f32], g: &mut [f32]) {
    assert_eq!(w.len(), g.len(), "penalty_gradient: lengths differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end with both slices.
    unsafe {
        let penalty = PenaltyLanes::<S>::new(p);
        strips!(S::LANES, w.len(), |width, i| {
            let sum = penalty.add(width.get::<S>(w, i), width.get::<S>(g, i));
            width.put::<S>(g, i, sum);
        });
    }
}
