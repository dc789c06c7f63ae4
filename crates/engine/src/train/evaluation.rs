//! Evaluation: the forward program of an objective, run over all rows.

use super::objective::Objective;
use super::totals::Totals;
use super::trainable::Trainable;
use crate::data::{Data, feeds, rows};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::program::Program;
use crate::run::crew::Crew;
use crate::step::Step;
use crate::variable::Variable;
use ridgeline_kernels::Isa;
use std::sync::Arc;

/// The program of one evaluation step: forward only, and the next values of `state`, which goes from batch to
/// batch; penalties on weights are added by the loop.
///
/// # Errors
/// What a pass finds wrong.
pub fn evaluation_program(
    graph: &Graph,
    objective: &Objective,
    state: &[(Arc<Variable>, Value)],
) -> Result<Program> {
    let mut graph = graph.clone();
    let penalty = objective.penalty(&mut graph)?;
    graph.store(state)?;
    Program::new(&graph, &objective.outputs(penalty))
}

/// Adds loss, penalty and sums of `program` over all rows of `data` to `totals`; `weights` carry the penalties
/// on them, `seed` is that of this call.
///
/// # Errors
/// `ERR_NATIVE` when a task panicked, or what binding and planning find wrong.
pub fn evaluate(
    program: &Program,
    data: &Data,
    batch_size: usize,
    weights: &[Trainable],
    seed: u64,
    crew: &mut Crew,
    cancelled: &dyn Fn() -> bool,
    totals: &mut Totals,
) -> Result<()> {
    let n = rows(data);
    let before = totals.rows;
    let mut step = Step { seed, feeds: feeds(data), ..Step::default() };
    for (index, start) in (0..).zip((0..n).step_by(batch_size.max(1))) {
        if cancelled() {
            break;
        }
        let count = batch_size.min(n - start);
        step.index = index;
        step.batch.clear();
        step.batch.extend(start as u32..(start + count) as u32);
        let bindings = program.bind(data, count)?;
        let mut workspace = program.take(&bindings)?;
        let outcome = workspace.run(crew, &step);
        if outcome.is_ok() {
            totals.add(&workspace, count);
        }
        program.give(bindings, workspace);
        outcome?;
    }
    let isa = Isa::current().map_err(Error::argument)?;
    let on_weights: f64 = weights.iter().map(|w| w.variable.penalty(isa, &w.penalty)).sum();
    totals.penalty += on_weights * (totals.rows - before);
    Ok(())
}
