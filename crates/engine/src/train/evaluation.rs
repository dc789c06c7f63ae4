//! Evaluation: the forward program of an objective, run over all rows.

use super::objective::Objective;
use super::totals::Totals;
use super::trainable::{NO_PENALTY, Trainable};
use crate::data::{Data, feeds};
use crate::error::{Code, Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::leaf::Weight;
use crate::plan::Rows;
use crate::predict::form::Outline;
use crate::predict::forms::Forms;
use crate::predict::moment::Moment;
use crate::program::Program;
use crate::run::crew::Crew;
use crate::step::{Cancelled, Step};
use crate::variable::Variable;
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::Penalty;
use std::ops::Range;
use std::sync::Arc;

/// Rows of data in batches.
#[derive(Clone, Debug)]
pub struct Batches {
    /// The rows.
    pub rows: Range<usize>,
    /// Rows of a batch.
    pub size: usize,
    /// The number of the first batch.
    pub first: u32,
}

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

    /// Adds loss, penalty and sums over some rows of `data` to `totals`, with weights of `moment`, which begins with the
    /// first of them. `seed` is that of the call.
    ///
    /// # Errors
    /// As [`evaluate`]; `ERR_MEMORY` when weights cannot be copied.
    pub fn evaluate(
        &self,
        data: &Data,
        batches: Batches,
        seed: u64,
        crew: &mut Crew,
        moment: &Moment,
        totals: &mut Totals,
    ) -> Result<()> {
        let form = moment.form(|| self.forms.take(crew))?;
        let weights = form.kept.iter().zip(&self.penalties);
        evaluate(&form.program, data, batches, weights, seed, crew, None, totals)
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

/// Adds loss, penalty and sums of `program` over `batches` of `data` to `totals`; `weights` come with the penalties
/// on them, `seed` is that of this call.
///
/// # Errors
/// `ERR_NATIVE` when a task panicked, or what binding and planning find wrong.
pub fn evaluate<'a>(
    program: &Program,
    data: &Data,
    batches: Batches,
    weights: impl Iterator<Item = (&'a Arc<Variable>, &'a Penalty)>,
    seed: u64,
    crew: &mut Crew,
    cancelled: Option<Cancelled>,
    totals: &mut Totals,
) -> Result<()> {
    let Batches { rows, size, first } = batches;
    let before = totals.rows;
    let mut step = Step { seed, feeds: feeds(data), cancelled, ..Step::default() };
    for (index, start) in (first..).zip(rows.clone().step_by(size.max(1))) {
        if step.cancelled.as_ref().is_some_and(Cancelled::is) {
            break;
        }
        let count = size.min(rows.end - start);
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
        match outcome {
            Err(error) if error.code == Code::Interrupted => break,
            outcome => outcome?,
        }
    }
    let isa = Isa::current().map_err(Error::argument)?;
    let on_weights: f64 = weights.map(|(of, penalty)| of.penalty(isa, penalty)).sum();
    totals.penalty += on_weights * (totals.rows - before);
    Ok(())
}
