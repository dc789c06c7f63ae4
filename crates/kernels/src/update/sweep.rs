//! The one pass over weights, gradients and state that an optimizer's formula is applied in.

use super::common::{Common, CommonLanes, fetch_ahead};
use crate::lanes::Width;
use crate::simd::Simd;

/// An optimizer's formula on one vector, with `N` numbers of state for each weight.
pub(super) trait Formula<S: Simd, const N: usize>: Copy {
    /// The new weight, and the new state, from the decayed weight and the whole gradient.
    ///
    /// # Safety
    /// The CPU executes `S`.
    unsafe fn apply(self, rate: S::F, w: S::F, g: S::F, state: [S::F; N]) -> (S::F, [S::F; N]);
}

/// Applies `formula` to every weight; returns the penalty of the weights before.
///
/// # Safety
/// The CPU executes `S`.
///
/// # Panics
/// When the lengths differ.
#[inline(always)]
pub(super) unsafe fn sweep<S: Simd, const N: usize>(
    c: &Common,
    formula: impl Formula<S, N>,
    w: &mut [f32],
    g: &[f32],
    mut state: [&mut [f32]; N],
) -> f32 {
    let n = w.len();
    assert!(g.len() == n && state.iter().all(|of| of.len() == n), "update: lengths differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end at `n`, the length of every slice.
    unsafe {
        let mut common = CommonLanes::<S>::new(c);
        strips!(S::LANES, n, |width, i| {
            fetch_ahead(i, w);
            let (weight, gradient) = common.load(width, w, g, i);
            let mut before = [weight; N];
            for (before, of) in before.iter_mut().zip(&state) {
                fetch_ahead(i, of);
                *before = width.get::<S>(of, i);
            }
            let (next, after) = formula.apply(common.learning_rate, weight, gradient, before);
            for (after, of) in after.into_iter().zip(&mut state) {
                width.put::<S>(of, i, after);
            }
            width.put::<S>(w, i, next);
        });
        common.penalty()
    }
}
