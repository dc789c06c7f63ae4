//! Random numbers in bulk from Philox-7 words: uniform ones, and standard normal ones in pairs (Box and Muller, 1958).
//!
//! A row is cut into blocks of 32 numbers, numbered row by row over the full matrix. Block b takes the
//! counters 8 b + j, j in 0..8, each of which gives words w₀..w₃; numbers j, 8 + j of the block are
//! the pair of (w₀, w₁), and 16 + j, 24 + j that of (w₂, w₃), or each of one word. So a number does not depend on the width of a
//! vector, nor on how the matrix is cut into calls.

use crate::math::log;
use crate::rng::{Key, philox_lanes};
use crate::simd::Simd;
use crate::tile::TileMut;

/// Enough rounds for BigCrush.
const ROUNDS: usize = 7;
/// Counters of a block.
const GROUPS: usize = 8;
/// Numbers of a block: what a part's columns begin with a multiple of.
const BLOCK: usize = 4 * GROUPS;
/// Lanes of the widest vector.
const MOST_LANES: usize = 16;

dispatch! {
    /// Fills the part of a matrix of `cols` columns that begins at a row and a column with normal numbers.
    ///
    /// # Panics
    /// When the part's first column is no multiple of 32.
    pub fn normal(key: Key, cols: usize, first: [usize; 2], y: TileMut) = normal_generic;
}

dispatch! {
    /// As [`normal`], with uniform numbers in [0, 1), multiples of 2⁻²⁴.
    ///
    /// # Panics
    /// As [`normal`].
    pub fn uniform(key: Key, cols: usize, first: [usize; 2], y: TileMut) = uniform_generic;
}

#[inline(always)]
unsafe fn normal_generic<S: Simd>(key: Key, cols: usize, first: [usize; 2], y: TileMut) {
    // SAFETY: as the caller says.
    unsafe { part::<S, true>(key, cols, first, y) }
}

#[inline(always)]
unsafe fn uniform_generic<S: Simd>(key: Key, cols: usize, first: [usize; 2], y: TileMut) {
    // SAFETY: as the caller says.
    unsafe { part::<S, false>(key, cols, first, y) }
}

/// Fills a part with numbers, normal or uniform.
#[inline(always)]
unsafe fn part<S: Simd, const NORMAL: bool>(
    key: Key,
    cols: usize,
    [first_row, first_col]: [usize; 2],
    mut y: TileMut,
) {
    assert!(first_col.is_multiple_of(BLOCK), "random numbers begin inside a block");
    let (rows, width) = (y.rows(), y.cols());
    // A wide vector takes a block in each half: of one row, or of two.
    let at_once = (S::LANES / GROUPS).max(1);
    let mut numbers = [0.0; 4 * MOST_LANES];
    let (mut row, mut col) = (0, 0);
    while row < rows && width > 0 {
        let mut places = [(row, col); MOST_LANES / GROUPS];
        let mut count = 0;
        while count < at_once && row < rows {
            places[count] = (row, col);
            count += 1;
            col += BLOCK;
            if col >= width {
                (row, col) = (row + 1, 0);
            }
        }
        let counters = places.map(|(row, col)| {
            let block = (first_row + row) * cols.div_ceil(BLOCK) + (first_col + col) / BLOCK;
            (block as u32).wrapping_mul(GROUPS as u32)
        });
        // SAFETY: the CPU executes `S`, says the caller; the rows exist.
        unsafe {
            let lanes = fill::<S, NORMAL>(key, counters, &mut numbers);
            for (half, &(row, col)) in places[..count].iter().enumerate() {
                let to = &mut y.row_mut(row)[col..width.min(col + BLOCK)];
                for (quarter, to) in to.chunks_mut(GROUPS).enumerate() {
                    let from = &numbers[quarter * lanes + half * GROUPS..][..GROUPS];
                    to.copy_from_slice(&from[..to.len()]);
                }
            }
        }
    }
}

/// The numbers of the blocks whose first counters are given, as many as the vector has room for: their quarters behind each other,
/// of all blocks each. Returns the size of a quarter.
#[inline(always)]
unsafe fn fill<S: Simd, const NORMAL: bool>(
    key: Key,
    counters: [u32; MOST_LANES / GROUPS],
    numbers: &mut [f32; 4 * MOST_LANES],
) -> usize {
    const { assert!(MOST_LANES.is_multiple_of(S::LANES)) };
    let lanes = S::LANES.max(GROUPS);
    let mut counter = [0; MOST_LANES];
    for (of_block, first) in counter.chunks_exact_mut(GROUPS).zip(counters) {
        of_block.iter_mut().zip(0..).for_each(|(at, j)| *at = first.wrapping_add(j) as i32);
    }
    let at = numbers.as_mut_ptr();
    for j in (0..lanes).step_by(S::LANES) {
        // SAFETY: the CPU executes `S`, says the caller; `S::LANES` lanes from j, a multiple of them, lie within
        // `counter`, and within each quarter of the numbers.
        unsafe {
            let counter = S::load_i(counter.as_ptr().add(j));
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
                S::store(at.add(2 * half * lanes + j), x);
                S::store(at.add((2 * half + 1) * lanes + j), y);
            }
        }
    }
    lanes
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
