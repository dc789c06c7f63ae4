//! Building a model, value by value and node by node, into the bytes of an ONNX file.
//!
//! Calls only record; [`ModelBuilder::finish`] checks everything, so an exporter needs one `?`.
//! The same calls give the same bytes.

use std::collections::{HashMap, HashSet};

use prost::Message;

use crate::attribute::Graph;
use crate::node::{Names, Node};
use crate::proto;
use crate::value::Value;
use crate::{Attribute, DataType, Dim, ModelError, Tensor};

/// The file format that came with opset 17, the lowest opset there is a reason to write. Later ones
/// add types and annotations that nothing here writes, so a higher opset needs no higher format.
const IR_VERSION: i64 = 8;

/// Protobuf readers refuse larger messages.
const MAX_BYTES: usize = i32::MAX as usize;

struct Initializer {
    name: String,
    tensor: Tensor,
    doc: Option<String>,
}

/// Collects a model and writes it.
///
/// ```
/// use ridgeline_onnx::{DataType, Dim, ModelBuilder, read_metadata};
///
/// let shape = [Dim::Symbol("batch".into()), Dim::Fixed(2)];
/// let mut model = ModelBuilder::new("net", 17, "0.1.0");
/// model
///     .input("x", DataType::Float, &shape)
///     .node("Relu", "relu", &["x"], &["y"], vec![], None)
///     .output("y", DataType::Float, &shape);
/// let bytes = model.finish()?;
/// assert_eq!(read_metadata(&bytes)?.op_types, ["Relu"]);
/// # Ok::<(), ridgeline_onnx::ModelError>(())
/// ```
pub struct ModelBuilder {
    graph_name: String,
    opset: i64,
    producer_version: String,
    doc: Option<String>,
    metadata: Vec<(String, String)>,
    inputs: Vec<Value>,
    outputs: Vec<Value>,
    initializers: Vec<Initializer>,
    /// Values of the graph around it.
    outside: Vec<String>,
    nodes: Vec<Node>,
    node_names: HashSet<String>,
    /// The last suffix tried for a name, so that a thousand equal names do not cost a million
    /// look-ups.
    suffixes: HashMap<String, usize>,
}

impl ModelBuilder {
    /// An empty model that draws its operators from `opset`.
    pub fn new(graph_name: &str, opset: i64, producer_version: &str) -> Self {
        ModelBuilder {
            graph_name: graph_name.to_owned(),
            opset,
            producer_version: producer_version.to_owned(),
            doc: None,
            metadata: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            initializers: Vec::new(),
            outside: Vec::new(),
            nodes: Vec::new(),
            node_names: HashSet::new(),
            suffixes: HashMap::new(),
        }
    }

    /// Describes the model.
    pub fn doc(&mut self, text: &str) -> &mut Self {
        self.doc = Some(text.to_owned());
        self
    }

    /// Adds a key-value pair for tools.
    pub fn metadata(&mut self, key: &str, value: &str) -> &mut Self {
        self.metadata.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Adds a graph input.
    pub fn input(&mut self, name: &str, data_type: DataType, dims: &[Dim]) -> &mut Self {
        self.inputs.push(Value { name: name.to_owned(), data_type, dims: dims.to_vec() });
        self
    }

    /// Makes a value a graph output.
    pub fn output(&mut self, name: &str, data_type: DataType, dims: &[Dim]) -> &mut Self {
        self.outputs.push(Value { name: name.to_owned(), data_type, dims: dims.to_vec() });
        self
    }

    /// Adds a float constant.
    pub fn initializer_f32(
        &mut self,
        name: &str,
        dims: &[i64],
        data: &[f32],
        doc: Option<&str>,
    ) -> &mut Self {
        self.initializer(name, Tensor::f32(dims, data), doc)
    }

    /// Adds an int32 constant.
    pub fn initializer_i32(
        &mut self,
        name: &str,
        dims: &[i64],
        data: &[i32],
        doc: Option<&str>,
    ) -> &mut Self {
        self.initializer(name, Tensor::i32(dims, data), doc)
    }

    /// Adds an int64 constant.
    pub fn initializer_i64(
        &mut self,
        name: &str,
        dims: &[i64],
        data: &[i64],
        doc: Option<&str>,
    ) -> &mut Self {
        self.initializer(name, Tensor::i64(dims, data), doc)
    }

    /// Adds a boolean constant.
    pub fn initializer_bool(
        &mut self,
        name: &str,
        dims: &[i64],
        data: &[bool],
        doc: Option<&str>,
    ) -> &mut Self {
        self.initializer(name, Tensor::bool(dims, data), doc)
    }

    /// Adds a constant vector of texts.
    pub fn initializer_strings(&mut self, name: &str, data: &[String]) -> &mut Self {
        self.initializer(name, Tensor::strings(data), None)
    }

    fn initializer(&mut self, name: &str, tensor: Tensor, doc: Option<&str>) -> &mut Self {
        let doc = doc.map(str::to_owned);
        self.initializers.push(Initializer { name: name.to_owned(), tensor, doc });
        self
    }

    /// Says that nodes may read the value `name` of the graph around this one, if it becomes an attribute.
    pub fn reads(&mut self, name: &str) -> &mut Self {
        if !self.outside.iter().any(|outside| outside == name) {
            self.outside.push(name.to_owned());
        }
        self
    }

    /// Adds a node; nodes stand in the order in which they run.
    ///
    /// An empty input name is an optional input left out. A node name that is taken gets a suffix
    /// (`_1`, `_2`, …), since runtimes refuse two nodes of one name.
    pub fn node(
        &mut self,
        op_type: &str,
        name: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: Vec<(&str, Attribute)>,
        doc: Option<&str>,
    ) -> &mut Self {
        let name = self.unique_node_name(if name.is_empty() { op_type } else { name });
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value));
        self.nodes.push(Node {
            op_type: op_type.to_owned(),
            name,
            inputs: owned(inputs),
            outputs: owned(outputs),
            attributes: attributes.collect(),
            doc: doc.map(str::to_owned),
        });
        self
    }

    fn unique_node_name(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        while !self.node_names.insert(name.clone()) {
            let suffix = self.suffixes.entry(wanted.to_owned()).or_default();
            *suffix += 1;
            name = format!("{wanted}_{suffix}");
        }
        name
    }

    /// Checks the model and writes it.
    pub fn finish(self) -> Result<Vec<u8>, ModelError> {
        self.check()?;
        let model = self.into_proto();
        let bytes = model.encoded_len();
        if bytes > MAX_BYTES {
            return Err(ModelError::TooLarge { bytes });
        }
        let mut file = Vec::new();
        file.try_reserve_exact(bytes).map_err(|_| ModelError::Memory { bytes })?;
        model.encode(&mut file).map_err(|_| ModelError::Memory { bytes })?;
        Ok(file)
    }

    fn check(&self) -> Result<(), ModelError> {
        let mut keys = HashSet::new();
        for (key, _) in &self.metadata {
            if !keys.insert(key) {
                return Err(ModelError::DuplicateMetadata { key: key.clone() });
            }
        }
        let mut defined = Names::default();
        for input in &self.inputs {
            input.check("an input")?;
            defined.insert(&input.name)?;
        }
        for initializer in &self.initializers {
            if initializer.name.is_empty() {
                return Err(ModelError::Unnamed { what: "an initializer" });
            }
            defined.insert(&initializer.name)?;
            initializer.tensor.check(&initializer.name)?;
        }
        for name in &self.outside {
            defined.insert(name)?;
        }
        for node in &self.nodes {
            node.check(&mut defined)?;
        }
        let mut outputs = HashSet::new();
        for output in &self.outputs {
            output.check("an output")?;
            if !defined.has(&output.name) {
                return Err(ModelError::UndefinedOutput { name: output.name.clone() });
            }
            if !outputs.insert(&output.name) {
                return Err(ModelError::DuplicateOutput { name: output.name.clone() });
            }
        }
        Ok(())
    }

    /// Checks the graph and gives it as an attribute; what is said of the model besides is left out.
    pub fn into_graph(self) -> Result<Attribute, ModelError> {
        self.check()?;
        Ok(Attribute::Graph(Graph(self.into_proto().graph.unwrap_or_default())))
    }

    fn into_proto(self) -> proto::ModelProto {
        let graph = proto::GraphProto {
            node: self.nodes.into_iter().map(Node::into_proto).collect(),
            name: Some(self.graph_name),
            initializer: self
                .initializers
                .into_iter()
                .map(|init| init.tensor.into_proto(Some(init.name), init.doc))
                .collect(),
            input: self.inputs.into_iter().map(Value::into_proto).collect(),
            output: self.outputs.into_iter().map(Value::into_proto).collect(),
        };
        let opset =
            proto::OperatorSetIdProto { domain: Some(String::new()), version: Some(self.opset) };
        let metadata = self.metadata.into_iter().map(|(key, value)| {
            proto::StringStringEntryProto { key: Some(key), value: Some(value) }
        });
        proto::ModelProto {
            ir_version: Some(IR_VERSION),
            producer_name: Some("ridgeline".to_owned()),
            producer_version: Some(self.producer_version),
            doc_string: self.doc,
            graph: Some(graph),
            opset_import: vec![opset],
            metadata_props: metadata.collect(),
        }
    }
}

#[cfg(test)]
mod tests;
