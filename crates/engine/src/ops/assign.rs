//! Assign: the next value of a state variable, such as a moving statistic.

use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::Home;
use crate::plan::lower::Lower;
use crate::tensor::TensorType;
use crate::variable::{Layout, Variable};
use std::sync::Arc;

/// Stores its input in a variable at the end of the step.
#[derive(Debug)]
pub struct Assign {
    /// The variable.
    pub variable: Arc<Variable>,
}

impl Op for Assign {
    fn name(&self) -> &'static str {
        "assign"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        if inputs[0].shape.0.iter().map(|d| d.known()).ne(self
            .variable
            .shape()
            .iter()
            .map(|&d| Some(d)))
        {
            return Err(Error::shape(format!(
                "the next value of '{}' has shape {}, expected {:?}",
                self.variable.name(),
                inputs[0].shape,
                self.variable.shape()
            )));
        }
        Ok(Vec::new())
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.in_layout(0, self.variable.layout())?;
        let y = lower.resident(Home::Variable(Arc::clone(&self.variable)));
        let panels = y.layout != Layout::Plain;
        let (rows, cols) = if panels { (y.leading(), y.last()) } else { (1, y.size()) };
        let split =
            if panels { crate::plan::view::Axes::COLS } else { crate::plan::view::Axes::BOTH };
        lower
            .task(rows, cols)
            .split(split)
            .cost(0.15)
            .read(x.view(rows, cols).along(split))
            .write(y.view(rows, cols).along(split))
            .run(|f| f.words_mut(0).copy_from_slice(f.words(0)));
        Ok(())
    }
    fn effect(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn is_pure(&self) -> bool {
        false
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
