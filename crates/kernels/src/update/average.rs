//! Moving averages of weights: a = m a + (1 − m) w.

use crate::lanes::Width;
use crate::simd::Simd;

dispatch! {
    /// Moves `average` towards `w`; `momentum` is m.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn average(momentum: f32, w: &[f32], average: &mut [f32]) = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(momentum: f32, w: &[f32], average: &mut [f32]) {
    let n = w.len();
    assert!(average.len() == n, "average: lengths differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end at `n`, the length of both slices.
    unsafe {
        let (kept, rest) = (S::splat(momentum), S::splat(1.0 - momentum));
        strips!(S::LANES, n, |width, i| {
            let new = S::mul(rest, width.get::<S>(w, i));
            let old = width.get::<S>(average, i);
            // Not `0 · old`, which infinity would make NaN of.
            let next = if momentum == 0.0 { new } else { S::fma(kept, old, new) };
            width.put::<S>(average, i, next);
        });
    }
}
