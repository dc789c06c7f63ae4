//! What every optimizer does to weight and gradient before its own formula. The weights pass by
//! anyway, so their penalty is summed on the way.

#![allow(
    clippy::manual_map,
    reason = "a closure would not inherit the CPU features of the function around it"
)]

use super::penalty::{Penalty, PenaltyLanes};
use crate::lanes::Width;
use crate::prefetch::prefetch;
use crate::simd::Simd;

/// Elements ahead of its own that a step asks for.
const AHEAD: usize = 768;

/// Asks for weights or state that come after element `at`. They were last used a step ago, unlike
/// the gradient, and have left the near caches.
#[inline(always)]
pub(super) fn fetch_ahead(at: usize, of: &[f32]) {
    prefetch::<true>(of.as_ptr().wrapping_add(at + AHEAD));
}

/// Settings shared by every optimizer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// The step size.
    pub learning_rate: f32,
    /// Decoupled weight decay: w −= learning_rate · weight_decay · w before the update; 0 = none.
    pub weight_decay: f32,
    /// The weights' penalty, which every step returns, of the weights it starts from.
    pub penalty: Penalty,
    /// True when the gradient already contains the penalty's.
    pub penalty_applied: bool,
    /// The factor of the data gradient, below 1 when it is clipped by norm.
    pub scale: f32,
    /// The bound of each element of the whole gradient.
    pub clip: Option<f32>,
}

/// [`Common`] in vectors, with the running sums of the penalty.
pub(super) struct CommonLanes<S: Simd> {
    pub(super) learning_rate: S::F,
    decay: Option<S::F>,
    penalty: PenaltyLanes<S>,
    penalty_applied: bool,
    scale: S::F,
    clip: Option<S::F>,
}

impl<S: Simd> CommonLanes<S> {
    #[inline(always)]
    pub(super) unsafe fn new(c: &Common) -> Self {
        let decay = c.learning_rate * c.weight_decay;
        // SAFETY: the CPU is the only condition.
        unsafe {
            CommonLanes {
                learning_rate: S::splat(c.learning_rate),
                decay: if decay == 0.0 { None } else { Some(S::splat(decay)) },
                penalty: PenaltyLanes::new(&c.penalty),
                penalty_applied: c.penalty_applied,
                scale: S::splat(c.scale),
                clip: match c.clip {
                    Some(clip) => Some(S::splat(clip)),
                    None => None,
                },
            }
        }
    }

    /// The decayed weights and the whole gradient of the vector at `i`.
    ///
    /// # Safety
    /// As for [`Width::get`], of both slices.
    #[inline(always)]
    pub(super) unsafe fn load<W: Width>(
        &mut self,
        width: W,
        w: &[f32],
        g: &[f32],
        i: usize,
    ) -> (S::F, S::F) {
        // SAFETY: as the caller says.
        unsafe {
            let mut w = width.get::<S>(w, i);
            let mut g = S::mul(width.get::<S>(g, i), self.scale);
            self.penalty.count(w);
            if !self.penalty_applied {
                g = self.penalty.add(w, g);
            }
            if let Some(clip) = self.clip {
                g = S::max(S::min(g, clip), S::neg(clip));
            }
            if let Some(decay) = self.decay {
                w = S::fnma(decay, w, w);
            }
            (w, g)
        }
    }

    /// The penalty of all weights loaded.
    #[inline(always)]
    pub(super) unsafe fn penalty(&self) -> f32 {
        // SAFETY: the CPU is the only condition.
        unsafe { self.penalty.total() }
    }
}
