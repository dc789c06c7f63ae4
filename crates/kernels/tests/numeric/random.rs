//! Random numbers in bulk.

use crate::support::key;
use ridgeline_kernels::random::{normal, uniform};
use ridgeline_kernels::rng::{Key, philox};
use ridgeline_kernels::{Isa, TileMut};

/// The definition of a number, in double precision.
fn number(key: Key, cols: usize, row: usize, col: usize) -> f64 {
    let block = row * cols.div_ceil(32) + col / 32;
    let (quarter, j) = (col % 32 / 8, col % 8);
    let counter = [(block * 8 + j) as u32, key.stream, key.step, key.time];
    let words = philox::<7>(counter, [key.seed as u32, (key.seed >> 32) as u32]);
    let (u, v) = (words[quarter / 2 * 2], words[quarter / 2 * 2 + 1]);
    let u = (f64::from(u >> 1) + 0.5) * 2f64.powi(-31);
    let angle = f64::from(v as i32) * 2f64.powi(-32) * std::f64::consts::TAU;
    let unit = if quarter % 2 == 0 { angle.cos() } else { angle.sin() };
    (-2.0 * u.ln()).sqrt() * unit
}

fn drawn(isa: Isa, key: Key, first_row: usize, rows: usize, cols: usize) -> Vec<f32> {
    let mut y = vec![f32::NAN; rows * cols];
    normal(isa, key, cols, [first_row, 0], TileMut::new(&mut y, rows, cols, cols));
    y
}

#[test]
fn numbers_are_as_defined() {
    for isa in Isa::available() {
        for (rows, cols) in [(1, 1), (3, 64), (5, 100), (2, 1000), (200, 7)] {
            let y = drawn(isa, key(3), 0, rows, cols);
            for (i, &y) in y.iter().enumerate() {
                let expected = number(key(3), cols, i / cols, i % cols);
                let error = (f64::from(y) - expected).abs();
                assert!(
                    error < 2e-6,
                    "{i} of {rows}x{cols} on {}: {y}, not {expected}",
                    isa.name()
                );
            }
        }
    }
}

#[test]
fn numbers_do_not_depend_on_how_the_matrix_is_cut() {
    for isa in Isa::available() {
        let whole = drawn(isa, key(4), 0, 10, 90);
        let parts = [drawn(isa, key(4), 0, 3, 90), drawn(isa, key(4), 3, 7, 90)].concat();
        assert_eq!(whole, parts);
        let mut columns = vec![f32::NAN; 10 * 90];
        let mut all = TileMut::new(&mut columns, 10, 90, 90);
        for cols in [0..32, 32..64, 64..90] {
            normal(isa, key(4), 90, [0, cols.start], all.columns(cols));
        }
        assert_eq!(whole, columns);
    }
}

/// The distribution function of the standard normal, by the complementary error function of Numerical Recipes.
fn cumulative(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    let terms = [
        0.170_872_77,
        -0.822_152_23,
        1.488_515_87,
        -1.135_203_98,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_68,
        -1.265_512_23,
    ];
    let polynomial = terms.iter().fold(0.0, |sum, term| sum * t + term);
    let tail = 0.5 * t * (-z * z + polynomial).exp();
    if x >= 0.0 { 1.0 - tail } else { tail }
}

#[test]
fn the_distribution_is_normal() {
    const N: usize = 1 << 20;
    let isa = Isa::current().unwrap();
    let y = drawn(isa, key(5), 0, N / 1024, 1024);
    let moment = |power: i32| y.iter().map(|&y| f64::from(y).powi(power)).sum::<f64>() / N as f64;
    let within = |value: f64, expected: f64, deviation: f64| {
        assert!(
            (value - expected).abs() < 5.0 * deviation / (N as f64).sqrt(),
            "{value}, not {expected}"
        );
    };
    within(moment(1), 0.0, 1.0);
    within(moment(2), 1.0, 2f64.sqrt());
    within(moment(3), 0.0, 15f64.sqrt());
    within(moment(4), 3.0, 96f64.sqrt());
    // Kolmogorov and Smirnov: above 1.95 / √n once in a thousand samples.
    let mut sorted = y.clone();
    sorted.sort_by(f32::total_cmp);
    let distance = sorted.iter().enumerate().map(|(i, &y)| {
        let expected = cumulative(f64::from(y));
        (expected - i as f64 / N as f64).abs().max((expected - (i + 1) as f64 / N as f64).abs())
    });
    let distance = distance.fold(0.0, f64::max);
    assert!(distance < 1.95 / (N as f64).sqrt(), "{distance}");
    // Tails: as many as there should be, within five deviations.
    for (bound, share) in [(3.0f32, 2.699_796e-3), (4.0, 6.334_248e-5)] {
        let far = y.iter().filter(|y| y.abs() > bound).count() as f64;
        let expected = share * N as f64;
        assert!(
            (far - expected).abs() < 5.0 * expected.sqrt(),
            "{far} beyond {bound}, not {expected}"
        );
    }
    // Neighbours, and rows, have nothing to do with each other.
    for lag in [1, 2, 16, 64, 1024] {
        let product =
            y.iter().zip(&y[lag..]).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        within(product / N as f64, 0.0, 1.0);
    }
}

#[test]
fn uniform_numbers_are_the_upper_bits_of_words() {
    for isa in Isa::available() {
        for (rows, cols) in [(1, 1), (5, 100), (200, 7)] {
            let mut y = vec![f32::NAN; rows * cols];
            uniform(isa, key(3), cols, [0, 0], TileMut::new(&mut y, rows, cols, cols));
            for (i, &y) in y.iter().enumerate() {
                let (row, col) = (i / cols, i % cols);
                let block = row * cols.div_ceil(32) + col / 32;
                let counter =
                    [(block * 8 + col % 8) as u32, key(3).stream, key(3).step, key(3).time];
                let seed = key(3).seed;
                let words = philox::<7>(counter, [seed as u32, (seed >> 32) as u32]);
                assert_eq!(
                    y,
                    (words[col % 32 / 8] >> 8) as f32 / (1 << 24) as f32,
                    "{}",
                    isa.name()
                );
            }
        }
    }
}

#[test]
fn uniform_numbers_fill_their_range_evenly() {
    let n = 1 << 20;
    for isa in Isa::available() {
        let mut y = vec![0.0; n];
        uniform(isa, key(5), 1024, [0, 0], TileMut::new(&mut y, 1024, 1024, 1024));
        assert!(y.iter().all(|x| (0.0..1.0).contains(x)));
        let mut counts = [0f64; 64];
        y.iter().for_each(|x| counts[(x * 64.0) as usize] += 1.0);
        let expected = n as f64 / 64.0;
        let chi: f64 = counts.iter().map(|c| (c - expected).powi(2) / expected).sum();
        // 63 degrees of freedom: beyond 130 once in 10⁶.
        assert!(chi < 130.0, "{chi} on {}", isa.name());
    }
}
