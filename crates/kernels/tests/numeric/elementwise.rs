//! Unary, binary, comparison and selection kernels.

use crate::support::{SIZES, all_close, close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::binary::{Binary, Operand, binary};
use ridgeline_kernels::compare::{Compare, compare, select};
use ridgeline_kernels::unary::{Unary, unary};

fn reference(op: Unary, x: f64) -> f64 {
    match op {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign if x == 0.0 || x.is_nan() => x,
        Unary::Sign => x.signum(),
        Unary::Sqrt => x.sqrt(),
        Unary::Rsqrt => 1.0 / x.sqrt(),
        Unary::Square => x * x,
        Unary::Reciprocal => 1.0 / x,
        Unary::Relu if x.is_nan() => x,
        Unary::Relu => x.max(0.0),
        Unary::Softplus if x > 40.0 => x,
        Unary::Softplus => x.exp().ln_1p(),
        Unary::Floor => x.floor(),
        other => panic!("{other:?} is tested with the elementary functions"),
    }
}

const PLAIN: [Unary; 11] = [
    Unary::Neg,
    Unary::Abs,
    Unary::Sign,
    Unary::Sqrt,
    Unary::Rsqrt,
    Unary::Square,
    Unary::Reciprocal,
    Unary::Relu,
    Unary::Softplus,
    Unary::Floor,
    Unary::Neg,
];

const EDGES: [f32; 9] =
    [0.0, -0.0, 1e30, -1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 100.0, -100.0];

#[test]
fn unary_matches_its_definition() {
    for isa in Isa::available() {
        for op in PLAIN {
            for n in SIZES {
                let mut x = noise(1, n);
                if n >= 33 {
                    x[..EDGES.len()].copy_from_slice(&EDGES);
                }
                let mut y = vec![0.0; n];
                unary(isa, op, &x, &mut y);
                for (&x, &y) in x.iter().zip(&y) {
                    let expected = f64::from(reference(op, f64::from(x)) as f32);
                    close(y, expected, 4e-7, 2e-38, &format!("{op:?}({x}) on {}", isa.name()));
                }
            }
        }
    }
}

fn arithmetic(op: Binary, a: f32, b: f32) -> f32 {
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => a.powf(b),
        Binary::Max | Binary::Min if a.is_nan() || b.is_nan() => f32::NAN,
        Binary::Max => a.max(b),
        Binary::Min => a.min(b),
    }
}

const ARITHMETIC: [Binary; 7] =
    [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Pow, Binary::Max, Binary::Min];

/// Two inputs with NaN and infinity on either side.
fn pair(n: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut a, mut b) = (noise(2, n), noise(3, n));
    if n >= 33 {
        (a[0], b[1], a[2], b[2]) = (f32::NAN, f32::NAN, f32::INFINITY, f32::NEG_INFINITY);
        (a[3], b[3]) = (2.0, 2.0);
    }
    (a, b)
}

#[test]
fn binary_matches_its_definition_with_slices_and_scalars() {
    for isa in Isa::available() {
        for op in ARITHMETIC {
            for n in SIZES {
                let (a, b) = pair(n);
                let mut y = vec![0.0; n];
                for (left, right) in [(false, false), (true, false), (false, true), (true, true)] {
                    let u = if left { Operand::Scalar(1.5) } else { Operand::Slice(&a) };
                    let v = if right { Operand::Scalar(-0.5) } else { Operand::Slice(&b) };
                    binary(isa, op, u, v, &mut y);
                    let expected: Vec<f64> = (0..n)
                        .map(|i| (if left { 1.5 } else { a[i] }, if right { -0.5 } else { b[i] }))
                        .map(|(a, b)| f64::from(arithmetic(op, a, b)))
                        .collect();
                    all_close(&y, &expected, 0.0, 0.0, &format!("{op:?}"));
                }
            }
        }
    }
}

#[test]
fn comparisons_match_the_operators() {
    type Relation = fn(&f32, &f32) -> bool;
    let relations: [(Compare, Relation); 6] = [
        (Compare::Less, |a, b| a < b),
        (Compare::LessEqual, |a, b| a <= b),
        (Compare::Greater, |a, b| a > b),
        (Compare::GreaterEqual, |a, b| a >= b),
        (Compare::Equal, |a, b| a == b),
        (Compare::NotEqual, |a, b| a != b),
    ];
    for isa in Isa::available() {
        for (op, relation) in relations {
            for n in SIZES {
                let (a, b) = pair(n);
                let mut y = vec![9; n];
                compare(isa, op, Operand::Slice(&a), Operand::Slice(&b), &mut y);
                let expected: Vec<u32> =
                    a.iter().zip(&b).map(|(a, b)| u32::from(relation(a, b))).collect();
                assert_eq!(y, expected, "{op:?}");
                compare(isa, op, Operand::Slice(&a), Operand::Scalar(0.25), &mut y);
                let expected: Vec<u32> = a.iter().map(|a| u32::from(relation(a, &0.25))).collect();
                assert_eq!(y, expected, "{op:?}");
            }
        }
    }
}

#[test]
fn selection_sees_every_nonzero_word_even_when_denormals_are_flushed() {
    let _guard = ridgeline_kernels::denormal::FlushDenormals::new();
    for isa in Isa::available() {
        for n in SIZES {
            let a = noise(4, n);
            let c: Vec<u32> = (0..n as u32).map(|i| [0, 1, 0x8000_0000][i as usize % 3]).collect();
            let mut y = vec![0.0; n];
            select(isa, &c, Operand::Slice(&a), Operand::Scalar(-3.0), &mut y);
            let expected: Vec<f64> =
                (0..n).map(|i| f64::from(if c[i] != 0 { a[i] } else { -3.0 })).collect();
            all_close(&y, &expected, 0.0, 0.0, "select");
        }
    }
}

#[test]
#[should_panic(expected = "lengths differ")]
fn a_length_mismatch_is_refused() {
    let (a, mut y) = ([1.0; 3], [0.0; 4]);
    binary(Isa::PORTABLE, Binary::Add, Operand::Slice(&a), Operand::Scalar(1.0), &mut y);
}
