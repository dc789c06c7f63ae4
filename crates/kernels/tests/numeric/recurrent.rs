//! Cells of recurrent layers: a step by its definition, and its gradient by differences of the definition.

use crate::support::{Padded, all_close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::recurrent::{
    Activation, Back, add_masked, add_scaled_columns, gru, lstm, masked_copies, scaled_columns,
    simple,
};

const SHAPES: [(usize, usize); 4] = [(1, 1), (3, 7), (2, 16), (4, 33)];

const ACTIVATIONS: [Activation; 8] = [
    Activation::Linear,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::HardSigmoid,
    Activation::Relu,
    Activation::Elu,
    Activation::Softsign,
    Activation::Softplus,
];

fn value(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Linear => x,
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::HardSigmoid => ((x + 3.0) / 6.0).clamp(0.0, 1.0),
        Activation::Relu => x.max(0.0),
        Activation::Elu => {
            if x > 0.0 {
                x
            } else {
                x.exp_m1()
            }
        }
        Activation::Softsign => x / (1.0 + x.abs()),
        Activation::Softplus => x.exp().ln_1p(),
    }
}

/// Slopes at `x` by central differences.
fn slopes<const N: usize>(x: [f64; N], of: impl Fn([f64; N]) -> f64) -> [f64; N] {
    const STEP: f64 = 1e-6;
    std::array::from_fn(|i| {
        let moved = |by: f64| of(std::array::from_fn(|k| if k == i { x[k] + by } else { x[k] }));
        (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
    })
}

/// Element `(row, part·units + unit)` of each of some matrices, of so many parts.
struct Parts<'a>(&'a [f32], usize);

impl Parts<'_> {
    fn at(&self, units: usize, row: usize, unit: usize, part: usize) -> f64 {
        f64::from(self.0[row * self.1 * units + part * units + unit])
    }
}

/// Rows that take part: not the second and the fourth.
fn valid(rows: usize) -> Vec<f32> {
    (0..rows).map(|r| if r % 2 == 0 { 1.0 } else { 0.0 }).collect()
}

/// `f(row, unit)` gives the parts' values; a matrix `[rows, parts·units]` of them.
fn matrix<const N: usize>(
    (rows, units): (usize, usize),
    f: impl Fn(usize, usize) -> [f64; N],
) -> Vec<f64> {
    let mut all = vec![0.0; rows * N * units];
    for row in 0..rows {
        for unit in 0..units {
            for (part, x) in f(row, unit).into_iter().enumerate() {
                all[row * N * units + part * units + unit] = x;
            }
        }
    }
    all
}

fn close(actual: &Padded, expected: &[f64], what: &str) {
    all_close(&actual.values(), expected, 5e-6, 5e-6, what);
}

#[test]
fn a_step_of_an_lstm() {
    for (k, (rows, units)) in SHAPES.into_iter().enumerate() {
        for activation in ACTIVATIONS {
            let recurrent_activation = ACTIVATIONS[(activation as usize + 2) % ACTIVATIONS.len()];
            let sums = noise(1 + 10 * k as u32, rows * 4 * units);
            let [h, c, dh, dc, dy] = [3, 4, 5, 6, 7].map(|s| noise(s, rows * units));
            let counts = valid(rows);
            let one = |of: &[f32], row: usize, unit: usize| f64::from(of[row * units + unit]);
            let sum = |row, unit, part| Parts(&sums, 4).at(units, row, unit, part);
            let kinds =
                [recurrent_activation, recurrent_activation, activation, recurrent_activation];
            // From i, f, g, o before their activations, and c: the gates, c and h.
            let step = |a: [f64; 5]| {
                let [i, f, g, o] = std::array::from_fn(|k| value(kinds[k], a[k]));
                let c = f * a[4] + i * g;
                ([i, f, g, o], c, o * value(activation, c))
            };
            let from = |row, unit| {
                let [i, f, g, o] = std::array::from_fn(|part| sum(row, unit, part));
                [i, f, g, o, one(&c, row, unit)]
            };
            let size = (rows, units);
            let is_valid = |row: usize| counts[row] != 0.0;
            let gates_expected =
                matrix(size, |r, u| if is_valid(r) { step(from(r, u)).0 } else { [0.0; 4] });
            let c_expected =
                matrix(size, |r, u| [if is_valid(r) { step(from(r, u)).1 } else { one(&c, r, u) }]);
            let h_expected =
                matrix(size, |r, u| [if is_valid(r) { step(from(r, u)).2 } else { one(&h, r, u) }]);
            let outer = |r, u| one(&dh, r, u) + one(&dy, r, u);
            let gradient = |r: usize, u: usize| {
                if !is_valid(r) {
                    return [0.0, 0.0, 0.0, 0.0, one(&dc, r, u)];
                }
                slopes(from(r, u), |a| {
                    let (_, c, h) = step(a);
                    outer(r, u) * h + one(&dc, r, u) * c
                })
            };
            let da_expected = matrix(size, |r, u| {
                let [i, f, g, o, _] = gradient(r, u);
                [i, f, g, o]
            });
            let dc_expected = matrix(size, |r, u| [gradient(r, u)[4]]);
            let through_expected =
                matrix(size, |r, u| [if is_valid(r) { 0.0 } else { outer(r, u) }]);

            let [h, c, dh, dy] = [&h, &c, &dh, &dy].map(|x| Padded::new(rows, units, x));
            let counts = Padded::new(rows, 1, &counts);
            for isa in Isa::available() {
                let mut gates = Padded::new(rows, 4 * units, &sums);
                let [mut c_next, mut h_next] = [0; 2].map(|_| Padded::empty(rows, units));
                let valid = Some(counts.tile());
                let given = lstm::Step {
                    activation,
                    recurrent_activation,
                    valid,
                    h: h.tile(),
                    c: c.tile(),
                };
                lstm::forward(isa, given, gates.tile_mut(), c_next.tile_mut(), h_next.tile_mut());
                close(&gates, &gates_expected, "gates");
                close(&c_next, &c_expected, "c");
                close(&h_next, &h_expected, "h");

                let back = Back {
                    activation,
                    recurrent_activation,
                    saved: gates.tile(),
                    valid,
                    dh: dh.tile(),
                    dy: Some(dy.tile()),
                };
                let mut da = Padded::empty(rows, 4 * units);
                let mut dc_all = Padded::new(rows, units, &dc);
                let mut through = Padded::empty(rows, units);
                lstm::backward(
                    isa,
                    back,
                    c_next.tile(),
                    c.tile(),
                    da.tile_mut(),
                    dc_all.tile_mut(),
                    through.tile_mut(),
                );
                all_close(&da.values(), &da_expected, 2e-5, 2e-5, "gradient of the gates");
                all_close(&dc_all.values(), &dc_expected, 2e-5, 2e-5, "gradient of c");
                close(&through, &through_expected, "gradient of h");
            }
        }
    }
}

#[test]
fn a_step_of_a_gru() {
    for (rows, units) in SHAPES {
        for reset_after in [true, false] {
            for (activation, recurrent_activation) in [
                (Activation::Tanh, Activation::Sigmoid),
                (Activation::Elu, Activation::HardSigmoid),
            ] {
                let [x, sums] = [1, 2].map(|s| noise(s, rows * 3 * units));
                let [h, dh, dq, mask] = [3, 4, 5, 6].map(|s| noise(s, rows * units));
                let counts = valid(rows);
                let one = |of: &[f32], row: usize, unit: usize| f64::from(of[row * units + unit]);
                let is_valid = |row: usize| counts[row] != 0.0;
                let size = (rows, units);
                // From x and s of z, r and the candidate, and h: z, r, the candidate and the state.
                let step = |a: [f64; 7]| {
                    let [xz, xr, xh, sz, sr, sh, h] = a;
                    let z = value(recurrent_activation, xz + sz);
                    let r = value(recurrent_activation, xr + sr);
                    let candidate =
                        value(activation, if reset_after { xh + r * sh } else { xh + sh });
                    [z, r, candidate, z * h + (1.0 - z) * candidate]
                };
                let from = |row, unit| -> [f64; 7] {
                    std::array::from_fn(|k| match k {
                        0..3 => Parts(&x, 3).at(units, row, unit, k),
                        3..6 => Parts(&sums, 3).at(units, row, unit, k - 3),
                        _ => one(&h, row, unit),
                    })
                };
                let saved_expected = matrix(size, |r, u| {
                    let [z, reset, candidate, _] = step(from(r, u));
                    [z, reset, candidate, from(r, u)[5]]
                });
                let h_expected = matrix(size, |r, u| {
                    [if is_valid(r) { step(from(r, u))[3] } else { one(&h, r, u) }]
                });
                // Where the reset comes first, r's gate has its part of the gradient from r·h.
                let reset = |a: [f64; 7]| value(recurrent_activation, a[1] + a[4]) * a[6];
                let behind =
                    |r, u| if reset_after { 0.0 } else { one(&dq, r, u) * one(&mask, r, u) };
                let gradient = |r: usize, u: usize| {
                    let own = if is_valid(r) {
                        slopes(from(r, u), |a| one(&dh, r, u) * step(a)[3])
                    } else {
                        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, one(&dh, r, u)]
                    };
                    let of_reset = slopes(from(r, u), reset);
                    std::array::from_fn::<f64, 7, _>(|k| own[k] + behind(r, u) * of_reset[k])
                };
                let dx_expected = matrix(size, |r, u| {
                    let g = gradient(r, u);
                    [g[0], g[1], g[2]]
                });
                let ds_expected = matrix(size, |r, u| {
                    let g = gradient(r, u);
                    [g[3], g[4], g[5]]
                });
                let through_expected = matrix(size, |r, u| [gradient(r, u)[6]]);
                let reset_expected = matrix(size, |r, u| [reset(from(r, u))]);

                let [x, sums] = [&x, &sums].map(|x| Padded::new(rows, 3 * units, x));
                let [h, dh, dq, mask] = [&h, &dh, &dq, &mask].map(|x| Padded::new(rows, units, x));
                let counts = Padded::new(rows, 1, &counts);
                for isa in Isa::available() {
                    let mut saved = Padded::empty(rows, 4 * units);
                    let [mut next, mut resets] = [0; 2].map(|_| Padded::empty(rows, units));
                    let valid = Some(counts.tile());
                    gru::gates(isa, recurrent_activation, x.tile(), sums.tile(), saved.tile_mut());
                    gru::reset(isa, saved.tile(), h.tile(), resets.tile_mut());
                    close(&resets, &reset_expected, "r·h");
                    gru::state(
                        isa,
                        activation,
                        reset_after,
                        x.tile(),
                        sums.tile(),
                        valid,
                        h.tile(),
                        saved.tile_mut(),
                        next.tile_mut(),
                    );
                    close(&saved, &saved_expected, "saved");
                    close(&next, &h_expected, "h");

                    let back = Back {
                        activation,
                        recurrent_activation,
                        saved: saved.tile(),
                        valid,
                        dh: dh.tile(),
                        dy: None,
                    };
                    let [mut dx, mut ds] = [0; 2].map(|_| Padded::empty(rows, 3 * units));
                    let mut through = Padded::empty(rows, units);
                    let (dx_to, ds_to) = (dx.tile_mut(), ds.tile_mut());
                    gru::backward(
                        isa,
                        back,
                        reset_after,
                        h.tile(),
                        dx_to,
                        ds_to,
                        through.tile_mut(),
                    );
                    if !reset_after {
                        gru::through_reset(
                            isa,
                            back,
                            h.tile(),
                            dq.tile(),
                            Some(mask.tile()),
                            dx.tile_mut(),
                            ds.tile_mut(),
                            through.tile_mut(),
                        );
                    }
                    all_close(&dx.values(), &dx_expected, 2e-5, 2e-5, "gradient of x");
                    all_close(&ds.values(), &ds_expected, 2e-5, 2e-5, "gradient of s");
                    all_close(&through.values(), &through_expected, 2e-5, 2e-5, "gradient of h");
                }
            }
        }
    }
}

#[test]
fn a_step_of_a_simple_net() {
    for (rows, units) in SHAPES {
        for activation in ACTIVATIONS {
            let [sums, h, dh, dy] = [1, 3, 4, 5].map(|s| noise(s, rows * units));
            let counts = valid(rows);
            let one = |of: &[f32], row: usize, unit: usize| f64::from(of[row * units + unit]);
            let is_valid = |row: usize| counts[row] != 0.0;
            let size = (rows, units);
            let sum = |r, u| one(&sums, r, u);
            let outer = |r, u| one(&dh, r, u) + one(&dy, r, u);
            let y_expected = matrix(size, |r, u| [value(activation, sum(r, u))]);
            let h_expected = matrix(size, |r, u| {
                [if is_valid(r) { value(activation, sum(r, u)) } else { one(&h, r, u) }]
            });
            let da_expected = matrix(size, |r, u| {
                let [slope] = slopes([sum(r, u)], |[a]| value(activation, a));
                [if is_valid(r) { outer(r, u) * slope } else { 0.0 }]
            });
            let through_expected =
                matrix(size, |r, u| [if is_valid(r) { 0.0 } else { outer(r, u) }]);
            let [h, dh, dy] = [&h, &dh, &dy].map(|x| Padded::new(rows, units, x));
            let counts = Padded::new(rows, 1, &counts);
            for isa in Isa::available() {
                let mut y = Padded::new(rows, units, &sums);
                let [mut next, mut da, mut through] = [0; 3].map(|_| Padded::empty(rows, units));
                let valid = Some(counts.tile());
                let (y_to, h_to) = (y.tile_mut(), next.tile_mut());
                simple::forward(isa, activation, valid, h.tile(), y_to, h_to);
                close(&y, &y_expected, "activation");
                close(&next, &h_expected, "h");
                let back = Back {
                    activation,
                    recurrent_activation: activation,
                    saved: y.tile(),
                    valid,
                    dh: dh.tile(),
                    dy: Some(dy.tile()),
                };
                simple::backward(isa, back, da.tile_mut(), through.tile_mut());
                all_close(&da.values(), &da_expected, 2e-5, 2e-5, "gradient of the sums");
                close(&through, &through_expected, "gradient of h");
            }
        }
    }
}

#[test]
fn factors_of_inputs_and_states() {
    for (rows, units) in SHAPES {
        let (x, masks) = (noise(1, rows * units), noise(2, rows * 3 * units));
        let (factors, before) = (noise(3, units), noise(4, rows * units));
        let one = |of: &[f32], r: usize, u: usize| f64::from(of[r * units + u]);
        let size = (rows, units);
        let copies = matrix(size, |r, u| {
            std::array::from_fn::<_, 3, _>(|k| one(&x, r, u) * Parts(&masks, 3).at(units, r, u, k))
        });
        let scaled = matrix(size, |r, u| [one(&x, r, u) * f64::from(factors[u])]);
        let added =
            matrix(size, |r, u| [one(&before, r, u) + one(&x, r, u) * f64::from(factors[u])]);
        let masked = matrix(size, |r, u| [one(&before, r, u) + one(&x, r, u) * one(&x, r, u)]);
        let (x, masks) = (Padded::new(rows, units, &x), Padded::new(rows, 3 * units, &masks));
        for isa in Isa::available() {
            let mut to = Padded::empty(rows, 3 * units);
            masked_copies(isa, x.tile(), masks.tile(), to.tile_mut());
            close(&to, &copies, "masked copies");
            let mut to = Padded::empty(rows, units);
            scaled_columns(isa, x.tile(), &factors, to.tile_mut());
            close(&to, &scaled, "scaled columns");
            let mut to = Padded::new(rows, units, &before);
            add_scaled_columns(isa, x.tile(), &factors, to.tile_mut());
            close(&to, &added, "added columns");
            let mut to = Padded::new(rows, units, &before);
            add_masked(isa, x.tile(), x.tile(), to.tile_mut());
            close(&to, &masked, "added product");
        }
    }
}
