//! What every optimizer does to weight and gradient before its own formula.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]
#![allow(
    clippy::manual_map,
    reason = "a closure would not inherit the CPU features of the function around it"
)]

use super::penalty::{Penalty, PenaltyLanes};
use crate::lanes::Width;
use crate::simd::Simd;

/// Settings shared by every optimizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// The step size.
    pub learning_rate: f32,
    /// Decoupled weight decay: w −= learning_rate · weight_decay · w before the update; 0 = none.
    pub weight_decay: f32,
    /// The weights' penalty, whose gradient joins the data gradient.
    pub penalty: Penalty,
    /// The factor of the data gradient, below 1 when it is clipped by norm.
    pub scale: f32,
    /// The bound of each element of the whole gradient.
    pub clip: Option<f32>,
}

/// [`Common`] in vectors.
#[derive(Clone, Copy)]
pub(super) struct CommonLanes<S: Simd> {
    pub(super) learning_rate: S::F,
    decay: Option<S::F>,
    penalty: PenaltyLanes<S>,
    scale: S::F,
    clip: Option<S::F>,
}

impl<S: Simd> CommonLanes<S> {
    #[inline(always)]
    pub(super) unsafe fn new(c: &Common) -> Self {
        let decay = c.learning_rate * c.weight_decay;
        CommonLanes {
            learning_rate: S::splat(c.learning_rate),
            decay: if decay == 0.0 { None } else { Some(S::splat(decay)) },
            penalty: PenaltyLanes::new(&c.penalty),
            scale: S::splat(c.scale),
            clip: match c.clip {
                Some(clip) => Some(S::splat(clip)),
                None => None,
            },
        }
    }

    /// The decayed weights and the whole gradient of the vector at `w` and `g`.
    #[inline(always)]
    pub(super) unsafe fn load<W: Width>(
        &self,
        width: W,
        w: *const f32,
        g: *const f32,
    ) -> (S::F, S::F) {
        let mut w = width.load::<S>(w);
        let mut g = self.penalty.add(w, S::mul(width.load::<S>(g), self.scale));
        if let Some(clip) = self.clip {
            g = S::max(S::min(g, clip), S::neg(clip));
        }
        if let Some(decay) = self.decay {
            w = S::fnma(decay, w, w);
        }
        (w, g)
    }
}
