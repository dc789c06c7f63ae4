//! Objectives: what a training or evaluation step computes for a batch, as values of its graph.

use crate::error::Result;
use crate::graph::{Graph, Value};

/// What a training or evaluation graph computes for a batch.
#[derive(Clone, Debug)]
pub struct Objective {
    /// The data loss, a scalar.
    pub loss: Value,
    /// Penalties that are not sums over one weight: activity, custom; scalars.
    pub penalties: Vec<Value>,
    /// What the batch adds to the sums that metrics are made of, float32 of any shape.
    pub sums: Vec<Value>,
}

impl Objective {
    /// All of it as roots, in the order that [`Objective::with_values`] takes.
    pub(super) fn values(&self) -> Vec<Value> {
        let all = [self.loss].into_iter().chain(self.penalties.iter().copied());
        all.chain(self.sums.iter().copied()).collect()
    }
    /// The same of another graph.
    pub(super) fn with_values(&self, values: &[Value]) -> Objective {
        let (penalties, sums) = values[1..].split_at(self.penalties.len());
        Objective { loss: values[0], penalties: penalties.to_vec(), sums: sums.to_vec() }
    }
    /// The sum of the penalties.
    ///
    /// # Errors
    /// None in practice.
    pub(super) fn penalty(&self, graph: &mut Graph) -> Result<Value> {
        let mut total = graph.scalar(0.0)?;
        for &penalty in &self.penalties {
            total = graph.add(total, penalty)?;
        }
        Ok(total)
    }
    /// What a step puts out: the loss, the penalty, then the sums.
    pub(super) fn outputs(&self, penalty: Value) -> Vec<Value> {
        [self.loss, penalty].into_iter().chain(self.sums.iter().copied()).collect()
    }
}
