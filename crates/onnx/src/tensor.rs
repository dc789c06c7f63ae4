//! Constant tensors, and the element types of all tensors.

use crate::ModelError;
use crate::proto;

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

    /// Whether sizes and numbers go together; `name` is for errors.
    pub(crate) fn check(&self, name: &str) -> Result<(), ModelError> {
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

    pub(crate) fn into_proto(
        self,
        name: Option<String>,
        doc_string: Option<String>,
    ) -> proto::TensorProto {
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
