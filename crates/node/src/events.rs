//! Event files for TensorBoard.

use crate::error::{Result, convert};
use crate::run::{NativeEvent, spawn};
use crate::variable::{NativeVariable, variables};
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use parking_lot::Mutex;
use ridgeline_engine::boundary::read_all;
use ridgeline_engine::train::events::EventFile;
use std::path::Path;
use std::sync::Arc;

/// An event file that grows.
#[napi]
pub struct NativeEventFile {
    file: Arc<Mutex<EventFile>>,
}

#[napi]
impl NativeEventFile {
    /// A new file.
    #[napi(constructor, catch_unwind)]
    pub fn new(path: String) -> Result<NativeEventFile> {
        let file = EventFile::create(Path::new(&path)).map_err(convert)?;
        Ok(NativeEventFile { file: Arc::new(Mutex::new(file)) })
    }

    /// Adds numbers of a step, by their tags, on a thread of its own.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn scalars<'env>(
        &self,
        env: &'env Env,
        step: f64,
        tags: Vec<String>,
        values: Vec<f64>,
    ) -> Result<Object<'env>> {
        let file = Arc::clone(&self.file);
        let values: Vec<_> = tags.into_iter().zip(values).collect();
        let work = move || {
            file.lock().scalars(step as i64, &values)?;
            Ok(NativeEvent::default())
        };
        spawn(env, work, NativeEvent::end)
    }

    /// Adds the histograms of variables at a step, all of one boundary, on a thread of its own.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
    pub fn histograms<'env>(
        &self,
        env: &'env Env,
        step: f64,
        tags: Vec<String>,
        of: Vec<&NativeVariable>,
    ) -> Result<Object<'env>> {
        let (file, of) = (Arc::clone(&self.file), variables(&of));
        let work = move || {
            let tensors = read_all(&of)?;
            let mut file = file.lock();
            for (tag, tensor) in tags.iter().zip(&tensors) {
                file.histogram(step as i64, tag, tensor.as_f32())?;
            }
            Ok(NativeEvent::default())
        };
        spawn(env, work, NativeEvent::end)
    }
}
