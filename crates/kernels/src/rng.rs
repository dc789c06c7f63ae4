//! Random numbers from counters: Philox 4×32 (Salmon, Moraes, Dror and Shaw, "Parallel random
//! numbers: as easy as 1, 2, 3", SC 2011).
//!
//! A draw is a pure function of (seed, stream, step, time, index): no state is kept, so any part
//! of a sequence can be drawn by any thread in any order. Ten rounds for initial values and
//! shuffles, seven (the fewest that pass BigCrush) for dropout bits.

use crate::simd::Simd;

/// Names one sequence of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The seed of the run.
    pub seed: u64,
    /// Which of the run's consumers draws: a layer, an initializer.
    pub stream: u32,
    /// The training step.
    pub step: u32,
    /// The time step inside a recurrent layer, else 0.
    pub time: u32,
}

const MULTIPLIER: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: usize = 10;

impl Key {
    /// The two key words of Philox.
    pub(crate) const fn words(self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }

    /// The four words of `group`.
    fn draw(self, group: u32) -> [u32; 4] {
        philox::<ROUNDS>([group, self.stream, self.step, self.time], self.words())
    }
}

/// The Philox 4×32 bijection of `counter` under `key`.
pub const fn philox<const ROUNDS: usize>(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut c0, mut c1, mut c2, mut c3], [mut k0, mut k1]) = (counter, key);
    let mut round = 0;
    while round < ROUNDS {
        let (p0, p1) = (c0 as u64 * MULTIPLIER[0] as u64, c2 as u64 * MULTIPLIER[1] as u64);
        c0 = (p1 >> 32) as u32 ^ c1 ^ k0;
        c2 = (p0 >> 32) as u32 ^ c3 ^ k1;
        c1 = p1 as u32;
        c3 = p0 as u32;
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
        round += 1;
    }
    [c0, c1, c2, c3]
}

/// [`philox`] of one counter per lane.
///
/// # Safety
/// The CPU executes `S`.
#[inline(always)]
pub(crate) unsafe fn philox_lanes<S: Simd, const ROUNDS: usize>(
    counter: [S::I; 4],
    key: [u32; 2],
) -> [S::I; 4] {
    // SAFETY: the caller's promise is the only condition of these operations.
    unsafe {
        let [mut c0, mut c1, mut c2, mut c3] = counter;
        let [mut k0, mut k1] = key;
        let m0 = S::splat_i(MULTIPLIER[0] as i32);
        let m1 = S::splat_i(MULTIPLIER[1] as i32);
        for _ in 0..ROUNDS {
            let (high0, low0) = S::mul_wide(c0, m0);
            let (high1, low1) = S::mul_wide(c2, m1);
            c0 = S::xor_i(S::xor_i(c1, S::splat_i(k0 as i32)), high1);
            c2 = S::xor_i(S::xor_i(c3, S::splat_i(k1 as i32)), high0);
            c1 = low1;
            c3 = low0;
            k0 = k0.wrapping_add(WEYL[0]);
            k1 = k1.wrapping_add(WEYL[1]);
        }
        [c0, c1, c2, c3]
    }
}

/// Uniform numbers in [low, high): element i is word i mod 4 of group i / 4, to 32 bits.
pub fn fill_uniform(key: Key, low: f32, high: f32, y: &mut [f32]) {
    let (base, range) = (f64::from(low), f64::from(high) - f64::from(low));
    for (group, y) in y.chunks_mut(4).enumerate() {
        for (y, word) in y.iter_mut().zip(key.draw(group as u32)) {
            let value = (base + range * (f64::from(word) * 2f64.powi(-32))) as f32;
            // Rounding to f32 can reach the excluded end.
            *y = if value < high { value } else { high.next_down().max(low) };
        }
    }
}

/// Two independent standard normal numbers from two words (Box and Muller, 1958).
fn box_muller(u: u32, v: u32) -> [f64; 2] {
    // Half a step in from 0, whose logarithm is infinite.
    let radius = (-2.0 * ((f64::from(u) + 0.5) * 2f64.powi(-32)).ln()).sqrt();
    let (sin, cos) = (f64::from(v) * (std::f64::consts::TAU * 2f64.powi(-32))).sin_cos();
    [radius * cos, radius * sin]
}

/// Normal numbers; element i is number i mod 4 of group i / 4.
pub fn fill_normal(key: Key, mean: f32, std: f32, y: &mut [f32]) {
    let (mean, std) = (f64::from(mean), f64::from(std));
    for (group, y) in y.chunks_mut(4).enumerate() {
        let [a, b, c, d] = key.draw(group as u32);
        let normals = [box_muller(a, b), box_muller(c, d)];
        for (y, z) in y.iter_mut().zip(normals.as_flattened()) {
            *y = (mean + std * z) as f32;
        }
    }
}

/// Normal numbers at most two `std` from `mean`: element i is the first such number of group i,
/// or, where all four are farther out (once in 230 000), of group i at the next `time`.
pub fn fill_truncated_normal(key: Key, mean: f32, std: f32, y: &mut [f32]) {
    let (mean, std) = (f64::from(mean), f64::from(std));
    for (i, y) in y.iter_mut().enumerate() {
        let z = (0u32..)
            .flat_map(|retry| {
                let time = key.time.wrapping_add(retry);
                let [a, b, c, d] = Key { time, ..key }.draw(i as u32);
                let ([p, q], [r, s]) = (box_muller(a, b), box_muller(c, d));
                [p, q, r, s]
            })
            .find(|z| z.abs() <= 2.0)
            .unwrap_or(0.0);
        *y = (mean + std * z) as f32;
    }
}

/// A number in `0..bound` from 64 random bits (Lemire's multiplication; bias below 2⁻³²).
pub fn below(key: Key, index: u32, bound: u32) -> u32 {
    let [a, b, ..] = key.draw(index);
    let bits = u64::from(a) << 32 | u64::from(b);
    ((u128::from(bits) * u128::from(bound)) >> 64) as u32
}

/// Puts `xs` in random order (Fisher–Yates).
pub fn shuffle(key: Key, xs: &mut [u32]) {
    for i in (1..xs.len()).rev() {
        xs.swap(i, below(key, i as u32, i as u32 + 1) as usize);
    }
}
