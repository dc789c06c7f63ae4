//! Arithmetic of two tensors with NumPy broadcasting: add, sub, mul, div, pow, maximum, minimum.

use super::call::{Entry, built, family, name_of};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::instruction::Instruction;
use crate::tensor::{DType, TensorType};
use ridgeline_kernels::binary::Binary;
use ridgeline_kernels::compare::Compare;
use ridgeline_kernels::unary::Unary;

/// Arithmetic of two tensors of one type.
#[derive(Debug)]
pub struct BinaryOp {
    /// Which.
    pub kind: Binary,
}

/// Names in the registry.
pub const NAMES: [(&str, Binary); 7] = [
    ("add", Binary::Add),
    ("sub", Binary::Sub),
    ("mul", Binary::Mul),
    ("div", Binary::Div),
    ("pow", Binary::Pow),
    ("maximum", Binary::Max),
    ("minimum", Binary::Min),
];

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] =
    &family(&NAMES, |call| built(BinaryOp { kind: call.kind(&NAMES)? }));

/// Two operands of one element type, broadcast.
pub(crate) fn infer_pair(name: &str, a: &TensorType, b: &TensorType) -> Result<TensorType> {
    if a.dtype != b.dtype {
        return Err(Error::dtype(format!(
            "{name} expects two tensors of one dtype, received {} and {}; ops.cast makes one of the other",
            a.dtype, b.dtype
        )));
    }
    let shape = a.shape.broadcast(&b.shape).map_err(|_| {
        Error::shape(format!("{name}: shapes {} and {} do not broadcast", a.shape, b.shape))
    })?;
    Ok(TensorType { shape, dtype: a.dtype })
}

impl Op for BinaryOp {
    fn name(&self) -> &'static str {
        name_of(&NAMES, &self.kind)
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let of = infer_pair(self.name(), inputs[0], inputs[1])?;
        if of.dtype == DType::Bool {
            return Err(Error::dtype(format!("{} expects numbers, received bool", self.name())));
        }
        Ok(vec![of])
    }

    fn instruction(&self, inputs: &[&TensorType]) -> Option<Instruction> {
        Some(match inputs[0].dtype {
            DType::I32 => Instruction::Int(self.kind),
            _ => Instruction::Binary(self.kind),
        })
    }

    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (a, b, y, dy) = (rule.inputs[0], rule.inputs[1], rule.outputs[0], rule.dy()?);
        let (needs_a, needs_b) = (rule.needs[0], rule.needs[1]);
        let g = &mut *rule.graph;
        let mut da = None;
        let mut db = None;
        if needs_a {
            let full = match self.kind {
                Binary::Add | Binary::Sub => dy,
                Binary::Mul => g.mul(dy, b)?,
                Binary::Div => g.div(dy, b)?,
                // d a^b / da = b · a^(b−1)
                Binary::Pow => {
                    let one = g.scalar(1.0)?;
                    let exponent = g.sub(b, one)?;
                    let power = g.pow(a, exponent)?;
                    let slope = g.mul(b, power)?;
                    g.mul(dy, slope)?
                }
                Binary::Max | Binary::Min => winner(g, a, b, y, dy)?,
            };
            da = Some(g.sum_to(full, a)?);
        }
        if needs_b {
            let full = match self.kind {
                Binary::Add => dy,
                Binary::Sub => g.unary(Unary::Neg, dy)?,
                Binary::Mul => g.mul(dy, a)?,
                // d (a/b) / db = −y/b
                Binary::Div => {
                    let quotient = g.div(y, b)?;
                    let product = g.mul(dy, quotient)?;
                    g.unary(Unary::Neg, product)?
                }
                // d a^b / db = a^b · ln a, and 0 where a is 0.
                Binary::Pow => {
                    let (zero, one) = (g.scalar(0.0)?, g.scalar(1.0)?);
                    let is_zero = g.compare(Compare::Equal, a, zero)?;
                    let safe = g.select(is_zero, one, a)?;
                    let log = g.unary(Unary::Log, safe)?;
                    let slope = g.mul(y, log)?;
                    g.mul(dy, slope)?
                }
                Binary::Max | Binary::Min => winner(g, b, a, y, dy)?,
            };
            db = Some(g.sum_to(full, b)?);
        }
        Ok(vec![da, db])
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let name = match self.kind {
            Binary::Add => "Add",
            Binary::Sub => "Sub",
            Binary::Mul => "Mul",
            Binary::Div => "Div",
            Binary::Pow => "Pow",
            Binary::Max => "Max",
            Binary::Min => "Min",
        };
        e.finish(name, &[e.input(0), e.input(1)])
    }
}

/// The gradient of a maximum or minimum for `a`: all of it where `a` won, half where they tie.
fn winner(g: &mut Graph, a: Value, b: Value, y: Value, dy: Value) -> Result<Value> {
    let (zero, half) = (g.scalar(0.0)?, g.scalar(0.5)?);
    let won = g.compare(Compare::Equal, a, y)?;
    let tied = g.compare(Compare::Equal, a, b)?;
    let halved = g.mul(dy, half)?;
    let shared = g.select(tied, halved, dy)?;
    g.select(won, shared, zero)
}

macro_rules! arithmetic {
    ($($(#[$doc:meta])* $name:ident = $kind:ident),* $(,)?) => {
        impl Graph {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// `ERR_SHAPE` or `ERR_DTYPE` when the operands do not fit.
            pub fn $name(&mut self, a: Value, b: Value) -> Result<Value> {
                self.one(BinaryOp { kind: Binary::$kind }, &[a, b])
            }
        )*}
    };
}
arithmetic! {
    /// `a + b`.
    add = Add,
    /// `a − b`.
    sub = Sub,
    /// `a · b`.
    mul = Mul,
    /// `a / b`.
    div = Div,
    /// `a` to the power `b`.
    pow = Pow,
    /// The larger of two.
    maximum = Max,
    /// The smaller of two.
    minimum = Min,
}

impl Graph {
    /// `total + term`, or the term alone where there is no total yet.
    ///
    /// # Errors
    /// `ERR_SHAPE` or `ERR_DTYPE` when they do not fit.
    pub fn plus(&mut self, total: Option<Value>, term: Value) -> Result<Value> {
        total.map_or(Ok(term), |total| self.add(total, term))
    }
}
