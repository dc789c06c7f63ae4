//! While: a graph of one step, gone through as long as a condition holds (`jax.lax.while_loop`); forward only.
//!
//! Inputs: the values that go from step to step, which the outputs are behind the last step, and what condition and step
//! read besides.

use super::Part;
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::loops::Turns;
use crate::plan::lower::Lower;
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;

/// See the module documentation.
#[derive(Clone, Debug)]
pub struct While {
    /// Whether there is another step: a bool scalar.
    pub condition: Part,
    /// The values behind a step.
    pub step: Part,
    /// Steps at most.
    pub most: usize,
}

impl Op for While {
    fn name(&self) -> &'static str {
        "whileLoop"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        if !matches!(self.condition.given()[..], [of] if of.dtype == DType::Bool && of.shape.rank() == 0)
        {
            return Err(Error::dtype("the condition of a loop must be a bool scalar"));
        }
        let given = self.step.given();
        let carried = &inputs[..given.len().min(inputs.len())];
        if given.len() != carried.len() {
            let (given, expected) = (given.len(), carried.len());
            let text = format!("the step of a loop must give {expected} values, received {given}");
            return Err(Error::argument(text));
        }
        for (i, (behind, before)) in given.into_iter().zip(carried).enumerate() {
            if behind != *before {
                return Err(Error::shape(format!(
                    "whileLoop: value {i} is {} {} before a step and {} {} behind it",
                    before.dtype, before.shape, behind.dtype, behind.shape
                )));
            }
        }
        Ok(carried.iter().map(|&of| of.clone()).collect())
    }

    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (mut inputs, mut states, mut next) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..lower.input_count() {
            if i >= self.step.results.len() {
                inputs.push(lower.stored(i)?);
                continue;
            }
            let first = lower.input(i)?;
            let state = lower.output(i);
            lower.copy(&first, &state);
            next.push(lower.temporary(&first.shape, first.dtype, Layout::Plain));
            inputs.push(state.clone());
            states.push(state);
        }
        let holds = lower.temporary(&[], DType::Bool, Layout::Plain);
        let (graph, results) = self.condition.optimized()?;
        let asks = lower.inline(&graph, &results, &inputs, std::slice::from_ref(&holds))?;
        let (graph, results) = self.step.optimized()?;
        let body = lower.inline(&graph, &results, &inputs, &next)?;
        let first = lower.plan.tasks.len();
        for (from, to) in next.iter().zip(&states) {
            lower.copy(from, to);
        }
        let body = body.followed_by(lower.plan.tasks.split_off(first));
        let ids: Vec<_> = states.iter().map(|state| state.id).collect();
        let turns = Turns::While { holds: holds.id, most: self.most };
        lower.repeat(asks, body, turns, &|buffer| ids.contains(&buffer));
        Ok(())
    }

    fn is_pure(&self) -> bool {
        self.condition.is_pure() && self.step.is_pure()
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        self.export(e)
    }
}
