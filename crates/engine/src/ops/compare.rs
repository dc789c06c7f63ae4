//! Truth values: comparisons, logic, and choosing by them.

use super::binary::infer_pair;
use super::call::{Entry, built, family, name_of};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::instruction::Instruction;
use crate::tensor::{DType, TensorType};
use ridgeline_kernels::compare::Compare;

/// A comparison of two tensors of one type, giving booleans.
#[derive(Debug)]
pub struct CompareOp {
    /// Which.
    pub kind: Compare,
}

/// Names in the registry.
pub const NAMES: [(&str, Compare); 6] = [
    ("less", Compare::Less),
    ("lessEqual", Compare::LessEqual),
    ("greater", Compare::Greater),
    ("greaterEqual", Compare::GreaterEqual),
    ("equal", Compare::Equal),
    ("notEqual", Compare::NotEqual),
];

/// Names in the registry.
const LOGIC: [(&str, Instruction); 3] = [
    ("logicalAnd", Instruction::And),
    ("logicalOr", Instruction::Or),
    ("logicalNot", Instruction::Not),
];

/// Comparisons in the registry.
pub(super) const COMPARISONS: &[Entry] =
    &family(&NAMES, |call| built(CompareOp { kind: call.kind(&NAMES)? }));

/// Logic in the registry.
pub(super) const CONNECTIVES: &[Entry] =
    &family(&LOGIC, |call| built(Logic { kind: call.kind(&LOGIC)? }));

/// The others.
pub(super) const ENTRIES: &[Entry] = &[
    ("where", |_| built(Where)),
    ("cast", |call| built(Cast { dtype: call.with.dtype("dtype")? })),
];

impl Op for CompareOp {
    fn name(&self) -> &'static str {
        name_of(&NAMES, &self.kind)
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let of = infer_pair(self.name(), inputs[0], inputs[1])?;
        Ok(vec![TensorType { dtype: DType::Bool, ..of }])
    }
    fn instruction(&self, inputs: &[&TensorType]) -> Option<Instruction> {
        Some(match inputs[0].dtype {
            DType::F32 => Instruction::Compare(self.kind),
            _ => Instruction::IntCompare(self.kind),
        })
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let name = match self.kind {
            Compare::Less => "Less",
            Compare::LessEqual => "LessOrEqual",
            Compare::Greater => "Greater",
            Compare::GreaterEqual => "GreaterOrEqual",
            Compare::Equal => "Equal",
            Compare::NotEqual => {
                let equal = e.step("Equal", &[e.input(0), e.input(1)])?;
                return e.finish("Not", &[equal]);
            }
        };
        let operands = match self.kind {
            Compare::Equal => [e.input(0), e.input(1)],
            // Booleans have no order there.
            _ => [e.number(0)?, e.number(1)?],
        };
        e.finish(name, &operands)
    }
}

/// Logic on booleans: `and`, `or`, `not`.
#[derive(Debug)]
pub struct Logic {
    kind: Instruction,
}

impl Op for Logic {
    fn name(&self) -> &'static str {
        name_of(&LOGIC, &self.kind)
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let of = infer_pair(self.name(), inputs[0], inputs[inputs.len() - 1])?;
        if of.dtype != DType::Bool {
            return Err(Error::dtype(format!(
                "{} expects bool, received {}",
                self.name(),
                of.dtype
            )));
        }
        Ok(vec![of])
    }
    fn instruction(&self, _: &[&TensorType]) -> Option<Instruction> {
        Some(self.kind)
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        match self.kind {
            Instruction::And => e.finish("And", &[e.input(0), e.input(1)]),
            Instruction::Or => e.finish("Or", &[e.input(0), e.input(1)]),
            _ => e.finish("Not", &[e.input(0)]),
        }
    }
}

/// `condition ? a : b`, with broadcasting.
#[derive(Debug)]
pub struct Where;

impl Op for Where {
    fn name(&self) -> &'static str {
        "where"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        if inputs[0].dtype != DType::Bool {
            return Err(Error::dtype(format!(
                "where expects a bool condition, received {}",
                inputs[0].dtype
            )));
        }
        let of = infer_pair("where", inputs[1], inputs[2])?;
        Ok(vec![TensorType { shape: of.shape.broadcast(&inputs[0].shape)?, dtype: of.dtype }])
    }
    fn instruction(&self, _: &[&TensorType]) -> Option<Instruction> {
        Some(Instruction::Select)
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (c, x, y, d) = (b.inputs[0], b.inputs[1], b.inputs[2], b.dy()?);
        let zero = b.graph.scalar(0.0)?;
        let mut gradients = vec![None, None, None];
        if b.needs[1] {
            let dx = b.graph.select(c, d, zero)?;
            gradients[1] = Some(b.graph.sum_to(dx, x)?);
        }
        if b.needs[2] {
            let dy = b.graph.select(c, zero, d)?;
            gradients[2] = Some(b.graph.sum_to(dy, y)?);
        }
        Ok(gradients)
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let operands = [e.input(0), e.number(1)?, e.number(2)?];
        if e.input_type(1).dtype == DType::Bool {
            // ONNX Runtime chooses among numbers alone.
            let chosen = e.step("Where", &operands)?;
            return e.cast(chosen, DType::Bool);
        }
        e.finish("Where", &operands)
    }
}

/// A change of element type: truncation towards zero, 0 and 1 for booleans.
#[derive(Debug)]
pub struct Cast {
    /// The new type.
    pub dtype: DType,
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "cast"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType { dtype: self.dtype, ..inputs[0].clone() }])
    }
    fn instruction(&self, inputs: &[&TensorType]) -> Option<Instruction> {
        Some(Instruction::Cast(inputs[0].dtype, self.dtype))
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let same = b.input_type(0).dtype == DType::F32 && self.dtype == DType::F32;
        Ok(vec![if same { Some(b.dy()?) } else { None }])
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.cast(e.input(0), self.dtype)
    }
}

impl Graph {
    /// Compares two tensors.
    ///
    /// # Errors
    /// `ERR_SHAPE` or `ERR_DTYPE` when they do not fit.
    pub fn compare(&mut self, kind: Compare, a: Value, b: Value) -> Result<Value> {
        self.one(CompareOp { kind }, &[a, b])
    }
    /// Chooses `a` where `condition` holds, else `b`.
    ///
    /// # Errors
    /// As [`Graph::compare`].
    pub fn select(&mut self, condition: Value, a: Value, b: Value) -> Result<Value> {
        self.one(Where, &[condition, a, b])
    }
    /// Changes the element type.
    ///
    /// # Errors
    /// None in practice.
    pub fn cast(&mut self, x: Value, dtype: DType) -> Result<Value> {
        if self.value_type(x).dtype == dtype { Ok(x) } else { self.one(Cast { dtype }, &[x]) }
    }
}
