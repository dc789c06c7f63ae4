//! Programs of a model: predict, evaluate, train.

use crate::data::{NativeData, NativeTensor};
use crate::error::{Result, convert};
use crate::graph::{NativeGraph, value};
use crate::run::{NativeEvent, NativeRun, spawn};
use crate::variable::{NativeVariable, variables};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use parking_lot::Mutex;
use ridgeline_engine::Error;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::run::executor::Crew;
use ridgeline_engine::run::threads;
use ridgeline_engine::train::optimizer::{Clip, Optimizer, Rule, Trainable};
use ridgeline_engine::train::program::Program;
use ridgeline_engine::train::trainer::{self, Counters, Data, FitOptions, Objective, Trainer};
use ridgeline_kernels::update::Penalty;
use std::sync::Arc;

fn data(handles: &[&NativeData]) -> Data {
    handles.iter().map(|handle| Arc::clone(&handle.tensor)).collect()
}

fn crew(threads: Option<u32>) -> Result<Crew, Error> {
    Crew::new(threads::resolve(threads.map(|n| n as usize))?)
}

/// A program that computes outputs from inputs.
#[napi]
pub struct NativePredictor {
    program: Arc<Program>,
}

#[napi]
impl NativePredictor {
    /// Prepares the outputs of a graph.
    #[napi(constructor, catch_unwind)]
    pub fn new(graph: &NativeGraph, outputs: Vec<f64>) -> Result<NativePredictor> {
        let outputs: Vec<_> = outputs.into_iter().map(value).collect();
        let program = Program::new(&graph.graph.lock(), &outputs).map_err(convert)?;
        Ok(NativePredictor { program: Arc::new(program) })
    }

    /// Computes the outputs on the calling thread.
    #[napi(catch_unwind)]
    pub fn predict_sync(
        &self,
        inputs: Vec<&NativeData>,
        batch_size: u32,
        seed: f64,
    ) -> Result<Vec<NativeTensor>> {
        let mut alone = Crew::alone().map_err(convert)?;
        let size = batch_size as usize;
        let found = self.program.predict(&data(&inputs), size, &mut alone, seed as u64, &|| false);
        Ok(found.map_err(convert)?.into_iter().map(NativeTensor::from).collect())
    }

    /// Computes the outputs on threads of their own.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn predict<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<&NativeData>,
        batch_size: u32,
        seed: f64,
        threads: Option<u32>,
    ) -> Result<Object<'env>> {
        let (program, inputs) = (Arc::clone(&self.program), data(&inputs));
        spawn(env, move || {
            let mut crew = crew(threads)?;
            let size = batch_size as usize;
            let found = program.predict(&inputs, size, &mut crew, seed as u64, &|| false)?;
            let tensors = found.into_iter().map(NativeTensor::from).collect();
            Ok(NativeEvent { tensors, ..NativeEvent::default() })
        })
    }

    /// Gives back its memory; a run under way ends as it would.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        self.program.close();
    }
}

/// What a training or evaluation graph computes for a batch: handles of scalars.
#[napi(object)]
pub struct NativeObjective {
    /// The data loss.
    pub loss: f64,
    /// Activity and custom penalties.
    pub penalties: Vec<f64>,
    /// Total of each metric.
    pub totals: Vec<f64>,
    /// Weight of each metric.
    pub weights: Vec<f64>,
}

impl From<NativeObjective> for Objective {
    fn from(of: NativeObjective) -> Self {
        let pairs = of.totals.into_iter().zip(of.weights);
        Objective {
            loss: value(of.loss),
            penalties: of.penalties.into_iter().map(value).collect(),
            metrics: pairs.map(|(total, weight)| (value(total), value(weight))).collect(),
        }
    }
}

/// Weights as trainables without optimizer state.
fn penalized(weights: &[&NativeVariable], l1: &[f64], l2: &[f64]) -> Vec<Trainable> {
    let factors = l1.iter().zip(l2);
    let trainable = |(variable, (l1, l2)): (_, (&f64, &f64))| Trainable {
        variable,
        penalty: Penalty { l1: *l1 as f32, l2: *l2 as f32 },
        slots: Vec::new(),
    };
    variables(weights).into_iter().zip(factors).map(trainable).collect()
}

/// A program that computes losses and metrics.
#[napi]
pub struct NativeEvaluator {
    program: Arc<Program>,
    metrics: usize,
    weights: Arc<Vec<Trainable>>,
}

#[napi]
impl NativeEvaluator {
    /// Prepares an objective; `weights` carry the penalties on them.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        graph: &NativeGraph,
        objective: NativeObjective,
        weights: Vec<&NativeVariable>,
        l1: Vec<f64>,
        l2: Vec<f64>,
    ) -> Result<NativeEvaluator> {
        let objective = Objective::from(objective);
        let program = trainer::evaluation_program(&graph.graph.lock(), &objective);
        Ok(NativeEvaluator {
            program: Arc::new(program.map_err(convert)?),
            metrics: objective.metrics.len(),
            weights: Arc::new(penalized(&weights, &l1, &l2)),
        })
    }

    /// Loss, penalty and metrics over all rows.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn evaluate<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<&NativeData>,
        batch_size: u32,
        seed: f64,
        threads: Option<u32>,
    ) -> Result<Object<'env>> {
        let (program, weights) = (Arc::clone(&self.program), Arc::clone(&self.weights));
        let (inputs, metrics) = (data(&inputs), self.metrics);
        spawn(env, move || {
            let mut crew = crew(threads)?;
            let (size, seed) = (batch_size as usize, seed as u64);
            let stop = || false;
            let logs = trainer::evaluate(
                &program, &inputs, size, metrics, &weights, seed, &mut crew, &stop,
            )?;
            Ok(NativeEvent { logs, ..NativeEvent::default() })
        })
    }

    /// Gives back its memory; a run under way ends as it would.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        self.program.close();
    }
}

/// An optimizer's formula and bounds.
#[napi]
pub struct NativeOptimizer {
    optimizer: Optimizer,
}

#[napi]
impl NativeOptimizer {
    /// An optimizer from its JSON configuration.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: String) -> Result<NativeOptimizer> {
        let with = Attributes::parse(&config).map_err(convert)?;
        Ok(NativeOptimizer { optimizer: parse(&with).map_err(convert)? })
    }

    /// Names of the state it keeps for each weight.
    #[napi(getter)]
    pub fn slot_names(&self) -> Vec<String> {
        self.optimizer.rule.slots().iter().map(|&name| name.to_owned()).collect()
    }

    /// New state for a weight.
    #[napi(catch_unwind)]
    pub fn slots(&self, env: Env, of: &NativeVariable) -> Result<Vec<NativeVariable>> {
        let slots = self.optimizer.new_slots(&of.variable).map_err(convert)?;
        slots.into_iter().map(|variable| NativeVariable::accounted(env, variable)).collect()
    }
}

fn parse(with: &Attributes) -> Result<Optimizer, Error> {
    let number = |name: &str| with.number(name).map(|n| n as f32);
    let rule = match with.text("name")? {
        "sgd" => Rule::Sgd { momentum: number("momentum")?, nesterov: with.flag("nesterov")? },
        "rmsprop" => Rule::RmsProp {
            rho: with.number("rho")?,
            momentum: number("momentum")?,
            epsilon: number("epsilon")?,
            centered: with.flag("centered")?,
        },
        "adam" | "adamW" => Rule::Adam {
            beta1: with.number("beta1")?,
            beta2: with.number("beta2")?,
            epsilon: number("epsilon")?,
            amsgrad: with.flag("amsgrad")?,
        },
        other => return Err(Error::argument(format!("there is no optimizer '{other}'"))),
    };
    let bound = |name: &str| with.0.get(name).filter(|v| !v.is_null()).map(|_| number(name));
    let clip = match (bound("clipNorm"), bound("clipValue"), bound("globalClipNorm")) {
        (Some(c), None, None) => Clip::Norm(c?),
        (None, Some(c), None) => Clip::Value(c?),
        (None, None, Some(c)) => Clip::GlobalNorm(c?),
        (None, None, None) => Clip::None,
        _ => {
            return Err(Error::argument(
                "at most one of clipNorm, clipValue and globalClipNorm may be set",
            ));
        }
    };
    let weight_decay = bound("weightDecay").transpose()?.unwrap_or(0.0);
    Ok(Optimizer { rule, weight_decay, clip })
}

/// Where training stands; shared by all programs of a model.
#[napi]
#[derive(Default)]
pub struct NativeCounters {
    counters: Arc<Mutex<Counters>>,
}

#[napi]
impl NativeCounters {
    /// All zero.
    #[napi(constructor)]
    pub fn new() -> NativeCounters {
        NativeCounters::default()
    }
    /// Steps, updates and epochs.
    #[napi(catch_unwind)]
    pub fn read(&self) -> Vec<f64> {
        let Counters { steps, updates, epochs } = *self.counters.lock();
        vec![steps as f64, updates as f64, epochs as f64]
    }
    /// Sets steps, updates and epochs.
    #[napi(catch_unwind)]
    pub fn write(&self, steps: f64, updates: f64, epochs: f64) {
        let (steps, updates, epochs) = (steps as u64, updates as u64, epochs as u64);
        *self.counters.lock() = Counters { steps, updates, epochs };
    }
}

/// What is trained: weights with their penalties and optimizer state, and other state.
#[napi(object)]
pub struct NativeFitOptions {
    /// Rows of a batch.
    pub batch_size: u32,
    /// Index of the epoch to end before.
    pub epochs: u32,
    /// Index of the epoch to begin with.
    pub initial_epoch: u32,
    /// A new order of rows each epoch.
    pub shuffle: bool,
    /// Rows of a validation batch.
    pub validation_batch_size: u32,
    /// Validate after every so many epochs.
    pub validation_frequency: u32,
    /// Events at the end of batches too.
    pub batch_reports: bool,
    /// Number of threads.
    pub threads: Option<u32>,
    /// Learning rate to begin with.
    pub learning_rate: f64,
}

/// A model's training step.
#[napi]
pub struct NativeTrainer {
    trainer: Arc<Trainer>,
}

#[napi]
impl NativeTrainer {
    /// Prepares a training step. `slots` are the optimizer's state of all weights, in order;
    /// `state` are variables whose next values are `nextState`.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        graph: &NativeGraph,
        objective: NativeObjective,
        optimizer: &NativeOptimizer,
        weights: Vec<&NativeVariable>,
        l1: Vec<f64>,
        l2: Vec<f64>,
        slots: Vec<&NativeVariable>,
        state: Vec<&NativeVariable>,
        next_state: Vec<f64>,
        evaluator: Option<&NativeEvaluator>,
        counters: &NativeCounters,
        seed: f64,
    ) -> Result<NativeTrainer> {
        let objective = Objective::from(objective);
        let per_weight = optimizer.optimizer.rule.slots().len();
        let mut trainables = penalized(&weights, &l1, &l2);
        let slots = variables(&slots);
        for (i, trainable) in trainables.iter_mut().enumerate() {
            trainable.slots = slots[i * per_weight..(i + 1) * per_weight].to_vec();
        }
        let next = next_state.into_iter().map(value);
        let state: Vec<_> = variables(&state).into_iter().zip(next).collect();
        let graph = graph.graph.lock();
        let training = trainer::training_program(
            &graph,
            &objective,
            &state,
            &optimizer.optimizer,
            &trainables,
        );
        Ok(NativeTrainer {
            trainer: Arc::new(Trainer {
                training: training.map_err(convert)?,
                validation: evaluator.map(|e| Arc::clone(&e.program)),
                trainables,
                metrics: objective.metrics.len(),
                seed: seed as u64,
                counters: Arc::clone(&counters.counters),
            }),
        })
    }

    /// Starts training.
    #[napi(catch_unwind)]
    pub fn fit(
        &self,
        inputs: Vec<&NativeData>,
        validation: Vec<&NativeData>,
        options: NativeFitOptions,
    ) -> Result<NativeRun> {
        let trainer = Arc::clone(&self.trainer);
        let (inputs, validation) = (data(&inputs), data(&validation));
        let threads = threads::resolve(options.threads.map(|n| n as usize)).map_err(convert)?;
        let rate = options.learning_rate;
        let options = FitOptions {
            batch_size: options.batch_size as usize,
            epochs: options.epochs as usize,
            initial_epoch: options.initial_epoch as usize,
            shuffle: options.shuffle,
            validation_batch_size: options.validation_batch_size as usize,
            validation_frequency: options.validation_frequency as usize,
            batch_reports: options.batch_reports,
            threads,
        };
        NativeRun::start(move |listener| {
            let validation = (!validation.is_empty()).then_some(&validation);
            trainer.fit(&inputs, validation, rate, &options, listener)
        })
    }

    /// One update; loss, penalty and metrics before it.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn train_on_batch<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<&NativeData>,
        learning_rate: f64,
        threads: Option<u32>,
    ) -> Result<Object<'env>> {
        let (trainer, inputs) = (Arc::clone(&self.trainer), data(&inputs));
        spawn(env, move || {
            let logs = trainer.train_on_batch(&inputs, learning_rate, &mut crew(threads)?)?;
            Ok(NativeEvent { logs, ..NativeEvent::default() })
        })
    }

    /// Times the phases of a training step on the calling thread; weights change. For benches.
    #[napi(catch_unwind)]
    pub fn profile(
        &self,
        inputs: Vec<&NativeData>,
        learning_rate: f64,
        steps: u32,
        threads: Option<u32>,
    ) -> Result<Vec<PhaseTime>> {
        let mut crew = crew(threads).map_err(convert)?;
        let (inputs, steps) = (data(&inputs), steps as usize);
        let phases = self.trainer.profile(&inputs, learning_rate, steps, &mut crew);
        let time = |(tasks, time): (String, std::time::Duration)| PhaseTime {
            tasks,
            milliseconds: time.as_secs_f64() * 1e3 / steps.max(1) as f64,
        };
        Ok(phases.map_err(convert)?.into_iter().map(time).collect())
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
