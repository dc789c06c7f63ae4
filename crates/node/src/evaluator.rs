//! Evaluators: programs that compute losses and what metrics are made of.

use crate::checkpoint::Outcome;
use crate::counters::NativeTotals;
use crate::data::{NativeData, rows_of};
use crate::error::{Result, convert};
use crate::graph::{NativeGraph, value};
use crate::moment::NativeMoment;
use crate::run::{NativeEvent, spawn, threads as threads_of};
use crate::variable::{NativeVariable, variables};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use ridgeline_engine::data::rows as rows_in;
use ridgeline_engine::graph::Value;
use ridgeline_engine::predict::moment::Moment;
use ridgeline_engine::run::lent;
use ridgeline_engine::step::inference_seed;
use ridgeline_engine::train::evaluation::{Batches, Evaluator};
use ridgeline_engine::train::objective::Objective;
use ridgeline_engine::train::totals::Totals;
use ridgeline_engine::train::trainable::Trainable;
use ridgeline_engine::variable::Variable;
use ridgeline_kernels::update::Penalty;
use std::sync::Arc;

/// What a training or evaluation graph computes for a batch: handles of its values.
#[napi(object)]
pub struct NativeObjective {
    /// The data loss.
    pub loss: f64,
    /// Activity and custom penalties.
    pub penalties: Vec<f64>,
    /// What the batch adds to the sums that metrics are made of.
    pub sums: Vec<f64>,
}

impl From<NativeObjective> for Objective {
    fn from(of: NativeObjective) -> Self {
        Objective {
            loss: value(of.loss),
            penalties: of.penalties.into_iter().map(value).collect(),
            sums: of.sums.into_iter().map(value).collect(),
        }
    }
}

/// Weights as trainables without constraints and optimizer state.
pub fn penalized(weights: &[&NativeVariable], l1: &[f64], l2: &[f64]) -> Vec<Trainable> {
    let factors = l1.iter().zip(l2);
    let trainable = |(variable, (l1, l2)): (_, (&f64, &f64))| {
        Trainable::new(variable, Penalty { l1: *l1 as f32, l2: *l2 as f32 })
    };
    variables(weights).into_iter().zip(factors).map(trainable).collect()
}

/// Variables with the values that they take at the end of a step.
pub fn states(of: &[&NativeVariable], next: Vec<f64>) -> Vec<(Arc<Variable>, Value)> {
    variables(of).into_iter().zip(next.into_iter().map(value)).collect()
}

/// A program that computes losses and what metrics are made of.
#[napi]
pub struct NativeEvaluator {
    pub(crate) evaluator: Arc<Evaluator>,
}

#[napi]
impl NativeEvaluator {
    /// Prepares an objective; `weights` carry the penalties on them. `next` are the values that `state` takes from
    /// batch to batch.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        graph: &NativeGraph,
        objective: NativeObjective,
        weights: Vec<&NativeVariable>,
        l1: Vec<f64>,
        l2: Vec<f64>,
        state: Vec<&NativeVariable>,
        next: Vec<f64>,
    ) -> Result<NativeEvaluator> {
        let objective = Objective::from(objective);
        let (graph, weights) = (graph.graph.lock(), penalized(&weights, &l1, &l2));
        let evaluator = Evaluator::new(&graph, &objective, &states(&state, next), &weights);
        Ok(NativeEvaluator { evaluator: Arc::new(evaluator.map_err(convert)?) })
    }

    /// Loss, penalty and sums over all rows, as the model's inference number `call`.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn evaluate<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<&NativeData>,
        batch_size: u32,
        seed: f64,
        call: f64,
        threads: Option<u32>,
    ) -> Result<Object<'env>> {
        let evaluator = Arc::clone(&self.evaluator);
        let (inputs, threads) = (rows_of(&inputs), threads_of(threads)?);
        let work = move || {
            let mut crew = lent::crew(threads)?;
            let (size, seed) = (batch_size as usize, inference_seed(seed as u64, call as u64));
            let mut totals = Totals::default();
            let batches = Batches { rows: 0..rows_in(&inputs), size, first: 0 };
            let moment = Moment::default();
            evaluator.evaluate(&inputs, batches, seed, &mut crew, &moment, &mut totals)?;
            Ok(NativeEvent { logs: totals.logs(), ..NativeEvent::default() })
        };
        spawn(env, work, NativeEvent::end)
    }

    /// As `evaluate` of rows from `from` to `to`, which are the batch number `first` of the call `call`, adding to totals.
    #[napi(catch_unwind, ts_return_type = "Promise<Outcome>")]
    pub fn add<'env>(
        &self,
        env: &'env Env,
        inputs: Vec<&NativeData>,
        from: f64,
        to: f64,
        first: f64,
        seed: f64,
        call: f64,
        threads: Option<u32>,
        totals: &NativeTotals,
        moment: &NativeMoment,
    ) -> Result<Object<'env>> {
        let evaluator = Arc::clone(&self.evaluator);
        let (inputs, threads) = (rows_of(&inputs), threads_of(threads)?);
        let (totals, moment) = (Arc::clone(&totals.totals), Arc::clone(&moment.moment));
        let rows = from as usize..(to as usize).min(rows_in(&inputs));
        let batches = Batches { size: rows.len().max(1), rows, first: first as u32 };
        let work = move || {
            let mut crew = lent::crew(threads)?;
            let seed = inference_seed(seed as u64, call as u64);
            let totals = &mut *totals.lock();
            evaluator.evaluate(&inputs, batches, seed, &mut crew, &moment, totals)?;
            Ok(Outcome::default())
        };
        spawn(env, work, Outcome::end)
    }

    /// Gives back its memory; a run under way ends as it would.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        self.evaluator.close();
    }
}
