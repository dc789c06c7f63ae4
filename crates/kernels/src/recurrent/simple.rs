//! The cell of a simple recurrent net (Elman 1990): h = activation(a), of the sum a of both parts.

use super::{Activation, Back, expect, is_valid};
use crate::lanes::Width;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// The activation `y`, in the place of the sum, and the state `h`: `y` in valid rows, that before in others.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn forward(
        activation: Activation,
        valid: Option<Tile>,
        h_before: Tile,
        y: TileMut,
        h: TileMut,
    ) = forward_generic;

    /// `da`, the gradient of the sum, and what reaches the state before apart from what comes
    /// through sums.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn backward(back: Back, da: TileMut, through: TileMut) = backward_generic;
}

#[inline(always)]
unsafe fn forward_generic<S: Simd>(
    activation: Activation,
    valid: Option<Tile>,
    h_before: Tile,
    mut y: TileMut,
    mut h: TileMut,
) {
    let (rows, units) = (h.rows(), h.cols());
    for (what, tile) in [("h", h_before), ("y", y.as_tile())] {
        expect(what, tile, rows, units);
    }
    valid.inspect(|&valid| expect("valid", valid, rows, 1));
    for r in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (y, h) = (y.row_mut(r), h.row_mut(r));
            activation.in_place::<S>(y);
            h.copy_from_slice(if is_valid(valid, r) { y } else { h_before.row(r) });
        }
    }
}

#[inline(always)]
unsafe fn backward_generic<S: Simd>(back: Back, mut da: TileMut, mut through: TileMut) {
    let Back { activation, saved: y, valid, dh, dy, .. } = back;
    let (rows, units) = back.sizes(1);
    for (what, tile) in [("da", da.as_tile()), ("through", through.as_tile())] {
        expect(what, tile, rows, units);
    }
    for r in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (y, dh, dy) = (y.row(r), dh.row(r), dy.map(|dy| dy.row(r)));
            let (da, through) = (da.row_mut(r), through.row_mut(r));
            let zero = S::splat(0.0);
            let valid = is_valid(valid, r);
            strips!(S::LANES, units, |w, at| {
                let dh = w.get::<S>(dh, at);
                let dh = match dy {
                    Some(dy) => S::add(dh, w.get::<S>(dy, at)),
                    None => dh,
                };
                let slope = activation.slope::<S>(w.get::<S>(y, at));
                w.put::<S>(da, at, if valid { S::mul(dh, slope) } else { zero });
                w.put::<S>(through, at, if valid { zero } else { dh });
            });
        }
    }
}
