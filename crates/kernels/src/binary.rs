//! Elementwise arithmetic of two operands.

use crate::lanes::Width;
use crate::operand::Source;
use crate::simd::Simd;

pub use crate::operand::Operand;

/// An operation on two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// a + b.
    Add,
    /// a − b.
    Sub,
    /// a · b.
    Mul,
    /// a / b.
    Div,
    /// a to the power b, by the scalar `f32::powf`.
    Pow,
    /// The larger; NaN where either is NaN.
    Max,
    /// The smaller; NaN where either is NaN.
    Min,
}

dispatch! {
    /// `y[i] = op(a[i], b[i])`.
    ///
    /// # Panics
    /// When a slice has another length than `y`.
    pub fn binary(op: Binary, a: Operand, b: Operand, y: &mut [f32]) = generic;
}

#[inline(always)]
unsafe fn generic<S: Simd>(op: Binary, a: Operand, b: Operand, y: &mut [f32]) {
    let (mut left, mut right) = Default::default();
    let a = Source::new(a, y.len(), &mut left);
    let b = Source::new(b, y.len(), &mut right);
    macro_rules! each {
        ($op:path) => {
            strips!(S::LANES, y.len(), |w, i| {
                let result = $op(w.load::<S>(a.at(i)), w.load::<S>(b.at(i)));
                w.put::<S>(y, i, result);
            })
        };
    }
    // SAFETY: the CPU executes `S`, says the caller; the strips end with `y` and both sources.
    unsafe {
        match op {
            Binary::Add => each!(S::add),
            Binary::Sub => each!(S::sub),
            Binary::Mul => each!(S::mul),
            Binary::Div => each!(S::div),
            Binary::Max => each!(S::max),
            Binary::Min => each!(S::min),
            Binary::Pow => {
                for (i, y) in y.iter_mut().enumerate() {
                    *y = (*a.at(i)).powf(*b.at(i));
                }
            }
        }
    }
}
