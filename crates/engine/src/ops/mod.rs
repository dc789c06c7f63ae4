//! The ops: one file an op or family, and the registry that builds them by name.
//!
//! To add an op: its file here, its line in [`build`], its kernel, its function in the facade, its
//! test.

pub mod assign;
pub mod batch_norm;
pub mod binary;
pub mod broadcast;
pub mod compare;
pub mod concat;
pub mod cross_entropy;
pub mod dropout;
pub mod fused;
pub mod gather;
pub mod layer_norm;
pub mod leaf;
pub mod masked_matmul;
pub mod matmul;
mod normalize;
pub mod reduce;
pub mod reshape;
pub mod softmax;
pub mod transpose;
pub mod unary;
pub mod update;

use crate::attributes::Attributes;
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::op::Op;
use crate::plan::instruction::Instruction;
use crate::shape::Shape;
use std::sync::Arc;

/// The op called `name` with these arguments, for inputs of the given values.
///
/// # Errors
/// `ERR_ARGUMENT` for an unknown name or bad arguments.
pub fn build(
    graph: &Graph,
    name: &str,
    inputs: &[Value],
    with: &Attributes,
) -> Result<Arc<dyn Op>> {
    if let Some((_, kind)) = unary::NAMES.iter().find(|(n, _)| *n == name) {
        return Ok(Arc::new(unary::UnaryOp { kind: *kind }));
    }
    if let Some((_, kind)) = binary::NAMES.iter().find(|(n, _)| *n == name) {
        return Ok(Arc::new(binary::BinaryOp { kind: *kind }));
    }
    if let Some((_, kind)) = compare::NAMES.iter().find(|(n, _)| *n == name) {
        return Ok(Arc::new(compare::CompareOp { kind: *kind }));
    }
    let shape = |i: usize| -> Result<&Shape> {
        let value =
            inputs.get(i).ok_or_else(|| Error::argument(format!("{name} lacks an input")))?;
        Ok(&graph.value_type(*value).shape)
    };
    let axis = || -> Result<usize> { shape(0)?.axis(with.integer("axis")?) };
    let size = |key: &str| -> Result<usize> {
        usize::try_from(with.integer(key)?)
            .map_err(|_| Error::argument(format!("{name}: {key} must not be negative")))
    };
    let rate = || -> Result<f32> { dropout::check_rate(with.number("rate")?) };
    let stream = || -> Result<u32> { Ok(size("stream")? as u32) };
    Ok(match name {
        "logicalAnd" => Arc::new(compare::Logic { kind: Instruction::And }),
        "logicalOr" => Arc::new(compare::Logic { kind: Instruction::Or }),
        "logicalNot" => Arc::new(compare::Logic { kind: Instruction::Not }),
        "where" => Arc::new(compare::Where),
        "cast" => Arc::new(compare::Cast { dtype: with.dtype("dtype")? }),
        "sum" | "mean" | "max" | "min" => {
            let axes = with.optional_integers("axes")?;
            Arc::new(reduce::Reduction {
                kind: match name {
                    "sum" => reduce::Kind::Sum,
                    "mean" => reduce::Kind::Mean,
                    "max" => reduce::Kind::Max,
                    _ => reduce::Kind::Min,
                },
                axes: reduce::resolve_axes(shape(0)?, axes.as_deref())?,
                keepdims: with.flag("keepdims")?,
            })
        }
        "argMax" => Arc::new(reduce::ArgMax { axis: axis()? }),
        "reshape" => {
            let sizes = with.integers("shape")?;
            Arc::new(reshape::Reshape { shape: reshape::resolve(shape(0)?, &sizes)? })
        }
        "reshapeLike" => Arc::new(reshape::Reshape { shape: shape(1)?.clone() }),
        "broadcastTo" => {
            let sizes = with.integers("shape")?;
            let from = shape(0)?;
            let dims = sizes.iter().enumerate().map(|(i, &size)| match size {
                reshape::KEEP => {
                    let at = (i + from.rank()).checked_sub(sizes.len());
                    at.and_then(|at| from.0.get(at).cloned()).ok_or_else(|| {
                        Error::shape("broadcastTo keeps a dimension that is not there")
                    })
                }
                size => usize::try_from(size)
                    .map(Into::into)
                    .map_err(|_| Error::argument("broadcastTo: sizes must not be negative")),
            });
            Arc::new(broadcast::Broadcast { shape: Shape(dims.collect::<Result<_>>()?) })
        }
        "broadcastLike" => Arc::new(broadcast::Broadcast { shape: shape(1)?.clone() }),
        "transpose" => {
            let order = with.integers("order")?;
            let order = order.iter().map(|&i| shape(0)?.axis(i)).collect::<Result<_>>()?;
            Arc::new(transpose::Transpose { order })
        }
        "concat" => Arc::new(concat::Concat { axis: axis()? }),
        "slice" => {
            Arc::new(concat::Slice { axis: axis()?, start: size("start")?, size: size("size")? })
        }
        "gather" => Arc::new(gather::Gather { axis: axis()? }),
        "matmul" => Arc::new(matmul::MatMul {
            transpose_a: with.flag("transposeA")?,
            transpose_b: with.flag("transposeB")?,
        }),
        "linear" => Arc::new(matmul::Linear),
        "softmax" => Arc::new(softmax::Softmax { log: false }),
        "logSoftmax" => Arc::new(softmax::Softmax { log: true }),
        "dropout" => Arc::new(dropout::Dropout { rate: rate()?, stream: stream()? }),
        "dropoutMask" => {
            let sizes = with.integers("shape")?;
            let dims = sizes.iter().enumerate().map(|(i, &size)| match size {
                reshape::KEEP => Ok(shape(0)?.0[i].clone()),
                size => Ok((size.max(0) as usize).into()),
            });
            let shape = Shape(dims.collect::<Result<_>>()?);
            Arc::new(dropout::DropoutMask { rate: rate()?, stream: stream()?, shape })
        }
        "batchNorm" => Arc::new(batch_norm::BatchNorm {
            epsilon: with.number("epsilon")? as f32,
            scale: with.flag("scale")?,
            center: with.flag("center")?,
            relu: false,
            dropout: None,
        }),
        "batchNormInference" => Arc::new(batch_norm::BatchNormInference {
            epsilon: with.number("epsilon")? as f32,
            axis: axis()?,
        }),
        "layerNorm" => Arc::new(layer_norm::LayerNorm {
            epsilon: with.number("epsilon")? as f32,
            scale: with.flag("scale")?,
            center: with.flag("center")?,
        }),
        "softmaxCrossEntropy" => Arc::new(cross_entropy::SoftmaxCrossEntropy {
            sparse: with.flag("sparse")?,
            smoothing: with.number("smoothing")? as f32,
        }),
        "sigmoidCrossEntropy" => Arc::new(cross_entropy::SigmoidCrossEntropy::LOSS),
        _ => return Err(Error::argument(format!("there is no op '{name}'"))),
    })
}

impl Graph {
    /// Applies the op called `name`.
    ///
    /// # Errors
    /// What the op's arguments or shapes make wrong, attributed to the current layer.
    pub fn call(&mut self, name: &str, inputs: &[Value], with: &Attributes) -> Result<Vec<Value>> {
        let op = build(self, name, inputs, with)?;
        self.apply(op, inputs)
    }
}
