//! Predictors: programs that compute outputs from inputs.

use crate::data::{NativeData, NativeTensor, rows_of};
use crate::error::{Result, convert};
use crate::graph::{NativeGraph, value};
use crate::run::{NativeEvent, crew, spawn};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use ridgeline_engine::run::lent;
use ridgeline_engine::train::program::Program;
use std::sync::Arc;

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
        let mut alone = lent::crew(1).map_err(convert)?;
        let size = batch_size as usize;
        let found =
            self.program.predict(&rows_of(&inputs), size, &mut alone, seed as u64, &|| false);
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
        let (program, inputs) = (Arc::clone(&self.program), rows_of(&inputs));
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
