//! Sums, extremes and argmax.

use crate::support::{Padded, SIZES, all_close, close, noise};
use ridgeline_kernels::reduce::{
    Reduce, argmax_rows, reduce_cols, reduce_rows, sum, sum_abs, sum_squares,
};
use ridgeline_kernels::{Isa, Tile};

const OPS: [Reduce; 3] = [Reduce::Sum, Reduce::Max, Reduce::Min];

fn reference(op: Reduce, values: impl Iterator<Item = f32>) -> f64 {
    let mut values = values.map(f64::from);
    match op {
        Reduce::Sum => values.sum(),
        Reduce::Max => values.fold(f64::NEG_INFINITY, |a, b| {
            if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
        }),
        Reduce::Min => values
            .by_ref()
            .fold(f64::INFINITY, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }),
    }
}

#[test]
fn rows_and_columns_of_padded_tiles() {
    for isa in Isa::available() {
        for op in OPS {
            for (rows, cols) in [(0, 5), (1, 1), (3, 31), (5, 33), (64, 8), (67, 65), (4200, 9)] {
                let mut x = noise(1, rows * cols);
                if x.len() > 200 {
                    x[77] = f32::NAN;
                }
                let tile = Padded::new(rows, cols, &x);
                let (mut by_row, mut by_col) = (vec![0.0; rows], vec![0.0; cols]);
                reduce_rows(isa, op, tile.tile(), &mut by_row);
                reduce_cols(isa, op, tile.tile(), &mut by_col);
                let expected: Vec<f64> =
                    x.chunks(cols).map(|row| reference(op, row.iter().copied())).collect();
                all_close(&by_row, &expected, 1e-6, 1e-5, &format!("{op:?} rows"));
                let expected: Vec<f64> = (0..cols)
                    .map(|c| reference(op, x.iter().skip(c).step_by(cols).copied()))
                    .collect();
                all_close(&by_col, &expected, 1e-6, 1e-4, &format!("{op:?} columns"));
            }
        }
    }
}

#[test]
fn a_columns_sum_does_not_depend_on_the_cut() {
    let (rows, cols) = (300, 75);
    let x = noise(2, rows * cols);
    for isa in Isa::available() {
        let mut whole = vec![0.0; cols];
        let tile = Tile::matrix(&x, rows, cols);
        reduce_cols(isa, Reduce::Sum, tile, &mut whole);
        for cut in [1, 8, 37] {
            let tile = Tile::new(&x[cut..], rows, cols - cut, cols, 1);
            let mut part = vec![0.0; cols - cut];
            reduce_cols(isa, Reduce::Sum, tile, &mut part);
            assert_eq!(part, whole[cut..]);
        }
    }
}

#[test]
fn whole_sums() {
    for isa in Isa::available() {
        for n in SIZES {
            let x = noise(3, n);
            let wide = || x.iter().map(|&x| f64::from(x));
            close(sum(isa, &x), wide().sum(), 1e-6, 1e-4, "sum");
            close(sum_squares(isa, &x), wide().map(|x| x * x).sum(), 1e-6, 0.0, "sum_squares");
            close(sum_abs(isa, &x), wide().map(f64::abs).sum(), 1e-6, 0.0, "sum_abs");
        }
    }
}

#[test]
fn a_long_sum_keeps_its_digits() {
    let x = vec![0.1f32; 10_000_000];
    for isa in Isa::available() {
        close(sum(isa, &x), f64::from(0.1f32) * 1e7, 5e-6, 0.0, "ten million tenths");
        let mut y = [0.0];
        reduce_cols(isa, Reduce::Sum, Tile::matrix(&x, 10_000_000, 1), &mut y);
        close(y[0], f64::from(0.1f32) * 1e7, 5e-6, 0.0, "ten million rows");
    }
}

#[test]
fn argmax_takes_the_first_and_nan_wins() {
    let of = |isa, row: &[f32]| {
        let mut found = [9];
        argmax_rows(isa, Tile::matrix(row, 1, row.len()), &mut found);
        found[0] as usize
    };
    for isa in Isa::available() {
        assert_eq!(of(isa, &[]), 0);
        assert_eq!(of(isa, &[1.0, 3.0, 3.0]), 1);
        assert_eq!(of(isa, &[f32::NEG_INFINITY, f32::NEG_INFINITY]), 0);
        assert_eq!(of(isa, &[9.0, f32::NAN, 10.0, f32::NAN]), 1);
        for n in SIZES.into_iter().filter(|&n| n > 0) {
            // Few values, so that the largest comes more than once.
            let mut x: Vec<f32> = noise(6, n).into_iter().map(f32::round).collect();
            let largest = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert_eq!(of(isa, &x), x.iter().position(|&v| v == largest).unwrap(), "{n}");
            x[n / 2] = f32::NAN;
            assert_eq!(of(isa, &x), n / 2, "NaN of {n}");
        }
        let mut each = [0; 3];
        let x = [0.0, 1.0, 9.0, 4.0, 2.0, 9.0, 5.0, 5.0, 9.0];
        argmax_rows(isa, Tile::new(&x, 3, 2, 3, 1), &mut each);
        assert_eq!(each, [1, 0, 0]);
    }
}
