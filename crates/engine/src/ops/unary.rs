//! Functions of one float32, element by element: a table of derivative and ONNX form. A few take int32.

use super::call::{Entry, built, family, name_of};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::instruction::Instruction;
use crate::tensor::{DType, TensorType};
use ridgeline_kernels::compare::Compare;
use ridgeline_kernels::unary::Unary;

/// A function of one float32.
#[derive(Debug)]
pub struct UnaryOp {
    /// Which.
    pub kind: Unary,
}

/// Names in the registry.
pub const NAMES: [(&str, Unary); 19] = [
    ("neg", Unary::Neg),
    ("abs", Unary::Abs),
    ("sign", Unary::Sign),
    ("sqrt", Unary::Sqrt),
    ("rsqrt", Unary::Rsqrt),
    ("square", Unary::Square),
    ("reciprocal", Unary::Reciprocal),
    ("exp", Unary::Exp),
    ("expm1", Unary::Expm1),
    ("log", Unary::Log),
    ("log1p", Unary::Log1p),
    ("relu", Unary::Relu),
    ("sigmoid", Unary::Sigmoid),
    ("tanh", Unary::Tanh),
    ("softplus", Unary::Softplus),
    ("erf", Unary::Erf),
    ("floor", Unary::Floor),
    ("sin", Unary::Sin),
    ("cos", Unary::Cos),
];

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] =
    &family(&NAMES, |call| built(UnaryOp { kind: call.kind(&NAMES)? }));

impl Op for UnaryOp {
    fn name(&self) -> &'static str {
        name_of(&NAMES, &self.kind)
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        let takes_integers =
            matches!(self.kind, Unary::Neg | Unary::Abs | Unary::Sign | Unary::Square);
        match x.dtype {
            DType::F32 => Ok(vec![x.clone()]),
            DType::I32 if takes_integers => Ok(vec![x.clone()]),
            other => {
                Err(Error::dtype(format!("{} expects float32, received {other}", self.name())))
            }
        }
    }

    fn instruction(&self, inputs: &[&TensorType]) -> Option<Instruction> {
        Some(match inputs[0].dtype {
            DType::I32 => Instruction::IntUnary(self.kind),
            _ => Instruction::Unary(self.kind),
        })
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (x, y, dy) = (b.inputs[0], b.outputs[0], b.dy()?);
        let g = &mut *b.graph;
        let dx = match self.kind {
            Unary::Neg => g.unary(Unary::Neg, dy)?,
            Unary::Abs => {
                let sign = g.unary(Unary::Sign, x)?;
                g.mul(dy, sign)?
            }
            Unary::Sign | Unary::Floor => return Ok(vec![None]),
            // d√x = 1 / 2√x
            Unary::Sqrt => {
                let half = g.scalar(0.5)?;
                let halved = g.mul(dy, half)?;
                g.div(halved, y)?
            }
            // d x^(−1/2) = −y³ / 2
            Unary::Rsqrt => {
                let squared = g.unary(Unary::Square, y)?;
                let cubed = g.mul(squared, y)?;
                let factor = g.scalar(-0.5)?;
                let scaled = g.mul(cubed, factor)?;
                g.mul(dy, scaled)?
            }
            Unary::Square => {
                let two = g.scalar(2.0)?;
                let doubled = g.mul(x, two)?;
                g.mul(dy, doubled)?
            }
            // d 1/x = −y²
            Unary::Reciprocal => {
                let squared = g.unary(Unary::Square, y)?;
                let product = g.mul(dy, squared)?;
                g.unary(Unary::Neg, product)?
            }
            Unary::Exp => g.mul(dy, y)?,
            Unary::Expm1 => {
                let one = g.scalar(1.0)?;
                let exp = g.add(y, one)?;
                g.mul(dy, exp)?
            }
            Unary::Log => g.div(dy, x)?,
            Unary::Log1p => {
                let one = g.scalar(1.0)?;
                let shifted = g.add(x, one)?;
                g.div(dy, shifted)?
            }
            // The subgradient at 0 is 0, as in Keras.
            Unary::Relu => g.through_relu(y, dy)?,
            // dσ = σ(1 − σ)
            Unary::Sigmoid => {
                let one = g.scalar(1.0)?;
                let rest = g.sub(one, y)?;
                let slope = g.mul(y, rest)?;
                g.mul(dy, slope)?
            }
            // d tanh = 1 − tanh²
            Unary::Tanh => {
                let one = g.scalar(1.0)?;
                let squared = g.unary(Unary::Square, y)?;
                let slope = g.sub(one, squared)?;
                g.mul(dy, slope)?
            }
            Unary::Softplus => {
                let slope = g.unary(Unary::Sigmoid, x)?;
                g.mul(dy, slope)?
            }
            Unary::Sin => {
                let slope = g.unary(Unary::Cos, x)?;
                g.mul(dy, slope)?
            }
            // d cos = −sin
            Unary::Cos => {
                let sine = g.unary(Unary::Sin, x)?;
                let product = g.mul(dy, sine)?;
                g.unary(Unary::Neg, product)?
            }
            // d erf = 2/√π · e^(−x²)
            Unary::Erf => {
                let squared = g.unary(Unary::Square, x)?;
                let negative = g.unary(Unary::Neg, squared)?;
                let bell = g.unary(Unary::Exp, negative)?;
                let factor = g.scalar(std::f32::consts::FRAC_2_SQRT_PI)?;
                let slope = g.mul(bell, factor)?;
                g.mul(dy, slope)?
            }
        };
        Ok(vec![Some(dx)])
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let name = match self.kind {
            Unary::Neg => "Neg",
            Unary::Abs => "Abs",
            Unary::Sign => "Sign",
            Unary::Sqrt => "Sqrt",
            Unary::Reciprocal => "Reciprocal",
            Unary::Exp => "Exp",
            Unary::Log => "Log",
            Unary::Relu => "Relu",
            Unary::Sigmoid => "Sigmoid",
            Unary::Tanh => "Tanh",
            Unary::Softplus => "Softplus",
            Unary::Erf => "Erf",
            Unary::Floor => "Floor",
            Unary::Sin => "Sin",
            Unary::Cos => "Cos",
            Unary::Rsqrt => {
                let root = e.step("Sqrt", &[e.input(0)])?;
                return e.finish("Reciprocal", &[root]);
            }
            Unary::Square => return e.finish("Mul", &[e.input(0), e.input(0)]),
            Unary::Expm1 => {
                let (exp, one) = (e.step("Exp", &[e.input(0)])?, e.float(1.0)?);
                return e.finish("Sub", &[exp, one]);
            }
            Unary::Log1p => {
                let one = e.float(1.0)?;
                let shifted = e.step("Add", &[e.input(0), one])?;
                return e.finish("Log", &[shifted]);
            }
        };
        e.finish(name, &[e.input(0)])
    }
}

impl Graph {
    /// What a ReLU with the output `y` lets through of a gradient.
    pub(crate) fn through_relu(&mut self, y: Value, dy: Value) -> Result<Value> {
        let zero = self.scalar(0.0)?;
        let positive = self.compare(Compare::Greater, y, zero)?;
        self.select(positive, dy, zero)
    }
    /// Applies a function of one float32.
    ///
    /// # Errors
    /// `ERR_DTYPE` unless `x` is float32.
    pub fn unary(&mut self, kind: Unary, x: Value) -> Result<Value> {
        self.one(UnaryOp { kind }, &[x])
    }
}
