//! The training step: forward, backward and updates as one program.

use super::objective::Objective;
use super::optimizer::{Optimizer, Trainable};
use super::program::Program;
use crate::autodiff::gradients;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::assign::Assign;
use crate::passes::absorb::absorb;
use crate::passes::expand::expand;
use crate::variable::Variable;
use std::sync::Arc;

/// The program of one training step: forward, backward, updates.
///
/// # Errors
/// `ERR_ARGUMENT` when something on the way is not differentiable.
pub fn training_program(
    graph: &Graph,
    objective: &Objective,
    state: &[(Arc<Variable>, Value)],
    optimizer: &Optimizer,
    trainables: &[Trainable],
) -> Result<Program> {
    let mut roots = objective.values();
    roots.extend(state.iter().map(|(_, value)| *value));
    let (graph, roots) = expand(graph, &roots)?;
    let (mut graph, roots) = absorb(&graph, &roots)?;
    let count = objective.values().len();
    let objective = objective.with_values(&roots[..count]);
    graph.set_label("");
    let extra = objective.penalty(&mut graph)?;
    let total = graph.add(objective.loss, extra)?;
    let weights = trainables
        .iter()
        .map(|trainable| graph.weight(&trainable.variable))
        .collect::<Result<Vec<_>>>()?;
    let found = gradients(&mut graph, total, &weights)?;
    graph.set_label("");
    let mut penalty = extra;
    if let Some(on_weights) = optimizer.updates(&mut graph, trainables, &found)? {
        penalty = graph.add(penalty, on_weights)?;
    }
    for ((variable, _), &value) in state.iter().zip(&roots[count..]) {
        graph.apply(Arc::new(Assign { variable: Arc::clone(variable) }), &[value])?;
    }
    Program::new(&graph, &objective.outputs(penalty))
}
