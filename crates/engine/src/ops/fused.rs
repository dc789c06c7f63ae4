//! A block program as one op: what the fusion pass makes of neighbouring element-wise ops, and of those whose result is
//! added up.

use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::block::BlockProgram;
use crate::plan::lower::Lower;
use crate::tensor::TensorType;

/// Several element-wise ops over one shape.
#[derive(Debug)]
pub struct Fused {
    /// What is computed.
    pub program: BlockProgram,
    /// Types of the outputs.
    pub outputs: Vec<TensorType>,
}

impl Op for Fused {
    fn name(&self) -> &'static str {
        "fused"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(self.outputs.clone())
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn is_elementwise(&self, _: &[&TensorType]) -> bool {
        true
    }
    fn is_pure(&self) -> bool {
        !self.program.draws()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        lower.program(self.program.clone())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// The sum or the mean over all that several element-wise ops give, which nobody else needs.
#[derive(Debug)]
pub struct FusedTotal {
    /// What is computed; the result of the last step is added up.
    pub program: BlockProgram,
    /// What that result is.
    pub of: TensorType,
    /// True for the mean.
    pub mean: bool,
    /// Type of the total.
    pub output: TensorType,
}

impl Op for FusedTotal {
    fn name(&self) -> &'static str {
        if self.mean { "mean of fused" } else { "sum of fused" }
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![self.output.clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn takes_spread(&self, _: &[&TensorType]) -> bool {
        true
    }
    fn is_pure(&self) -> bool {
        !self.program.draws()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let shape = self.of.shape.bind(lower.bindings);
        lower.total(self.program.clone(), &shape, self.mean)
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
