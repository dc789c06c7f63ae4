//! What goes into a graph and comes out of it.

use crate::{DataType, ModelError, proto};

/// A dimension of an input or output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dim {
    /// A size known now.
    Fixed(i64),
    /// A size known when the model runs, by name; equal names promise equal sizes.
    Symbol(String),
}

/// A named input or output.
pub(crate) struct Value {
    pub name: String,
    pub data_type: DataType,
    pub dims: Vec<Dim>,
}

impl Value {
    pub fn check(&self, what: &'static str) -> Result<(), ModelError> {
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

    pub fn into_proto(self) -> proto::ValueInfoProto {
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
