//! Building a model, value by value and node by node, into the bytes of an ONNX file.
//!
//! Calls only record; [`ModelBuilder::finish`] checks everything, so an exporter needs one `?`.
//! The same calls give the same bytes.

use std::collections::{HashMap, HashSet};

use prost::Message;

use crate::ModelError;
use crate::proto::{self, attribute_type};

/// The file format that came with opset 17, the lowest opset there is a reason to write. Later ones
/// add types and annotations that nothing here writes, so a higher opset needs no higher format.
const IR_VERSION: i64 = 8;

/// Protobuf readers refuse larger messages.
const MAX_BYTES: usize = i32::MAX as usize;

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// 32-bit float.
    Float,
    /// 32-bit signed integer.
    Int32,
    /// 64-bit signed integer.
    Int64,
    /// Boolean.
    Bool,
    /// Text.
    String,
}

impl DataType {
    /// Its number in files, TensorProto.DataType.
    pub const fn code(self) -> i32 {
        match self {
            DataType::Float => 1,
            DataType::Int32 => 6,
            DataType::Int64 => 7,
            DataType::String => 8,
            DataType::Bool => 9,
        }
    }

    const fn size(self) -> usize {
        match self {
            DataType::Float | DataType::Int32 => 4,
            DataType::Int64 => 8,
            DataType::Bool => 1,
            // Texts are no raw bytes.
            DataType::String => 0,
        }
    }
}

/// A dimension of an input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dim {
    /// A size known now.
    Fixed(i64),
    /// A size known when the model runs, by name; equal names promise equal sizes.
    Symbol(String),
}

/// A constant tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    data_type: DataType,
    dims: Vec<i64>,
    /// Little endian, whatever the machine.
    raw: Vec<u8>,
    texts: Vec<String>,
}

impl Tensor {
    /// A float tensor.
    pub fn f32(dims: &[i64], data: &[f32]) -> Self {
        Tensor::new(DataType::Float, dims, data, |value| value.to_le_bytes())
    }

    /// An int32 tensor.
    pub fn i32(dims: &[i64], data: &[i32]) -> Self {
        Tensor::new(DataType::Int32, dims, data, |value| value.to_le_bytes())
    }

    /// An int64 tensor.
    pub fn i64(dims: &[i64], data: &[i64]) -> Self {
        Tensor::new(DataType::Int64, dims, data, |value| value.to_le_bytes())
    }

    /// A boolean tensor.
    pub fn bool(dims: &[i64], data: &[bool]) -> Self {
        Tensor::new(DataType::Bool, dims, data, |value| [u8::from(value)])
    }

    /// A vector of texts.
    pub fn strings(data: &[String]) -> Self {
        let dims = vec![data.len() as i64];
        Tensor { data_type: DataType::String, dims, raw: Vec::new(), texts: data.to_vec() }
    }

    fn new<T: Copy, const N: usize>(
        data_type: DataType,
        dims: &[i64],
        data: &[T],
        encode: impl Fn(T) -> [u8; N],
    ) -> Self {
        let mut raw = Vec::new();
        if raw.try_reserve_exact(data.len() * N).is_err() {
            // Too few bytes, which `check` finds.
            return Tensor { data_type, dims: dims.to_vec(), raw: Vec::new(), texts: Vec::new() };
        }
        for &value in data {
            raw.extend_from_slice(&encode(value));
        }
        Tensor { data_type, dims: dims.to_vec(), raw, texts: Vec::new() }
    }

    fn check(&self, name: &str) -> Result<(), ModelError> {
        let bytes = self.dims.iter().try_fold(self.data_type.size(), |bytes, &dim| {
            usize::try_from(dim).ok().and_then(|dim| bytes.checked_mul(dim))
        });
        let (name, dims, actual) = (name.to_owned(), self.dims.clone(), self.raw.len());
        match bytes {
            None => Err(ModelError::Shape { name, dims }),
            Some(expected) if expected > 0 && actual == 0 => {
                Err(ModelError::Memory { bytes: expected })
            }
            Some(expected) if expected != actual => {
                Err(ModelError::TensorSize { name, dims, expected, actual })
            }
            Some(_) => Ok(()),
        }
    }

    fn into_proto(self, name: Option<String>, doc_string: Option<String>) -> proto::TensorProto {
        proto::TensorProto {
            dims: self.dims,
            data_type: Some(self.data_type.code()),
            name,
            raw_data: (self.data_type != DataType::String).then_some(self.raw),
            string_data: self.texts.into_iter().map(String::into_bytes).collect(),
            doc_string,
        }
    }
}

/// Value of a node's attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// An integer; ONNX has no booleans here, they are 0 and 1.
    Int(i64),
    /// A list of integers.
    Ints(Vec<i64>),
    /// A float.
    Float(f32),
    /// A list of floats.
    Floats(Vec<f32>),
    /// A text.
    String(String),
    /// A list of texts.
    Strings(Vec<String>),
    /// A tensor.
    Tensor(Tensor),
    /// A graph, such as the step of a loop: what [`ModelBuilder::into_graph`] gives.
    Graph(Graph),
}

/// A graph for an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph(proto::GraphProto);

impl Attribute {
    fn into_proto(self, name: String) -> proto::AttributeProto {
        let empty = proto::AttributeProto { name: Some(name), ..Default::default() };
        let (code, attribute) = match self {
            Attribute::Int(i) => {
                (attribute_type::INT, proto::AttributeProto { i: Some(i), ..empty })
            }
            Attribute::Ints(ints) => {
                (attribute_type::INTS, proto::AttributeProto { ints, ..empty })
            }
            Attribute::Float(f) => {
                (attribute_type::FLOAT, proto::AttributeProto { f: Some(f), ..empty })
            }
            Attribute::Floats(floats) => {
                (attribute_type::FLOATS, proto::AttributeProto { floats, ..empty })
            }
            Attribute::String(text) => {
                let s = Some(text.into_bytes());
                (attribute_type::STRING, proto::AttributeProto { s, ..empty })
            }
            Attribute::Strings(texts) => {
                let strings = texts.into_iter().map(String::into_bytes).collect();
                (attribute_type::STRINGS, proto::AttributeProto { strings, ..empty })
            }
            Attribute::Tensor(tensor) => {
                let t = Some(tensor.into_proto(None, None));
                (attribute_type::TENSOR, proto::AttributeProto { t, ..empty })
            }
            Attribute::Graph(Graph(graph)) => {
                let g = Some(Box::new(graph));
                (attribute_type::GRAPH, proto::AttributeProto { g, ..empty })
            }
        };
        proto::AttributeProto { r#type: Some(code), ..attribute }
    }
}

struct Value {
    name: String,
    data_type: DataType,
    dims: Vec<Dim>,
}

impl Value {
    fn check(&self, what: &'static str) -> Result<(), ModelError> {
        if self.name.is_empty() {
            return Err(ModelError::Unnamed { what });
        }
        for dim in &self.dims {
            match dim {
                Dim::Fixed(size) if *size < 0 => {
                    return Err(ModelError::Shape { name: self.name.clone(), dims: vec![*size] });
                }
                Dim::Symbol(symbol) if symbol.is_empty() => {
                    return Err(ModelError::Unnamed { what: "a symbolic dimension" });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn into_proto(self) -> proto::ValueInfoProto {
        let dims = self.dims.into_iter().map(|dim| proto::DimensionProto {
            value: Some(match dim {
                Dim::Fixed(size) => proto::DimensionValue::Size(size),
                Dim::Symbol(symbol) => proto::DimensionValue::Param(symbol),
            }),
        });
        let tensor_type = proto::TensorTypeProto {
            elem_type: Some(self.data_type.code()),
            shape: Some(proto::TensorShapeProto { dim: dims.collect() }),
        };
        proto::ValueInfoProto {
            name: Some(self.name),
            r#type: Some(proto::TypeProto { tensor_type: Some(tensor_type) }),
        }
    }
}

struct Initializer {
    name: String,
    tensor: Tensor,
    doc: Option<String>,
}

struct Node {
    op_type: String,
    name: String,
    inputs: Vec<String>,
    outputs: Vec<String>,
    attributes: Vec<(String, Attribute)>,
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
            check_node(node, &mut defined)?;
        }
        let mut outputs = HashSet::new();
        for output in &self.outputs {
            output.check("an output")?;
            if !defined.0.contains(output.name.as_str()) {
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
            node: self.nodes.into_iter().map(node_proto).collect(),
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

/// Names of the values defined so far.
#[derive(Default)]
struct Names<'a>(HashSet<&'a str>);

impl<'a> Names<'a> {
    fn insert(&mut self, name: &'a str) -> Result<(), ModelError> {
        if self.0.insert(name) {
            Ok(())
        } else {
            Err(ModelError::DuplicateValue { name: name.to_owned() })
        }
    }
}

fn check_node<'a>(node: &'a Node, defined: &mut Names<'a>) -> Result<(), ModelError> {
    if node.op_type.is_empty() {
        return Err(ModelError::Unnamed { what: "an operator" });
    }
    for input in node.inputs.iter().filter(|input| !input.is_empty()) {
        if !defined.0.contains(input.as_str()) {
            return Err(ModelError::UndefinedInput {
                node: node.name.clone(),
                input: input.clone(),
            });
        }
    }
    for output in node.outputs.iter().filter(|output| !output.is_empty()) {
        defined.insert(output)?;
    }
    let mut names = HashSet::new();
    for (name, value) in &node.attributes {
        if name.is_empty() {
            return Err(ModelError::Unnamed { what: "an attribute" });
        }
        if !names.insert(name) {
            return Err(ModelError::DuplicateAttribute {
                node: node.name.clone(),
                attribute: name.clone(),
            });
        }
        if let Attribute::Tensor(tensor) = value {
            tensor.check(name)?;
        }
    }
    Ok(())
}

fn node_proto(node: Node) -> proto::NodeProto {
    let attributes = node.attributes.into_iter().map(|(name, value)| value.into_proto(name));
    proto::NodeProto {
        input: node.inputs,
        output: node.outputs,
        name: Some(node.name),
        op_type: Some(node.op_type),
        attribute: attributes.collect(),
        doc_string: node.doc,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &[Dim] = &[Dim::Fixed(2)];

    /// `y = relu(x)`, to which a test adds its mistake.
    fn relu() -> ModelBuilder {
        let mut model = ModelBuilder::new("net", 17, "0");
        model
            .input("x", DataType::Float, X)
            .node("Relu", "relu", &["x"], &["y"], vec![], None)
            .output("y", DataType::Float, X);
        model
    }

    fn error(change: impl FnOnce(&mut ModelBuilder) -> &mut ModelBuilder) -> ModelError {
        let mut model = relu();
        change(&mut model);
        model.finish().unwrap_err()
    }

    fn decoded(model: ModelBuilder) -> proto::GraphProto {
        let bytes = model.finish().unwrap();
        proto::ModelProto::decode(bytes.as_slice()).unwrap().graph.unwrap()
    }

    #[test]
    fn writes_the_bytes_of_the_format() {
        let expected = [
            &[0x08, 8][..],                // ir_version
            b"\x12\x09ridgeline\x1a\x010", // producer_name, producer_version
            b"\x3a\x3d",                   // graph
            b"\x0a\x12",                   // … node
            b"\x0a\x01x\x12\x01y\x1a\x04relu\x22\x04Relu",
            b"\x12\x03net", // … name
            b"\x5a\x11",    // … input
            b"\x0a\x01x\x12\x0c\x0a\x0a\x08\x01\x12\x06\x0a\x04\x12\x02bs",
            b"\x62\x0f", // … output
            b"\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x02",
            b"\x42\x04\x0a\x00\x10\x11", // opset_import
        ];
        let mut model = ModelBuilder::new("net", 17, "0");
        model
            .input("x", DataType::Float, &[Dim::Symbol("bs".into())])
            .node("Relu", "relu", &["x"], &["y"], vec![], None)
            .output("y", DataType::Float, X);
        assert_eq!(model.finish().unwrap(), expected.concat());
    }

    #[test]
    fn stores_constants_little_endian() {
        let mut model = relu();
        model
            .initializer_f32("f", &[1, 2], &[1.0, -2.5], Some("dense/bias"))
            .initializer_i32("i", &[1], &[-2], None)
            .initializer_i64("l", &[], &[1 << 32], None)
            .initializer_bool("b", &[3], &[true, false, true], None)
            .initializer_f32("none", &[0, 4], &[], None);
        let tensors = decoded(model).initializer;
        let found = tensors.iter().map(|tensor| {
            (tensor.data_type.unwrap(), tensor.dims.as_slice(), tensor.raw_data.as_deref().unwrap())
        });
        let expected: [(i32, &[i64], &[u8]); 5] = [
            (1, &[1, 2], &[0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]),
            (6, &[1], &[0xfe, 0xff, 0xff, 0xff]),
            (7, &[], &[0, 0, 0, 0, 1, 0, 0, 0]),
            (9, &[3], &[1, 0, 1]),
            (1, &[0, 4], &[]),
        ];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        assert_eq!(tensors[0].doc_string.as_deref(), Some("dense/bias"));
    }

    #[test]
    fn stores_attributes_with_their_type_even_when_zero() {
        let mut model = relu();
        let attributes = vec![
            ("int", Attribute::Int(0)),
            ("ints", Attribute::Ints(vec![1, -1])),
            ("float", Attribute::Float(0.0)),
            ("floats", Attribute::Floats(vec![0.5])),
            ("string", Attribute::String("tanh".into())),
            ("tensor", Attribute::Tensor(Tensor::i64(&[1], &[3]))),
            ("strings", Attribute::Strings(vec!["f".into(), "g".into()])),
        ];
        model.node("Op", "op", &["x", "", "y"], &["", "z"], attributes, Some("why"));
        let node = decoded(model).node.pop().unwrap();
        assert_eq!(node.input, ["x", "", "y"]);
        assert_eq!(node.output, ["", "z"]);
        assert_eq!(node.doc_string.as_deref(), Some("why"));
        let types = node.attribute.iter().map(|attribute| attribute.r#type.unwrap());
        assert_eq!(types.collect::<Vec<_>>(), [2, 7, 1, 6, 3, 4, 8]);
        assert_eq!(node.attribute[0].i, Some(0));
        assert_eq!(node.attribute[1].ints, [1, -1]);
        assert_eq!(node.attribute[2].f, Some(0.0));
        assert_eq!(node.attribute[3].floats, [0.5]);
        assert_eq!(node.attribute[4].s.as_deref(), Some(&b"tanh"[..]));
        assert_eq!(node.attribute[5].t.as_ref().unwrap().dims, [1]);
        assert_eq!(node.attribute[6].strings, [b"f", b"g"]);
    }

    #[test]
    fn makes_node_names_unique() {
        let mut model = relu();
        for (name, output) in [("relu", "a"), ("relu_1", "b"), ("relu", "c"), ("", "d")] {
            model.node("Relu", name, &["x"], &[output], vec![], None);
        }
        let names = decoded(model).node.into_iter().map(|node| node.name.unwrap());
        let expected = ["relu", "relu_1", "relu_1_1", "relu_2", "Relu"];
        assert_eq!(names.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn gives_the_same_bytes_for_the_same_calls() {
        let build = || {
            let mut model = relu();
            for index in 0..50 {
                model.initializer_f32(&format!("w{index}"), &[1], &[index as f32], None);
                model.metadata(&format!("k{index}"), "v");
                model.node("Relu", "relu", &["x"], &[&format!("v{index}")], vec![], None);
            }
            model.finish().unwrap()
        };
        assert_eq!(build(), build());
    }

    #[test]
    fn refuses_values_that_are_not_assigned_exactly_once_before_use() {
        let duplicate = |name: &str| ModelError::DuplicateValue { name: name.into() };
        let input = error(|model| model.input("x", DataType::Float, X));
        assert_eq!(input, duplicate("x"));
        let constant = error(|model| model.initializer_f32("x", &[1], &[0.0], None));
        assert_eq!(constant, duplicate("x"));
        let result = error(|model| model.node("Relu", "", &["x"], &["y"], vec![], None));
        assert_eq!(result, duplicate("y"));
        assert_eq!(
            error(|model| {
                model.node("Relu", "first", &["late"], &["z"], vec![], None);
                model.node("Relu", "second", &["x"], &["late"], vec![], None)
            }),
            ModelError::UndefinedInput { node: "first".into(), input: "late".into() }
        );
        assert_eq!(
            error(|model| model.output("z", DataType::Float, X)),
            ModelError::UndefinedOutput { name: "z".into() }
        );
        assert_eq!(
            error(|model| model.output("y", DataType::Float, X)),
            ModelError::DuplicateOutput { name: "y".into() }
        );
    }

    #[test]
    fn refuses_constants_that_do_not_fill_their_shape() {
        let short = error(|model| model.initializer_f32("w", &[2, 2], &[0.0; 3], None));
        let (dims, expected, actual) = (vec![2, 2], 16, 12);
        assert_eq!(short, ModelError::TensorSize { name: "w".into(), dims, expected, actual });
        for dims in [vec![-1, -1], vec![i64::MAX, 8]] {
            let wrong = error(|model| model.initializer_f32("w", &dims, &[0.0], None));
            assert_eq!(wrong, ModelError::Shape { name: "w".into(), dims });
        }
        let tensor = Attribute::Tensor(Tensor::i32(&[2], &[1]));
        let attribute =
            error(|model| model.node("Constant", "", &[], &["c"], vec![("value", tensor)], None));
        assert!(matches!(attribute, ModelError::TensorSize { .. }), "{attribute}");
    }

    #[test]
    fn refuses_missing_and_repeated_names() {
        let unnamed = |what| ModelError::Unnamed { what };
        let input = error(|model| model.input("", DataType::Float, X));
        assert_eq!(input, unnamed("an input"));
        let symbol = [Dim::Symbol(String::new())];
        let dim = error(|model| model.input("z", DataType::Float, &symbol));
        assert_eq!(dim, unnamed("a symbolic dimension"));
        let negative = error(|model| model.input("z", DataType::Float, &[Dim::Fixed(-1)]));
        assert_eq!(negative, ModelError::Shape { name: "z".into(), dims: vec![-1] });
        let constant = error(|model| model.initializer_f32("", &[], &[0.0], None));
        assert_eq!(constant, unnamed("an initializer"));
        let operator = error(|model| model.node("", "", &["x"], &["z"], vec![], None));
        assert_eq!(operator, unnamed("an operator"));
        let twice = vec![("axis", Attribute::Int(0)), ("axis", Attribute::Int(1))];
        let attribute = error(|model| model.node("Op", "op", &["x"], &["z"], twice, None));
        let (node, name) = ("op".into(), "axis".into());
        assert_eq!(attribute, ModelError::DuplicateAttribute { node, attribute: name });
        let metadata = error(|model| model.metadata("k", "1").metadata("k", "2"));
        assert_eq!(metadata, ModelError::DuplicateMetadata { key: "k".into() });
    }
}
