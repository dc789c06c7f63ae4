//! Positions along an axis: 0, 1, … as many as its size, which may be unknown until data arrives.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, TensorType};

/// Its name in the registry.
pub(super) const ENTRIES: &[Entry] = &[("positions", |call| {
    let axis = call.axis()?;
    built(Positions { axis, size: call.shape(0)?.0[axis].clone() })
})];

/// The int32 `[0, 1, …, size − 1]`; the input is there for its shape.
#[derive(Debug)]
pub struct Positions {
    /// The axis of the input.
    pub axis: usize,
    /// Its size.
    pub size: Dim,
}

impl Op for Positions {
    fn name(&self) -> &'static str {
        "positions"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        if inputs[0].shape.0.get(self.axis) != Some(&self.size) {
            let (axis, shape) = (self.axis, &inputs[0].shape);
            return Err(Error::shape(format!(
                "positions: axis {axis} of {shape} has another size"
            )));
        }
        let shape = Shape(vec![self.size.clone()]);
        Ok(vec![TensorType { shape, dtype: DType::I32 }])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let y = lower.output(0);
        lower.task(1, y.last()).cost(0.2).write(y.matrix()).run(|f| {
            for (i, out) in (0..).zip(f.words_mut(0)) {
                *out = i;
            }
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let axis = e.int(self.axis as i64)?;
        let shape = e.step("Shape", &[e.input(0)])?;
        let size = e.step("Gather", &[shape, axis])?;
        let (first, step) = (e.int(0)?, e.int(1)?);
        let places = e.step("Range", &[first, size, step])?;
        e.cast(places, DType::I32)
    }
}
