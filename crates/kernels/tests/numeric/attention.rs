//! Attention: shares of scores, under masks, and their gradient.

use crate::support::{Padded, all_close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::attention::{Kept, Sees, powers, row_products, scale_rows, score_gradient};
use ridgeline_kernels::dropout::{Mask, apply};

const SHAPES: [(usize, usize); 5] = [(1, 1), (3, 7), (4, 16), (5, 33), (2, 130)];
const SCALE: f32 = 0.3;

/// Which columns a row sees.
type Seen = fn(usize, usize) -> bool;

/// What rows see: all, no later columns, every third, and nothing in the first row.
const SEEN: [Seen; 4] = [
    |_, _| true,
    |row, col| col <= row + 2,
    |row, col| !(row + col).is_multiple_of(3),
    |row, _| row > 0,
];

fn expected(scores: &[f32], cols: usize, seen: Seen) -> Vec<f64> {
    let rows = scores.chunks(cols).enumerate();
    rows.flat_map(|(r, row)| {
        let scaled = row.iter().map(|&x| f64::from(SCALE) * f64::from(x)).collect::<Vec<_>>();
        let powers = scaled.iter().enumerate();
        let powers =
            powers.map(|(c, x)| if seen(r, c) { x.exp() } else { 0.0 }).collect::<Vec<_>>();
        let sum: f64 = powers.iter().sum();
        powers.into_iter().map(move |x| if sum > 0.0 { x / sum } else { 0.0 }).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn shares_and_their_gradient_match_the_definition() {
    for (rows, cols) in SHAPES {
        let scores: Vec<f32> = noise(1, rows * cols).iter().map(|x| 20.0 * x).collect();
        let dp = noise(2, rows * cols);
        for (kind, seen) in SEEN.into_iter().enumerate() {
            let p = expected(&scores, cols, seen);
            let of_row = |r: usize| r * cols..(r + 1) * cols;
            let sums: Vec<f64> = (0..rows)
                .map(|r| {
                    p[of_row(r)].iter().zip(&dp[of_row(r)]).map(|(p, &d)| p * f64::from(d)).sum()
                })
                .collect();
            let gradient: Vec<f64> = (0..rows * cols)
                .map(|i| f64::from(SCALE) * p[i] * (f64::from(dp[i]) - sums[i / cols]))
                .collect();
            let mask: Vec<f32> = (0..rows * cols)
                .map(|i| if seen(i / cols, i % cols) { 1.0 } else { 0.0 })
                .collect();
            let (mask, scores) = (Padded::new(rows, cols, &mask), Padded::new(rows, cols, &scores));
            let dp = Padded::new(rows, cols, &dp);
            // The second is said by a number, the others by a mask.
            let sees = match kind {
                0 => Sees { until: None, mask: None },
                1 => Sees { until: Some(2), mask: None },
                _ => Sees { until: None, mask: Some(mask.tile()) },
            };
            let words = cols.div_ceil(32);
            let bits: Vec<u32> = (0..rows * words).map(|i| 0x9e37_79b9 << (i % 7)).collect();
            let bits = Mask::new(&bits, rows, words, 0, cols);
            for isa in Isa::available() {
                let (whole, logs) = shares(isa, &scores, sees, None);
                all_close(&whole.values(), &p, 1e-5, 1e-7, "shares");
                let kept = Some((bits, 1.25));
                let (some, same) = shares(isa, &scores, sees, kept);
                assert_eq!(logs, same, "dropout takes no part in the sum");
                let dropped = |of: &Padded| {
                    let mut to = of.clone();
                    apply(isa, bits, 1.25, Some(of.tile()), to.tile_mut());
                    to
                };
                let doubles =
                    |of: Padded| of.values().into_iter().map(f64::from).collect::<Vec<_>>();
                let expected = doubles(dropped(&whole));
                all_close(&some.values(), &expected, 1e-5, 1e-7, "shares that are kept");

                let mut products = vec![0.0; rows];
                row_products(isa, whole.tile(), dp.tile(), &mut products);
                all_close(&products, &sums, 1e-5, 1e-5, "sums");
                let back = |dp: &Padded, kept| {
                    let (mut x, mut to) = (scores.clone(), dp.clone());
                    score_gradient(
                        isa,
                        x.tile_mut(),
                        SCALE,
                        sees,
                        kept,
                        &logs,
                        &products,
                        to.tile_mut(),
                    );
                    (x, to)
                };
                let (again, to) = back(&dp, None);
                all_close(&again.values(), &p, 2e-5, 1e-7, "shares made again");
                all_close(&to.values(), &gradient, 2e-5, 1e-5, "gradient");
                // Behind dropout it is that of gradients which were zeroed and scaled before.
                let (again, to) = back(&dp, kept);
                all_close(&again.values(), &expected, 2e-5, 1e-7, "kept shares made again");
                let (_, expected) = back(&dropped(&dp), None);
                assert_eq!(to.values(), expected.values(), "gradient behind dropout");
            }
        }
    }
}

/// The shares of scores, and the logarithms of their sums.
fn shares(isa: Isa, scores: &Padded, sees: Sees, kept: Kept) -> (Padded, Vec<f32>) {
    let (mut x, rows) = (scores.clone(), scores.tile().rows());
    let (mut logs, mut factors) = (vec![0.0; rows], vec![0.0; rows]);
    powers(isa, x.tile_mut(), SCALE, sees, kept, &mut logs, &mut factors);
    scale_rows(isa, x.tile_mut(), &factors);
    (x, logs)
}

#[test]
fn a_mask_of_one_row_is_that_of_all() {
    let (rows, cols) = (4, 20);
    let mask: Vec<f32> = (0..cols).map(|c| if c < 13 { 1.0 } else { 0.0 }).collect();
    let scores = noise(3, rows * cols);
    let p: Vec<f64> = expected(&scores, cols, |_, col| col < 13);
    for isa in Isa::available() {
        let (x, mask) = (Padded::new(rows, cols, &scores), Padded::new(1, cols, &mask));
        let (x, _) = shares(isa, &x, Sees { until: None, mask: Some(mask.tile()) }, None);
        all_close(&x.values(), &p, 1e-5, 1e-7, "shares");
    }
}
