//! Batch normalization with its epilogue, forward and backward.

use crate::support::{Padded, all_close, key, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::batch_norm::{Epilogue, apply, backward, forward};
use ridgeline_kernels::dropout::{Mask, MaskMut, Rate, draw};

const EPSILON: f32 = 1e-3;

/// The columns of a row-major matrix in f64.
fn column(x: &[f32], cols: usize, c: usize) -> Vec<f64> {
    x.iter().skip(c).step_by(cols).map(|&x| f64::from(x)).collect()
}

fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

struct Case {
    rows: usize,
    cols: usize,
    x: Vec<f32>,
    dy: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
}

impl Case {
    fn new(rows: usize, cols: usize) -> Self {
        // A mean far from 0 in some columns is what one-pass variances get wrong.
        let offset = |c: usize| if c.is_multiple_of(3) { 100.0 } else { 0.5 };
        let mut x = noise(1, rows * cols);
        x.iter_mut().enumerate().for_each(|(i, x)| *x += offset(i % cols));
        let dy = noise(2, rows * cols);
        Case { rows, cols, x, dy, gamma: noise(3, cols), beta: noise(4, cols) }
    }

    fn check(&self, isa: Isa, epilogue: Epilogue, affine: bool) {
        let (rows, cols, words) = (self.rows, self.cols, self.cols.div_ceil(32));
        let what = format!("{rows}x{cols} {epilogue:?} on {}", isa.name());
        let gamma = affine.then_some(&self.gamma[..]);
        let beta = affine.then_some(&self.beta[..]);
        let (x, dy) = (Padded::new(rows, cols, &self.x), Padded::new(rows, cols, &self.dy));
        let mut kept = vec![u32::MAX; rows * words];
        let mut scale = 1.0;
        if let Some((key, rate)) = epilogue.dropout {
            draw(isa, key, rate, 0, words, MaskMut::new(&mut kept, rows, words, 0, cols));
            scale = rate.scale;
        }

        let masked = epilogue.relu || epilogue.dropout.is_some();
        let mut bits = vec![0; rows * words];
        let mut stats = [vec![0.0; cols], vec![0.0; cols], vec![0.0; cols]];
        let [mu, var, rstd] = &mut stats;
        let mut y = Padded::empty(rows, cols);
        let view = MaskMut::new(&mut bits, rows, words, 0, cols);
        let view = masked.then_some(view);
        let to = y.tile_mut();
        forward(isa, x.tile(), gamma, beta, EPSILON, mu, var, rstd, epilogue, words, to, view);

        let mut dx = Padded::empty(rows, cols);
        let (mut dgamma, mut dbeta) = (vec![0.0; cols], vec![0.0; cols]);
        let view = masked.then(|| Mask::new(&bits, rows, words, 0, cols));
        let to = dx.tile_mut();
        backward(
            isa,
            dy.tile(),
            view,
            scale,
            x.tile(),
            mu,
            rstd,
            gamma,
            to,
            &mut dgamma,
            &mut dbeta,
        );

        let (y, dx) = (y.values(), dx.values());
        for c in 0..cols {
            let (gamma, beta) = match affine {
                true => (f64::from(self.gamma[c]), f64::from(self.beta[c])),
                false => (1.0, 0.0),
            };
            let xs = column(&self.x, cols, c);
            let m = mean(&xs);
            let v = mean(&xs.iter().map(|x| (x - m).powi(2)).collect::<Vec<_>>());
            let inverse = 1.0 / (v + f64::from(EPSILON)).sqrt();
            let near = |actual: f32, expected: f64, tolerance: f64, part: &str| {
                let error = (f64::from(actual) - expected).abs();
                assert!(
                    error <= tolerance,
                    "{part} of column {c}, {what}: {actual} instead of {expected}"
                );
            };
            near(mu[c], m, 1e-6 * (1.0 + m.abs()), "mean");
            near(var[c], v, 1e-5 * (1.0 + v), "variance");
            near(rstd[c], inverse, 1e-5 * inverse, "rstd");
            let normalized: Vec<f64> = xs.iter().map(|x| (x - m) * inverse).collect();
            let mut g = Vec::new();
            for r in 0..rows {
                let value = normalized[r] * gamma + beta;
                let bit = bits[r * words + c / 32] >> (c % 32) & 1 == 1;
                let alive = kept[r * words + c / 32] >> (c % 32) & 1 == 1;
                // Next to 0 rounding decides whether the ReLU passes.
                let sure = value.abs() > 1e-4 * inverse.max(1.0);
                let passes = alive && !(epilogue.relu && value <= 0.0);
                if masked && sure {
                    assert_eq!(bit, passes, "bit of row {r} column {c}, {what}");
                }
                let passes = if masked { bit } else { true };
                let scale = f64::from(scale);
                let expected = if passes { value * scale } else { 0.0 };
                near(y[r * cols + c], expected, 2e-4 * inverse.max(1.0) * scale, "y");
                g.push(if passes { f64::from(self.dy[r * cols + c]) * scale } else { 0.0 });
            }
            let db: f64 = g.iter().sum();
            let dg: f64 = g.iter().zip(&normalized).map(|(g, x)| g * x).sum();
            let size = 1e-5 * (rows as f64).sqrt().max(1.0) * 20.0 * inverse.max(1.0);
            near(dbeta[c], db, size, "dbeta");
            near(dgamma[c], dg, size * 5.0, "dgamma");
            for r in 0..rows {
                let expected = gamma * inverse * (g[r] - (db + normalized[r] * dg) / rows as f64);
                near(dx[r * cols + c], expected, 1e-4 * inverse.powi(2).max(1.0), "dx");
            }
        }
    }
}

#[test]
fn every_epilogue_on_every_shape() {
    let dropout = Some((key(9), Rate::new(0.3)));
    for isa in Isa::available() {
        for (rows, cols) in [(1, 3), (2, 32), (7, 33), (65, 64), (130, 100), (4200, 5)] {
            let case = Case::new(rows, cols);
            for affine in [false, true] {
                for relu in [false, true] {
                    case.check(isa, Epilogue { relu, dropout: None }, affine);
                    case.check(isa, Epilogue { relu, dropout }, affine);
                }
            }
        }
    }
}

#[test]
fn columns_do_not_depend_on_the_cut() {
    let (rows, cols, cut) = (100, 96, 32);
    let case = Case::new(rows, cols);
    let epilogue = Epilogue { relu: true, dropout: Some((key(9), Rate::new(0.5))) };
    for isa in Isa::available() {
        let run = |pieces: &[(usize, usize)]| {
            let mut bits = vec![0u32; rows * 3];
            let mut stats = [vec![0.0; cols], vec![0.0; cols], vec![0.0; cols]];
            let mut y = vec![0.0; rows * cols];
            for &(from, to) in pieces {
                let [mu, var, rstd] = &mut stats;
                let x = ridgeline_kernels::Tile::new(&case.x[from..], rows, to - from, cols, 1);
                let out = ridgeline_kernels::TileMut::new(&mut y[from..], rows, to - from, cols);
                let view = MaskMut::new(&mut bits, rows, 3, from / 32, to - from);
                forward(
                    isa,
                    x,
                    Some(&case.gamma[from..to]),
                    None,
                    EPSILON,
                    &mut mu[from..to],
                    &mut var[from..to],
                    &mut rstd[from..to],
                    epilogue,
                    3,
                    out,
                    Some(view),
                );
            }
            (bits, stats, y)
        };
        assert!(run(&[(0, cols)]) == run(&[(0, cut), (cut, cols)]));
    }
}

#[test]
fn nan_passes_the_relu() {
    let mut x = noise(5, 64);
    x[40] = f32::NAN;
    for isa in Isa::available() {
        let mut y = vec![0.0; 64];
        let (mut a, mut b, mut c) = ([0.0; 32], [0.0; 32], [0.0; 32]);
        let tile = ridgeline_kernels::Tile::matrix(&x, 2, 32);
        let out = ridgeline_kernels::TileMut::new(&mut y, 2, 32, 32);
        let epilogue = Epilogue { relu: true, dropout: None };
        forward(isa, tile, None, None, EPSILON, &mut a, &mut b, &mut c, epilogue, 1, out, None);
        assert!(y[8].is_nan() && y[40].is_nan() && y[9].is_finite());
    }
}

#[test]
fn inference_is_one_multiply_add() {
    let (rows, cols) = (9, 37);
    let (x, scale, shift) = (noise(6, rows * cols), noise(7, cols), noise(8, cols));
    let tile = Padded::new(rows, cols, &x);
    let expected: Vec<f64> = x
        .iter()
        .enumerate()
        .map(|(i, &x)| f64::from(x) * f64::from(scale[i % cols]) + f64::from(shift[i % cols]))
        .collect();
    for isa in Isa::available() {
        let mut y = Padded::empty(rows, cols);
        apply(isa, tile.tile(), &scale, &shift, y.tile_mut());
        all_close(&y.values(), &expected, 1e-6, 1e-6, "apply");
    }
}
