//! Standard normal numbers, of a numbered stream: what noise is made of.
//!
//! As dropout's bits they are keyed by (seed, stream, step, element): the same for any number of threads.

use super::call::{Entry, built};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::TensorType;
use ridgeline_kernels::normal as kernels;

/// Its name in the registry.
pub(super) const ENTRIES: &[Entry] = &[("normal", |call| {
    built(Normal { stream: call.size("stream")? as u32, shape: call.kept_shape()? })
})];

/// A tensor of independent normal numbers of mean 0 and variance 1; the input is there for its shape.
#[derive(Debug)]
pub struct Normal {
    /// Number of the random stream.
    pub stream: u32,
    /// Shape of the result.
    pub shape: Shape,
}

impl Op for Normal {
    fn name(&self) -> &'static str {
        "normal"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(self.shape.clone())])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let stream = self.stream;
        let y = lower.output(0);
        lower
            .task(y.leading(), y.last())
            .split(Axes::ROWS)
            .cost(1.0)
            .write(y.matrix().along(Axes::ROWS))
            .run(move |f| {
                kernels::normal(f.isa, f.step.key(stream), f.rows().start, f.tile_mut(0));
            });
        Ok(())
    }
    fn is_pure(&self) -> bool {
        false
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
