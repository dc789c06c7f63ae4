//! Recurrent cells: what a step of time does with some rows of the batch, apart from the products.
//!
//! A step has two parts: `z`, the input's, which one product makes for all steps ahead, and `sums`,
//! the state's, which a product makes in every step. A GRU turns both into gates and a new state, the
//! other cells what they add up to; backward goes to the gradients of either and of the state before.
//! Rows are independent, so a thread takes some of them through all of time.
//!
//! A step that is not `valid` for a row keeps the row's state.

pub mod activation;
pub mod gru;
pub mod lstm;
pub mod simple;

use crate::lanes::Width;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};
pub use activation::Activation;

/// What the gradient of a step of some rows starts from, whatever the cell.
#[derive(Clone, Copy, Debug)]
pub struct Back<'a> {
    /// Of the candidate, and of the state of an LSTM.
    pub activation: Activation,
    /// Of the other gates.
    pub recurrent_activation: Activation,
    /// What forward saved of the step.
    pub saved: Tile<'a>,
    /// 0 in rows that kept their state, `[rows, 1]`.
    pub valid: Option<Tile<'a>>,
    /// The gradient of the output that comes from the steps behind, `[rows, units]`.
    pub dh: Tile<'a>,
    /// The gradient of the output itself, if it has any.
    pub dy: Option<Tile<'a>>,
}

impl Back<'_> {
    /// Rows and units, where all have them.
    fn sizes(&self, saved: usize) -> (usize, usize) {
        let (rows, units) = (self.dh.rows(), self.dh.cols());
        expect("saved", self.saved, rows, saved * units);
        self.valid.inspect(|&valid| expect("valid", valid, rows, 1));
        self.dy.inspect(|&dy| expect("dy", dy, rows, units));
        (rows, units)
    }
}

dispatch! {
    /// `to = x ⊙ masks`, x as often side by side as it takes to fill a row of `masks`.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn masked_copies(x: Tile, masks: Tile, to: TileMut) = masked_copies_generic;

    /// `to = x ⊙ factors`, a factor for each column.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn scaled_columns(x: Tile, factors: &[f32], to: TileMut) = scaled_columns_generic;

    /// `to += x ⊙ factors`, a factor for each column.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn add_scaled_columns(x: Tile, factors: &[f32], to: TileMut) = add_scaled_columns_generic;

    /// `to += x ⊙ mask`.
    ///
    /// # Panics
    /// When the sizes differ.
    pub fn add_masked(x: Tile, mask: Tile, to: TileMut) = add_masked_generic;
}

/// Panics unless a tile is of this size.
fn expect(what: &str, tile: Tile, rows: usize, cols: usize) {
    let adjacent = tile.col_stride() == 1 || cols <= 1;
    assert!(adjacent && (tile.rows(), tile.cols()) == (rows, cols), "recurrent: size of {what}");
}

/// Whether row `row` takes part in the step.
fn is_valid(valid: Option<Tile>, row: usize) -> bool {
    // SAFETY: `expect` has seen one column and all rows.
    valid.is_none_or(|valid| unsafe { valid.row(row)[0] != 0.0 })
}

#[inline(always)]
unsafe fn masked_copies_generic<S: Simd>(x: Tile, masks: Tile, mut to: TileMut) {
    let (rows, units) = (x.rows(), x.cols());
    expect("masks", masks, rows, to.cols());
    expect("masked copies", to.as_tile(), rows, units * (to.cols() / units.max(1)));
    // SAFETY: the CPU executes `S`, says the caller; the pieces are as long as x.
    unsafe {
        for r in 0..rows {
            let x = x.row(r);
            let masks = masks.row(r).chunks_exact(units.max(1));
            for (to, mask) in to.row_mut(r).chunks_exact_mut(units.max(1)).zip(masks) {
                strips!(S::LANES, units, |w, i| {
                    w.put::<S>(to, i, S::mul(w.get::<S>(x, i), w.get::<S>(mask, i)));
                });
            }
        }
    }
}

#[inline(always)]
unsafe fn scaled_columns_generic<S: Simd>(x: Tile, factors: &[f32], mut to: TileMut) {
    let (rows, cols) = (x.rows(), factors.len());
    expect("x", x, rows, cols);
    expect("scaled columns", to.as_tile(), rows, cols);
    // SAFETY: the CPU executes `S`, says the caller; all rows are as long as the factors.
    unsafe {
        for r in 0..rows {
            let (x, to) = (x.row(r), to.row_mut(r));
            strips!(S::LANES, cols, |w, i| {
                w.put::<S>(to, i, S::mul(w.get::<S>(x, i), w.get::<S>(factors, i)));
            });
        }
    }
}

#[inline(always)]
unsafe fn add_scaled_columns_generic<S: Simd>(x: Tile, factors: &[f32], mut to: TileMut) {
    let (rows, cols) = (x.rows(), factors.len());
    expect("x", x, rows, cols);
    expect("sum", to.as_tile(), rows, cols);
    // SAFETY: the CPU executes `S`, says the caller; all rows are as long as the factors.
    unsafe {
        for r in 0..rows {
            let (x, to) = (x.row(r), to.row_mut(r));
            strips!(S::LANES, cols, |w, i| {
                let sum = S::fma(w.get::<S>(x, i), w.get::<S>(factors, i), w.get::<S>(to, i));
                w.put::<S>(to, i, sum);
            });
        }
    }
}

#[inline(always)]
unsafe fn add_masked_generic<S: Simd>(x: Tile, mask: Tile, mut to: TileMut) {
    let (rows, units) = (x.rows(), x.cols());
    expect("mask", mask, rows, units);
    expect("sum", to.as_tile(), rows, units);
    // SAFETY: the CPU executes `S`, says the caller; all rows are equally long.
    unsafe {
        for r in 0..rows {
            let (x, mask, to) = (x.row(r), mask.row(r), to.row_mut(r));
            strips!(S::LANES, units, |w, i| {
                let sum = S::fma(w.get::<S>(x, i), w.get::<S>(mask, i), w.get::<S>(to, i));
                w.put::<S>(to, i, sum);
            });
        }
    }
}
