//! Dropout bits: words of independent Bernoulli draws from Philox.
//!
//! Word g of a mask (g counts the words of the full matrix row by row) takes the Philox-7
//! counters 4 g + lane, lane 0..4, each of which gives words x₀..x₃. Bit 8 v + 2 lane + half is
//! half `half` (0 the low 16 bits) of x_v, and is 1 where that is at least the rate's threshold.
//! The layout makes one 16-bit compare and a byte mask of any instruction set yield whole words.

use crate::rng::{Key, philox_lanes};
use crate::simd::Simd;
use crate::simd::pair::Pair;

/// Enough rounds for BigCrush, and a third faster than ten.
const ROUNDS: usize = 7;

/// A dropout rate and what follows from it.
///
/// Bits are drawn from 16 random bits each, so the rate in effect is the nearest multiple of
/// 2⁻¹⁶, at most 2⁻¹⁷ off; the scale is that of the rate asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The share of elements dropped.
    pub rate: f32,
    /// Kept where 16 random bits are at least this.
    pub threshold: u32,
    /// What kept elements are multiplied by: 1 / (1 − rate), and 0 for rate 1, which keeps none.
    pub scale: f32,
}

impl Rate {
    /// The rate `rate`.
    ///
    /// # Panics
    /// When `rate` is not in [0, 1].
    pub fn new(rate: f32) -> Self {
        assert!((0.0..=1.0).contains(&rate), "a dropout rate is in [0, 1], received {rate}");
        let threshold = (f64::from(rate) * 65536.0).round().min(65535.0) as u32;
        let scale = if rate < 1.0 { (1.0 / (1.0 - f64::from(rate))) as f32 } else { 0.0 };
        Rate { rate, threshold, scale }
    }
}

/// Draws word `first + i * step` (counted in the full matrix) into `words[i]`.
#[inline(always)]
pub(crate) unsafe fn draw_words<S: Simd>(
    key: Key,
    threshold: u32,
    first: u32,
    step: u32,
    words: &mut [u32],
) {
    // SAFETY: a CPU that executes `S` executes pairs of it.
    unsafe { draw_pairs::<Pair<S>>(key, threshold, first, step, words) }
}

#[inline(always)]
unsafe fn draw_pairs<P: Simd>(key: Key, threshold: u32, first: u32, step: u32, words: &mut [u32]) {
    // Lane l works on word l / 4 of the LANES / 4 words of one pass.
    let mut offsets = [0i32; 32];
    for (lane, offset) in offsets.iter_mut().enumerate() {
        *offset = (lane as u32 / 4 * 4).wrapping_mul(step).wrapping_add(lane as u32 % 4) as i32;
    }
    // SAFETY: the CPU executes `P`, says the caller; `offsets` are enough for the widest vector.
    unsafe {
        let offsets = P::load_i(offsets.as_ptr());
        let stream = P::splat_i(key.stream as i32);
        let time = (P::splat_i(key.step as i32), P::splat_i(key.time as i32));
        let mut group = first.wrapping_mul(4);
        for words in words.chunks_mut(P::LANES / 4) {
            let counter = [P::add_i(P::splat_i(group as i32), offsets), stream, time.0, time.1];
            let drawn = philox_lanes::<P, ROUNDS>(counter, key.words());
            let drawn = P::halves_at_least(drawn, threshold);
            words.copy_from_slice(&drawn[..words.len()]);
            group = group.wrapping_add(step.wrapping_mul(P::LANES as u32));
        }
    }
}

/// The `k`-th vector `v` of a panel with 0 where the bit is 0.
#[inline(always)]
pub(crate) unsafe fn keep<S: Simd>(word: u32, k: usize, v: S::F) -> S::F {
    // SAFETY: the CPU is the only condition.
    unsafe { S::select(S::mask_from_word(word, k), v, S::splat(0.0)) }
}
