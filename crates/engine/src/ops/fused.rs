//! A block program as one op: what the fusion pass makes of neighbouring element-wise ops, and of a sum or mean over all of
//! what they give.

use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::block::BlockProgram;
use crate::plan::lower::Lower;
use crate::shape::Shape;
use crate::tensor::TensorType;

/// Several element-wise ops over one shape.
#[derive(Debug)]
pub struct Fused {
    /// What is computed.
    pub program: BlockProgram,
    /// What becomes of the last step's result, if that is no output.
    pub total: Option<Total>,
    /// Types of the outputs.
    pub outputs: Vec<TensorType>,
}

/// The sum or mean over all of a result, which nobody else needs.
#[derive(Debug)]
pub struct Total {
    /// Shape of that result.
    pub of: Shape,
    /// True for the mean.
    pub is_mean: bool,
}

impl Op for Fused {
    fn name(&self) -> &'static str {
        match self.total {
            None => "fused",
            Some(Total { is_mean: false, .. }) => "sum of fused",
            Some(Total { is_mean: true, .. }) => "mean of fused",
        }
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(self.outputs.clone())
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn is_elementwise(&self, _: &[&TensorType]) -> bool {
        self.total.is_none()
    }
    fn takes_spread(&self, _: &[&TensorType]) -> bool {
        true
    }
    fn is_pure(&self) -> bool {
        !self.program.draws()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        match &self.total {
            None => lower.program(self.program.clone()),
            Some(Total { of, is_mean }) => {
                let shape = of.bind(lower.bindings);
                lower.total(self.program.clone(), &shape, *is_mean)
            }
        }
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
