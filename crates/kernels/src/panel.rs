//! Thirty-two columns side by side: the unit of kernels that reduce over rows.
//!
//! A panel is as wide as one word of a bit mask, two cache lines, and few enough vectors that
//! sums per column stay in registers while the rows stream by. A column's result does not depend
//! on the panel or the lane it falls in.
//!
//! The functions are unsafe as those of `Width` are: the CPU executes `S`, and a slice has the
//! columns that exist from `c` on.

#![allow(
    clippy::needless_range_loop,
    reason = "the index also numbers the vector inside the panel, and iterators hide the unrolling"
)]

use crate::lanes::Width;
use crate::simd::Simd;

/// Columns of a panel.
pub(crate) const COLUMNS: usize = 32;

/// The vectors of a panel; the first [`vectors`] entries are in use.
pub(crate) type Panel<S> = [<S as Simd>::F; 8];

/// Vectors of a panel.
pub(crate) const fn vectors<S: Simd>() -> usize {
    COLUMNS / S::LANES
}

/// The same number in every column.
#[inline(always)]
pub(crate) unsafe fn splat<S: Simd>(x: f32) -> Panel<S> {
    // SAFETY: the CPU is the only condition.
    [unsafe { S::splat(x) }; 8]
}

/// The panel from `x[c]` on, 0 in the columns that do not exist.
#[inline(always)]
pub(crate) unsafe fn load<S: Simd, W: Width>(w: W, x: &[f32], c: usize) -> Panel<S> {
    // SAFETY: the columns that exist are in `x`, says the caller.
    unsafe {
        let mut panel = splat::<S>(0.0);
        for k in 0..vectors::<S>() {
            panel[k] = w.at::<S>(k).get::<S>(x, c + k * S::LANES);
        }
        panel
    }
}

/// Writes the columns that exist, from `y[c]` on.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd, W: Width>(w: W, y: &mut [f32], c: usize, panel: Panel<S>) {
    for k in 0..vectors::<S>() {
        // SAFETY: the columns that exist are in `y`, says the caller.
        unsafe { w.at::<S>(k).put::<S>(y, c + k * S::LANES, panel[k]) }
    }
}

/// The panel at `c` of optional per-column numbers.
#[inline(always)]
pub(crate) unsafe fn load_or<S: Simd, W: Width>(
    w: W,
    values: Option<&[f32]>,
    c: usize,
    default: f32,
) -> Panel<S> {
    // SAFETY: the columns that exist are in `values`, says the caller.
    unsafe {
        match values {
            Some(values) => load::<S, W>(w, values, c),
            None => splat::<S>(default),
        }
    }
}

/// What each row adds to `N` sums per column.
pub(crate) trait RowTerms<S: Simd, const N: usize> {
    /// Adds the terms of `row`.
    ///
    /// # Safety
    /// The CPU executes `S`, and the terms have this row.
    unsafe fn add(&self, row: usize, sums: &mut [Panel<S>; N]);
}

/// Rows summed one after the other. Their sums are again summed by so many, and so on up, so that
/// rounding grows with the block and not with the number of rows; fixed by the shape alone.
const BLOCK: usize = 64;

/// Levels of blocks; the last takes whatever is left, past 64⁴ rows.
const LEVELS: usize = 3;

#[inline(always)]
unsafe fn add_all<S: Simd, const N: usize>(into: &mut [Panel<S>; N], from: &[Panel<S>; N]) {
    for t in 0..N {
        for k in 0..vectors::<S>() {
            // SAFETY: the CPU is the only condition.
            into[t][k] = unsafe { S::add(into[t][k], from[t][k]) };
        }
    }
}

/// The `N` sums per column of the terms of `rows` rows.
///
/// # Safety
/// The CPU executes `S`, and the terms have `rows` rows.
#[inline(always)]
pub(crate) unsafe fn sum_rows<S: Simd, const N: usize, T: RowTerms<S, N>>(
    rows: usize,
    terms: T,
) -> [Panel<S>; N] {
    // SAFETY: the caller's; each `row` is below `rows`.
    unsafe {
        let zero = [splat::<S>(0.0); N];
        let mut levels = [zero; LEVELS];
        let mut row = 0;
        while row < rows {
            let end = rows.min(row + BLOCK);
            let mut sums = zero;
            while row < end {
                terms.add(row, &mut sums);
                row += 1;
            }
            let mut complete = row / BLOCK;
            for level in 0..LEVELS {
                add_all::<S, N>(&mut levels[level], &sums);
                if level + 1 == LEVELS || !complete.is_multiple_of(BLOCK) {
                    break;
                }
                complete /= BLOCK;
                sums = levels[level];
                levels[level] = zero;
            }
        }
        for level in 1..LEVELS {
            let (done, rest) = levels.split_at_mut(level);
            add_all::<S, N>(&mut rest[0], &done[level - 1]);
        }
        levels[LEVELS - 1]
    }
}
