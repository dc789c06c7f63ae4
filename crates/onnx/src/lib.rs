//! The ONNX file format, for an engine that exports models and for tools that look into them.
//!
//! [`ModelBuilder`] writes a model and refuses to write one that a runtime would reject for its
//! structure. [`read_metadata`] tells what any ONNX file says about itself without loading its
//! weights. Neither knows what an operator computes; that is the exporter's business.

mod attribute;
mod error;
mod model;
mod node;
mod proto;
mod reader;
mod tensor;
mod value;
mod wire;

pub use attribute::{Attribute, Graph};
pub use error::ModelError;
pub use model::ModelBuilder;
pub use reader::{Metadata, Opset, Value, read_metadata};
pub use tensor::{DataType, Tensor};
pub use value::Dim;
