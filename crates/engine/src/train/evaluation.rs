//! Evaluation: the forward program of an objective, run over all rows.

use super::objective::Objective;
use super::totals::Totals;
use super::trainable::{NO_PENALTY, Trainable};
use crate::data::{Data, feeds, rows};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::leaf::Weight;
use crate::plan::Rows;
use crate::predict::form::Outline;
use crate::predict::forms::Forms;
use crate::program::Program;
use crate::run::crew::Crew;
use crate::step::Step;
use crate::variable::Variable;
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::Penalty;
use std::sync::Arc;

/// What evaluates: the program of one step, forward only, which also gives the next values of a state that goes from
/// batch to batch; and the same on copies, for evaluations beside a training, whose batches are of one moment so.
pub struct Evaluator {
    /// The program on the weights themselves: between two steps nobody changes them.
    pub program: Arc<Program>,
    forms: Forms,
    penalties: Vec<Penalty>,
}

impl Evaluator {
    /// Prepares `objective` of `graph` and the next values of `state`; `weights` carry the penalties on them.
    ///
    /// # Errors
    /// What a pass finds wrong.
    pub fn new(
        graph: &Graph,
        objective: &Objective,
        state: &[(Arc<Variable>, Value)],
        weights: &[Trainable],
    ) -> Result<Evaluator> {
        let mut graph = graph.clone();
        let penalty = objective.penalty(&mut graph)?;
        graph.store(state)?;
        let outputs = objective.outputs(penalty);
        let program = Arc::new(Program::new(&graph, &outputs)?);
        let penalized = weights.iter().filter(|of| of.penalty != NO_PENALTY);
        let penalties = penalized.clone().map(|of| of.penalty).collect();
        let kept = penalized.map(|of| weight(&mut graph, &of.variable)).collect::<Result<_>>()?;
        let forms = Forms::new(Outline { graph, outputs, kept, rows: Rows::Picked });
        Ok(Evaluator { program, forms, penalties })
    }

    /// Adds loss, penalty and sums over all rows of `data` to `totals`. `seed` is that of this call.
    ///
    /// # Errors
    /// As [`evaluate`]; `ERR_MEMORY` when weights cannot be copied.
    pub fn evaluate(
        &self,
        data: &Data,
        batch_size: usize,
        seed: u64,
        crew: &mut Crew,
        totals: &mut Totals,
    ) -> Result<()> {
        let form = self.forms.take(crew)?;
        let weights = form.kept.iter().zip(&self.penalties);
        let never = || false;
        evaluate(&form.program, data, batch_size, weights, seed, crew, &never, totals)
    }

    /// Gives back its memory; a run under way ends as it would.
    pub fn close(&self) {
        self.program.close();
        self.forms.close();
    }
}

/// The value of a variable in a graph, which may have it already.
fn weight(graph: &mut Graph, variable: &Arc<Variable>) -> Result<Value> {
    let is_it = |of: &Weight| Arc::ptr_eq(&of.variable, variable);
    let found =
        graph.nodes().iter().position(|node| node.op.downcast::<Weight>().is_some_and(is_it));
    match found {
        Some(at) => Ok(Value { node: at as u32, output: 0 }),
        None => graph.weight(variable),
    }
}

/// Adds loss, penalty and sums of `program` over all rows of `data` to `totals`; `weights` come with the penalties
/// on them, `seed` is that of this call.
///
/// # Errors
/// `ERR_NATIVE` when a task panicked, or what binding and planning find wrong.
pub fn evaluate<'a>(
    program: &Program,
    data: &Data,
    batch_size: usize,
    weights: impl Iterator<Item = (&'a Arc<Variable>, &'a Penalty)>,
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
    let on_weights: f64 = weights.map(|(of, penalty)| of.penalty(isa, penalty)).sum();
    totals.penalty += on_weights * (totals.rows - before);
    Ok(())
}
