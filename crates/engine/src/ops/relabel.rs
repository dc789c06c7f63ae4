//! Relabel: unknown sizes that are taken to be others, which shows when they are known.
//!
//! Two inputs of unknown length may be added, or joined along another axis: only data tells whether
//! their lengths agree.

use super::concat::Concat;
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::shape::{Dim, Shape};
use crate::tensor::TensorType;

/// The same elements; unknown sizes by other names.
#[derive(Debug)]
pub struct Relabel {
    /// The shape from here on.
    pub shape: Shape,
}

fn is_unknown(dim: &Dim) -> bool {
    dim.known().is_none()
}

impl Op for Relabel {
    fn name(&self) -> &'static str {
        "relabel"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let from = &inputs[0].shape;
        let same = |(a, b): (&Dim, &Dim)| a == b || (is_unknown(a) && is_unknown(b));
        if from.rank() != self.shape.rank() || !from.0.iter().zip(&self.shape.0).all(same) {
            return Err(Error::shape(format!("{from} cannot be {}", self.shape)));
        }
        Ok(vec![TensorType { shape: self.shape.clone(), dtype: inputs[0].dtype }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (shape, dy) = (b.input_type(0).shape.clone(), b.dy()?);
        Ok(vec![Some(b.graph.one(Relabel { shape }, &[dy])?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.stored(0)?;
        let expected = self.shape.bind(lower.bindings);
        if x.shape != expected {
            return Err(Error::shape(format!(
                "sizes that have to be equal are not: {:?} and {expected:?}",
                x.shape
            )));
        }
        lower.alias(0, &x);
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.finish("Identity", &[e.input(0)])
    }
}

impl Graph {
    /// Inputs for an op, with the unknown sizes that it expects; none if they have no others.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn agreed(&mut self, op: &dyn Op, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let types: Vec<&TensorType> = inputs.iter().map(|&value| self.value_type(value)).collect();
        let Some(expected) = op.agreed_shapes(&types).or_else(|| alike(op, &types)) else {
            return Ok(None);
        };
        let mut agreed = inputs.to_vec();
        for (value, expected) in agreed.iter_mut().zip(expected) {
            let mut shape = self.value_type(*value).shape.clone();
            if shape.rank() != expected.rank() {
                return Ok(None);
            }
            for (dim, other) in shape.0.iter_mut().zip(expected.0) {
                if is_unknown(dim) && is_unknown(&other) {
                    *dim = other;
                }
            }
            if shape != self.value_type(*value).shape {
                *value = self.one(Relabel { shape }, &[*value])?;
            }
        }
        Ok(Some(agreed).filter(|agreed| agreed != inputs))
    }
}

/// The shapes of inputs that are joined, or meet element by element, with the sizes of the widest.
fn alike(op: &dyn Op, types: &[&TensorType]) -> Option<Vec<Shape>> {
    let joined = op.downcast::<Concat>().map(|concat| concat.axis);
    if types.len() < 2 || (joined.is_none() && op.instruction(types).is_none()) {
        return None;
    }
    let widest = types.iter().max_by_key(|of| of.shape.rank())?;
    let of_one = |of: &&TensorType| {
        let missing = widest.shape.rank() - of.shape.rank();
        let dims = of.shape.0.iter().enumerate();
        Shape(
            dims.map(|(axis, dim)| match joined {
                Some(joined) if joined == axis => dim.clone(),
                _ => widest.shape.0[axis + missing].clone(),
            })
            .collect(),
        )
    };
    Some(types.iter().map(of_one).collect())
}
