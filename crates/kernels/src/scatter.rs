//! Scatter: rows added where they were picked, the gradient of a table, whole or by the rows that it has.

use crate::lanes::Width;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// `dx` from zeros, plus each row of `dy` at the row of its index among `axis` rows, in order. Indices are
    /// used as often as it takes to name all rows of `dy`, each time for the next `axis` rows of `dx`;
    /// negative ones count from the end.
    ///
    /// # Panics
    /// When the sizes do not fit, or an index is outside the axis.
    pub fn scatter_add(dy: Tile, indices: &[i32], axis: usize, dx: TileMut) = generic;

    /// Adds to row `rows[i] − first` of `to` the row `picks[i]` of `dy`, in order.
    ///
    /// # Panics
    /// When the sizes do not fit, or a row is outside.
    pub fn add_rows(dy: Tile, rows: &[u32], picks: &[u32], first: usize, to: TileMut) = rows_generic;
}

/// Bits of a digit, at most.
const DIGIT: u32 = 11;

/// Puts `rows`, all below `axis`, in ascending order, and with them their numbers `0..n` in `picks`: equal ones stay in
/// order. `spare` is twice as long. (A radix sort from the least digit on.)
///
/// # Panics
/// When the lengths do not fit, or a row is outside.
pub fn group_rows(rows: &mut [u32], picks: &mut [u32], spare: &mut [u32], axis: usize) {
    let n = rows.len();
    assert!(picks.len() == n && spare.len() == 2 * n, "group_rows: lengths differ");
    assert!(rows.iter().all(|&row| (row as usize) < axis), "group_rows: a row outside the axis");
    picks.iter_mut().zip(0..).for_each(|(pick, i)| *pick = i);
    let bits = usize::BITS - axis.saturating_sub(1).leading_zeros();
    let passes = bits.div_ceil(DIGIT);
    let width = bits.div_ceil(passes.max(1));
    let (to_rows, to_picks) = spare.split_at_mut(n);
    for pass in 0..passes {
        let digit = |row: u32| (row >> (pass * width)) as usize & ((1 << width) - 1);
        let mut starts = [0u32; 1 << DIGIT];
        rows.iter().for_each(|&row| starts[digit(row)] += 1);
        let mut sum = 0;
        for start in &mut starts[..1 << width] {
            sum += std::mem::replace(start, sum);
        }
        for (&row, &pick) in rows.iter().zip(&*picks) {
            let at = &mut starts[digit(row)];
            (to_rows[*at as usize], to_picks[*at as usize]) = (row, pick);
            *at += 1;
        }
        rows.copy_from_slice(to_rows);
        picks.copy_from_slice(to_picks);
    }
}

#[inline(always)]
unsafe fn rows_generic<S: Simd>(
    dy: Tile,
    rows: &[u32],
    picks: &[u32],
    first: usize,
    mut to: TileMut,
) {
    let cols = to.cols();
    let fits = dy.cols() == cols && (dy.col_stride() == 1 || cols < 2) && rows.len() == picks.len();
    assert!(fits, "add_rows: shapes differ");
    for (&row, &pick) in rows.iter().zip(picks) {
        let (row, pick) = ((row as usize).wrapping_sub(first), pick as usize);
        assert!(row < to.rows() && pick < dy.rows(), "add_rows: a row outside");
        // SAFETY: the CPU executes `S`, says the caller; both rows are inside, as asserted.
        unsafe {
            let (from, to) = (dy.row(pick), to.row_mut(row));
            strips!(S::LANES, cols, |w, i| {
                w.put::<S>(to, i, S::add(w.get::<S>(to, i), w.get::<S>(from, i)));
            });
        }
    }
}

#[inline(always)]
unsafe fn generic<S: Simd>(dy: Tile, indices: &[i32], axis: usize, mut dx: TileMut) {
    let (picks, cols) = (indices.len(), dx.cols());
    assert!(
        dy.cols() == cols
            && dy.rows() * axis == picks * dx.rows()
            && (dy.col_stride() == 1 || cols < 2),
        "scatter_add: shapes differ"
    );
    // SAFETY: the CPU executes `S`, says the caller; rows are inside their tiles, as asserted.
    unsafe {
        dx.clear();
        for row in 0..dy.rows() {
            let index = indices[row % picks];
            let at = if index < 0 { index as isize + axis as isize } else { index as isize };
            assert!((0..axis as isize).contains(&at), "scatter_add: an index outside the axis");
            let (from, to) = (dy.row(row), dx.row_mut(row / picks * axis + at as usize));
            strips!(S::LANES, cols, |w, i| {
                w.put::<S>(to, i, S::add(w.get::<S>(to, i), w.get::<S>(from, i)));
            });
        }
    }
}
