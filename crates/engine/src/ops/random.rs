//! Random numbers of a numbered stream, standard normal or uniform: what noise is made of.
//!
//! As dropout's bits they are keyed by (seed, stream, step, element): the same for any number of threads.

use super::call::{Call, Entry, built};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::TensorType;
use ridgeline_kernels::random as kernels;

/// Their names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("normal", |call| built(Random::of(call, Distribution::Normal)?)),
    ("uniform", |call| built(Random::of(call, Distribution::Uniform)?)),
];

/// How numbers are distributed.
#[derive(Clone, Copy, Debug)]
pub enum Distribution {
    /// Mean 0 and variance 1.
    Normal,
    /// All alike in [0, 1).
    Uniform,
}

/// A tensor of independent random numbers; the input is there for its shape.
#[derive(Debug)]
pub struct Random {
    /// How they are distributed.
    pub distribution: Distribution,
    /// Number of the random stream.
    pub stream: u32,
    /// Shape of the result.
    pub shape: Shape,
}

impl Random {
    fn of(call: &Call, distribution: Distribution) -> Result<Random> {
        let stream = call.size("stream")? as u32;
        Ok(Random { distribution, stream, shape: call.kept_shape()? })
    }
}

impl Op for Random {
    fn name(&self) -> &'static str {
        match self.distribution {
            Distribution::Normal => "normal",
            Distribution::Uniform => "uniform",
        }
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(self.shape.clone())])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (stream, distribution) = (self.stream, self.distribution);
        let y = lower.output(0);
        lower
            .task(y.leading(), y.last())
            .split(Axes::ROWS)
            .cost(1.0)
            .write(y.matrix().along(Axes::ROWS))
            .run(move |f| {
                let (key, first, y) = (f.key(stream), f.rows().start, f.tile_mut(0));
                match distribution {
                    Distribution::Normal => kernels::normal(f.isa, key, first, y),
                    Distribution::Uniform => kernels::uniform(f.isa, key, first, y),
                }
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
