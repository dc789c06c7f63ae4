//! A block program as one op: what the fusion pass makes of neighbouring element-wise ops.

use crate::error::Result;
use crate::op::Op;
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
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        lower.program(self.program.clone())
    }
}
