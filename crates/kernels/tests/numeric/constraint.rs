//! Constraints against Keras's formulas in f64.

use crate::support::{Padded, SIZES, all_close, close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{
    NormBounds, add_row_squares, non_negative, norm_columns, norm_factors, scale_rows,
};

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
fn factor(bounds: NormBounds, w: impl Iterator<Item = f64>) -> f64 {
    let norm = w.map(|w| w * w).sum::<f64>().sqrt();
    let [min, max, rate] = [bounds.min, bounds.max, bounds.rate].map(f64::from);
    (rate * norm.clamp(min, max) + (1.0 - rate) * norm) / (1e-7 + norm)
}

/// As of `maxNorm`, `unitNorm` and `minMaxNorm`.
const BOUNDS: [NormBounds; 3] = [
    NormBounds { min: 0.0, max: 0.75, rate: 1.0 },
    NormBounds { min: 1.0, max: 1.0, rate: 1.0 },
    NormBounds { min: 0.5, max: 0.75, rate: 0.25 },
];

#[test]
fn columns_have_a_bounded_norm() {
    let cases = Isa::available().flat_map(|isa| BOUNDS.map(|bounds| (isa, bounds)));
    for (isa, bounds) in cases {
        for (rows, cols) in [(0, 3), (1, 1), (3, 5), (65, 16), (70, 33), (300, 64), (5, 130)] {
            let mut w = noise(2, rows * cols);
            // A column of zeros, and one below the bound.
            w.iter_mut().step_by(cols).for_each(|w| *w = 0.0);
            w.iter_mut().skip(1).step_by(cols.max(2)).for_each(|w| *w *= 1e-3);
            let expected: Vec<f64> = (0..rows * cols)
                .map(|at| {
                    let column = (0..rows).map(|r| f64::from(w[r * cols + at % cols]));
                    f64::from(w[at]) * factor(bounds, column)
                })
                .collect();
            let mut padded = Padded::new(rows, cols, &w);
            norm_columns(isa, bounds, padded.tile_mut());
            all_close(&padded.values(), &expected, 1e-6, 0.0, isa.name());
        }
    }
}

/// In two pieces of columns, as chunks have them.
#[test]
fn rows_have_a_bounded_norm() {
    let cases = Isa::available().flat_map(|isa| BOUNDS.map(|bounds| (isa, bounds)));
    for (isa, bounds) in cases {
        for (rows, cols) in [(1, 2), (3, 5), (40, 33), (7, 64)] {
            let mut w = noise(2, rows * cols);
            w[..cols].fill(0.0);
            let expected: Vec<f64> = (0..rows * cols)
                .map(|at| {
                    let row = &w[at / cols * cols..][..cols];
                    f64::from(w[at]) * factor(bounds, row.iter().map(|&w| f64::from(w)))
                })
                .collect();
            let mut padded = Padded::new(rows, cols, &w);
            let (mut factors, half) = (vec![0.0; rows], cols / 2);
            for part in [0..half, half..cols] {
                add_row_squares(isa, padded.tile().part(0..rows, part), &mut factors);
            }
            norm_factors(isa, bounds, &mut factors);
            scale_rows(isa, padded.tile_mut(), &factors);
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
        let bounds = NormBounds { min: 0.0, max, rate: 1.0 };
        for isa in Isa::available() {
            let mut factor = [squares];
            norm_factors(isa, bounds, &mut factor);
            close(factor[0], bounded / (1e-7 + norm), 1e-6, 0.0, "factor");
        }
    }
}
