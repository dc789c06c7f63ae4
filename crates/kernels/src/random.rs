//! Random numbers in bulk from Philox-7 words: uniform ones, and standard normal ones in pairs (Box and Muller, 1958).
//!
//! A row is cut into blocks of 64 numbers, numbered row by row over the full matrix. Block b takes the
//! counters 16 b + j, j in 0..16, each of which gives words w₀..w₃; numbers j, 16 + j of the block are
//! the pair of (w₀, w₁), and 32 + j, 48 + j that of (w₂, w₃), or each of one word. So a number does not depend on the width of a
//! vector, nor on how rows are cut into calls.

use crate::math::log;
use crate::rng::{Key, philox_lanes};
use crate::simd::Simd;
use crate::tile::TileMut;

/// Enough rounds for BigCrush.
const ROUNDS: usize = 7;
/// Counters of a block.
const GROUPS: usize = 16;
/// Numbers of a block.
const BLOCK: usize = 4 * GROUPS;

dispatch! {
    /// Fills the rows from `first_row` of a matrix with normal numbers.
    pub fn normal(key: Key, first_row: usize, y: TileMut) = normal_generic;
}

dispatch! {
    /// Fills the rows from `first_row` of a matrix with uniform numbers in [0, 1), multiples of 2⁻²⁴.
    pub fn uniform(key: Key, first_row: usize, y: TileMut) = uniform_generic;
}

#[inline(always)]
unsafe fn normal_generic<S: Simd>(key: Key, first_row: usize, y: TileMut) {
    // SAFETY: as the caller says.
    unsafe { rows::<S, true>(key, first_row, y) }
}

#[inline(always)]
unsafe fn uniform_generic<S: Simd>(key: Key, first_row: usize, y: TileMut) {
    // SAFETY: as the caller says.
    unsafe { rows::<S, false>(key, first_row, y) }
}

/// Fills rows with numbers, normal or uniform.
#[inline(always)]
unsafe fn rows<S: Simd, const NORMAL: bool>(key: Key, first_row: usize, mut y: TileMut) {
    let (cols, blocks) = (y.cols(), y.cols().div_ceil(BLOCK));
    let mut numbers = [0.0; BLOCK];
    for r in 0..y.rows() {
        for block in 0..blocks {
            let number = ((first_row + r) * blocks + block) as u32;
            // SAFETY: the CPU executes `S`, says the caller; row r exists.
            unsafe {
                fill_block::<S, NORMAL>(key, number.wrapping_mul(GROUPS as u32), &mut numbers);
                let row = &mut y.row_mut(r)[block * BLOCK..cols.min((block + 1) * BLOCK)];
                row.copy_from_slice(&numbers[..row.len()]);
            }
        }
    }
}

/// The numbers of the block whose first counter is `first`.
#[inline(always)]
unsafe fn fill_block<S: Simd, const NORMAL: bool>(
    key: Key,
    first: u32,
    numbers: &mut [f32; BLOCK],
) {
    const LANES: [i32; GROUPS] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    const { assert!(GROUPS.is_multiple_of(S::LANES)) };
    let at = numbers.as_mut_ptr();
    for j in (0..GROUPS).step_by(S::LANES) {
        // SAFETY: the CPU executes `S`, says the caller; `S::LANES` lanes from j, a multiple of them, lie within
        // `LANES`, and within each quarter of the block.
        unsafe {
            let counter = S::add_i(S::splat_i(first as i32), S::load_i(LANES.as_ptr().add(j)));
            let [stream, step, time] =
                [key.stream, key.step, key.time].map(|word| S::splat_i(word as i32));
            let [a, b, c, d] =
                philox_lanes::<S, ROUNDS>([counter, stream, step, time], key.words());
            for (half, (radius, angle)) in [(a, b), (c, d)].into_iter().enumerate() {
                let (x, y) = if NORMAL {
                    pair::<S>(radius, angle)
                } else {
                    (fraction::<S>(radius), fraction::<S>(angle))
                };
                S::store(at.add(2 * half * GROUPS + j), x);
                S::store(at.add((2 * half + 1) * GROUPS + j), y);
            }
        }
    }
}

/// The upper 24 bits as a number in [0, 1).
#[inline(always)]
unsafe fn fraction<S: Simd>(word: S::I) -> S::F {
    // SAFETY: the CPU is the only condition.
    unsafe { S::mul(S::from_int(S::shr_i::<8>(word)), S::splat(1.0 / (1u64 << 24) as f32)) }
}

/// √(−2 ln u) · (cos 2πv, sin 2πv), with u in (0, 1] and v in [−½, ½) of 32 bits each.
#[inline(always)]
unsafe fn pair<S: Simd>(u: S::I, v: S::I) -> (S::F, S::F) {
    // SAFETY: the CPU is the only condition.
    unsafe {
        // Half a step in from 0, whose logarithm is infinite.
        let u = S::fma(
            S::from_int(S::shr_i::<1>(u)),
            S::splat(1.0 / (1u64 << 31) as f32),
            S::splat(1.0 / (1u64 << 32) as f32),
        );
        let radius = S::sqrt(S::mul(S::splat(-2.0), log::<S>(u)));
        let (sin, cos) = sin_cos::<S>(S::mul(S::from_int(v), S::splat(1.0 / (1u64 << 30) as f32)));
        (S::mul(radius, cos), S::mul(radius, sin))
    }
}

/// Sine and cosine of `x` quarter turns, |x| ≤ 2: of what is left of the nearest quarter by the polynomials of Cephes'
/// `sinf` and `cosf`, at most 2 ulp of 1 off.
#[inline(always)]
unsafe fn sin_cos<S: Simd>(x: S::F) -> (S::F, S::F) {
    // SAFETY: the CPU is the only condition.
    unsafe {
        let quarter = S::round(x);
        let z = S::mul(S::sub(x, quarter), S::splat(std::f32::consts::FRAC_PI_2));
        let zz = S::mul(z, z);
        let sin = S::fma(S::splat(-1.951_529_6e-4), zz, S::splat(8.332_161e-3));
        let sin = S::fma(sin, zz, S::splat(-1.666_665_5e-1));
        let sin = S::fma(S::mul(sin, zz), z, z);
        let cos = S::fma(S::splat(2.443_315_7e-5), zz, S::splat(-1.388_731_6e-3));
        let cos = S::fma(cos, zz, S::splat(4.166_664_6e-2));
        let cos = S::fma(S::fma(cos, zz, S::splat(-0.5)), zz, S::splat(1.0));
        let quarter = S::to_int(quarter);
        let odd = S::eq(S::from_int(S::and_i(quarter, S::splat_i(1))), S::splat(1.0));
        // The sign bit, where the quarter, or the one after it, is the third or fourth.
        let sign = |quarter| S::and_i(S::shl_i::<30>(quarter), S::splat_i(i32::MIN));
        let flip = |y, quarter| S::from_bits(S::xor_i(S::to_bits(y), sign(quarter)));
        let next = S::add_i(quarter, S::splat_i(1));
        (flip(S::select(odd, cos, sin), quarter), flip(S::select(odd, sin, cos), next))
    }
}
