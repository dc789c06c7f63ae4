//! Variables: handles of them, and verbs on several at once.

use crate::data::{OwnedTensor, Values, account, discard, sizes, tensor};
use crate::error::{Result, convert};
use crate::run::{NativeEvent, spawn};
use napi::Env;
use napi::bindgen_prelude::{Object, ObjectFinalize};
use napi_derive::napi;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::boundary::{copy_all, read_all, swap_all, write_all};
use ridgeline_engine::tensor::DType;
use ridgeline_engine::train::initializer;
use ridgeline_engine::variable::Variable;
use std::sync::Arc;

/// The memory of one weight, which the garbage collector knows of.
#[napi(custom_finalize)]
pub struct NativeVariable {
    pub(crate) variable: Arc<Variable>,
}

impl NativeVariable {
    /// A handle of `variable`.
    pub fn accounted(env: Env, variable: Arc<Variable>) -> Result<NativeVariable> {
        account(env, variable.bytes() as i64)?;
        Ok(NativeVariable { variable })
    }
}

impl ObjectFinalize for NativeVariable {
    fn finalize(self, env: Env) -> napi::Result<()> {
        let bytes = self.variable.bytes() as i64;
        discard(self.variable, bytes);
        env.adjust_external_memory(-bytes).map(drop)
    }
}

#[napi]
impl NativeVariable {
    /// A variable with values by an initializer, drawn elsewhere where they are many; `config` is its JSON.
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
        let shape = sizes(&shape)?;
        let variable = initializer::variable(&name, &shape, &kind, &with, seed as u64, stream);
        NativeVariable::accounted(env, variable.map_err(convert)?)
    }

    /// A variable with given values.
    #[napi(factory, catch_unwind)]
    pub fn of(env: Env, name: String, values: Values, shape: Vec<f64>) -> Result<NativeVariable> {
        let variable = Variable::new(&name, &tensor(&values, &shape)?).map_err(convert)?;
        NativeVariable::accounted(env, variable)
    }

    /// A variable with the values of another.
    #[napi(factory, catch_unwind)]
    pub fn like(env: Env, name: String, other: &NativeVariable) -> Result<NativeVariable> {
        let values = other.variable.read().map_err(convert)?;
        let variable = Variable::new(&name, &values).map_err(convert)?;
        NativeVariable::accounted(env, variable)
    }

    /// A variable of zeros, to be filled.
    #[napi(factory, catch_unwind)]
    pub fn zeros(env: Env, name: String, shape: Vec<f64>) -> Result<NativeVariable> {
        let variable = Variable::zeros(&name, &sizes(&shape)?, DType::F32).map_err(convert)?;
        NativeVariable::accounted(env, variable)
    }

    /// A copy of the contents.
    #[napi(catch_unwind)]
    pub fn read<'env>(&self, env: &'env Env) -> Result<OwnedTensor<'env>> {
        OwnedTensor::of(env, &self.variable.read().map_err(convert)?)
    }

    /// Sizes.
    #[napi(getter)]
    pub fn shape(&self) -> Vec<f64> {
        self.variable.shape().iter().map(|&size| size as f64).collect()
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

/// Copies of several variables, all of one boundary between two training steps.
#[napi(catch_unwind)]
pub fn read_variables<'env>(
    env: &'env Env,
    of: Vec<&NativeVariable>,
) -> Result<Vec<OwnedTensor<'env>>> {
    let tensors = read_all(&variables(&of)).map_err(convert)?;
    tensors.iter().map(|tensor| OwnedTensor::of(env, tensor)).collect()
}

/// Replaces the contents of several variables, each by as many elements, all between the same two training
/// steps.
#[napi(catch_unwind)]
pub fn write_variables(to: Vec<&NativeVariable>, values: Vec<Values>) -> Result<()> {
    let shaped = |(to, values): (&&NativeVariable, &Values)| {
        let shape: Vec<f64> = to.variable.shape().iter().map(|&size| size as f64).collect();
        tensor(values, &shape)
    };
    let tensors = to.iter().zip(&values).map(shaped).collect::<Result<Vec<_>>>()?;
    write_all(&variables(&to), &tensors).map_err(convert)
}

/// Swaps the contents of each variable of `these` and the one of `those` in its place, all at one boundary, on a thread
/// of its own.
#[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
pub fn swap_variables<'env>(
    env: &'env Env,
    these: Vec<&NativeVariable>,
    those: Vec<&NativeVariable>,
) -> Result<Object<'env>> {
    let (these, those) = (variables(&these), variables(&those));
    spawn(env, move || swap_all(&these, &those).map(|()| NativeEvent::default()), NativeEvent::end)
}

/// The variables behind handles.
pub fn variables(handles: &[&NativeVariable]) -> Vec<Arc<Variable>> {
    handles.iter().map(|handle| Arc::clone(&handle.variable)).collect()
}

/// Gives each variable of `to` the contents of the one of `from` in its place, all at one boundary, on a thread of its
/// own.
#[napi(catch_unwind, ts_return_type = "Promise<NativeEvent>")]
pub fn copy_variables<'env>(
    env: &'env Env,
    from: Vec<&NativeVariable>,
    to: Vec<&NativeVariable>,
) -> Result<Object<'env>> {
    let (from, to) = (variables(&from), variables(&to));
    spawn(env, move || copy_all(&from, &to).map(|()| NativeEvent::default()), NativeEvent::end)
}
