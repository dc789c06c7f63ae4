//! Export: an inference graph, op by op, to ONNX.
//!
//! Each op says its own ONNX form in its file under `ops/`; here are names, weights and the frame.
//! Initializers keep the names and the layout of the weights, nodes the paths of the layers.

mod body;
mod labels;
mod sizes;

use crate::boundary::read_all;
use crate::error::{Code, Error, Result};
use crate::graph::{Graph, Node, Value};
use crate::ops::leaf::{Input, Weight};
use crate::passes::dead::remove_dead;
use crate::shape::Shape;
use crate::tensor::{DType, Tensor, TensorType};
use crate::variable::Variable;
pub use ridgeline_onnx::Attribute;
pub(crate) use ridgeline_onnx::DataType;
use ridgeline_onnx::{Dim, ModelBuilder, ModelError};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What stands around the graph in the file.
#[derive(Clone, Debug)]
pub struct Header {
    /// Name of the graph.
    pub name: String,
    /// Version of the operator set, 17 to 25.
    pub opset: i64,
    /// Version of the producer.
    pub version: String,
    /// Description.
    pub doc: String,
    /// Pairs for tools.
    pub metadata: Vec<(String, String)>,
    /// Outputs whose classes have names, by their indices: each gets an output of texts beside it.
    pub labels: Vec<(usize, Vec<String>)>,
}

/// Writes the part of `graph` that computes `outputs` as an ONNX model.
///
/// # Errors
/// `ERR_EXPORT` naming the layer whose op has no ONNX form.
pub fn export(graph: &Graph, outputs: &[(String, Value)], header: &Header) -> Result<Vec<u8>> {
    if !(17..=25).contains(&header.opset) {
        return Err(Error::argument(format!(
            "opset must be between 17 and 25, received {}",
            header.opset
        )));
    }
    let roots: Vec<Value> = outputs.iter().map(|(_, value)| *value).collect();
    // Those that nothing uses too: whoever feeds the model may give all.
    let inputs = graph.nodes().iter().filter_map(|node| node.op.downcast::<Input>());
    let inputs: Vec<(usize, String, TensorType)> =
        inputs.map(|input| (input.index, input.name.clone(), input.of.clone())).collect();
    let (graph, roots) = remove_dead(graph, &roots)?;
    let mut model = ModelBuilder::new(&header.name, header.opset, &header.version);
    model.doc(&header.doc);
    for (key, value) in &header.metadata {
        model.metadata(key, value);
    }
    let mut names = Names::default();
    let mut of_value: HashMap<Value, String> = HashMap::new();
    for ((name, _), root) in outputs.iter().zip(&roots) {
        let name = names.unique(name);
        let of = graph.value_type(*root);
        model.output(&name, data_type(of.dtype)?, &dims(&graph, &of.shape));
        let leaf = graph.node(*root).inputs.is_empty();
        // A value has one name: outputs that share it or are leaves get an Identity below.
        if !leaf && !of_value.contains_key(root) {
            of_value.insert(*root, name);
        } else {
            names.aliases.push((name, *root));
        }
    }
    for (index, name, of) in inputs {
        let name = names.unique(&name);
        model.input(&name, data_type(of.dtype)?, &dims(&graph, &of.shape));
        let is_it = |node: &Node| node.op.downcast::<Input>().is_some_and(|it| it.index == index);
        if let Some(at) = graph.nodes().iter().position(is_it) {
            of_value.insert(Value { node: at as u32, output: 0 }, name);
        }
    }
    let variables: Vec<Arc<Variable>> = graph
        .nodes()
        .iter()
        .filter_map(|node| Some(Arc::clone(&node.op.downcast::<Weight>()?.variable)))
        .collect();
    let ids = variables.iter().map(|variable| variable.id());
    let mut contents: HashMap<u64, Tensor> = ids.zip(read_all(&variables)?).collect();
    emit_nodes(&mut model, &graph, header.opset, &mut names, &mut of_value, &mut contents)?;
    for (name, root) in std::mem::take(&mut names.aliases) {
        model.node("Identity", &name, &[&of_value[&root]], &[&name], Vec::new(), None);
    }
    for (at, texts) in &header.labels {
        let of = graph.value_type(roots[*at]);
        labels::emit(&mut model, &mut names, &outputs[*at].0, (&graph, of), texts);
    }
    model.finish().map_err(|error| match error {
        ModelError::Memory { .. } => Error::new(Code::Memory, error.to_string()),
        _ => Error::new(Code::Export, error.to_string()),
    })
}

/// Emits the nodes of `graph` in their order; values that have a name already keep it.
///
/// # Errors
/// `ERR_EXPORT` naming the layer whose op has no ONNX form.
fn emit_nodes(
    model: &mut ModelBuilder,
    graph: &Graph,
    opset: i64,
    names: &mut Names,
    of_value: &mut HashMap<Value, String>,
    contents: &mut HashMap<u64, Tensor>,
) -> Result<()> {
    for (at, node) in (0..).zip(graph.nodes()) {
        let mut exporter = Exporter { model, graph, node, at, opset, names, of_value, contents };
        node.op.onnx(&mut exporter).map_err(|error| {
            let error = error.in_layer(&node.label);
            Error { code: Code::Export, ..error }
        })?;
    }
    Ok(())
}

/// The type in the file.
///
/// # Errors
/// `ERR_EXPORT` for packed bits.
pub(crate) fn data_type(dtype: DType) -> Result<DataType> {
    match dtype {
        DType::F32 => Ok(DataType::Float),
        DType::I32 => Ok(DataType::Int32),
        DType::Bool => Ok(DataType::Bool),
        DType::Bits => Err(Error::new(Code::Export, "packed bits have no ONNX type")),
    }
}

fn dims(graph: &Graph, shape: &Shape) -> Vec<Dim> {
    let dim = |dim: &crate::shape::Dim| match (dim.known(), dim.as_symbol()) {
        (Some(size), _) => Dim::Fixed(size as i64),
        (None, Some(symbol)) => Dim::Symbol(graph.symbols()[symbol.0 as usize].clone()),
        (None, None) => Dim::Symbol(dim.to_string()),
    };
    shape.0.iter().map(dim).collect()
}

/// Names given out, each once.
#[derive(Default)]
struct Names {
    taken: HashSet<String>,
    /// Where to go on for a name that was wanted before.
    suffixes: HashMap<String, usize>,
    aliases: Vec<(String, Value)>,
}

impl Names {
    fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let suffix = self.suffixes.entry(name.clone()).or_default();
        while !self.taken.insert(name.clone()) {
            *suffix += 1;
            name = format!("{wanted}_{suffix}");
        }
        name
    }
}

/// One node while it is written.
pub struct Exporter<'a> {
    model: &'a mut ModelBuilder,
    graph: &'a Graph,
    node: &'a Node,
    at: u32,
    /// Version of the operator set.
    pub opset: i64,
    names: &'a mut Names,
    of_value: &'a mut HashMap<Value, String>,
    /// Of the variables that are not written yet, all read at one boundary between training steps.
    contents: &'a mut HashMap<u64, Tensor>,
}

impl Exporter<'_> {
    /// Says that the op has no ONNX form.
    ///
    /// # Errors
    /// `ERR_EXPORT`, always.
    pub fn no_form(&self) -> Result<()> {
        let name = self.node.op.name();
        Err(Error::new(Code::Export, format!("'{name}' cannot be written as ONNX")))
    }
    /// Number of inputs.
    pub fn input_count(&self) -> usize {
        self.node.inputs.len()
    }
    /// The name of input `i`.
    pub fn input(&self, i: usize) -> String {
        self.of_value[&self.node.inputs[i]].clone()
    }
    /// The type of input `i`.
    pub fn input_type(&self, i: usize) -> &TensorType {
        self.graph.value_type(self.node.inputs[i])
    }
    /// The name of output `i`.
    pub fn output(&mut self, i: usize) -> String {
        let value = Value { node: self.at, output: i as u32 };
        if let Some(name) = self.of_value.get(&value) {
            return name.clone();
        }
        let wanted = match self.node.op.downcast::<Weight>() {
            Some(weight) => weight.variable.name(),
            None => self.path(self.node.op.name()),
        };
        let name = self.names.unique(&wanted);
        self.of_value.insert(value, name.clone());
        name
    }

    fn path(&self, leaf: &str) -> String {
        match &*self.node.label {
            "" => leaf.to_owned(),
            label => format!("{label}/{leaf}"),
        }
    }

    /// True if something uses output `i`.
    pub fn is_used(&self, i: usize) -> bool {
        let value = Value { node: self.at, output: i as u32 };
        let behind = &self.graph.nodes()[self.at as usize + 1..];
        self.of_value.contains_key(&value) || behind.iter().any(|node| node.inputs.contains(&value))
    }

    fn emit(&mut self, op: &str, inputs: &[String], output: &str, with: Vec<(&str, Attribute)>) {
        self.emit_all(op, inputs, &[output], with);
    }

    fn emit_all(
        &mut self,
        op: &str,
        inputs: &[String],
        outputs: &[&str],
        with: Vec<(&str, Attribute)>,
    ) {
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let name = self.path(op);
        let label = self.node.label.to_string();
        let doc = (!label.is_empty()).then_some(label.as_str());
        self.model.node(op, &name, &inputs, outputs, with, doc);
    }

    /// Emits an intermediate node and returns the name of its result.
    ///
    /// # Errors
    /// None in practice.
    pub fn step(&mut self, op: &str, inputs: &[String]) -> Result<String> {
        self.step_with(op, inputs, Vec::new())
    }
    /// As [`Exporter::step`], with attributes.
    ///
    /// # Errors
    /// None in practice.
    pub fn step_with(
        &mut self,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<String> {
        let name = self.names.unique(&self.path(&format!("{}:{op}", self.node.op.name())));
        self.emit(op, inputs, &name, with);
        Ok(name)
    }
    /// Emits an intermediate node with `N` results and returns their names.
    ///
    /// # Errors
    /// None in practice.
    pub fn steps<const N: usize>(
        &mut self,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<[String; N]> {
        let path = self.path(&format!("{}:{op}", self.node.op.name()));
        let names = std::array::from_fn(|_| self.names.unique(&path));
        self.emit_all(op, inputs, &names.each_ref().map(String::as_str), with);
        Ok(names)
    }
    /// Emits the node that computes the first output.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish(&mut self, op: &str, inputs: &[String]) -> Result<()> {
        self.finish_with(op, inputs, Vec::new())
    }
    /// As [`Exporter::finish`], with attributes.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish_with(
        &mut self,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<()> {
        self.finish_output(0, op, inputs, with)
    }
    /// Emits the node that computes output `i`.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish_output(
        &mut self,
        i: usize,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<()> {
        let name = self.output(i);
        self.emit(op, inputs, &name, with);
        Ok(())
    }

    /// Emits the node that computes the first `count` outputs.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish_all(
        &mut self,
        count: usize,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<()> {
        let names: Vec<String> = (0..count).map(|i| self.output(i)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.emit_all(op, inputs, &names, with);
        Ok(())
    }

    /// A float scalar as initializer.
    ///
    /// # Errors
    /// None in practice.
    pub fn float(&mut self, value: f32) -> Result<String> {
        self.floats(&[], &[value])
    }
    /// Floats as initializer.
    ///
    /// # Errors
    /// None in practice.
    pub fn floats(&mut self, dims: &[i64], values: &[f32]) -> Result<String> {
        let name = self.names.unique(&self.path(&format!("{}:constant", self.node.op.name())));
        self.model.initializer_f32(&name, dims, values, None);
        Ok(name)
    }
    /// A vector of int64 as initializer.
    ///
    /// # Errors
    /// None in practice.
    pub fn ints(&mut self, values: &[i64]) -> Result<String> {
        let name = self.names.unique(&self.path(&format!("{}:shape", self.node.op.name())));
        self.model.initializer_i64(&name, &[values.len() as i64], values, None);
        Ok(name)
    }
    /// A scalar int64 as initializer.
    ///
    /// # Errors
    /// None in practice.
    pub fn int(&mut self, value: i64) -> Result<String> {
        let name = self.names.unique(&self.path(&format!("{}:constant", self.node.op.name())));
        self.model.initializer_i64(&name, &[], &[value], None);
        Ok(name)
    }
    /// What `variable` held when the export began; once, since it is written once.
    ///
    /// # Errors
    /// `ERR_NATIVE` when it was asked for before.
    pub fn contents(&mut self, variable: &Variable) -> Result<Tensor> {
        let found = self.contents.remove(&variable.id());
        found.ok_or_else(|| Error::native(format!("'{}' is written twice", variable.name())))
    }
    /// A tensor as initializer of the given name.
    ///
    /// # Errors
    /// `ERR_EXPORT` for packed bits.
    pub fn tensor_named(&mut self, name: &str, tensor: &Tensor) -> Result<()> {
        let dims: Vec<i64> = tensor.shape.iter().map(|&d| d as i64).collect();
        match tensor.dtype {
            DType::F32 => self.model.initializer_f32(name, &dims, tensor.as_f32(), None),
            DType::I32 => {
                self.model.initializer_i32(name, &dims, bytemuck::cast_slice(&tensor.words), None)
            }
            DType::Bool => {
                let values: Vec<bool> = tensor.words.iter().map(|&w| w != 0).collect();
                self.model.initializer_bool(name, &dims, &values, None)
            }
            DType::Bits => return Err(Error::new(Code::Export, "packed bits have no ONNX type")),
        };
        Ok(())
    }

    /// Emits a Cast of `value` to `dtype`.
    ///
    /// # Errors
    /// `ERR_EXPORT` for packed bits.
    pub fn cast(&mut self, value: String, dtype: DType) -> Result<()> {
        let to = code(dtype)?;
        self.finish_with("Cast", &[value], vec![("to", Attribute::Int(to))])
    }

    /// Emits a reduction; its axes are an attribute before opset 18, except for ReduceSum.
    ///
    /// # Errors
    /// None in practice.
    pub fn reduce(&mut self, op: &str, axes: &[i64], keepdims: bool) -> Result<()> {
        let keep = ("keepdims", Attribute::Int(i64::from(keepdims)));
        if self.opset >= 18 || op == "ReduceSum" {
            let list = self.ints(axes)?;
            return self.finish_with(op, &[self.input(0), list], vec![keep]);
        }
        self.finish_with(op, &[self.input(0)], vec![("axes", Attribute::Ints(axes.to_vec())), keep])
    }

    /// Emits an ArgMax as int32.
    ///
    /// # Errors
    /// None in practice.
    pub fn arg_max(&mut self, axis: i64) -> Result<()> {
        let with = vec![("axis", Attribute::Int(axis)), ("keepdims", Attribute::Int(0))];
        let wide = self.step_with("ArgMax", &[self.input(0)], with)?;
        self.finish_with("Cast", &[wide], vec![("to", Attribute::Int(code(DType::I32)?))])
    }

    /// Emits a TopK along the last axis, of which the output is the indices, as int32.
    ///
    /// # Errors
    /// None in practice.
    pub fn top_k(&mut self, k: usize, largest: bool) -> Result<()> {
        let (x, k) = (self.input(0), self.ints(&[k as i64])?);
        let with = vec![("axis", Attribute::Int(-1)), ("largest", Attribute::Int(largest.into()))];
        let [_, wide] = self.steps("TopK", &[x, k], with)?;
        self.finish_with("Cast", &[wide], vec![("to", Attribute::Int(code(DType::I32)?))])
    }
}

/// ONNX's number of an element type.
///
/// # Errors
/// `ERR_EXPORT` for packed bits.
pub fn code(dtype: DType) -> Result<i64> {
    Ok(i64::from(data_type(dtype)?.code()))
}
