//! Checkpoint files: written and read off the JavaScript thread.

use crate::counters::NativeCounters;
use crate::data::discard;
use crate::error::Result;
use crate::run::{Failure, spawn};
use crate::variable::{NativeVariable, variables};
use napi::Env;
use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi_derive::napi;
use ridgeline_engine::train::checkpoint::{self, Checkpoint};
use std::path::Path;
use std::sync::Arc;

/// What work gave that only succeeds or fails.
#[napi(object)]
#[derive(Default)]
pub struct Outcome {
    /// The failure that ended it.
    pub failure: Option<Failure>,
}

impl Outcome {
    /// The end of work, well or not.
    pub fn end(outcome: Result<Outcome, ridgeline_engine::Error>) -> Outcome {
        outcome.unwrap_or_else(|error| Outcome { failure: Some(error.into()) })
    }
}

/// Writes variables and a JSON text to a file, and where training stood when they were copied.
#[napi(catch_unwind, ts_return_type = "Promise<Outcome>")]
pub fn save_checkpoint<'env>(
    env: &'env Env,
    path: String,
    names: Vec<String>,
    of: Vec<&NativeVariable>,
    text: String,
    counters: &NativeCounters,
) -> Result<Object<'env>> {
    let (variables, counters) = (variables(&of), Arc::clone(&counters.counters));
    let work = move || {
        checkpoint::save(Path::new(&path), &names, &variables, &text, &counters)?;
        Ok(Outcome::default())
    };
    spawn(env, work, Outcome::end)
}

/// A checkpoint file in memory.
#[napi(custom_finalize)]
pub struct NativeCheckpoint {
    file: Arc<Checkpoint>,
}

impl ObjectFinalize for NativeCheckpoint {
    fn finalize(self, _: Env) -> napi::Result<()> {
        let bytes = self.file.bytes() as i64;
        discard(self.file, bytes);
        Ok(())
    }
}

/// What reading a checkpoint gave.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct LoadedCheckpoint {
    /// The file.
    pub file: Option<NativeCheckpoint>,
    /// The failure that ended it.
    pub failure: Option<Failure>,
}

/// Reads what `saveCheckpoint` wrote, and checks its form.
#[napi(catch_unwind, ts_return_type = "Promise<LoadedCheckpoint>")]
pub fn load_checkpoint(env: &Env, path: String) -> Result<Object<'_>> {
    let work = move || {
        let file = NativeCheckpoint { file: Arc::new(Checkpoint::load(Path::new(&path))?) };
        Ok(LoadedCheckpoint { file: Some(file), failure: None })
    };
    spawn(env, work, |outcome| {
        outcome.unwrap_or_else(|error| LoadedCheckpoint {
            failure: Some(error.into()),
            ..LoadedCheckpoint::default()
        })
    })
}

#[napi]
impl NativeCheckpoint {
    /// The JSON text.
    #[napi(getter)]
    pub fn text(&self) -> String {
        self.file.text.clone()
    }

    /// Steps, updates and epochs when it was saved.
    #[napi(getter)]
    pub fn counters(&self) -> Vec<f64> {
        let counters = self.file.counters;
        [counters.steps, counters.updates, counters.epochs].map(|count| count as f64).to_vec()
    }

    /// Elements of all tensors.
    #[napi(getter)]
    pub fn elements(&self) -> f64 {
        self.file.elements() as f64
    }

    /// Names of the tensors, in order.
    #[napi(getter)]
    pub fn names(&self) -> Vec<String> {
        self.file.shapes().into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// Shapes of the tensors, in the order of `names`.
    #[napi(getter)]
    pub fn shapes(&self) -> Vec<Vec<f64>> {
        let shape = |shape: &[usize]| shape.iter().map(|&size| size as f64).collect();
        self.file.shapes().into_iter().map(|(_, sizes)| shape(sizes)).collect()
    }

    /// Gives its memory back, rather than when the collector finds out.
    #[napi(catch_unwind)]
    pub fn release(&mut self) {
        let bytes = self.file.bytes() as i64;
        let file = std::mem::replace(&mut self.file, Arc::new(Checkpoint::empty()));
        discard(file, bytes);
    }

    /// Writes the tensors called `names` into variables.
    #[napi(catch_unwind, ts_return_type = "Promise<Outcome>")]
    pub fn fill<'env>(
        &self,
        env: &'env Env,
        names: Vec<String>,
        to: Vec<&NativeVariable>,
    ) -> Result<Object<'env>> {
        let (file, variables) = (Arc::clone(&self.file), variables(&to));
        let work = move || {
            file.fill(&names, &variables)?;
            Ok(Outcome::default())
        };
        spawn(env, work, Outcome::end)
    }
}
