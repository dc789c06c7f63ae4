//! Immediate evaluation of a small graph on the calling thread: eager ops and constant folding.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::plan::{Plan, Rows};
use crate::run::lent;
use crate::run::workspace::Workspace;
use crate::step::Step;
use crate::tensor::Tensor;
use std::sync::Arc;

/// The values of `outputs`, for a graph whose inputs are constants and variables.
///
/// # Errors
/// What planning finds wrong, or `ERR_MEMORY`.
pub fn evaluate(graph: &Graph, outputs: &[Value]) -> Result<Vec<Tensor>> {
    evaluate_with(graph, outputs, &[], &Step::default())
}

/// As [`evaluate`], with sizes for the symbols and the numbers of a step.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_with(
    graph: &Graph,
    outputs: &[Value],
    bindings: &[usize],
    step: &Step,
) -> Result<Vec<Tensor>> {
    let plan = Arc::new(Plan::compile(graph, outputs, bindings, Rows::Picked)?);
    let mut workspace = Workspace::new(plan)?;
    let mut crew = lent::crew(1)?;
    workspace.run(&mut crew, step)?;
    (0..outputs.len()).map(|i| workspace.output(i)).collect()
}
