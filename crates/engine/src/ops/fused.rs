//! A block program as one op: what the fusion pass makes of neighbouring element-wise ops.

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
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        lower.program(self.program.clone())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
