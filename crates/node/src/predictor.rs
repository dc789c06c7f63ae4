//! Predictors: programs that compute outputs from inputs.

use crate::data::{NativeData, NativeTensor, OwnedTensor, Values, account, rows, rows_of};
use crate::error::{Result, convert, fail};
use crate::evaluator::states;
use crate::graph::{NativeGraph, value};
use crate::moment::NativeMoment;
use crate::run::{Failure, spawn_in_turn, threads as threads_of};
use crate::variable::NativeVariable;
use napi::Env;
use napi::bindgen_prelude::{Either, Object, ObjectFinalize};
use napi_derive::napi;
use ridgeline_engine::data::Data;
use ridgeline_engine::plan::Plan;
use ridgeline_engine::predict::moment::Moment;
use ridgeline_engine::predict::predictor::Predictor;
use ridgeline_engine::run::{lent, turn};
use ridgeline_engine::step::inference_seed;
use std::sync::Arc;

/// What a prediction gives.
#[napi(object)]
#[derive(Default)]
pub struct NativePrediction {
    /// The outputs for all rows.
    pub tensors: Vec<NativeTensor>,
    /// The failure that ended it.
    pub failure: Option<Failure>,
}

/// A program that computes outputs from inputs, with copies of weights that the garbage collector
/// knows of.
#[napi(custom_finalize)]
pub struct NativePredictor {
    /// None once it is released.
    predictor: Option<Arc<Predictor>>,
}

impl NativePredictor {
    fn predictor(&self) -> Result<&Arc<Predictor>> {
        self.predictor.as_ref().ok_or_else(|| fail("ERR_NATIVE", "the predictor was released"))
    }

    fn bytes(&self) -> i64 {
        self.predictor.as_ref().map_or(0, |predictor| predictor.bytes() as i64)
    }
}

impl ObjectFinalize for NativePredictor {
    fn finalize(self, env: Env) -> napi::Result<()> {
        env.adjust_external_memory(-self.bytes()).map(drop)
    }
}

#[napi]
impl NativePredictor {
    /// Prepares the outputs of a graph, and the values `next` that `state` takes from batch to batch.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        graph: &NativeGraph,
        outputs: Vec<f64>,
        state: Vec<&NativeVariable>,
        next: Vec<f64>,
    ) -> Result<NativePredictor> {
        let outputs: Vec<_> = outputs.into_iter().map(value).collect();
        let state = states(&state, next);
        let predictor = Predictor::new(&graph.graph.lock(), &outputs, &state).map_err(convert)?;
        account(env, predictor.bytes() as i64)?;
        Ok(NativePredictor { predictor: Some(Arc::new(predictor)) })
    }

    /// Computes the outputs on the calling thread, as the model's inference number `call`. Values and
    /// shapes of each input: they are copied, and have to be finite.
    #[napi(catch_unwind)]
    pub fn predict_sync<'env>(
        &self,
        env: &'env Env,
        values: Vec<Values>,
        shapes: Vec<Vec<f64>>,
        batch_size: u32,
        seed: f64,
        call: f64,
    ) -> Result<Vec<OwnedTensor<'env>>> {
        let inputs = rows(&values, &shapes)?;
        let mut alone = lent::crew(1).map_err(convert)?;
        let predictor = self.predictor()?;
        let seed = inference_seed(seed as u64, call as u64);
        let moment = Moment::default();
        let found = predictor.predict(&inputs, batch_size as usize, &mut alone, seed, 0, &moment);
        found.map_err(convert)?.iter().map(|tensor| OwnedTensor::of(env, tensor)).collect()
    }

    /// As `predictSync`, on threads of their own; of `moment`, where it is a part of a call. Where `may_wait` says that
    /// others can wait, what is brief is done before it returns.
    #[napi(catch_unwind, ts_return_type = "Array<OwnedTensor> | Promise<NativePrediction>")]
    pub fn predict<'env>(
        &self,
        env: &'env Env,
        values: Vec<Values>,
        shapes: Vec<Vec<f64>>,
        batch_size: u32,
        seed: f64,
        call: f64,
        threads: Option<u32>,
        moment: Option<&NativeMoment>,
        may_wait: bool,
    ) -> Result<Either<Vec<OwnedTensor<'env>>, Object<'env>>> {
        let inputs = rows(&values, &shapes)?;
        let moment = moment.map(|of| Arc::clone(&of.moment)).unwrap_or_default();
        let threads = threads_of(threads)?;
        let seed = inference_seed(seed as u64, call as u64);
        let is_one = ridgeline_engine::data::rows(&inputs) <= batch_size as usize;
        if may_wait && is_one {
            let of = |plan: &Plan| turn::at_once(plan.cost, plan.threads.min(threads));
            let found = self.predictor()?.predict_at_hand(&inputs, seed, &moment, of);
            if let Some(tensors) = found.map_err(convert)? {
                let owned = tensors.iter().map(|tensor| OwnedTensor::of(env, tensor));
                return owned.collect::<Result<_>>().map(Either::A);
            }
        }
        self.start(env, inputs, batch_size, seed, 0, threads, moment).map(Either::B)
    }

    /// As `predict`, of rows that the native core holds, which begin with the batch number `first` of
    /// the call.
    #[napi(catch_unwind, ts_return_type = "Promise<NativePrediction>")]
    pub fn predict_data<'env>(
        &self,
        env: &'env Env,
        data: Vec<&NativeData>,
        batch_size: u32,
        seed: f64,
        call: f64,
        first: f64,
        threads: Option<u32>,
        moment: Option<&NativeMoment>,
    ) -> Result<Object<'env>> {
        if !data.iter().all(|data| data.finite) {
            return Err(fail("ERR_NON_FINITE", "data has NaN or infinity"));
        }
        let seed = inference_seed(seed as u64, call as u64);
        let moment = moment.map(|of| Arc::clone(&of.moment)).unwrap_or_default();
        let threads = threads_of(threads)?;
        self.start(env, rows_of(&data), batch_size, seed, first as u32, threads, moment)
    }

    fn start<'env>(
        &self,
        env: &'env Env,
        inputs: Data,
        batch_size: u32,
        seed: u64,
        first: u32,
        threads: usize,
        moment: Arc<Moment>,
    ) -> Result<Object<'env>> {
        let predictor = Arc::clone(self.predictor()?);
        let work = move |threads: usize| {
            let mut crew = lent::crew(threads)?;
            let size = batch_size as usize;
            let found = predictor.predict(&inputs, size, &mut crew, seed, first, &moment)?;
            let tensors = found.into_iter().map(NativeTensor::from).collect();
            Ok(NativePrediction { tensors, failure: None })
        };
        let end = |outcome: Result<_, _>| {
            outcome.unwrap_or_else(|error: ridgeline_engine::Error| NativePrediction {
                failure: Some(error.into()),
                ..NativePrediction::default()
            })
        };
        spawn_in_turn(env, threads, work, end)
    }

    /// Gives back its memory; a run under way ends as it would.
    #[napi(catch_unwind)]
    pub fn release(&mut self, env: Env) -> Result<()> {
        let bytes = self.bytes();
        if let Some(predictor) = self.predictor.take() {
            predictor.close();
        }
        account(env, -bytes)
    }
}
