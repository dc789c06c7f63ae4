//! Tensors across the boundary: copied in, copied out.

use crate::error::{Result, convert, fail};
use napi::Env;
use napi::bindgen_prelude::{
    Either, Either3, Float32Array, Float32ArraySlice, FromNapiValue, Function, Int32Array,
    Int32ArraySlice, JsObjectValue, ObjectFinalize, Uint8Array,
};
use napi::sys;
use napi_derive::napi;
use ridgeline_engine::data::Data;
use ridgeline_engine::memory::reserve;
use ridgeline_engine::moments;
use ridgeline_engine::run::runner;
use ridgeline_engine::tensor::{DType, Tensor};
use ridgeline_kernels::Isa;
use ridgeline_kernels::copy::copy_finite;
use std::sync::Arc;

/// Typed arrays that tensors are made of; booleans are bytes.
#[napi]
pub type Values = Either3<Float32Array, Int32Array, Uint8Array>;

/// Sizes as they come from JavaScript.
pub fn sizes(shape: &[f64]) -> Result<Vec<usize>> {
    let size = |&d: &f64| (d >= 0.0 && d.fract() == 0.0 && d < 9e15).then_some(d as usize);
    let all = shape.iter().map(size).collect::<Option<Vec<_>>>();
    all.ok_or_else(|| fail("ERR_SHAPE", &format!("sizes must be integers ≥ 0, received {shape:?}")))
}

/// A tensor from a typed array and a shape.
pub fn tensor(values: &Values, shape: &[f64]) -> Result<Tensor> {
    copied(values, shape).map(|(tensor, _)| tensor)
}

/// As [`tensor`], and whether no element is NaN or infinite.
fn copied(values: &Values, shape: &[f64]) -> Result<(Tensor, bool)> {
    let (dtype, count) = type_of(values);
    let mut words = reserve(count).map_err(convert)?;
    let finite = append(values, &mut words)?;
    Ok((Tensor::new(&sizes(shape)?, dtype, words).map_err(convert)?, finite))
}

/// Element type and number of elements.
fn type_of(values: &Values) -> (DType, usize) {
    match values {
        Either3::A(x) => (DType::F32, x.len()),
        Either3::B(x) => (DType::I32, x.len()),
        Either3::C(x) => (DType::Bool, x.len()),
    }
}

/// Copies elements behind those of `words`, which have room for them; false if one is NaN or infinite.
fn append(values: &Values, words: &mut Vec<u32>) -> Result<bool> {
    let isa = Isa::current().map_err(|message| fail("ERR_ARGUMENT", &message))?;
    match values {
        Either3::A(x) => {
            let (len, count) = (words.len(), x.len());
            let finite = copy_finite(isa, x, &mut words.spare_capacity_mut()[..count]);
            // SAFETY: the copy initialized as many words behind those that were there.
            unsafe { words.set_len(len + count) };
            return Ok(finite);
        }
        Either3::B(x) => words.extend(x.iter().map(|&x| x as u32)),
        Either3::C(x) => words.extend(x.iter().map(|&x| u32::from(x != 0))),
    }
    Ok(true)
}

/// Rows for a program from typed arrays and their shapes, all finite.
pub fn rows(values: &[Values], shapes: &[Vec<f64>]) -> Result<Data> {
    let one = |(values, shape): (_, &Vec<f64>)| match copied(values, shape)? {
        (tensor, true) => Ok(Arc::new(tensor)),
        (_, false) => Err(fail("ERR_NON_FINITE", "data has NaN or infinity")),
    };
    values.iter().zip(shapes).map(one).collect()
}

/// A tensor as JavaScript gets it; booleans are an Int32Array of 0 and 1.
#[napi(object)]
pub struct NativeTensor {
    /// Sizes.
    pub shape: Vec<f64>,
    /// Element type.
    pub dtype: String,
    /// Elements in row-major order.
    pub data: Either<Float32Array, Int32Array>,
}

impl From<Tensor> for NativeTensor {
    fn from(tensor: Tensor) -> Self {
        let shape = tensor.shape.iter().map(|&d| d as f64).collect();
        let dtype = tensor.dtype.name().to_owned();
        let data = match tensor.dtype {
            DType::F32 => Either::A(Float32Array::new(tensor.into_f32())),
            _ => Either::B(Int32Array::new(tensor.into_i32())),
        };
        NativeTensor { shape, dtype, data }
    }
}

/// A tensor in memory that belongs to the collector: it is given back when nobody holds it, without
/// waiting for a turn of the event loop. What a synchronous call gives.
#[napi(object, object_from_js = false)]
pub struct OwnedTensor<'env> {
    /// Sizes.
    pub shape: Vec<f64>,
    /// Element type.
    pub dtype: String,
    /// Elements in row-major order.
    pub data: Either<Float32ArraySlice<'env>, Int32ArraySlice<'env>>,
}

/// Elements that are asked for by name: where there is no memory for an array, Node-API ends the process, and the
/// constructor throws.
const MANY: usize = 1 << 18;

/// `new name(length)` of JavaScript.
fn construct<T: FromNapiValue>(env: &Env, name: &str, length: usize) -> napi::Result<T> {
    let class: Function<f64> = env.get_global()?.get_named_property(name)?;
    let array = class.new_instance(length as f64).inspect_err(|_| {
        let mut thrown = std::ptr::null_mut();
        // SAFETY: the environment is that of the running call; what was thrown gives way to an error of ours.
        unsafe { sys::napi_get_and_clear_last_exception(env.raw(), &mut thrown) };
    })?;
    // SAFETY: the value is of this environment and in the scope of the running call.
    unsafe { array.cast() }
}

impl<'env> OwnedTensor<'env> {
    /// A copy of a tensor.
    pub fn of(env: &'env Env, tensor: &Tensor) -> Result<OwnedTensor<'env>> {
        let refused = |_| fail("ERR_MEMORY", "cannot allocate the memory of a tensor");
        let shape = tensor.shape.iter().map(|&d| d as f64).collect();
        let dtype = tensor.dtype.name().to_owned();
        let count = tensor.words.len();
        let data = match tensor.dtype {
            DType::F32 if count < MANY => {
                Either::A(Float32ArraySlice::copy_from(env, tensor.as_f32()).map_err(refused)?)
            }
            DType::F32 => {
                let mut array: Float32ArraySlice =
                    construct(env, "Float32Array", count).map_err(refused)?;
                // SAFETY: nobody else has seen the array yet.
                unsafe { array.as_mut() }.copy_from_slice(tensor.as_f32());
                Either::A(array)
            }
            _ => {
                let integers: &[i32] = bytemuck::cast_slice(&tensor.words);
                let mut array: Int32ArraySlice =
                    construct(env, "Int32Array", count).map_err(refused)?;
                // SAFETY: as above.
                unsafe { array.as_mut() }.copy_from_slice(integers);
                Either::B(array)
            }
        };
        Ok(OwnedTensor { shape, dtype, data })
    }
}

/// Mean and variance of data.
#[napi(object)]
pub struct Moments {
    /// The means.
    pub mean: Vec<f64>,
    /// The biased variances.
    pub variance: Vec<f64>,
}

/// Mean and variance of float32 for each index along `axes`, ascending.
#[napi(catch_unwind)]
pub fn moments(values: Float32Array, shape: Vec<f64>, axes: Vec<u32>) -> Result<Moments> {
    let axes: Vec<usize> = axes.into_iter().map(|axis| axis as usize).collect();
    let shape = sizes(&shape)?;
    if shape.iter().product::<usize>() != values.len() || axes.iter().any(|&a| a >= shape.len()) {
        return Err(fail("ERR_SHAPE", "moments of data that has another shape"));
    }
    let (mean, variance) = moments::moments(&values, &shape, &axes).map_err(convert)?;
    Ok(Moments { mean, variance })
}

/// Tells the garbage collector of memory behind small JavaScript objects, which would pile up else.
pub fn account(env: Env, bytes: i64) -> Result<()> {
    env.adjust_external_memory(bytes).map(drop).map_err(|e| fail("ERR_NATIVE", &e.reason))
}

/// Bytes that are not given back on the JavaScript thread.
const LARGE: i64 = 4 << 20;

/// Drops what holds so many bytes. To give many back to the system takes milliseconds, so that is done
/// elsewhere, if a thread can be had.
pub fn discard(memory: impl Send + 'static, bytes: i64) {
    if bytes > LARGE {
        let _ = runner::start(move || {
            drop(memory);
            Box::new(|| ())
        });
    }
}

/// Rows held by the native core, to train or predict from.
#[napi(custom_finalize)]
pub struct NativeData {
    pub(crate) tensor: Arc<Tensor>,
    /// No element is NaN or infinite.
    pub(crate) finite: bool,
}

impl NativeData {
    fn bytes(&self) -> i64 {
        (self.tensor.words.capacity() * size_of::<u32>()) as i64
    }
}

impl ObjectFinalize for NativeData {
    fn finalize(self, env: Env) -> napi::Result<()> {
        let bytes = self.bytes();
        discard(self.tensor, bytes);
        env.adjust_external_memory(-bytes).map(drop)
    }
}

#[napi]
impl NativeData {
    /// Memory for so many elements of a shape, to be appended; `values` is of their type.
    #[napi(constructor, catch_unwind)]
    pub fn new(env: Env, values: Values, shape: Vec<f64>) -> Result<NativeData> {
        let shape = sizes(&shape)?;
        let count = shape.iter().product();
        let words = reserve(count).map_err(convert)?;
        account(env, (count * size_of::<u32>()) as i64)?;
        let tensor = Arc::new(Tensor { shape, dtype: type_of(&values).0, words });
        Ok(NativeData { tensor, finite: true })
    }

    /// Copies elements behind those that are there; false if one is NaN or infinite.
    #[napi(catch_unwind)]
    pub fn append(&mut self, values: Values) -> Result<bool> {
        let of = Arc::get_mut(&mut self.tensor)
            .filter(|of| of.dtype == type_of(&values).0)
            .filter(|of| of.words.len() + type_of(&values).1 <= of.words.capacity())
            .ok_or_else(|| fail("ERR_NATIVE", "data that is in use or full"))?;
        let finite = append(&values, &mut of.words)?;
        self.finite &= finite;
        Ok(finite)
    }

    /// Gives the memory back at once, rather than when the collector finds out. A run under way
    /// keeps what it reads.
    #[napi(catch_unwind)]
    pub fn release(&mut self, env: Env) -> Result<()> {
        let bytes = self.bytes();
        let empty = Tensor { shape: vec![0], dtype: DType::F32, words: Vec::new() };
        let tensor = std::mem::replace(&mut self.tensor, Arc::new(empty));
        discard(tensor, bytes);
        account(env, -bytes)
    }

    /// Sizes.
    #[napi(getter)]
    pub fn shape(&self) -> Vec<f64> {
        self.tensor.shape.iter().map(|&d| d as f64).collect()
    }
}

/// The rows behind handles.
pub fn rows_of(handles: &[&NativeData]) -> Data {
    handles.iter().map(|handle| Arc::clone(&handle.tensor)).collect()
}
