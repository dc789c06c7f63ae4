//! Softmax and log-softmax of rows.

use crate::support::{Padded, all_close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::softmax::{log_softmax, log_softmax_backward, softmax, softmax_backward};

const SHAPES: [(usize, usize); 10] = [
    (1, 1),
    (3, 2),
    (4, 8),
    (3, 31),
    (2, 33),
    (5, 130),
    (2, 5000),
    // Many short rows stand side by side in vectors.
    (37, 3),
    (16, 7),
    (18, 9),
];

/// Logits with far-apart and −∞ entries.
fn logits(rows: usize, cols: usize) -> Vec<f32> {
    let mut x = noise(1, rows * cols);
    x.iter_mut().enumerate().for_each(|(i, x)| *x = *x * 3.0 + if i % 7 == 0 { 90.0 } else { 0.0 });
    if cols > 2 {
        x[1] = f32::NEG_INFINITY;
    }
    x
}

/// log-softmax in f64.
fn reference(x: &[f32], cols: usize) -> Vec<f64> {
    x.chunks(cols)
        .flat_map(|row| {
            let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let shifted: Vec<f64> = row.iter().map(|&x| f64::from(x) - f64::from(max)).collect();
            let log_sum = shifted.iter().map(|x| x.exp()).sum::<f64>().ln();
            shifted.into_iter().map(move |x| x - log_sum).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn forward_and_backward_match_the_definition() {
    for (rows, cols) in SHAPES {
        let (x, dy) = (logits(rows, cols), noise(2, rows * cols));
        let logs = reference(&x, cols);
        let shares: Vec<f64> = logs.iter().map(|x| x.exp()).collect();
        let (mut dx_softmax, mut dx_log) = (Vec::new(), Vec::new());
        for (p, dy) in shares.chunks(cols).zip(dy.chunks(cols)) {
            let dot: f64 = p.iter().zip(dy).map(|(p, &dy)| p * f64::from(dy)).sum();
            let sum: f64 = dy.iter().map(|&dy| f64::from(dy)).sum();
            for (p, &dy) in p.iter().zip(dy) {
                dx_softmax.push(p * (f64::from(dy) - dot));
                dx_log.push(f64::from(dy) - p * sum);
            }
        }
        let (x, dy) = (Padded::new(rows, cols, &x), Padded::new(rows, cols, &dy));
        for isa in Isa::available() {
            let (mut y, mut dx) = (Padded::empty(rows, cols), Padded::empty(rows, cols));
            softmax(isa, x.tile(), y.tile_mut());
            all_close(&y.values(), &shares, 3e-6, 1e-37, "softmax");
            softmax_backward(isa, y.tile(), dy.tile(), dx.tile_mut());
            all_close(&dx.values(), &dx_softmax, 1e-5, 1e-6, "softmax gradient");
            log_softmax(isa, x.tile(), y.tile_mut());
            all_close(&y.values(), &logs, 1e-6, 1e-6, "log_softmax");
            log_softmax_backward(isa, y.tile(), dy.tile(), dx.tile_mut());
            all_close(&dx.values(), &dx_log, 1e-5, 1e-4, "log_softmax gradient");
        }
    }
}

#[test]
fn a_nan_spoils_its_row_only() {
    let mut x = noise(3, 3 * 20);
    x[25] = f32::NAN;
    for isa in Isa::available() {
        let mut y = vec![0.0; 60];
        let tile = ridgeline_kernels::Tile::matrix(&x, 3, 20);
        softmax(isa, tile, ridgeline_kernels::TileMut::new(&mut y, 3, 20, 20));
        assert!(y[20..40].iter().all(|y| y.is_nan()));
        assert!(y[..20].iter().chain(&y[40..]).all(|y| y.is_finite()));
    }
}
