//! A trainer: a model's training and validation programs, its counters, and the loop over epochs.
//!
//! Logs are Keras': running means over the epoch, weighted by the rows of each batch, of losses
//! taken before each update; metrics are totals divided by weights.

use super::optimizer::{Optimizer, Trainable};
use super::program::{Program, feeds};
use crate::autodiff::gradients;
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::assign::Assign;
use crate::passes::absorb::absorb;
use crate::passes::expand::expand;
use crate::run::executor::Crew;
use crate::run::step::Step;
use crate::run::workspace::Workspace;
use crate::tensor::Tensor;
use crate::variable::Variable;
use parking_lot::Mutex;
use ridgeline_kernels::Isa;
use ridgeline_kernels::rng::{Key, shuffle};
use std::sync::Arc;
use std::time::Duration;

/// The random stream of the order of rows.
const SHUFFLE: u32 = u32::MAX;

/// What a training or evaluation graph computes for a batch.
#[derive(Clone, Debug)]
pub struct Objective {
    /// The data loss, a scalar.
    pub loss: Value,
    /// Penalties that are not sums over one weight: activity, custom; scalars.
    pub penalties: Vec<Value>,
    /// Total and weight of each metric, scalars.
    pub metrics: Vec<(Value, Value)>,
}

impl Objective {
    fn values(&self) -> Vec<Value> {
        let metrics = self.metrics.iter().flat_map(|&(total, weight)| [total, weight]);
        std::iter::once(self.loss).chain(self.penalties.iter().copied()).chain(metrics).collect()
    }
    fn with_values(&self, values: &[Value]) -> Objective {
        let (penalties, metrics) = values[1..].split_at(self.penalties.len());
        Objective {
            loss: values[0],
            penalties: penalties.to_vec(),
            metrics: metrics.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect(),
        }
    }
    fn penalty(&self, graph: &mut Graph) -> Result<Value> {
        let mut total = graph.scalar(0.0)?;
        for &penalty in &self.penalties {
            total = graph.add(total, penalty)?;
        }
        Ok(total)
    }
}

/// Where training stands; saved with the model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counters {
    /// Training steps made: counter of the random streams.
    pub steps: u64,
    /// Optimizer updates made.
    pub updates: u64,
    /// Epochs begun: counter of the order of rows.
    pub epochs: u64,
}

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
    let mut outputs = vec![objective.loss, penalty];
    outputs.extend(objective.metrics.iter().flat_map(|&(total, weight)| [total, weight]));
    Program::new(&graph, &outputs)
}

/// The program of one evaluation step: forward only; penalties on weights are added by the loop.
///
/// # Errors
/// What a pass finds wrong.
pub fn evaluation_program(graph: &Graph, objective: &Objective) -> Result<Program> {
    let mut graph = graph.clone();
    let penalty = objective.penalty(&mut graph)?;
    let mut outputs = vec![objective.loss, penalty];
    outputs.extend(objective.metrics.iter().flat_map(|&(total, weight)| [total, weight]));
    Program::new(&graph, &outputs)
}

/// Running totals of an epoch.
#[derive(Clone, Debug, Default)]
struct Totals {
    rows: f64,
    loss: f64,
    penalty: f64,
    metrics: Vec<(f64, f64)>,
}

impl Totals {
    fn add(&mut self, workspace: &Workspace, rows: usize) {
        let scalar = |i: usize| f64::from(f32::from_bits(workspace.output_words(i)[0]));
        self.rows += rows as f64;
        self.loss += scalar(0) * rows as f64;
        self.penalty += scalar(1) * rows as f64;
        for (i, (total, weight)) in self.metrics.iter_mut().enumerate() {
            *total += scalar(2 + 2 * i);
            *weight += scalar(3 + 2 * i);
        }
    }
    /// Loss, its penalty part, then the metrics.
    fn logs(&self) -> Vec<f64> {
        let mean = |x: f64, n: f64| if n == 0.0 { 0.0 } else { x / n };
        let (loss, penalty) = (mean(self.loss, self.rows), mean(self.penalty, self.rows));
        let metrics = self.metrics.iter().map(|&(total, weight)| mean(total, weight));
        [loss + penalty, penalty].into_iter().chain(metrics).collect()
    }
}

/// Rows to learn from or to evaluate on: one tensor for each input of the program.
pub type Data = Vec<Arc<Tensor>>;

fn rows(data: &Data) -> usize {
    data.first().and_then(|x| x.shape.first()).copied().unwrap_or(0)
}

/// What a run tells its listener.
#[derive(Clone, Debug)]
pub struct Report {
    /// The epoch, counted from 0.
    pub epoch: usize,
    /// The batch, for reports at the end of one.
    pub batch: Option<usize>,
    /// Loss, penalty and metrics so far.
    pub logs: Vec<f64>,
    /// The same for the validation data, at the end of an epoch.
    pub validation: Option<Vec<f64>>,
}

/// What the listener answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// Ends training now.
    pub stop: bool,
    /// Another learning rate from now on.
    pub learning_rate: Option<f64>,
}

/// Whoever follows a run; called on the run's thread.
pub trait Listener {
    /// The end of an epoch, or of a batch where asked for.
    ///
    /// # Errors
    /// Whatever ends the run.
    fn report(&mut self, report: Report) -> Result<Verdict>;
    /// The end of the last epoch, after which there is nothing to decide.
    fn finish(&mut self, report: Report);
    /// True when the run is to end at the next batch.
    fn cancelled(&self) -> bool;
    /// A batch is done; must be quick.
    fn progress(&self, epoch: usize, batch: usize, batches: usize, loss: f64);
}

/// Options of a fit.
#[derive(Clone, Debug)]
pub struct FitOptions {
    /// Rows of a batch.
    pub batch_size: usize,
    /// Index of the epoch to end before.
    pub epochs: usize,
    /// Index of the epoch to begin with.
    pub initial_epoch: usize,
    /// True to take the rows in a new random order each epoch.
    pub shuffle: bool,
    /// Rows of a validation batch.
    pub validation_batch_size: usize,
    /// Validates after every so many epochs.
    pub validation_frequency: usize,
    /// True to report the end of every batch.
    pub batch_reports: bool,
    /// Number of threads.
    pub threads: usize,
}

/// See the module documentation.
pub struct Trainer {
    /// The training step.
    pub training: Program,
    /// The evaluation step for validation data.
    pub validation: Option<Arc<Program>>,
    /// What is trained.
    pub trainables: Vec<Trainable>,
    /// Number of metrics.
    pub metrics: usize,
    /// Key of all random streams.
    pub seed: u64,
    /// Where training stands.
    pub counters: Arc<Mutex<Counters>>,
}

impl Trainer {
    fn totals(&self) -> Totals {
        Totals { metrics: vec![(0.0, 0.0); self.metrics], ..Totals::default() }
    }

    /// Trains until the epochs are over, the listener says stop, or it is cancelled.
    ///
    /// # Errors
    /// `ERR_NATIVE` when a task panicked; whatever the listener returns.
    pub fn fit(
        &self,
        data: &Data,
        validation_data: Option<&Data>,
        learning_rate: f64,
        options: &FitOptions,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let mut crew = Crew::new(options.threads)?;
        let n = rows(data);
        let size = options.batch_size.min(n);
        let batches = n.div_ceil(size.max(1));
        let mut step = Step { seed: self.seed, feeds: feeds(data), ..Step::default() };
        step.batch.reserve_exact(size);
        step.learning_rate = learning_rate as f32;
        let mut order: Vec<u32> = (0..n as u32).collect();
        let full = self.training.bind(data, size)?;
        let rest = self.training.bind(data, n - (batches.max(1) - 1) * size)?;
        let mut whole = self.training.take(&full)?;
        let mut last = if rest == full { None } else { Some(self.training.take(&rest)?) };
        'epochs: for epoch in options.initial_epoch..options.epochs {
            let epoch_index = {
                let mut counters = self.counters.lock();
                counters.epochs += 1;
                counters.epochs - 1
            };
            if options.shuffle {
                order.iter_mut().zip(0..).for_each(|(row, i)| *row = i);
                let (seed, step) = (self.seed, epoch_index as u32);
                shuffle(Key { seed, stream: SHUFFLE, step, time: 0 }, &mut order);
            }
            let mut totals = self.totals();
            for batch in 0..batches {
                if listener.cancelled() {
                    break 'epochs;
                }
                let picked = &order[batch * size..((batch + 1) * size).min(n)];
                step.batch.clear();
                step.batch.extend_from_slice(picked);
                {
                    let counters = self.counters.lock();
                    (step.index, step.updates) = (counters.steps as u32, counters.updates);
                }
                let workspace = match &mut last {
                    Some(last) if batch + 1 == batches => last,
                    _ => &mut whole,
                };
                workspace.run(&mut crew, &step)?;
                {
                    let mut counters = self.counters.lock();
                    counters.steps += 1;
                    counters.updates += 1;
                }
                totals.add(workspace, picked.len());
                let loss = (totals.loss + totals.penalty) / totals.rows;
                listener.progress(epoch, batch, batches, loss);
                if options.batch_reports {
                    let logs = totals.logs();
                    let report = Report { epoch, batch: Some(batch), logs, validation: None };
                    let verdict = listener.report(report)?;
                    step.learning_rate =
                        verdict.learning_rate.map_or(step.learning_rate, |r| r as f32);
                    // The epoch ends early, with its validation and report.
                    if verdict.stop {
                        break;
                    }
                }
            }
            let due = (epoch + 1).is_multiple_of(options.validation_frequency.max(1));
            let validation = match (&self.validation, validation_data) {
                (Some(program), Some(data)) if due => {
                    let size = options.validation_batch_size;
                    Some(self.evaluate(program, data, size, &mut crew, &|| listener.cancelled())?)
                }
                _ => None,
            };
            if listener.cancelled() {
                break;
            }
            let report = Report { epoch, batch: None, logs: totals.logs(), validation };
            if epoch + 1 == options.epochs {
                listener.finish(report);
                break;
            }
            let verdict = listener.report(report)?;
            step.learning_rate = verdict.learning_rate.map_or(step.learning_rate, |r| r as f32);
            if verdict.stop {
                break;
            }
        }
        self.training.give(full, whole);
        if let Some(last) = last {
            self.training.give(rest, last);
        }
        Ok(())
    }

    /// One update on `data`; loss, penalty and metrics of the batch before it.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn train_on_batch(
        &self,
        data: &Data,
        learning_rate: f64,
        crew: &mut Crew,
    ) -> Result<Vec<f64>> {
        let n = rows(data);
        let bindings = self.training.bind(data, n)?;
        let mut workspace = self.training.take(&bindings)?;
        let mut counters = self.counters.lock();
        let step = Step {
            seed: self.seed,
            index: counters.steps as u32,
            learning_rate: learning_rate as f32,
            updates: counters.updates,
            feeds: feeds(data),
            batch: (0..n as u32).collect(),
        };
        workspace.run(crew, &step)?;
        counters.steps += 1;
        counters.updates += 1;
        let mut totals = self.totals();
        totals.add(&workspace, n);
        self.training.give(bindings, workspace);
        Ok(totals.logs())
    }

    /// Loss, penalty and metrics of `program` over all rows of `data`.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn evaluate(
        &self,
        program: &Program,
        data: &Data,
        batch_size: usize,
        crew: &mut Crew,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<f64>> {
        evaluate(
            program,
            data,
            batch_size,
            self.metrics,
            &self.trainables,
            self.seed,
            crew,
            cancelled,
        )
    }

    /// Times every phase over `steps` training steps on the first batch of `data`: the label of
    /// its tasks and the time of each.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn profile(
        &self,
        data: &Data,
        learning_rate: f64,
        steps: usize,
        crew: &mut Crew,
    ) -> Result<Vec<(String, Duration)>> {
        let n = rows(data);
        let bindings = self.training.bind(data, n)?;
        let mut workspace = self.training.take(&bindings)?;
        let mut times = vec![Duration::ZERO; workspace.plan().phases.len()];
        let mut step = Step {
            seed: self.seed,
            learning_rate: learning_rate as f32,
            feeds: feeds(data),
            batch: (0..n as u32).collect(),
            ..Step::default()
        };
        for index in 0..steps {
            step.index = index as u32;
            step.updates = index as u64;
            workspace.profiled(crew, &step, Some(&mut times))?;
        }
        let plan = workspace.plan();
        let label = |phase: &crate::plan::schedule::Phase| {
            let strand = |s: &crate::plan::schedule::Strand| {
                let tasks: Vec<&str> = s.tasks.iter().map(|&t| &*plan.tasks[t].label).collect();
                format!("{}×[{}]", s.chunks, tasks.join(", "))
            };
            phase.strands.iter().map(strand).collect::<Vec<_>>().join(" | ")
        };
        let labels: Vec<String> = plan.phases.iter().map(label).collect();
        Ok(labels.into_iter().zip(times).collect())
    }
}

/// Loss, penalty and metrics of `program` over all rows of `data`; `weights` carry the penalties
/// on them.
///
/// # Errors
/// `ERR_NATIVE` when a task panicked, or what binding and planning find wrong.
pub fn evaluate(
    program: &Program,
    data: &Data,
    batch_size: usize,
    metrics: usize,
    weights: &[Trainable],
    seed: u64,
    crew: &mut Crew,
    cancelled: &dyn Fn() -> bool,
) -> Result<Vec<f64>> {
    let n = rows(data);
    let mut totals = Totals { metrics: vec![(0.0, 0.0); metrics], ..Totals::default() };
    let mut step = Step { seed, feeds: feeds(data), ..Step::default() };
    for start in (0..n).step_by(batch_size.max(1)) {
        if cancelled() {
            break;
        }
        let count = batch_size.min(n - start);
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
    totals.penalty += on_weights * totals.rows;
    Ok(totals.logs())
}
