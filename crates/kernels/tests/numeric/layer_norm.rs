//! Layer normalization, forward and backward.

use crate::support::{Padded, all_close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::layer_norm::{backward, backward_params, forward};

const EPSILON: f32 = 1e-3;

#[test]
fn matches_the_definition() {
    for (rows, cols) in [(1, 1), (3, 8), (2, 31), (70, 33), (5, 130), (2, 4100)] {
        for affine in [false, true] {
            check(rows, cols, affine);
        }
    }
}

fn check(rows: usize, cols: usize, affine: bool) {
    let mut x = noise(1, rows * cols);
    x.iter_mut().for_each(|x| *x += 30.0);
    let (dy, gamma, beta) = (noise(2, rows * cols), noise(3, cols), noise(4, cols));
    let weight = |c: usize| if affine { f64::from(gamma[c]) } else { 1.0 };
    let shift = |c: usize| if affine { f64::from(beta[c]) } else { 0.0 };

    let (mut y_expected, mut dx_expected) = (Vec::new(), Vec::new());
    let (mut means, mut inverses) = (Vec::new(), Vec::new());
    let (mut dgamma_expected, mut dbeta_expected) = (vec![0.0; cols], vec![0.0; cols]);
    for (row, dy) in x.chunks(cols).zip(dy.chunks(cols)) {
        let n = cols as f64;
        let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
        let inverse = 1.0 / (variance + f64::from(EPSILON)).sqrt();
        let normalized: Vec<f64> = row.iter().map(|&x| (f64::from(x) - mean) * inverse).collect();
        let h: Vec<f64> = dy.iter().enumerate().map(|(c, &dy)| f64::from(dy) * weight(c)).collect();
        let sum = h.iter().sum::<f64>() / n;
        let dot = h.iter().zip(&normalized).map(|(h, x)| h * x).sum::<f64>() / n;
        for c in 0..cols {
            y_expected.push(normalized[c] * weight(c) + shift(c));
            dx_expected.push(inverse * (h[c] - sum - normalized[c] * dot));
            dgamma_expected[c] += f64::from(dy[c]) * normalized[c];
            dbeta_expected[c] += f64::from(dy[c]);
        }
        means.push(mean);
        inverses.push(inverse);
    }

    let (x, dy) = (Padded::new(rows, cols, &x), Padded::new(rows, cols, &dy));
    let (gamma, beta) = (affine.then_some(&gamma[..]), affine.then_some(&beta[..]));
    for isa in Isa::available() {
        let what = format!("{rows}x{cols} on {}", isa.name());
        let (mut mean, mut rstd) = (vec![0.0; rows], vec![0.0; rows]);
        let (mut y, mut dx) = (Padded::empty(rows, cols), Padded::empty(rows, cols));
        forward(isa, x.tile(), gamma, beta, EPSILON, &mut mean, &mut rstd, y.tile_mut());
        all_close(&mean, &means, 1e-6, 0.0, &format!("mean {what}"));
        all_close(&rstd, &inverses, 1e-5, 0.0, &format!("rstd {what}"));
        all_close(&y.values(), &y_expected, 1e-5, 2e-4, &format!("y {what}"));
        backward(isa, dy.tile(), x.tile(), &mean, &rstd, gamma, dx.tile_mut());
        all_close(&dx.values(), &dx_expected, 1e-4, 3e-4, &format!("dx {what}"));
        let (mut dgamma, mut dbeta) = (vec![0.0; cols], vec![0.0; cols]);
        backward_params(isa, dy.tile(), x.tile(), &mean, &rstd, &mut dgamma, &mut dbeta);
        all_close(&dgamma, &dgamma_expected, 1e-4, 1e-3, &format!("dgamma {what}"));
        all_close(&dbeta, &dbeta_expected, 1e-5, 1e-4, &format!("dbeta {what}"));
    }
}
