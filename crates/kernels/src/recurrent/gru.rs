//! The cell of a GRU (Cho et al. 2014), as Keras has it.
//!
//! In the order z, r, h: z, r = recurrent(x + s), and h = z·h₋ + (1 − z)·ĥ. The candidate is
//! ĥ = activation(x + r·s) where the reset comes after the product of the state, and else
//! activation(x + s), with s the product of r·h₋. So a step has two halves, between which the latter
//! makes its product. What backward needs stands in `saved` `[rows, 4·units]`: z, r, ĥ and the
//! candidate's s.

use super::{Activation, Back, expect, is_valid};
use crate::lanes::Width;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

dispatch! {
    /// The first half: z and r, into `saved`.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn gates(activation: Activation, x: Tile, sums: Tile, saved: TileMut) = gates_generic;

    /// `to = r·h`, of the state before, with r from `saved`.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn reset(saved: Tile, h: Tile, to: TileMut) = reset_generic;

    /// The second half: ĥ and s, into `saved`, and the new state.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn state(
        activation: Activation,
        reset_after: bool,
        x: Tile,
        sums: Tile,
        valid: Option<Tile>,
        h_before: Tile,
        saved: TileMut,
        h: TileMut,
    ) = state_generic;

    /// From the state before: the gradients `dx` of x and `ds` of sums, and what reaches the state before apart from what comes
    /// through sums. Where the reset comes before the product, those of r are still to come, by [`through_reset`].
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn backward(
        back: Back,
        reset_after: bool,
        h: Tile,
        dx: TileMut,
        ds: TileMut,
        through: TileMut,
    ) = backward_generic;

    /// From `dq`, the gradient of the (masked) r·h₋: that of r's gate, into `dx` and `ds`, and what reaches the
    /// state before.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn through_reset(
        back: Back,
        h: Tile,
        dq: Tile,
        mask: Option<Tile>,
        dx: TileMut,
        ds: TileMut,
        through: TileMut,
    ) = through_reset_generic;
}

#[inline(always)]
unsafe fn gates_generic<S: Simd>(activation: Activation, x: Tile, sums: Tile, mut saved: TileMut) {
    let (rows, units) = (saved.rows(), saved.cols() / 4);
    for (what, tile) in [("x", x), ("sums", sums)] {
        expect(what, tile, rows, 3 * units);
    }
    for r in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (x, sums) = (&x.row(r)[..2 * units], &sums.row(r)[..2 * units]);
            activation.of_sums::<S>(x, sums, &mut saved.row_mut(r)[..2 * units]);
        }
    }
}

#[inline(always)]
unsafe fn reset_generic<S: Simd>(saved: Tile, h: Tile, mut to: TileMut) {
    let (rows, units) = (h.rows(), h.cols());
    expect("saved", saved, rows, 4 * units);
    expect("the reset state", to.as_tile(), rows, units);
    for row in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (r, h, to) = (&saved.row(row)[units..2 * units], h.row(row), to.row_mut(row));
            strips!(S::LANES, units, |w, at| {
                w.put::<S>(to, at, S::mul(w.get::<S>(r, at), w.get::<S>(h, at)));
            });
        }
    }
}

#[inline(always)]
unsafe fn state_generic<S: Simd>(
    activation: Activation,
    reset_after: bool,
    x: Tile,
    sums: Tile,
    valid: Option<Tile>,
    h_before: Tile,
    mut saved: TileMut,
    mut h: TileMut,
) {
    let (rows, units) = (h.rows(), h.cols());
    for (what, tile) in [("x", x), ("sums", sums)] {
        expect(what, tile, rows, 3 * units);
    }
    expect("saved", saved.as_tile(), rows, 4 * units);
    expect("h", h_before, rows, units);
    valid.inspect(|&valid| expect("valid", valid, rows, 1));
    for row in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (x, sums) = (&x.row(row)[2 * units..], &sums.row(row)[2 * units..]);
            let (before, h) = (h_before.row(row), h.row_mut(row));
            let (gates, rest) = saved.row_mut(row).split_at_mut(2 * units);
            let (to_candidate, to_s) = rest.split_at_mut(units);
            let valid = is_valid(valid, row);
            strips!(S::LANES, units, |w, at| {
                let (r, x) = (w.get::<S>(gates, units + at), w.get::<S>(x, at));
                let s = w.get::<S>(sums, at);
                w.put::<S>(to_s, at, s);
                w.put::<S>(h, at, if reset_after { S::fma(r, s, x) } else { S::add(x, s) });
            });
            activation.values::<S>(h, to_candidate);
            strips!(S::LANES, units, |w, at| {
                let (z, candidate) = (w.get::<S>(gates, at), w.get::<S>(to_candidate, at));
                let before = w.get::<S>(before, at);
                let next = S::fma(z, S::sub(before, candidate), candidate);
                w.put::<S>(h, at, if valid { next } else { before });
            });
        }
    }
}

#[inline(always)]
unsafe fn backward_generic<S: Simd>(
    back: Back,
    reset_after: bool,
    h: Tile,
    mut dx: TileMut,
    mut ds: TileMut,
    mut through: TileMut,
) {
    let Back { activation, recurrent_activation, saved, valid, dh, dy } = back;
    let (rows, units) = back.sizes(4);
    for (what, tile) in [("dx", dx.as_tile()), ("ds", ds.as_tile())] {
        expect(what, tile, rows, 3 * units);
    }
    for (what, tile) in [("h", h), ("through", through.as_tile())] {
        expect(what, tile, rows, units);
    }
    for row in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (dh, dy, through) = (dh.row(row), dy.map(|dy| dy.row(row)), through.row_mut(row));
            let (saved, before) = (saved.row(row), h.row(row));
            let (dx, ds) = (dx.row_mut(row), ds.row_mut(row));
            let valid = is_valid(valid, row);
            if !valid {
                dx.fill(0.0);
                ds.fill(0.0);
            }
            strips!(S::LANES, units, |w, at| {
                let dh = w.get::<S>(dh, at);
                let dh = match dy {
                    Some(dy) => S::add(dh, w.get::<S>(dy, at)),
                    None => dh,
                };
                if valid {
                    let (z, r) = (w.get::<S>(saved, at), w.get::<S>(saved, units + at));
                    let candidate = w.get::<S>(saved, 2 * units + at);
                    let s = w.get::<S>(saved, 3 * units + at);
                    let difference = S::sub(w.get::<S>(before, at), candidate);
                    let dz = S::mul(S::mul(dh, difference), recurrent_activation.slope::<S>(z));
                    let share = S::fnma(dh, z, dh);
                    let da = S::mul(share, activation.slope::<S>(candidate));
                    w.put::<S>(dx, at, dz);
                    w.put::<S>(ds, at, dz);
                    w.put::<S>(dx, 2 * units + at, da);
                    if reset_after {
                        let dr = S::mul(S::mul(da, s), recurrent_activation.slope::<S>(r));
                        w.put::<S>(dx, units + at, dr);
                        w.put::<S>(ds, units + at, dr);
                        w.put::<S>(ds, 2 * units + at, S::mul(da, r));
                    } else {
                        w.put::<S>(ds, 2 * units + at, da);
                    }
                    w.put::<S>(through, at, S::mul(dh, z));
                } else {
                    w.put::<S>(through, at, dh);
                }
            });
        }
    }
}

#[inline(always)]
unsafe fn through_reset_generic<S: Simd>(
    back: Back,
    h: Tile,
    dq: Tile,
    mask: Option<Tile>,
    mut dx: TileMut,
    mut ds: TileMut,
    mut through: TileMut,
) {
    let Back { recurrent_activation: activation, saved, .. } = back;
    let (rows, units) = back.sizes(4);
    expect("dq", dq, rows, units);
    for (what, tile) in [("dx", dx.as_tile()), ("ds", ds.as_tile())] {
        expect(what, tile, rows, 3 * units);
    }
    for (what, tile) in [("h", h), ("through", through.as_tile())] {
        expect(what, tile, rows, units);
    }
    mask.inspect(|&mask| expect("mask", mask, rows, units));
    for row in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (saved, h, dq) = (saved.row(row), h.row(row), dq.row(row));
            let mask = mask.map(|mask| mask.row(row));
            let (dx, ds, through) = (dx.row_mut(row), ds.row_mut(row), through.row_mut(row));
            strips!(S::LANES, units, |w, at| {
                let dq = w.get::<S>(dq, at);
                let dq = match mask {
                    Some(mask) => S::mul(dq, w.get::<S>(mask, at)),
                    None => dq,
                };
                let r = w.get::<S>(saved, units + at);
                let dr = S::mul(S::mul(dq, w.get::<S>(h, at)), activation.slope::<S>(r));
                w.put::<S>(dx, units + at, dr);
                w.put::<S>(ds, units + at, dr);
                w.put::<S>(through, at, S::fma(dq, r, w.get::<S>(through, at)));
            });
        }
    }
}
