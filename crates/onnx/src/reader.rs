//! What an ONNX file says about itself: who made it, what goes in, what comes out.
//!
//! The bytes may come from anywhere. Memory stays proportional to what is reported: weights are
//! skipped, every list has a limit that is checked before it grows, and the messages decoded whole
//! are bounded in size.

use std::collections::HashSet;

use prost::Message;

use crate::Dim;
use crate::ModelError;
use crate::proto::{self, graph_field, model_field};
use crate::wire::{Field, Fields};

/// Operators of a graph, and initializers.
const MAX_NODES: usize = 1 << 20;
/// Inputs, outputs, operator sets and metadata entries, each.
const MAX_ENTRIES: usize = 1 << 16;
/// Bytes of one input's or output's description: an entry of two bytes can decode to fifty.
const MAX_VALUE_BYTES: usize = 1 << 16;

/// What an ONNX file says about itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// Version of the file format.
    pub ir_version: i64,
    /// Operator sets the model draws from.
    pub opsets: Vec<Opset>,
    /// Name of the program that wrote the file; empty when it does not say.
    pub producer_name: String,
    /// Version of that program.
    pub producer_version: String,
    /// Name of the graph.
    pub graph_name: String,
    /// Description of the model.
    pub doc: String,
    /// Key-value pairs, in file order.
    pub metadata: Vec<(String, String)>,
    /// What a caller has to provide; inputs that an initializer gives a value are left out.
    pub inputs: Vec<Value>,
    /// What the model computes.
    pub outputs: Vec<Value>,
    /// The operator of every node in graph order, as `domain.Operator` outside ONNX' own domain.
    pub op_types: Vec<String>,
}

impl Metadata {
    /// Version of ONNX' own operator set, if the model uses it.
    pub fn opset(&self) -> Option<i64> {
        self.opsets.iter().find(|set| set.domain.is_empty()).map(|set| set.version)
    }
}

/// One operator set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opset {
    /// Domain; empty for ONNX' own.
    pub domain: String,
    /// Version.
    pub version: i64,
}

/// An input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// Name by which a runtime addresses it.
    pub name: String,
    /// Element type, such as `float32`; `unknown` for newer types and for what is not a tensor.
    pub data_type: &'static str,
    /// Dimensions, each `None` where the file leaves it open; `None` when the rank is not known.
    pub shape: Option<Vec<Option<Dim>>>,
}

/// Reads what an ONNX file says about itself.
pub fn read_metadata(bytes: &[u8]) -> Result<Metadata, ModelError> {
    let mut metadata = Metadata::default();
    let mut graph = None;
    for field in Fields::new(bytes) {
        match field? {
            (model_field::IR_VERSION, Field::Varint(version)) => {
                metadata.ir_version = version.cast_signed();
            }
            (model_field::PRODUCER_NAME, Field::Bytes(text)) => {
                metadata.producer_name = string(text)?;
            }
            (model_field::PRODUCER_VERSION, Field::Bytes(text)) => {
                metadata.producer_version = string(text)?;
            }
            (model_field::DOC_STRING, Field::Bytes(text)) => metadata.doc = string(text)?,
            (model_field::GRAPH, Field::Bytes(bytes)) if graph.is_none() => graph = Some(bytes),
            (model_field::GRAPH, _) => return Err(malformed("it has no single graph")),
            (model_field::OPSET_IMPORT, Field::Bytes(bytes)) => {
                let set = proto::OperatorSetIdProto::decode(bytes)?;
                let domain = default_domain(set.domain);
                let opset = Opset { domain, version: set.version.unwrap_or_default() };
                push(&mut metadata.opsets, opset, MAX_ENTRIES, "operator sets")?;
            }
            (model_field::METADATA_PROPS, Field::Bytes(bytes)) => {
                let entry = proto::StringStringEntryProto::decode(bytes)?;
                let entry = (entry.key.unwrap_or_default(), entry.value.unwrap_or_default());
                push(&mut metadata.metadata, entry, MAX_ENTRIES, "metadata entries")?;
            }
            _ => {}
        }
    }
    // Nearly any short text parses as some protobuf message; a model has at least these.
    if metadata.ir_version < 1 {
        return Err(malformed("it has no IR version"));
    }
    read_graph(graph.ok_or_else(|| malformed("it has no graph"))?, &mut metadata)?;
    Ok(metadata)
}

fn read_graph(bytes: &[u8], metadata: &mut Metadata) -> Result<(), ModelError> {
    let mut initializers = HashSet::new();
    for field in Fields::new(bytes) {
        match field? {
            (graph_field::NAME, Field::Bytes(text)) => metadata.graph_name = string(text)?,
            (graph_field::NODE, Field::Bytes(bytes)) => {
                let node = proto::NodeHead::decode(bytes)?;
                let op_type = node.op_type.unwrap_or_default();
                let domain = default_domain(node.domain);
                let name = if domain.is_empty() { op_type } else { format!("{domain}.{op_type}") };
                push(&mut metadata.op_types, name, MAX_NODES, "nodes")?;
            }
            (graph_field::INITIALIZER, Field::Bytes(bytes)) => {
                if initializers.len() == MAX_NODES {
                    return Err(ModelError::Limit { what: "initializers", limit: MAX_NODES });
                }
                initializers.extend(proto::TensorHead::decode(bytes)?.name);
            }
            (graph_field::INPUT, Field::Bytes(bytes)) => {
                push(&mut metadata.inputs, read_value(bytes)?, MAX_ENTRIES, "inputs")?;
            }
            (graph_field::OUTPUT, Field::Bytes(bytes)) => {
                push(&mut metadata.outputs, read_value(bytes)?, MAX_ENTRIES, "outputs")?;
            }
            _ => {}
        }
    }
    metadata.inputs.retain(|input| !initializers.contains(&input.name));
    Ok(())
}

fn read_value(bytes: &[u8]) -> Result<Value, ModelError> {
    if bytes.len() > MAX_VALUE_BYTES {
        let what = "bytes describing an input or output";
        return Err(ModelError::Limit { what, limit: MAX_VALUE_BYTES });
    }
    let value = proto::ValueInfoProto::decode(bytes)?;
    let name = value.name.unwrap_or_default();
    let tensor = value.r#type.and_then(|kind| kind.tensor_type).unwrap_or_default();
    let shape = match tensor.shape {
        Some(shape) => Some(read_shape(&name, shape)?),
        None => None,
    };
    let data_type = type_name(tensor.elem_type.unwrap_or_default());
    Ok(Value { name, data_type, shape })
}

fn read_shape(name: &str, shape: proto::TensorShapeProto) -> Result<Vec<Option<Dim>>, ModelError> {
    let dims = shape.dim.into_iter().map(|dim| match dim.value {
        Some(proto::DimensionValue::Size(size)) if size < 0 => {
            Err(ModelError::Shape { name: name.to_owned(), dims: vec![size] })
        }
        Some(proto::DimensionValue::Size(size)) => Ok(Some(Dim::Fixed(size))),
        Some(proto::DimensionValue::Param(symbol)) => {
            Ok(Some(symbol).filter(|symbol| !symbol.is_empty()).map(Dim::Symbol))
        }
        None => Ok(None),
    });
    dims.collect()
}

/// Names of TensorProto.DataType, as the JavaScript runtimes spell them.
fn type_name(elem_type: i32) -> &'static str {
    match elem_type {
        1 => "float32",
        2 => "uint8",
        3 => "int8",
        4 => "uint16",
        5 => "int16",
        6 => "int32",
        7 => "int64",
        8 => "string",
        9 => "bool",
        10 => "float16",
        11 => "float64",
        12 => "uint32",
        13 => "uint64",
        14 => "complex64",
        15 => "complex128",
        16 => "bfloat16",
        _ => "unknown",
    }
}

/// ONNX' own domain has two spellings.
fn default_domain(domain: Option<String>) -> String {
    domain.filter(|domain| domain != "ai.onnx").unwrap_or_default()
}

fn push<T>(
    list: &mut Vec<T>,
    entry: T,
    limit: usize,
    what: &'static str,
) -> Result<(), ModelError> {
    if list.len() == limit {
        return Err(ModelError::Limit { what, limit });
    }
    list.push(entry);
    Ok(())
}

fn string(bytes: &[u8]) -> Result<String, ModelError> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(malformed("a text is not UTF-8")),
    }
}

fn malformed(reason: &str) -> ModelError {
    ModelError::Malformed { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Attribute, DataType, ModelBuilder};

    fn model() -> ModelBuilder {
        let batch = Dim::Symbol("batch".into());
        let mut model = ModelBuilder::new("net", 17, "1.2.3");
        model
            .doc("A net.")
            .metadata("model_author", "nobody")
            .metadata("labels", "[\"ja\",\"nein\",\"später\"]")
            .input("x", DataType::Float, &[batch.clone(), Dim::Fixed(2)])
            .initializer_f32("w", &[2, 1], &[1.0, -1.0], Some("dense/kernel"))
            .node("MatMul", "dense", &["x", "w"], &["h"], vec![], None)
            .node("Elu", "elu", &["h"], &["y"], vec![("alpha", Attribute::Float(0.5))], None)
            .output("y", DataType::Float, &[batch, Dim::Fixed(1)]);
        model
    }

    fn encoded() -> Vec<u8> {
        model().finish().unwrap()
    }

    /// A length-delimited field.
    fn field(number: u32, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for mut value in [u64::from(number) << 3 | 2, payload.len() as u64] {
            while value >= 0x80 {
                bytes.push(value as u8 | 0x80);
                value >>= 7;
            }
            bytes.push(value as u8);
        }
        bytes.extend_from_slice(payload);
        bytes
    }

    fn model_with_graph(graph: &[u8]) -> Vec<u8> {
        [&[0x08, 8][..], &field(7, graph)].concat()
    }

    #[test]
    fn reads_what_the_builder_wrote() {
        let batch = Some(Dim::Symbol("batch".into()));
        let value = |name: &str, size| Value {
            name: name.into(),
            data_type: "float32",
            shape: Some(vec![batch.clone(), Some(Dim::Fixed(size))]),
        };
        assert_eq!(
            read_metadata(&encoded()).unwrap(),
            Metadata {
                ir_version: 8,
                opsets: vec![Opset { domain: String::new(), version: 17 }],
                producer_name: "ridgeline".into(),
                producer_version: "1.2.3".into(),
                graph_name: "net".into(),
                doc: "A net.".into(),
                metadata: vec![
                    ("model_author".into(), "nobody".into()),
                    ("labels".into(), "[\"ja\",\"nein\",\"später\"]".into()),
                ],
                inputs: vec![value("x", 2)],
                outputs: vec![value("y", 1)],
                op_types: vec!["MatMul".into(), "Elu".into()],
            }
        );
        assert_eq!(read_metadata(&encoded()).unwrap().opset(), Some(17));
    }

    #[test]
    fn names_foreign_domains_and_hides_inputs_with_a_default() {
        let node = [field(4, b"MatMulNBits"), field(7, b"com.microsoft")].concat();
        let graph = [
            field(1, &node),
            field(11, &field(1, b"w")),
            field(11, &field(1, b"x")),
            field(5, &field(8, b"w")),
        ];
        let metadata = read_metadata(&model_with_graph(&graph.concat())).unwrap();
        assert_eq!(metadata.op_types, ["com.microsoft.MatMulNBits"]);
        assert_eq!(metadata.inputs.len(), 1);
        assert_eq!(
            metadata.inputs[0],
            Value { name: "x".into(), data_type: "unknown", shape: None }
        );
        assert_eq!(metadata.opset(), None);
    }

    #[test]
    fn refuses_what_is_no_model() {
        let not_utf8 = [&[0x08, 8][..], &field(2, &[0xff]), &field(7, &[])].concat();
        let two_graphs = [model_with_graph(&[]), field(7, &[])].concat();
        let cases: [&[u8]; 8] = [
            b"",
            b"PK\x03\x04 a zip file",
            b"{\"format\": \"json\"}",
            &[0x08, 8],          // an IR version alone
            &field(7, &[]),      // a graph alone
            &[0x08, 8, 0x38, 1], // a graph that is a number
            &not_utf8,
            &two_graphs,
        ];
        for bytes in cases {
            let result = read_metadata(bytes);
            assert!(matches!(result, Err(ModelError::Malformed { .. })), "{bytes:x?}: {result:?}");
        }
    }

    #[test]
    fn refuses_negative_dimensions() {
        let minus_one = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        let tensor = field(1, &field(2, &field(1, &minus_one)));
        let graph = field(11, &[field(1, b"x"), field(2, &tensor)].concat());
        assert_eq!(
            read_metadata(&model_with_graph(&graph)),
            Err(ModelError::Shape { name: "x".into(), dims: vec![-1] })
        );
    }

    #[test]
    fn stops_at_its_limits() {
        let limit = |what, limit| Err(ModelError::Limit { what, limit });
        let nodes = field(1, &[]).repeat(MAX_NODES + 1);
        assert_eq!(read_metadata(&model_with_graph(&nodes)), limit("nodes", MAX_NODES));
        let inputs = field(11, &[]).repeat(MAX_ENTRIES + 1);
        assert_eq!(read_metadata(&model_with_graph(&inputs)), limit("inputs", MAX_ENTRIES));
        let huge = field(12, &field(1, &vec![b'x'; MAX_VALUE_BYTES]));
        let what = "bytes describing an input or output";
        assert_eq!(read_metadata(&model_with_graph(&huge)), limit(what, MAX_VALUE_BYTES));
        let entries = [model_with_graph(&[]), field(14, &[]).repeat(MAX_ENTRIES + 1)].concat();
        assert_eq!(read_metadata(&entries), limit("metadata entries", MAX_ENTRIES));
    }

    #[test]
    fn survives_every_truncation_and_every_flipped_bit() {
        let bytes = encoded();
        let whole = read_metadata(&bytes).unwrap();
        for length in 0..bytes.len() {
            // A cut between two trailing fields leaves a valid, smaller model.
            if let Ok(metadata) = read_metadata(&bytes[..length]) {
                assert_ne!(metadata, whole, "cut to {length} bytes");
            }
        }
        for index in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[index / 8] ^= 1 << (index % 8);
            let _ = read_metadata(&bytes);
        }
    }
}
