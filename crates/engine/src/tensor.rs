//! Element types, tensor types and concrete tensors.
//!
//! Every element is four bytes wide: f32, i32, or a boolean held as the word 0 or 1. One width
//! keeps buffers, views and permutations free of a type parameter.

use crate::error::{Error, Result};
use crate::memory::give_back;
use crate::shape::{MAX_ELEMENTS, Shape};
use std::fmt;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// 32-bit float.
    F32,
    /// 32-bit signed integer.
    I32,
    /// Truth value, one word each.
    Bool,
    /// Packed bits inside the engine: 32 to a word, rows padded to whole words.
    Bits,
}

impl DType {
    /// The name users see.
    pub const fn name(self) -> &'static str {
        match self {
            DType::F32 => "float32",
            DType::I32 => "int32",
            DType::Bool => "bool",
            DType::Bits => "bits",
        }
    }

    /// The type of that name.
    ///
    /// # Errors
    /// `ERR_DTYPE` for another name.
    pub fn parse(name: &str) -> Result<DType> {
        [DType::F32, DType::I32, DType::Bool].into_iter().find(|d| d.name() == name).ok_or_else(
            || {
                Error::dtype(format!(
                    "dtype must be 'float32', 'int32' or 'bool', received '{name}'"
                ))
            },
        )
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of a value before it is computed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorType {
    /// Its dimensions.
    pub shape: Shape,
    /// Its element type.
    pub dtype: DType,
}

impl TensorType {
    /// A float32 type.
    pub const fn f32(shape: Shape) -> Self {
        TensorType { shape, dtype: DType::F32 }
    }
}

/// A concrete tensor in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its sizes, outermost first.
    pub shape: Vec<usize>,
    /// How `words` are to be read.
    pub dtype: DType,
    /// The elements' bits.
    pub words: Vec<u32>,
}

impl Drop for Tensor {
    fn drop(&mut self) {
        give_back(&mut self.words);
    }
}

/// The product of sizes, checked.
///
/// # Errors
/// `ERR_SHAPE` when it is larger than any tensor may be.
pub fn count(shape: &[usize]) -> Result<usize> {
    shape
        .iter()
        .try_fold(1usize, |n, &size| n.checked_mul(size).filter(|&n| n <= MAX_ELEMENTS))
        .ok_or_else(|| Error::shape(format!("shape {shape:?} has too many elements")))
}

impl Tensor {
    /// A float32 tensor.
    ///
    /// # Errors
    /// `ERR_SHAPE` when the number of values is not that of the shape.
    pub fn f32(shape: &[usize], values: &[f32]) -> Result<Tensor> {
        Tensor::new(shape, DType::F32, bytemuck::cast_slice(values).to_vec())
    }

    /// A float32 scalar.
    pub fn scalar(value: f32) -> Tensor {
        Tensor { shape: Vec::new(), dtype: DType::F32, words: vec![value.to_bits()] }
    }

    /// A tensor from its words.
    ///
    /// # Errors
    /// `ERR_SHAPE` when the number of words is not that of the shape.
    pub fn new(shape: &[usize], dtype: DType, words: Vec<u32>) -> Result<Tensor> {
        let expected = count(shape)?;
        if words.len() != expected {
            return Err(Error::shape(format!(
                "shape {shape:?} needs {expected} values, received {}",
                words.len()
            )));
        }
        Ok(Tensor { shape: shape.to_vec(), dtype, words })
    }

    /// The elements as f32; meaningful for float32 tensors.
    pub fn as_f32(&self) -> &[f32] {
        bytemuck::cast_slice(&self.words)
    }

    /// The elements as f32, without a copy; meaningful for float32 tensors.
    pub fn into_f32(mut self) -> Vec<f32> {
        bytemuck::cast_vec(std::mem::take(&mut self.words))
    }

    /// The elements as i32, without a copy; meaningful for int32 and bool tensors.
    pub fn into_i32(mut self) -> Vec<i32> {
        bytemuck::cast_vec(std::mem::take(&mut self.words))
    }

    /// The tensor's type.
    pub fn tensor_type(&self) -> TensorType {
        TensorType { shape: Shape::of(&self.shape), dtype: self.dtype }
    }
}
