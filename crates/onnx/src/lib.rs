//! The ONNX file format, for an engine that exports models and for tools that look into them.
//!
//! [`ModelBuilder`] writes a model and refuses to write one that a runtime would reject for its
//! structure. [`read_metadata`] tells what any ONNX file says about itself without loading its
//! weights. Neither knows what an operator computes; that is the exporter's business.

mod error;
mod model;
mod proto;
mod reader;
mod wire;

pub use error::ModelError;
pub use model::{Attribute, DataType, Dim, Graph, ModelBuilder, Tensor};
pub use reader::{Metadata, Opset, Value, read_metadata};
