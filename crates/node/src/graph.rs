//! Building graphs from the facade, and what can be done with one at once: evaluate, export.

use crate::data::{NativeTensor, OwnedTensor, Values, tensor};
use crate::error::{Result, convert, fail};
use crate::run::{Failure, spawn};
use crate::variable::NativeVariable;
use napi::Env;
use napi::bindgen_prelude::{Object, Uint8Array};
use napi_derive::napi;
use parking_lot::Mutex;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::onnx::{Header, export};
use ridgeline_engine::passes::expand::expand;
use ridgeline_engine::shape::{Dim, Shape, Symbol};
use ridgeline_engine::step::Step;
use ridgeline_engine::tensor::{DType, TensorType};
use ridgeline_engine::{Error, autodiff, eval, file};
use std::path::Path;
use std::sync::Arc;

/// One value of a graph: its handle and type. An unknown size is -1.
#[napi(object)]
pub struct NativeValue {
    /// Handle.
    pub id: f64,
    /// Sizes.
    pub shape: Vec<f64>,
    /// Element type.
    pub dtype: String,
}

/// A handle as an engine value.
pub fn value(id: f64) -> Value {
    let id = id as u64;
    Value { node: (id >> 8) as u32, output: (id & 0xff) as u32 }
}

fn handle(value: Value) -> f64 {
    ((u64::from(value.node) << 8) | u64::from(value.output)) as f64
}

/// A graph under construction.
#[napi]
pub struct NativeGraph {
    pub(crate) graph: Arc<Mutex<Graph>>,
}

#[napi]
impl NativeGraph {
    /// An empty graph.
    #[napi(constructor)]
    #[allow(clippy::new_without_default, reason = "constructed from JavaScript")]
    pub fn new() -> NativeGraph {
        NativeGraph { graph: Arc::new(Mutex::new(Graph::new())) }
    }

    pub(crate) fn describe(graph: &Graph, value: Value) -> NativeValue {
        let of = graph.value_type(value);
        let size = |d: &Dim| d.known().map_or(-1.0, |size| size as f64);
        NativeValue {
            id: handle(value),
            shape: of.shape.0.iter().map(size).collect(),
            dtype: of.dtype.name().to_owned(),
        }
    }

    pub(crate) fn checked(graph: &Graph, ids: &[f64]) -> Result<Vec<Value>> {
        let exists = |v: &Value| {
            let node = graph.nodes().get(v.node as usize);
            node.is_some_and(|node| (v.output as usize) < node.outputs.len())
        };
        let values: Vec<Value> = ids.iter().map(|&id| value(id)).collect();
        match values.iter().all(exists) {
            true => Ok(values),
            false => Err(fail("ERR_ARGUMENT", "a value belongs to another graph")),
        }
    }

    /// Nodes added from now on belong to the layer at `path`.
    #[napi(catch_unwind)]
    pub fn set_label(&self, path: String) {
        self.graph.lock().set_label(&path);
    }

    /// Adds an input; sizes are numbers, or -1 with a name in `symbols` for unknown ones.
    #[napi(catch_unwind)]
    pub fn input(
        &self,
        index: u32,
        name: String,
        shape: Vec<f64>,
        symbols: Vec<String>,
        dtype: String,
    ) -> Result<NativeValue> {
        let mut graph = self.graph.lock();
        let dtype = DType::parse(&dtype).map_err(convert)?;
        let mut dims = Vec::with_capacity(shape.len());
        for (size, symbol) in shape.iter().zip(symbols) {
            dims.push(match *size {
                size if size < 0.0 => Dim::symbol(graph.symbol(&symbol)),
                size => Dim::from(size as usize),
            });
        }
        let of = TensorType { shape: Shape(dims), dtype };
        let value = graph.input(index as usize, &name, of).map_err(convert)?;
        Ok(Self::describe(&graph, value))
    }

    /// Adds an input whose unknown sizes, -1, are those of another value at the same axis.
    #[napi(catch_unwind)]
    pub fn input_like(
        &self,
        index: u32,
        name: String,
        shape: Vec<f64>,
        like: f64,
        dtype: String,
    ) -> Result<NativeValue> {
        let mut graph = self.graph.lock();
        let like = Self::checked(&graph, &[like])?[0];
        let sizes = &graph.value_type(like).shape.0;
        let dim = |(axis, &size): (usize, &f64)| match sizes.get(axis) {
            Some(dim) if size < 0.0 => dim.clone(),
            _ => Dim::from(size.max(0.0) as usize),
        };
        let shape = Shape(shape.iter().enumerate().map(dim).collect());
        let of = TensorType { shape, dtype: DType::parse(&dtype).map_err(convert)? };
        let value = graph.input(index as usize, &name, of).map_err(convert)?;
        Ok(Self::describe(&graph, value))
    }

    /// Adds a variable's value.
    #[napi(catch_unwind)]
    pub fn weight(&self, variable: &NativeVariable) -> Result<NativeValue> {
        let mut graph = self.graph.lock();
        let value = graph.weight(&variable.variable).map_err(convert)?;
        Ok(Self::describe(&graph, value))
    }

    /// Adds a constant.
    #[napi(catch_unwind)]
    pub fn constant(&self, values: Values, shape: Vec<f64>) -> Result<NativeValue> {
        let mut graph = self.graph.lock();
        let value = graph.constant(tensor(&values, &shape)?).map_err(convert)?;
        Ok(Self::describe(&graph, value))
    }

    /// Applies the op called `op`; `attributes` is the JSON of its arguments.
    #[napi(catch_unwind)]
    pub fn apply(
        &self,
        op: String,
        inputs: Vec<f64>,
        attributes: String,
    ) -> Result<Vec<NativeValue>> {
        let mut graph = self.graph.lock();
        let inputs = Self::checked(&graph, &inputs)?;
        let with = Attributes::parse(&attributes).map_err(convert)?;
        let values = graph.call(&op, &inputs, &with).map_err(convert)?;
        Ok(values.into_iter().map(|v| Self::describe(&graph, v)).collect())
    }

    /// The number of elements of a value as a float32 scalar, whatever the batch.
    #[napi(catch_unwind)]
    pub fn size(&self, id: f64) -> Result<NativeValue> {
        let mut graph = self.graph.lock();
        let of = Self::checked(&graph, &[id])?[0];
        let count = graph.value_type(of).shape.size().map_err(convert)?;
        let value = graph.size(&count).map_err(convert)?;
        Ok(Self::describe(&graph, value))
    }

    /// The size of an axis of a value as a float32 scalar.
    #[napi(catch_unwind)]
    pub fn dimension(&self, id: f64, axis: i64) -> Result<NativeValue> {
        let mut graph = self.graph.lock();
        let of = Self::checked(&graph, &[id])?[0];
        let shape = graph.value_type(of).shape.clone();
        let dim = shape.axis(axis).map(|i| shape.0[i].clone()).map_err(convert)?;
        let value = graph.size(&dim).map_err(convert)?;
        Ok(Self::describe(&graph, value))
    }

    /// The sizes of a value as text, unknown ones by their names: equal ones have equal texts.
    #[napi(catch_unwind)]
    pub fn sizes(&self, id: f64) -> Result<Vec<String>> {
        let graph = self.graph.lock();
        let of = Self::checked(&graph, &[id])?[0];
        let name = |symbol: Symbol| graph.symbols()[symbol.0 as usize].clone();
        let text = |dim: &Dim| match dim.as_symbol() {
            Some(symbol) => name(symbol),
            None => dim.written(|symbol| format!("({})", name(symbol))),
        };
        Ok(graph.value_type(of).shape.0.iter().map(text).collect())
    }

    /// The op that computes a value, and the handles of its inputs.
    #[napi(catch_unwind)]
    pub fn producer(&self, id: f64) -> Result<Producer> {
        let graph = self.graph.lock();
        let of = Self::checked(&graph, &[id])?[0];
        let node = graph.node(of);
        let inputs = node.inputs.iter().map(|&v| Self::describe(&graph, v)).collect();
        Ok(Producer { op: node.op.name().to_owned(), inputs })
    }

    /// Computes values of a graph without inputs, on the calling thread.
    #[napi(catch_unwind)]
    pub fn evaluate<'env>(
        &self,
        env: &'env Env,
        outputs: Vec<f64>,
        seed: f64,
        step: u32,
    ) -> Result<Vec<OwnedTensor<'env>>> {
        let graph = self.graph.lock();
        let outputs = Self::checked(&graph, &outputs)?;
        let (graph, outputs) = expand(&graph, &outputs).map_err(convert)?;
        let step = Step { seed: seed as u64, index: step, ..Step::default() };
        let tensors = eval::evaluate_with(&graph, &outputs, &[], &step).map_err(convert)?;
        tensors.iter().map(|tensor| OwnedTensor::of(env, tensor)).collect()
    }

    /// Gives back what it holds, constants above all, rather than when the collector finds out.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        *self.graph.lock() = Graph::new();
    }

    /// Computes the gradients of a scalar with respect to values, in a graph without inputs; null
    /// where none flows.
    #[napi(catch_unwind)]
    pub fn gradients(&self, loss: f64, targets: Vec<f64>) -> Result<Vec<Option<NativeTensor>>> {
        let graph = self.graph.lock();
        let mut roots = Self::checked(&graph, &targets)?;
        roots.extend(Self::checked(&graph, &[loss])?);
        let (mut graph, roots) = expand(&graph, &roots).map_err(convert)?;
        let (&loss, targets) = roots.split_last().expect("the loss is a root");
        let found = autodiff::gradients(&mut graph, loss, targets).map_err(convert)?;
        let flowing: Vec<Value> = found.iter().copied().flatten().collect();
        let tensors = eval::evaluate_with(&graph, &flowing, &[], &Step::default());
        let mut tensors = tensors.map_err(convert)?.into_iter().map(NativeTensor::from);
        Ok(found.into_iter().map(|of| of.and_then(|_| tensors.next())).collect())
    }

    /// Adds the gradients of a scalar with respect to values; null where none flows. Values that are older than `since` are
    /// constant, those of `of` apart.
    #[napi(catch_unwind)]
    pub fn differentiate(
        &self,
        loss: f64,
        of: Vec<f64>,
        since: f64,
    ) -> Result<Vec<Option<NativeValue>>> {
        let mut graph = self.graph.lock();
        let ends = Self::checked(&graph, &[loss, since])?;
        let (of, first) = (Self::checked(&graph, &of)?, ends[1].node as usize);
        let found = autodiff::gradients_since(&mut graph, ends[0], &of, first).map_err(convert)?;
        Ok(found.into_iter().map(|v| v.map(|v| Self::describe(&graph, v))).collect())
    }

    /// A text that graphs share which compute the same.
    #[napi(catch_unwind)]
    pub fn fingerprint(&self) -> String {
        format!("{:016x}", self.graph.lock().fingerprint())
    }

    /// Writes the values as an ONNX model: to a file, or as bytes if no path is given.
    #[napi(catch_unwind, ts_return_type = "Promise<Exported>")]
    pub fn export<'env>(
        &self,
        env: &'env Env,
        names: Vec<String>,
        outputs: Vec<f64>,
        header: ExportHeader,
        path: Option<String>,
    ) -> Result<Object<'env>> {
        let outputs = Self::checked(&self.graph.lock(), &outputs)?;
        let pairs: Vec<(String, Value)> = names.into_iter().zip(outputs).collect();
        let beside = header.beside.unwrap_or_default();
        let metadata = header.metadata.chunks_exact(2).map(|p| (p[0].clone(), p[1].clone()));
        let header = Header {
            name: header.name,
            opset: header.opset,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            doc: header.doc,
            metadata: metadata.collect(),
            labels: header.labels.into_iter().map(|of| (of.output as usize, of.labels)).collect(),
        };
        let graph = Arc::clone(&self.graph);
        let work = move || {
            let bytes = export(&graph.lock(), &pairs, &header)?;
            if let [text, file] = &beside[..] {
                file::write(Path::new(file), text.as_bytes())?;
            }
            let bytes = match path {
                Some(path) => file::write(Path::new(&path), &bytes).map(|()| None)?,
                None => Some(Uint8Array::new(bytes)),
            };
            Ok(Exported { bytes, failure: None })
        };
        spawn(env, work, |outcome| {
            outcome.unwrap_or_else(|error| Exported {
                failure: Some(error.into()),
                ..Exported::default()
            })
        })
    }
}

/// What an export gave.
#[napi(object)]
#[derive(Default)]
pub struct Exported {
    /// The file, if it was not written.
    pub bytes: Option<Uint8Array>,
    /// The failure that ended it.
    pub failure: Option<Failure>,
}

/// What computes a value.
#[napi(object)]
pub struct Producer {
    /// Name of the op.
    pub op: String,
    /// Its inputs.
    pub inputs: Vec<NativeValue>,
}

/// What stands around an exported graph.
#[napi(object)]
pub struct ExportHeader {
    /// Name of the graph.
    pub name: String,
    /// Operator set.
    pub opset: i64,
    /// Description.
    pub doc: String,
    /// Keys and values, in turn.
    pub metadata: Vec<String>,
    /// Outputs whose classes have names.
    pub labels: Vec<OutputLabels>,
    /// A text for a file beside it, and that file.
    pub beside: Option<Vec<String>>,
}

/// Names of an output's classes.
#[napi(object)]
pub struct OutputLabels {
    /// Index of the output.
    pub output: u32,
    /// A name for each class.
    pub labels: Vec<String>,
}

/// What an ONNX file says of itself.
#[napi(object)]
pub struct OnnxMetadata {
    /// Name of the producer.
    pub producer: String,
    /// Operator set.
    pub opset: i64,
    /// Version of the format.
    pub ir_version: i64,
    /// Description.
    pub doc: String,
    /// Keys and values, in turn.
    pub metadata: Vec<String>,
    /// Types of the nodes, in order.
    pub ops: Vec<String>,
}

/// Reads what an ONNX file says of itself.
#[napi(catch_unwind)]
pub fn read_onnx_metadata(bytes: Uint8Array) -> Result<OnnxMetadata> {
    let read = ridgeline_onnx::read_metadata(&bytes);
    let read = read.map_err(|e| {
        convert(Error::new(ridgeline_engine::Code::Io, format!("not an ONNX model: {e}")))
    })?;
    Ok(OnnxMetadata {
        opset: read.opset().unwrap_or(0),
        producer: read.producer_name,
        ir_version: read.ir_version,
        doc: read.doc,
        metadata: read.metadata.into_iter().flat_map(|(k, v)| [k, v]).collect(),
        ops: read.op_types,
    })
}

/// Names of the ops that a graph can apply, in order.
#[napi(catch_unwind)]
pub fn op_names() -> Vec<String> {
    ridgeline_engine::ops::names().into_iter().map(str::to_owned).collect()
}
