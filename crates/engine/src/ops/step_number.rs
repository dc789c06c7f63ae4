//! Numbers of the training step as values of its graph.

use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::shape::Shape;
use crate::step::{Step, Turn};
use crate::tensor::TensorType;

/// A number of the step, a float32 scalar.
#[derive(Clone, Copy, Debug)]
pub enum StepNumber {
    /// The learning rate in force, or another one of the step.
    LearningRate(Option<usize>),
    /// Updates made of a weight, this one included.
    Update(Turn),
    /// Updates made before.
    UpdatesBefore,
}

impl StepNumber {
    fn of(self, step: &Step) -> f32 {
        match self {
            StepNumber::LearningRate(other) => step.rate(other),
            StepNumber::Update(turn) => (turn.updates(step.updates) + 1) as f32,
            StepNumber::UpdatesBefore => step.updates as f32,
        }
    }
}

impl Op for StepNumber {
    fn name(&self) -> &'static str {
        "stepNumber"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(Shape::default())])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let y = lower.output(0);
        let number = *self;
        lower.task(1, 1).write(y.whole()).run(move |f| f.floats_mut(0)[0] = number.of(f.step));
        Ok(())
    }
    fn is_pure(&self) -> bool {
        false
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
