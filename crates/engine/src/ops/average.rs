//! Moving averages of weights (Polyak & Juditsky 1992), as in Keras: `a ← m·a + (1 − m)·w` behind
//! every update of `w`, with `m = 0` at the first; and weights that take their averages over.

use super::assign::{alias, write_from};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::step::Turn;
use crate::tensor::TensorType;
use crate::variable::Variable;
use ridgeline_kernels::update::average;
use std::sync::Arc;

/// Keeps the moving average of a weight in a variable. Input: the weight once it is updated; output: the average.
#[derive(Debug)]
pub struct Average {
    /// The average.
    pub variable: Arc<Variable>,
    /// m, the share of the average that stays.
    pub momentum: f32,
    /// Which of the step's updates of the weight it follows.
    pub turn: Turn,
}

/// Puts the average of a weight in its place with every n-th update. Inputs: the weight once it is updated, and the
/// average; output: the weight then.
#[derive(Debug)]
pub struct Overwrite {
    /// The weight.
    pub variable: Arc<Variable>,
    /// n.
    pub every: u64,
    /// Which of the step's updates of the weight it follows.
    pub turn: Turn,
}

impl Op for Average {
    fn name(&self) -> &'static str {
        "average"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn effect(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        alias(lower, &self.variable);
        let (momentum, turn) = (self.momentum, self.turn);
        write_from(lower, &self.variable, 0, move |f| {
            let momentum = if turn.updates(f.step.updates) == 0 { 0.0 } else { momentum };
            average(f.isa, momentum, f.floats(0), f.floats_mut(0));
        })
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Op for Overwrite {
    fn name(&self) -> &'static str {
        "overwrite"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn effect(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        alias(lower, &self.variable);
        let (every, turn) = (self.every, self.turn);
        write_from(lower, &self.variable, 1, move |f| {
            if (turn.updates(f.step.updates) + 1).is_multiple_of(every) {
                f.words_mut(0).copy_from_slice(f.words(0));
            }
        })
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
