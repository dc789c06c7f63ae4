//! What a step does to variables besides training weights: it assigns next states, such as moving
//! statistics, adds to sums that outlive it, and clears them.

use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::{Lower, TaskBuilder};
use crate::plan::view::{Axes, View};
use crate::plan::{Frame, Home};
use crate::tensor::TensorType;
use crate::variable::{Layout, Variable};
use std::sync::Arc;

/// Stores its input in a variable at the end of the step. Output: the variable itself then.
#[derive(Debug)]
pub struct Assign {
    /// The variable.
    pub variable: Arc<Variable>,
}

/// Adds its input to a variable.
#[derive(Debug)]
pub struct Accumulate {
    /// The variable.
    pub variable: Arc<Variable>,
}

/// Sets a variable to zero, behind everything that a step does with it before. It has no input.
#[derive(Debug)]
pub struct Clear {
    /// The variable.
    pub variable: Arc<Variable>,
}

/// Checks that the next value of a variable has its shape.
fn fits(variable: &Variable, next: &TensorType) -> Result<()> {
    let sizes = next.shape.0.iter().map(|d| d.known());
    if sizes.eq(variable.shape().iter().map(|&d| Some(d))) {
        return Ok(());
    }
    Err(Error::shape(format!(
        "the next value of '{}' has shape {}, expected {:?}",
        variable.name(),
        next.shape,
        variable.shape()
    )))
}

/// A task over all of a variable, cut where its words stay adjacent, and its view of what lies in
/// memory like it.
fn over<'a>(lower: &'a mut Lower, variable: &Arc<Variable>) -> (TaskBuilder<'a>, View) {
    let buffer = lower.resident(Home::Variable(Arc::clone(variable)));
    let (rows, cols) = buffer.adjacent();
    let split = if buffer.layout == Layout::Plain { Axes::BOTH } else { Axes::COLS };
    let view = buffer.view(rows, cols).along(split);
    (lower.task(rows, cols).split(split).cost(0.15), view)
}

/// Makes the output the variable itself.
pub(super) fn alias(lower: &mut Lower, variable: &Arc<Variable>) {
    let home = lower.resident(Home::Variable(Arc::clone(variable)));
    lower.alias(0, &home);
}

/// Writes a variable from input `i`, by what `run` makes of the same words of both.
pub(super) fn write_from(
    lower: &mut Lower,
    variable: &Arc<Variable>,
    i: usize,
    run: impl Fn(&Frame) + Send + Sync + 'static,
) -> Result<()> {
    let x = lower.in_layout(i, variable.layout())?;
    let (task, view) = over(lower, variable);
    task.read(View { buffer: x.id, ..view }).write(view).run(run);
    Ok(())
}

impl Op for Assign {
    fn name(&self) -> &'static str {
        "assign"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        fits(&self.variable, inputs[0])?;
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        alias(lower, &self.variable);
        write_from(lower, &self.variable, 0, |f| f.words_mut(0).copy_from_slice(f.words(0)))
    }
    fn effect(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Op for Accumulate {
    fn name(&self) -> &'static str {
        "accumulate"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        fits(&self.variable, inputs[0])?;
        Ok(Vec::new())
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        write_from(lower, &self.variable, 0, |f| {
            f.floats_mut(0).iter_mut().zip(f.floats(0)).for_each(|(sum, x)| *sum += x);
        })
    }
    fn effect(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Op for Clear {
    fn name(&self) -> &'static str {
        "clear"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(Vec::new())
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (task, view) = over(lower, &self.variable);
        task.write(view).run(|f| f.words_mut(0).fill(0));
        Ok(())
    }
    fn effect(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Graph {
    /// Stores the next values of `state` at the end of the step: of several of one variable the last.
    ///
    /// # Errors
    /// `ERR_SHAPE` for a value that does not fit its variable.
    pub fn store(&mut self, state: &[(Arc<Variable>, Value)]) -> Result<()> {
        for (at, (variable, value)) in state.iter().enumerate() {
            if state[at + 1..].iter().all(|(later, _)| later.id() != variable.id()) {
                self.apply(Arc::new(Assign { variable: Arc::clone(variable) }), &[*value])?;
            }
        }
        Ok(())
    }
}
