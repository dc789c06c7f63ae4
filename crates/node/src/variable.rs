//! Variables, snapshots of them, and checkpoint files.

use crate::data::{NativeTensor, Values, account, sizes, tensor};
use crate::error::{Result, convert};
use napi::Env;
use napi::bindgen_prelude::ObjectFinalize;
use napi_derive::napi;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::train::{checkpoint, initializer, snapshot};
use ridgeline_engine::variable::Variable;
use std::path::Path;
use std::sync::Arc;

/// The memory of one weight, which the garbage collector knows of.
#[napi(custom_finalize)]
pub struct NativeVariable {
    pub(crate) variable: Arc<Variable>,
}

impl NativeVariable {
    /// A handle of `variable`, its only one.
    pub fn accounted(env: Env, variable: Arc<Variable>) -> Result<NativeVariable> {
        account(env, variable.bytes() as i64)?;
        Ok(NativeVariable { variable })
    }
}

impl ObjectFinalize for NativeVariable {
    fn finalize(self, env: Env) -> napi::Result<()> {
        env.adjust_external_memory(-(self.variable.bytes() as i64)).map(drop)
    }
}

#[napi]
impl NativeVariable {
    /// A variable with values by an initializer; `config` is its JSON.
    #[napi(factory, catch_unwind)]
    pub fn initialized(
        env: Env,
        name: String,
        shape: Vec<f64>,
        kind: String,
        config: String,
        seed: f64,
        stream: u32,
    ) -> Result<NativeVariable> {
        let with = Attributes::parse(&config).map_err(convert)?;
        let values = initializer::initialize(&kind, &with, &sizes(&shape)?, seed as u64, stream);
        let variable = Variable::new(&name, &values.map_err(convert)?).map_err(convert)?;
        NativeVariable::accounted(env, variable)
    }

    /// A variable with given values.
    #[napi(factory, catch_unwind)]
    pub fn of(env: Env, name: String, values: Values, shape: Vec<f64>) -> Result<NativeVariable> {
        let variable = Variable::new(&name, &tensor(&values, &shape)?).map_err(convert)?;
        NativeVariable::accounted(env, variable)
    }

    /// A copy of the contents.
    #[napi(catch_unwind)]
    pub fn read(&self) -> NativeTensor {
        self.variable.read().into()
    }

    /// Gives it another path, for messages and exported files.
    #[napi(catch_unwind)]
    pub fn rename(&self, name: String) {
        self.variable.rename(&name);
    }

    /// Replaces the contents.
    #[napi(catch_unwind)]
    pub fn write(&self, values: Values, shape: Vec<f64>) -> Result<()> {
        self.variable.write(&tensor(&values, &shape)?).map_err(convert)
    }
}

/// The variables behind handles.
pub fn variables(handles: &[&NativeVariable]) -> Vec<Arc<Variable>> {
    handles.iter().map(|handle| Arc::clone(&handle.variable)).collect()
}

/// A copy of variables to come back to.
#[napi]
pub struct NativeSnapshot {
    snapshot: parking_lot::Mutex<snapshot::Snapshot>,
}

#[napi]
impl NativeSnapshot {
    /// Copies the variables.
    #[napi(constructor, catch_unwind)]
    pub fn new(of: Vec<&NativeVariable>) -> Result<NativeSnapshot> {
        let snapshot = snapshot::Snapshot::new(variables(&of)).map_err(convert)?;
        Ok(NativeSnapshot { snapshot: parking_lot::Mutex::new(snapshot) })
    }
    /// Copies them again.
    #[napi(catch_unwind)]
    pub fn take(&self) {
        self.snapshot.lock().take();
    }
    /// Puts the copies back.
    #[napi(catch_unwind)]
    pub fn restore(&self) {
        self.snapshot.lock().restore();
    }
}

/// Writes variables and a JSON text to a file, atomically.
#[napi(catch_unwind)]
pub fn save_checkpoint(
    path: String,
    names: Vec<String>,
    of: Vec<&NativeVariable>,
    text: String,
) -> Result<()> {
    let tensors: Vec<_> = names.into_iter().zip(of.iter().map(|v| v.variable.read())).collect();
    checkpoint::save(Path::new(&path), &tensors, &text).map_err(convert)
}

/// A file's tensors and text.
#[napi(object)]
pub struct Checkpoint {
    /// Names of the tensors.
    pub names: Vec<String>,
    /// The tensors.
    pub tensors: Vec<NativeTensor>,
    /// The JSON text.
    pub text: String,
}

/// Reads what `saveCheckpoint` wrote.
#[napi(catch_unwind)]
pub fn load_checkpoint(path: String) -> Result<Checkpoint> {
    let (tensors, text) = checkpoint::load(Path::new(&path)).map_err(convert)?;
    let mut named: Vec<_> = tensors.into_iter().collect();
    named.sort_by(|a, b| a.0.cmp(&b.0));
    let (names, tensors) = named.into_iter().map(|(n, t)| (n, t.into())).unzip();
    Ok(Checkpoint { names, tensors, text })
}
