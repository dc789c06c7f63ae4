//! Constraints against Keras's formulas in f64.

use crate::support::{Padded, SIZES, all_close, close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{max_norm_columns, max_norm_factor, non_negative};

#[test]
fn negative_weights_become_zero() {
    for isa in Isa::available() {
        for n in SIZES {
            let mut w = noise(1, n);
            w.iter_mut().step_by(7).for_each(|w| *w = f32::NAN);
            let expected: Vec<f64> =
                w.iter().map(|&w| if w < 0.0 { 0.0 } else { f64::from(w) }).collect();
            non_negative(isa, &mut w);
            all_close(&w, &expected, 0.0, 0.0, isa.name());
        }
    }
}

/// The factor of a group, in f64.
fn factor(max: f64, w: impl Iterator<Item = f64>) -> f64 {
    let norm = w.map(|w| w * w).sum::<f64>().sqrt();
    norm.min(max) / (1e-7 + norm)
}

#[test]
fn columns_have_a_bounded_norm() {
    for isa in Isa::available() {
        for (rows, cols) in [(0, 3), (1, 1), (3, 5), (65, 16), (70, 33), (300, 64), (5, 130)] {
            let mut w = noise(2, rows * cols);
            // A column of zeros, and one below the bound.
            w.iter_mut().step_by(cols).for_each(|w| *w = 0.0);
            w.iter_mut().skip(1).step_by(cols.max(2)).for_each(|w| *w *= 1e-3);
            let expected: Vec<f64> = (0..rows * cols)
                .map(|at| {
                    let column = (0..rows).map(|r| f64::from(w[r * cols + at % cols]));
                    f64::from(w[at]) * factor(0.75, column)
                })
                .collect();
            let mut padded = Padded::new(rows, cols, &w);
            max_norm_columns(isa, 0.75, padded.tile_mut());
            all_close(&padded.values(), &expected, 1e-6, 0.0, isa.name());
        }
    }
}

#[test]
fn factors_of_groups() {
    for (max, squares) in [(2.0, 0.0), (2.0, 1.0), (2.0, 9.0), (0.0, 4.0), (2.0, f32::NAN)] {
        let norm = f64::from(squares).sqrt();
        // The smaller, but NaN where the norm is.
        let bounded = if norm > f64::from(max) { f64::from(max) } else { norm };
        close(max_norm_factor(max, squares), bounded / (1e-7 + norm), 1e-6, 0.0, "factor");
    }
}
