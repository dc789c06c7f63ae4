//! Export: an inference graph, op by op, to ONNX.
//!
//! Each op says its own ONNX form in its file under `ops/`; here are names, weights and the frame.
//! Initializers keep the names and the layout of the weights, nodes the paths of the layers.

mod body;
mod exporter;
mod labels;
mod names;
mod sizes;

use crate::boundary::read_all;
use crate::error::{Code, Error, Result};
use crate::graph::{Graph, Node, Value};
use crate::ops::leaf::{Input, Weight};
use crate::passes::dead::remove_dead;
use crate::shape::Shape;
use crate::tensor::{DType, Tensor, TensorType};
use crate::variable::Variable;
pub use exporter::Exporter;
use names::Names;
pub use ridgeline_onnx::Attribute;
pub(crate) use ridgeline_onnx::DataType;
use ridgeline_onnx::{Dim, ModelBuilder, ModelError};
use std::collections::HashMap;
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
    let (of, opset) = ((&graph, &roots[..]), header.opset);
    emit_nodes(&mut model, of, opset, &mut names, &mut of_value, &mut contents)?;
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

/// Emits the nodes of a graph with these results in their order; values that have a name already keep it.
///
/// # Errors
/// `ERR_EXPORT` naming the layer whose op has no ONNX form.
fn emit_nodes(
    model: &mut ModelBuilder,
    (graph, results): (&Graph, &[Value]),
    opset: i64,
    names: &mut Names,
    of_value: &mut HashMap<Value, String>,
    contents: &mut HashMap<u64, Tensor>,
) -> Result<()> {
    for (at, node) in (0..).zip(graph.nodes()) {
        let mut exporter =
            Exporter { model, graph, node, at, opset, results, names, of_value, contents };
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

/// ONNX's number of an element type.
///
/// # Errors
/// `ERR_EXPORT` for packed bits.
pub fn code(dtype: DType) -> Result<i64> {
    Ok(i64::from(data_type(dtype)?.code()))
}
