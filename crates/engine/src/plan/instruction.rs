//! Instructions of a block program: one kernel call on a block of words.

use crate::tensor::DType;
use ridgeline_kernels::binary::{Binary, Operand, binary};
use ridgeline_kernels::compare::{Compare, compare, select};
use ridgeline_kernels::random::{normal, uniform};
use ridgeline_kernels::rng::Key;
use ridgeline_kernels::unary::{Unary, unary};
use ridgeline_kernels::{Isa, TileMut};

/// What one instruction computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Instruction {
    /// A function of one f32.
    Unary(Unary),
    /// A function of two f32.
    Binary(Binary),
    /// A comparison of two f32, giving booleans.
    Compare(Compare),
    /// The first operand chooses between the other two words.
    Select,
    /// Arithmetic on i32, wrapping.
    Int(Binary),
    /// A function of one i32, wrapping.
    IntUnary(Unary),
    /// A comparison of two i32, giving booleans.
    IntCompare(Compare),
    /// Both booleans.
    And,
    /// Either boolean.
    Or,
    /// The other boolean.
    Not,
    /// A change of element type.
    Cast(DType, DType),
    /// Random numbers of a stream.
    Draw(Distribution, u32),
}

/// How random numbers are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Mean 0 and variance 1.
    Normal,
    /// All alike in [0, 1).
    Uniform,
}

/// Where a block stands in the matrix that is computed, and what random numbers go by there.
pub(super) struct Spot<'a> {
    /// The first row and column.
    pub first: [usize; 2],
    /// Rows and columns.
    pub size: [usize; 2],
    /// Columns of the matrix.
    pub cols: usize,
    /// The key of a stream.
    pub key: &'a dyn Fn(u32) -> Key,
}

/// A word operand of a block.
#[derive(Clone, Copy)]
pub(super) enum Words<'a> {
    Slice(&'a [u32]),
    Scalar(u32),
}

impl<'a> Words<'a> {
    fn floats(self) -> Operand<'a> {
        match self {
            Words::Slice(words) => Operand::Slice(bytemuck::cast_slice(words)),
            Words::Scalar(word) => Operand::Scalar(f32::from_bits(word)),
        }
    }
    fn get(self, i: usize) -> u32 {
        match self {
            Words::Slice(words) => words[i],
            Words::Scalar(word) => word,
        }
    }
}

impl Instruction {
    /// Nanoseconds per element, roughly, on one core.
    pub(super) fn cost(self) -> f64 {
        match self {
            Instruction::Binary(Binary::Pow) => 15.0,
            Instruction::Unary(
                Unary::Exp
                | Unary::Expm1
                | Unary::Log
                | Unary::Log1p
                | Unary::Sigmoid
                | Unary::Tanh
                | Unary::Softplus
                | Unary::Erf
                | Unary::Sin
                | Unary::Cos,
            ) => 0.8,
            Instruction::Draw(..) => 1.0,
            Instruction::Unary(_) | Instruction::Binary(_) | Instruction::Compare(_) => 0.15,
            _ => 0.6,
        }
    }

    /// Computes `y`, which stands at `spot`, from the operands `x`, all of its length or scalar.
    pub(super) fn run(self, isa: Isa, spot: &Spot, x: &[Words], y: &mut [u32]) {
        match self {
            Instruction::Unary(op) => match x[0] {
                Words::Slice(words) => {
                    unary(isa, op, bytemuck::cast_slice(words), bytemuck::cast_slice_mut(y));
                }
                Words::Scalar(word) => {
                    let mut one = [0.0];
                    unary(isa, op, &[f32::from_bits(word)], &mut one);
                    y.fill(one[0].to_bits());
                }
            },
            Instruction::Binary(op) => {
                binary(isa, op, x[0].floats(), x[1].floats(), bytemuck::cast_slice_mut(y));
            }
            Instruction::Compare(op) => compare(isa, op, x[0].floats(), x[1].floats(), y),
            Instruction::Select => match x[0] {
                Words::Slice(c) => {
                    select(isa, c, x[1].floats(), x[2].floats(), bytemuck::cast_slice_mut(y));
                }
                Words::Scalar(c) => {
                    let chosen = if c != 0 { x[1] } else { x[2] };
                    each(y, |i| chosen.get(i));
                }
            },
            Instruction::Int(op) => {
                each(y, |i| int(op, x[0].get(i) as i32, x[1].get(i) as i32) as u32);
            }
            Instruction::IntUnary(op) => each(y, |i| int_unary(op, x[0].get(i) as i32) as u32),
            Instruction::IntCompare(op) => {
                each(y, |i| u32::from(int_compare(op, x[0].get(i) as i32, x[1].get(i) as i32)));
            }
            Instruction::And => each(y, |i| x[0].get(i) & x[1].get(i)),
            Instruction::Or => each(y, |i| x[0].get(i) | x[1].get(i)),
            Instruction::Not => each(y, |i| 1 - x[0].get(i)),
            Instruction::Cast(from, to) => each(y, |i| cast(from, to, x[0].get(i))),
            Instruction::Draw(distribution, stream) => {
                let [rows, cols] = spot.size;
                let (key, y) = ((spot.key)(stream), bytemuck::cast_slice_mut(y));
                let y = TileMut::new(y, rows, cols, cols);
                match distribution {
                    Distribution::Normal => normal(isa, key, spot.cols, spot.first, y),
                    Distribution::Uniform => uniform(isa, key, spot.cols, spot.first, y),
                }
            }
        }
    }
}

fn each(y: &mut [u32], f: impl Fn(usize) -> u32) {
    for (i, y) in y.iter_mut().enumerate() {
        *y = f(i);
    }
}

fn int(op: Binary, a: i32, b: i32) -> i32 {
    match op {
        Binary::Add => a.wrapping_add(b),
        Binary::Sub => a.wrapping_sub(b),
        Binary::Mul => a.wrapping_mul(b),
        // Like XLA: a division by zero gives −1 rather than a trap.
        Binary::Div => a.checked_div(b).unwrap_or(-1),
        Binary::Pow => u32::try_from(b).map_or(0, |b| a.wrapping_pow(b)),
        Binary::Max => a.max(b),
        Binary::Min => a.min(b),
    }
}

fn int_unary(op: Unary, x: i32) -> i32 {
    match op {
        Unary::Neg => x.wrapping_neg(),
        Unary::Abs => x.wrapping_abs(),
        Unary::Sign => x.signum(),
        Unary::Square => x.wrapping_mul(x),
        _ => unreachable!("no function of integers, by the op's shape rule"),
    }
}

fn int_compare(op: Compare, a: i32, b: i32) -> bool {
    match op {
        Compare::Less => a < b,
        Compare::LessEqual => a <= b,
        Compare::Greater => a > b,
        Compare::GreaterEqual => a >= b,
        Compare::Equal => a == b,
        Compare::NotEqual => a != b,
    }
}

fn cast(from: DType, to: DType, word: u32) -> u32 {
    match (from, to) {
        (DType::F32, DType::I32) => f32::from_bits(word) as i32 as u32,
        (DType::F32, DType::Bool) => u32::from(f32::from_bits(word) != 0.0),
        (DType::I32, DType::F32) => (word as i32 as f32).to_bits(),
        (DType::I32, DType::Bool) => u32::from(word != 0),
        (DType::Bool, DType::F32) => (word as f32).to_bits(),
        _ => word,
    }
}
