//! Random numbers of a numbered stream, standard normal or uniform: what noise is made of.
//!
//! As dropout's bits they are keyed by (seed, stream, step, element): the same for any number of threads. They are drawn where
//! they are used, in the program of their neighbours.

use super::call::{Call, Entry, built};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::{Attribute, Exporter, code};
use crate::op::{Backward, Op};
use crate::plan::instruction::{Distribution, Instruction};
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};

/// Their names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("normal", |call| built(Random::of(call, Distribution::Normal)?)),
    ("uniform", |call| built(Random::of(call, Distribution::Uniform)?)),
];

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
    fn instruction(&self, _: &[&TensorType]) -> Option<Instruction> {
        Some(Instruction::Draw(self.distribution, self.stream))
    }
    fn is_pure(&self) -> bool {
        false
    }
    /// Other numbers with every run: ONNX has no streams.
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let like = match e.input_type(0).shape == self.shape {
            true => e.input(0),
            false => {
                let sizes = e.sizes(&self.shape)?;
                e.step("ConstantOfShape", &[sizes])?
            }
        };
        let op = match self.distribution {
            Distribution::Normal => "RandomNormalLike",
            Distribution::Uniform => "RandomUniformLike",
        };
        e.finish_with(op, &[like], vec![("dtype", Attribute::Int(code(DType::F32)?))])
    }
}
