//! What can be wrong with a model, whether it is being written or read.

/// A model that cannot be written, or bytes that are not a readable model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Something that other parts of the model refer to has no name.
    #[error("{what} without a name")]
    Unnamed {
        /// The kind of thing: an input, a node's operator, …
        what: &'static str,
    },
    /// Two inputs, initializers or node outputs share a name; ONNX assigns each value once.
    #[error("the value '{name}' is defined more than once")]
    DuplicateValue {
        /// The name in question.
        name: String,
    },
    /// A graph output is listed twice.
    #[error("the output '{name}' is listed more than once")]
    DuplicateOutput {
        /// The name in question.
        name: String,
    },
    /// A node reads a value that nothing before it defines.
    #[error("node '{node}' reads '{input}', which nothing before it defines")]
    UndefinedInput {
        /// The node that reads.
        node: String,
        /// The value that is missing.
        input: String,
    },
    /// A graph output that nothing defines.
    #[error("nothing defines the output '{name}'")]
    UndefinedOutput {
        /// The name in question.
        name: String,
    },
    /// A node has two attributes of one name.
    #[error("node '{node}' has the attribute '{attribute}' more than once")]
    DuplicateAttribute {
        /// The node in question.
        node: String,
        /// The attribute's name.
        attribute: String,
    },
    /// Two metadata entries share a key.
    #[error("the metadata key '{key}' is set more than once")]
    DuplicateMetadata {
        /// The key in question.
        key: String,
    },
    /// A dimension below zero, or a shape with more elements than can be counted.
    #[error("'{name}' has the impossible shape {dims:?}")]
    Shape {
        /// The value in question.
        name: String,
        /// Its dimensions.
        dims: Vec<i64>,
    },
    /// A tensor whose data does not fill its shape.
    #[error("'{name}' has shape {dims:?}, which takes {expected} bytes, but holds {actual}")]
    TensorSize {
        /// The tensor in question.
        name: String,
        /// Its dimensions.
        dims: Vec<i64>,
        /// Bytes the shape takes.
        expected: usize,
        /// Bytes there are.
        actual: usize,
    },
    /// No memory for the bytes.
    #[error("cannot allocate {bytes} bytes")]
    Memory {
        /// How many there were to be.
        bytes: usize,
    },
    /// More than protobuf can carry in one message (2 GiB).
    #[error("the model takes {bytes} bytes, more than the 2 GiB one ONNX file can hold")]
    TooLarge {
        /// Size of the model.
        bytes: usize,
    },
    /// The bytes are not an ONNX model.
    #[error("not a valid ONNX model: {reason}")]
    Malformed {
        /// What gave it away.
        reason: String,
    },
    /// The bytes hold more of something than the reader is willing to list.
    #[error("refusing to read more than {limit} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The most that is read.
        limit: usize,
    },
}

impl From<prost::DecodeError> for ModelError {
    fn from(error: prost::DecodeError) -> Self {
        ModelError::Malformed { reason: error.to_string() }
    }
}
