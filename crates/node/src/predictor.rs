//! Predictors: programs that compute outputs from inputs.

use crate::data::{NativeTensor, Values, rows};
use crate::error::{Result, convert};
use crate::graph::{NativeGraph, value};
use crate::run::{Failure, spawn_in_turn};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use ridgeline_engine::predict::predictor::Predictor;
use ridgeline_engine::run::{lent, threads};
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

/// A program that computes outputs from inputs.
#[napi]
pub struct NativePredictor {
    predictor: Arc<Predictor>,
}

#[napi]
impl NativePredictor {
    /// Prepares the outputs of a graph.
    #[napi(constructor, catch_unwind)]
    pub fn new(graph: &NativeGraph, outputs: Vec<f64>) -> Result<NativePredictor> {
        let outputs: Vec<_> = outputs.into_iter().map(value).collect();
        let predictor = Predictor::new(&graph.graph.lock(), &outputs).map_err(convert)?;
        Ok(NativePredictor { predictor: Arc::new(predictor) })
    }

    /// Computes the outputs on the calling thread. Values and shapes of each input: they are copied,
    /// and have to be finite.
    #[napi(catch_unwind)]
    pub fn predict_sync(
        &self,
        values: Vec<Values>,
        shapes: Vec<Vec<f64>>,
        batch_size: u32,
        seed: f64,
    ) -> Result<Vec<NativeTensor>> {
        let inputs = rows(&values, &shapes)?;
        let mut alone = lent::crew(1).map_err(convert)?;
        let found = self.predictor.predict(&inputs, batch_size as usize, &mut alone, seed as u64);
        Ok(found.map_err(convert)?.into_iter().map(NativeTensor::from).collect())
    }

    /// As `predictSync`, on threads of their own.
    #[napi(catch_unwind, ts_return_type = "Promise<NativePrediction>")]
    pub fn predict<'env>(
        &self,
        env: &'env Env,
        values: Vec<Values>,
        shapes: Vec<Vec<f64>>,
        batch_size: u32,
        seed: f64,
        threads: Option<u32>,
    ) -> Result<Object<'env>> {
        let inputs = rows(&values, &shapes)?;
        let threads = threads::resolve(threads.map(|n| n as usize)).map_err(convert)?;
        let predictor = Arc::clone(&self.predictor);
        let work = move |share: usize| {
            let mut crew = lent::crew(threads.min(share))?;
            let found = predictor.predict(&inputs, batch_size as usize, &mut crew, seed as u64)?;
            let tensors = found.into_iter().map(NativeTensor::from).collect();
            Ok(NativePrediction { tensors, failure: None })
        };
        let end = |outcome: Result<_, _>| {
            outcome.unwrap_or_else(|error: ridgeline_engine::Error| NativePrediction {
                failure: Some(error.into()),
                ..NativePrediction::default()
            })
        };
        spawn_in_turn(env, work, end)
    }

    /// Gives back its memory; a run under way ends as it would.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        self.predictor.close();
    }
}
