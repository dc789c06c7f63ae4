//! Errors of the elementary functions in units in the last place, against f64.

use ridgeline_kernels::Isa;
use ridgeline_kernels::unary::{Unary, unary};

/// erf in f64 by its all-positive series 2/√π · e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!.
fn erf(x: f64) -> f64 {
    if x.is_nan() || x.abs() > 6.0 {
        return if x.is_nan() { x } else { x.signum() };
    }
    let (mut term, mut sum, mut n) = (x, x, 0.0);
    while term.abs() > sum.abs() * 1e-17 {
        n += 1.0;
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

fn exact(op: Unary, x: f64) -> f64 {
    match op {
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.exp_m1(),
        Unary::Log => x.ln(),
        Unary::Log1p => x.ln_1p(),
        Unary::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Unary::Tanh => x.tanh(),
        Unary::Erf => erf(x),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        _ => panic!("no reference for {op:?}"),
    }
}

/// The documented bound of each function, in ulp.
const BOUNDS: [(Unary, f64); 9] = [
    (Unary::Exp, 1.0),
    (Unary::Expm1, 2.0),
    (Unary::Log, 1.5),
    (Unary::Log1p, 2.0),
    (Unary::Sigmoid, 3.0),
    (Unary::Tanh, 4.0),
    (Unary::Erf, 4.0),
    (Unary::Sin, 3.0),
    (Unary::Cos, 3.0),
];

/// The error of `y` in ulp of the exact result; results below the normal numbers may be 0.
fn ulps(y: f32, exact: f64) -> f64 {
    let rounded = exact as f32;
    if y == rounded || y.is_nan() && exact.is_nan() {
        return 0.0;
    }
    if exact.abs() < f64::from(f32::MIN_POSITIVE) && y.abs() <= f32::MIN_POSITIVE {
        return 0.0;
    }
    if !y.is_finite() || !rounded.is_finite() {
        return f64::INFINITY;
    }
    let ulp = 2f64.powi((exact.abs().log2().floor() as i32 - 23).max(-149));
    (f64::from(y) - exact).abs() / ulp
}

/// The largest error over the given bit patterns, and where.
fn worst(isa: Isa, op: Unary, bits: impl Iterator<Item = u32>) -> (f64, f32) {
    let mut worst = (0.0, 0.0);
    let mut bits = bits.peekable();
    let (mut x, mut y) = (Vec::new(), Vec::new());
    while bits.peek().is_some() {
        x.clear();
        x.extend(bits.by_ref().take(4096).map(f32::from_bits));
        // Denormal inputs count as 0, which only the logarithm can tell.
        x.retain(|x| op != Unary::Log || !x.is_subnormal());
        y.resize(x.len(), 0.0);
        unary(isa, op, &x, &mut y);
        for (&x, &y) in x.iter().zip(&y) {
            let error = ulps(y, exact(op, f64::from(x)));
            if error > worst.0 {
                worst = (error, x);
            }
        }
    }
    worst
}

#[test]
fn errors_are_within_their_bounds_on_a_dense_sample() {
    for isa in Isa::available() {
        for (op, bound) in BOUNDS {
            let (error, x) = worst(isa, op, (0..=u32::MAX).step_by(1021));
            assert!(error <= bound, "{op:?}({x:e}) is {error} ulp off on {}", isa.name());
        }
    }
}

#[test]
#[ignore = "every f32: minutes"]
fn errors_are_within_their_bounds_on_every_f32() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for isa in Isa::available() {
        for (op, bound) in BOUNDS {
            let (error, x) = std::thread::scope(|scope| {
                let parts: Vec<_> = (0..threads as u32)
                    .map(|i| (i..=u32::MAX).step_by(threads))
                    .map(|bits| scope.spawn(move || worst(isa, op, bits)))
                    .collect();
                parts
                    .into_iter()
                    .map(|part| part.join().expect("no panic"))
                    .fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a })
            });
            eprintln!("{} {op:?}: {error:.3} ulp at {x:e}", isa.name());
            assert!(error <= bound, "{op:?}({x:e}) is {error} ulp off on {}", isa.name());
        }
    }
}

#[test]
fn special_values() {
    let (inf, nan, max) = (f32::INFINITY, f32::NAN, f32::MAX);
    let x = [0.0, -0.0, 1.0, -1.0, inf, -inf, nan, -nan, max, -max, 88.722_84, -103.0];
    let mut y = [0.0; 12];
    for isa in Isa::available() {
        for (op, _) in BOUNDS {
            unary(isa, op, &x, &mut y);
            for (&x, &y) in x.iter().zip(&y) {
                let expected = exact(op, f64::from(x)) as f32;
                let near = (y - expected).abs() <= 1e-6 * expected.abs() + f32::MIN_POSITIVE;
                let same = y == expected || y.is_nan() && expected.is_nan();
                assert!(same || near, "{op:?}({x}) = {y} instead of {expected}");
            }
        }
    }
}

#[test]
fn nan_payloads_stay_nan() {
    let x: Vec<f32> = (0..512).map(|i| f32::from_bits(0x7fc0_0000 | i)).collect();
    let mut y = vec![0.0; x.len()];
    for isa in Isa::available() {
        for (op, _) in BOUNDS {
            unary(isa, op, &x, &mut y);
            assert!(y.iter().all(|y| y.is_nan()), "{op:?} on {}", isa.name());
        }
    }
}
