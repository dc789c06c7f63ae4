//! Inverted dropout with stored bit masks: y = kept ? x / (1 − rate) : 0.
//!
//! A bit is a function of the key and of its place in the full matrix (see `bits`), so the mask
//! is the same on every instruction set and however rows and word columns are cut into calls.
//! Bits past the last column are 0.

#![allow(
    clippy::needless_range_loop,
    reason = "the index also numbers the vector inside the panel, and iterators hide the unrolling"
)]

use crate::bits::{draw_words, keep};
use crate::lanes::{All, First, Width};
use crate::panel::{self, COLUMNS};
use crate::rng::Key;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

pub use crate::bits::Rate;
pub use crate::mask::{Mask, MaskMut};

dispatch! {
    /// Draws the mask of the rows from `first_row` of a matrix with `full_words_per_row` words
    /// per row.
    pub fn draw(
        key: Key,
        rate: Rate,
        first_row: usize,
        full_words_per_row: usize,
        mask: MaskMut,
    ) = draw_generic;

    /// Draws the mask as [`draw`] does and applies it as [`apply`] does, in one pass. Of a ReLU, the values below 0 are 0, and
    /// the mask is that of both: where it is set, a value above 0 was kept.
    ///
    /// # Panics
    /// When the shapes differ or the columns of `x` are not adjacent.
    pub fn dropout(
        key: Key,
        rate: Rate,
        relu: bool,
        first_row: usize,
        full_words_per_row: usize,
        x: Option<Tile>,
        y: TileMut,
        mask: MaskMut,
    ) = dropout_generic;

    /// y = bit ? x · scale : 0, of values or of their gradients, which are in `y` where there is no `x`.
    ///
    /// # Panics
    /// When the shapes differ or the columns of `x` are not adjacent.
    pub fn apply(mask: Mask, scale: f32, x: Option<Tile>, y: TileMut) = apply_generic;
}

/// Words drawn at a time.
const BATCH: usize = 64;

/// Draws the words of `mask` in batches, each along a row, down a column or, where a row has no other words, from row to
/// row, and calls `$body` with the row and word column of each, and the word.
macro_rules! draw_batches {
    ($S:ident, $key:expr, $rate:expr, $first_row:expr, $full:expr, $mask:ident,
        |$row:ident, $word:ident, $bits:ident| $body:block) => {{
        let (rows, words, full) = ($mask.rows(), $mask.cols().div_ceil(32), $full as u32);
        let origin = ($first_row as u32).wrapping_mul(full).wrapping_add($mask.first_word() as u32);
        let mut buffer = [0u32; BATCH];
        // Batches along the rows waste lanes where a row has few words.
        let (outer, inner, down) = match words {
            _ if words as u32 == full => (1, rows * words, false),
            ..4 if rows > 1 => (words, rows, true),
            _ => (rows, words, false),
        };
        let (outer_step, inner_step) = if down { (1, full) } else { (full, 1) };
        let (row_step, word_step) = if down { (1, 0) } else { (0, 1) };
        let last = if $mask.cols() % 32 == 0 { u32::MAX } else { (1 << ($mask.cols() % 32)) - 1 };
        for i in 0..outer {
            let (mut $row, mut $word) = if down { (0, i) } else { (i, 0) };
            for start in (0..inner).step_by(BATCH) {
                let first = origin
                    .wrapping_add((i as u32).wrapping_mul(outer_step))
                    .wrapping_add((start as u32).wrapping_mul(inner_step));
                let batch = &mut buffer[..BATCH.min(inner - start)];
                draw_words::<$S>($key, $rate.threshold, first, inner_step, batch);
                for bits in batch.iter() {
                    let $bits = if $word + 1 == words { bits & last } else { *bits };
                    $body
                    $row += row_step;
                    $word += word_step;
                    if $word == words {
                        ($row, $word) = ($row + 1, 0);
                    }
                }
            }
        }
    }};
}

#[inline(always)]
unsafe fn draw_generic<S: Simd>(
    key: Key,
    rate: Rate,
    first_row: usize,
    full_words_per_row: usize,
    mut mask: MaskMut,
) {
    // SAFETY: the CPU executes `S`, says the caller; the batches cover the words of the mask.
    unsafe {
        draw_batches!(S, key, rate, first_row, full_words_per_row, mask, |row, word, drawn| {
            mask.set_word(row, word, drawn);
        });
    }
}

/// The 32 columns of y = bit ? x · scale : 0 that start at word `at` of row `r`, of the ReLU of x if asked; returns the bits,
/// then only where x is above 0.
///
/// # Safety
/// The CPU executes `S`, and both tiles have the row and the columns that exist.
#[inline(always)]
unsafe fn apply_word<S: Simd, W: Width, const RELU: bool>(
    w: W,
    bits: u32,
    scale: S::F,
    [r, at]: [usize; 2],
    x: Option<Tile>,
    y: &mut TileMut,
) -> u32 {
    // SAFETY: as the caller says.
    unsafe {
        let mut v = match x {
            Some(x) => panel::load::<S, W>(w, x.row(r), at * COLUMNS),
            None => panel::load::<S, W>(w, y.row_mut(r), at * COLUMNS),
        };
        let (zero, mut positive) = (S::splat(0.0), 0);
        for k in 0..panel::vectors::<S>() {
            if RELU {
                positive |= S::mask_bits(S::lt(zero, v[k])) << (k * S::LANES);
                v[k] = S::at_least(zero, v[k]);
            }
            v[k] = keep::<S>(bits, k, S::mul(v[k], scale));
        }
        panel::store::<S, W>(w, y.row_mut(r), at * COLUMNS, v);
        if RELU { bits & positive } else { bits }
    }
}

/// Panics unless the values in `x`, or in `y` where there is none, are as many as those of `y` and of a mask.
fn check(x: Option<Tile>, y: &TileMut, rows: usize, cols: usize) {
    let fits = x.is_none_or(|x| x.col_stride() == 1 && (x.rows(), x.cols()) == (rows, cols));
    assert!(fits && (y.rows(), y.cols()) == (rows, cols), "dropout: shapes differ");
}

#[inline(always)]
unsafe fn dropout_generic<S: Simd>(
    key: Key,
    rate: Rate,
    relu: bool,
    first_row: usize,
    full_words_per_row: usize,
    x: Option<Tile>,
    y: TileMut,
    mask: MaskMut,
) {
    check(x, &y, mask.rows(), mask.cols());
    let place = (first_row, full_words_per_row);
    // SAFETY: the CPU executes `S`, says the caller; mask and tiles have the same rows and columns.
    unsafe {
        match relu {
            true => dropped::<S, true>(key, rate, place, x, y, mask),
            false => dropped::<S, false>(key, rate, place, x, y, mask),
        }
    }
}

/// [`dropout`], of values or of their ReLU.
///
/// # Safety
/// The CPU executes `S`; mask and tiles have the same rows and columns.
#[inline(always)]
unsafe fn dropped<S: Simd, const RELU: bool>(
    key: Key,
    rate: Rate,
    (first_row, full_words_per_row): (usize, usize),
    x: Option<Tile>,
    mut y: TileMut,
    mut mask: MaskMut,
) {
    // SAFETY: the same contract; the batches cover the words of the mask.
    unsafe {
        let scale = S::splat(rate.scale);
        draw_batches!(S, key, rate, first_row, full_words_per_row, mask, |row, word, drawn| {
            let at = [row, word];
            let kept = match mask.cols() - word * COLUMNS {
                left @ ..COLUMNS => {
                    apply_word::<S, _, RELU>(First(left), drawn, scale, at, x, &mut y)
                }
                _ => apply_word::<S, _, RELU>(All, drawn, scale, at, x, &mut y),
            };
            mask.set_word(row, word, kept);
        });
    }
}

#[inline(always)]
unsafe fn apply_generic<S: Simd>(mask: Mask, scale: f32, x: Option<Tile>, mut y: TileMut) {
    check(x, &y, mask.rows(), mask.cols());
    // SAFETY: the CPU executes `S`, says the caller; mask and tiles have the same rows and columns.
    unsafe {
        let scale = S::splat(scale);
        for r in 0..mask.rows() {
            strips!(COLUMNS, mask.cols(), |w, c| {
                let word = c / COLUMNS;
                apply_word::<S, _, false>(w, mask.word(r, word), scale, [r, word], x, &mut y);
            });
        }
    }
}
