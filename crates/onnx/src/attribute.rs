//! Attributes of nodes.

use crate::Tensor;
use crate::proto::{self, attribute_type};

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
pub struct Graph(pub(crate) proto::GraphProto);

impl Attribute {
    pub(crate) fn into_proto(self, name: String) -> proto::AttributeProto {
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
