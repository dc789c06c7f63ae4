//! The cell of an LSTM (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), as Keras has it.
//!
//! With the sums a of both parts in the order i, f, g, o: i, f, o = recurrent(a), g = activation(a),
//! c = f·c₋ + i·g and h = o·activation(c). Gates take the place of their sums. Backward takes activation(c) from c
//! once more.

use super::{Activation, Back, expect, is_valid};
use crate::lanes::Width;
use crate::simd::Simd;
use crate::tile::{Tile, TileMut};

/// What a step of some rows starts from besides the sums, the state before `[rows, units]`.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Of g and of the state.
    pub activation: Activation,
    /// Of i, f and o.
    pub recurrent_activation: Activation,
    /// 0 in rows that keep their state, `[rows, 1]`.
    pub valid: Option<Tile<'a>>,
    /// The output before.
    pub h: Tile<'a>,
    /// The cell's state before.
    pub c: Tile<'a>,
}

dispatch! {
    /// Gates, in the place of their sums `[rows, 4·units]`, state and output of a step.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn forward(step: Step, gates: TileMut, c: TileMut, h: TileMut) = forward_generic;

    /// From the cell's state after the step and before it: the gradient `da` of the sums; `dc`, of the cell's state, goes from after the step to
    /// before it; `through` is what reaches the output before, apart from what comes through sums.
    ///
    /// # Panics
    /// When the sizes do not fit.
    pub fn backward(
        back: Back,
        c: Tile,
        c_before: Tile,
        da: TileMut,
        dc: TileMut,
        through: TileMut,
    ) = backward_generic;
}

#[inline(always)]
unsafe fn forward_generic<S: Simd>(step: Step, mut gates: TileMut, mut c: TileMut, mut h: TileMut) {
    let Step { activation, recurrent_activation, valid, h: h_before, c: c_before } = step;
    let (rows, units) = (h.rows(), h.cols());
    expect("gates", gates.as_tile(), rows, 4 * units);
    for (what, tile) in [("h", h_before), ("c", c_before), ("the new c", c.as_tile())] {
        expect(what, tile, rows, units);
    }
    valid.inspect(|&valid| expect("valid", valid, rows, 1));
    for r in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (c_before, c, h) = (c_before.row(r), c.row_mut(r), h.row_mut(r));
            if !is_valid(valid, r) {
                c.copy_from_slice(c_before);
                h.copy_from_slice(h_before.row(r));
                gates.row_mut(r).fill(0.0);
                continue;
            }
            let gates = gates.row_mut(r);
            // All gates before all states: chains of operations wait for each other less.
            for (kind, of) in [
                (recurrent_activation, 0..2 * units),
                (activation, 2 * units..3 * units),
                (recurrent_activation, 3 * units..4 * units),
            ] {
                kind.in_place::<S>(&mut gates[of]);
            }
            let [i, f, g, o] = [0, 1, 2, 3].map(|k| &gates[k * units..][..units]);
            strips!(S::LANES, units, |w, at| {
                let new = S::mul(w.get::<S>(i, at), w.get::<S>(g, at));
                let state = S::fma(w.get::<S>(f, at), w.get::<S>(c_before, at), new);
                w.put::<S>(c, at, state);
            });
            activation.values::<S>(c, h);
            strips!(S::LANES, units, |w, at| {
                w.put::<S>(h, at, S::mul(w.get::<S>(o, at), w.get::<S>(h, at)));
            });
        }
    }
}

#[inline(always)]
unsafe fn backward_generic<S: Simd>(
    back: Back,
    c: Tile,
    c_before: Tile,
    mut da: TileMut,
    mut dc: TileMut,
    mut through: TileMut,
) {
    let Back { activation, recurrent_activation, saved: gates, valid, dh, dy } = back;
    let (rows, units) = back.sizes(4);
    expect("da", da.as_tile(), rows, 4 * units);
    let states = [("c", c), ("c before", c_before), ("dc", dc.as_tile())];
    for (what, tile) in states.into_iter().chain([("through", through.as_tile())]) {
        expect(what, tile, rows, units);
    }
    for r in 0..rows {
        // SAFETY: the CPU executes `S`, says the caller; all rows are of the sizes just seen.
        unsafe {
            let (dh, dy, through) = (dh.row(r), dy.map(|dy| dy.row(r)), through.row_mut(r));
            let skipped = !is_valid(valid, r);
            let (gates, c, c_before) = (gates.row(r), c.row(r), c_before.row(r));
            let (da_i, rest) = da.row_mut(r).split_at_mut(units);
            let (da_f, rest) = rest.split_at_mut(units);
            let (da_g, da_o) = rest.split_at_mut(units);
            let dc = dc.row_mut(r);
            activation.values::<S>(c, through);
            strips!(S::LANES, units, |w, at| {
                let dh = w.get::<S>(dh, at);
                let dh = match dy {
                    Some(dy) => S::add(dh, w.get::<S>(dy, at)),
                    None => dh,
                };
                let zero = S::splat(0.0);
                if skipped {
                    w.put::<S>(through, at, dh);
                    for to in [&mut *da_i, &mut *da_f, &mut *da_g, &mut *da_o] {
                        w.put::<S>(to, at, zero);
                    }
                } else {
                    let (i, f) = (w.get::<S>(gates, at), w.get::<S>(gates, units + at));
                    let (g, o) =
                        (w.get::<S>(gates, 2 * units + at), w.get::<S>(gates, 3 * units + at));
                    let (slope_i, slope_f, slope_o) = (
                        recurrent_activation.slope::<S>(i),
                        recurrent_activation.slope::<S>(f),
                        recurrent_activation.slope::<S>(o),
                    );
                    let y = w.get::<S>(through, at);
                    let slope = activation.slope::<S>(y);
                    let dc_all = S::fma(S::mul(dh, o), slope, w.get::<S>(dc, at));
                    w.put::<S>(da_i, at, S::mul(S::mul(dc_all, g), slope_i));
                    let before = w.get::<S>(c_before, at);
                    w.put::<S>(da_f, at, S::mul(S::mul(dc_all, before), slope_f));
                    w.put::<S>(da_g, at, S::mul(S::mul(dc_all, i), activation.slope::<S>(g)));
                    w.put::<S>(da_o, at, S::mul(S::mul(dh, y), slope_o));
                    w.put::<S>(dc, at, S::mul(dc_all, f));
                    w.put::<S>(through, at, zero);
                }
            });
        }
    }
}
