//! Stop gradient: the same values, taken for constants when a gradient is formed.

use super::call::{Entry, built};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::tensor::TensorType;

/// Its name in the registry.
pub(super) const ENTRIES: &[Entry] = &[("stopGradient", |_| built(StopGradient))];

/// The input itself, through which no gradient flows.
#[derive(Debug)]
pub struct StopGradient;

impl Op for StopGradient {
    fn name(&self) -> &'static str {
        "stopGradient"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn stops_gradient(&self) -> bool {
        true
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.stored(0)?;
        lower.alias(0, &x);
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.finish("Identity", &[e.input(0)])
    }
}
