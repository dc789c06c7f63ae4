//! Trainers: a model's training step and what goes with it.

use crate::counters::{NativeCounters, NativeTotals};
use crate::data::{NativeData, rows_of};
use crate::error::{Result, convert};
use crate::evaluator::{NativeEvaluator, NativeObjective, states};
use crate::graph::{NativeGraph, value};
use crate::optimizer::NativeOptimizer;
use crate::run::{NativeEvent, NativeRun, spawn, threads as threads_of};
use crate::signal::NativeSignal;
use crate::trainable::NativeTrainable;
use crate::variable::NativeVariable;
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use ridgeline_engine::run::lent;
use ridgeline_engine::train::fit::{FitOptions, Shuffle};
use ridgeline_engine::train::objective::Objective;
use ridgeline_engine::train::optimizer::Optimizer;
use ridgeline_engine::train::trainer::Trainer;
use ridgeline_engine::train::training::{Minimization, training_step};
use std::sync::Arc;

/// What a fit is told.
#[napi(object)]
pub struct NativeFitOptions {
    /// Rows of a batch.
    pub batch_size: u32,
    /// Index of the epoch to end before.
    pub epochs: u32,
    /// Index of the epoch to begin with.
    pub initial_epoch: u32,
    /// Batches of it that were trained before.
    pub initial_batch: u32,
    /// A new order each epoch: of rows, or of batches.
    pub shuffle: bool,
    /// True for one of batches.
    pub keeps_batches: bool,
    /// Rows of a validation batch.
    pub validation_batch_size: u32,
    /// Validate after every so many epochs.
    pub validation_frequency: u32,
    /// Events at the end of batches too.
    pub batch_reports: bool,
    /// Number of threads.
    pub threads: Option<u32>,
    /// Learning rate in place of the optimizer's.
    pub learning_rate: Option<f64>,
}

/// What a step makes small by which weights.
#[napi(object)]
pub struct NativeMinimization {
    /// Handle of the loss.
    pub loss: f64,
    /// Indices of the weights among those that are trained.
    pub weights: Vec<u32>,
}

impl From<NativeMinimization> for Minimization {
    fn from(of: NativeMinimization) -> Self {
        let weights = of.weights.into_iter().map(|at| at as usize).collect();
        Minimization { loss: value(of.loss), weights }
    }
}

/// A model's training step.
#[napi]
pub struct NativeTrainer {
    trainer: Arc<Trainer>,
}

#[napi]
impl NativeTrainer {
    /// Prepares a training step. The first of `optimizers` is the model's, the others train groups; `weights` are those
    /// that are trained, `state` variables whose next values are `nextState`. It makes the loss small by all weights
    /// unless `parts` say otherwise.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        graph: &NativeGraph,
        objective: NativeObjective,
        optimizers: Vec<&NativeOptimizer>,
        weights: Vec<&NativeTrainable>,
        state: Vec<&NativeVariable>,
        next_state: Vec<f64>,
        evaluator: Option<&NativeEvaluator>,
        counters: &NativeCounters,
        seed: f64,
        parts: Vec<NativeMinimization>,
    ) -> Result<NativeTrainer> {
        let objective = Objective::from(objective);
        let trainables: Vec<_> = weights.iter().map(|of| of.trainable.clone()).collect();
        let state = states(&state, next_state);
        let graph = graph.graph.lock();
        let optimizers: Vec<Optimizer> = optimizers.iter().map(|of| of.optimizer.clone()).collect();
        let parts: Vec<Minimization> = parts.into_iter().map(Minimization::from).collect();
        let training = training_step(&graph, &objective, &state, &optimizers, &trainables, &parts);
        Ok(NativeTrainer {
            trainer: Arc::new(Trainer {
                training: training.map_err(convert)?,
                validation: evaluator.map(|e| Arc::clone(&e.evaluator.program)),
                learning_rate: Arc::clone(&optimizers[0].learning_rate),
                trainables,
                seed: seed as u64,
                counters: Arc::clone(&counters.counters),
            }),
        })
    }

    /// Starts training. `totals` are those of the batches trained before, then of the epoch under way.
    #[napi(catch_unwind)]
    pub fn fit(
        &self,
        inputs: Vec<&NativeData>,
        validation: Vec<&NativeData>,
        options: NativeFitOptions,
        totals: &NativeTotals,
    ) -> Result<NativeRun> {
        let (trainer, totals) = (Arc::clone(&self.trainer), Arc::clone(&totals.totals));
        let (inputs, validation) = (rows_of(&inputs), rows_of(&validation));
        let threads = threads_of(options.threads)?;
        let rate = options.learning_rate;
        let order = if options.keeps_batches { Shuffle::Batches } else { Shuffle::Rows };
        let options = FitOptions {
            batch_size: options.batch_size as usize,
            epochs: options.epochs as usize,
            initial_epoch: options.initial_epoch as usize,
            initial_batch: options.initial_batch as usize,
            shuffle: options.shuffle.then_some(order),
            validation_batch_size: options.validation_batch_size as usize,
            validation_frequency: options.validation_frequency as usize,
            batch_reports: options.batch_reports,
            threads,
        };
        NativeRun::start(move |listener| {
            let validation = (!validation.is_empty()).then_some(&validation);
            trainer.fit(&inputs, validation, rate, &options, &totals, listener)
        })
    }

    /// One step, with a learning rate in place of the optimizer's if there is one; loss, penalty and
    /// sums before it.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn train_on_batch<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<&NativeData>,
        learning_rate: Option<f64>,
        threads: Option<u32>,
    ) -> Result<Object<'env>> {
        let (trainer, inputs) = (Arc::clone(&self.trainer), rows_of(&inputs));
        let threads = threads_of(threads)?;
        let work = move || {
            let mut crew = lent::crew(threads)?;
            let logs = trainer.train_on_batch(&inputs, learning_rate, &mut crew)?;
            Ok(NativeEvent { logs, ..NativeEvent::default() })
        };
        spawn(env, work, NativeEvent::end)
    }

    /// As `trainOnBatch`, adding to totals of an epoch. It fails with `ERR_INTERRUPTED` where `signal` ended it, and made
    /// no step then.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn step<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<&NativeData>,
        learning_rate: Option<f64>,
        threads: Option<u32>,
        totals: &NativeTotals,
        signal: &NativeSignal,
    ) -> Result<Object<'env>> {
        let (trainer, inputs) = (Arc::clone(&self.trainer), rows_of(&inputs));
        let (threads, totals) = (threads_of(threads)?, Arc::clone(&totals.totals));
        let cancelled = Some(signal.cancelled.clone());
        let work = move || {
            let mut crew = lent::crew(threads)?;
            trainer.step(&inputs, learning_rate, &mut crew, cancelled, &mut totals.lock())?;
            Ok(NativeEvent::default())
        };
        spawn(env, work, NativeEvent::end)
    }

    /// Times the phases of a training step on the calling thread; weights change. For benches.
    #[napi(catch_unwind)]
    pub fn profile(
        &self,
        inputs: Vec<&NativeData>,
        learning_rate: Option<f64>,
        steps: u32,
        threads: Option<u32>,
    ) -> Result<Vec<PhaseTime>> {
        let mut crew = lent::crew(threads_of(threads)?).map_err(convert)?;
        let (inputs, steps) = (rows_of(&inputs), steps as usize);
        let phases = self.trainer.profile(&inputs, learning_rate, steps, &mut crew);
        let time = |(tasks, time): (String, std::time::Duration)| PhaseTime {
            tasks,
            milliseconds: time.as_secs_f64() * 1e3 / steps.max(1) as f64,
        };
        Ok(phases.map_err(convert)?.into_iter().map(time).collect())
    }

    /// Bytes of variables and of what a step computes, for a batch of inputs of these shapes.
    #[napi(catch_unwind)]
    pub fn bytes(&self, shapes: Vec<Vec<u32>>, batch: u32) -> Result<Vec<f64>> {
        let shapes: Vec<Vec<usize>> = shapes
            .into_iter()
            .map(|of| of.into_iter().map(|size| size as usize).collect())
            .collect();
        let shapes: Vec<&[usize]> = shapes.iter().map(|of| &of[..]).collect();
        let found = self.trainer.training.bytes(&shapes, batch as usize, threads_of(None)?);
        Ok(found.map_err(convert)?.map(|bytes| bytes as f64).to_vec())
    }

    /// Gives back its memory; a run under way ends as it would.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        self.trainer.training.close();
    }
}

/// Time of a phase of a training step.
#[napi(object)]
pub struct PhaseTime {
    /// Its tasks.
    pub tasks: String,
    /// Mean milliseconds a step.
    pub milliseconds: f64,
}
