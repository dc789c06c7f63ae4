//! What can go wrong, with the stable code a user sees.

/// A stable class of failure; the facade turns it into `RidgelineError.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Shapes that do not fit each other.
    Shape,
    /// A value of the wrong element type.
    Dtype,
    /// An argument outside its domain.
    Argument,
    /// NaN or infinity in data or weights that a user hands in.
    NonFinite,
    /// The model is being trained.
    Busy,
    /// Something that has no ONNX form.
    Export,
    /// A file that cannot be read or written, or is damaged.
    Io,
    /// An allocation that failed.
    Memory,
    /// A fault inside the native core.
    Native,
    /// A run that ended because it was told to: nobody but who runs it hears of it.
    Interrupted,
}

impl Code {
    /// The code as users see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Code::Shape => "ERR_SHAPE",
            Code::Dtype => "ERR_DTYPE",
            Code::Argument => "ERR_ARGUMENT",
            Code::NonFinite => "ERR_NON_FINITE",
            Code::Busy => "ERR_BUSY",
            Code::Export => "ERR_EXPORT",
            Code::Io => "ERR_IO",
            Code::Memory => "ERR_MEMORY",
            Code::Native => "ERR_NATIVE",
            Code::Interrupted => "ERR_INTERRUPTED",
        }
    }
}

/// An error of the engine: a code, a sentence, and the layer it happened in, if any.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The class of failure.
    pub code: Code,
    /// What was expected and what came.
    pub message: String,
    /// Path of the layer that was being traced or run.
    pub layer: Option<String>,
}

impl Error {
    /// An error of class `code`.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error { code, message: message.into(), layer: None }
    }
    /// The same error, attributed to `layer` unless it already names one.
    pub fn in_layer(mut self, layer: &str) -> Self {
        if self.layer.is_none() && !layer.is_empty() {
            self.layer = Some(layer.to_owned());
        }
        self
    }
    /// Shapes that do not fit.
    pub fn shape(message: impl Into<String>) -> Self {
        Error::new(Code::Shape, message)
    }
    /// A wrong element type.
    pub fn dtype(message: impl Into<String>) -> Self {
        Error::new(Code::Dtype, message)
    }
    /// An argument outside its domain.
    pub fn argument(message: impl Into<String>) -> Self {
        Error::new(Code::Argument, message)
    }
    /// A fault of the core itself.
    pub fn native(message: impl Into<String>) -> Self {
        Error::new(Code::Native, message)
    }
}

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;
