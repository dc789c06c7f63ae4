//! Reshape: the same elements in another shape, for free.

use super::call::{Entry, KEEP, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::shape::{Dim, Shape};
use crate::tensor::TensorType;
use crate::variable::Layout;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("reshape", |call| {
        let sizes = call.with.integers("shape")?;
        built(Reshape { shape: resolve(call.shape(0)?, &sizes)? })
    }),
    ("reshapeLike", |call| built(Reshape { shape: call.shape(1)?.clone() })),
    ("reshapeBy", |call| {
        // Each size is a product of so many dimensions, each said by an input and an axis.
        let (from, counts) = (call.with.integers("from")?, call.with.integers("counts")?);
        let mut from = from.chunks_exact(2);
        let mut next = |dim: Dim| -> Result<Dim> {
            let Some(&[input, axis]) = from.next() else {
                return Err(Error::argument("reshapeBy: too few dimensions"));
            };
            let shape = call.shape(usize::try_from(input).unwrap_or(usize::MAX))?;
            dim.times(&shape.0[shape.axis(axis)?])
        };
        let size = |&count: &i64| (0..count).try_fold(Dim::ONE, |dim, _| next(dim));
        built(Reshape { shape: Shape(counts.iter().map(size).collect::<Result<_>>()?) })
    }),
    ("expandDims", |call| {
        let mut shape = call.shape(0)?.clone();
        // One axis more than the input has.
        shape.0.push(Dim::ONE);
        let axis = shape.axis(call.with.integer("axis")?)?;
        shape.0.pop();
        shape.0.insert(axis, Dim::ONE);
        built(Reshape { shape })
    }),
    ("mergeTime", |call| {
        let shape = call.shape(0)?;
        let [batch, time, rest @ ..] = shape.0.as_slice() else {
            return Err(Error::shape(format!("mergeTime: {shape} has no time")));
        };
        built(Reshape { shape: Shape([&[batch.times(time)?], rest].concat()) })
    }),
    ("splitTime", |call| {
        let (shape, like) = (call.shape(0)?, call.shape(1)?);
        let ([_, rest @ ..], [batch, time, ..]) = (shape.0.as_slice(), like.0.as_slice()) else {
            return Err(Error::shape(format!(
                "splitTime: {shape} and {like} have no batch and time"
            )));
        };
        built(Reshape { shape: Shape([&[batch.clone(), time.clone()], rest].concat()) })
    }),
    ("squeeze", |call| {
        let (mut shape, axis) = (call.shape(0)?.clone(), call.axis()?);
        if shape.0[axis] != Dim::ONE {
            return Err(Error::shape(format!("squeeze: {shape} has no 1 along axis {axis}")));
        }
        shape.0.remove(axis);
        built(Reshape { shape })
    }),
];

/// The same elements in another shape.
#[derive(Debug)]
pub struct Reshape {
    /// The new shape.
    pub shape: Shape,
}

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        if x.shape.size()? != self.shape.size()? {
            return Err(Error::shape(format!("cannot reshape {} to {}", x.shape, self.shape)));
        }
        Ok(vec![TensorType { shape: self.shape.clone(), dtype: x.dtype }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let shape = b.input_type(0).shape.clone();
        let dy = b.dy()?;
        Ok(vec![Some(b.graph.reshape(dy, &shape)?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.stored(0)?;
        // Panels are columns of the last axis, over rows of all others.
        let same =
            matches!(x.layout, Layout::Panels(_)) && self.shape.last().known() == Some(x.last());
        let x = if same { x } else { lower.input(0)? };
        lower.alias(0, &x);
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let from = e.input_type(0).shape.clone();
        // 0 copies the dimension at the same place, -1 stands for the one that is left.
        let mut free = 0;
        let dims: Vec<i64> = (0..self.shape.rank())
            .map(|i| match self.shape.0[i].known() {
                Some(size) => size as i64,
                None if from.0.get(i) == Some(&self.shape.0[i]) => 0,
                None => {
                    free += 1;
                    -1
                }
            })
            .collect();
        let shape = if free > 1 { e.sizes(&self.shape)? } else { e.ints(&dims)? };
        e.finish("Reshape", &[e.input(0), shape])
    }
}

/// The shape that sizes stand for: 0 < size is itself, −1 (once) is what is left, and [`KEEP`]
/// keeps the input's dimension at that place.
///
/// # Errors
/// `ERR_SHAPE` when nothing fits.
pub fn resolve(from: &Shape, sizes: &[i64]) -> Result<Shape> {
    let fail = || {
        let sizes: Vec<String> =
            sizes.iter().map(|&s| if s == KEEP { "?".into() } else { s.to_string() }).collect();
        Error::shape(format!("cannot reshape {from} to [{}]", sizes.join(", ")))
    };
    let mut dims = Vec::with_capacity(sizes.len());
    let mut rest = None;
    for (i, &size) in sizes.iter().enumerate() {
        dims.push(match size {
            KEEP => from.0.get(i).cloned().ok_or_else(fail)?,
            -1 if rest.is_none() => {
                rest = Some(i);
                Dim::ONE
            }
            size => Dim::from(usize::try_from(size).map_err(|_| fail())?),
        });
    }
    if let Some(at) = rest {
        let known = Shape(dims.clone()).size()?;
        dims[at] = from.size()?.divided_by(&known).ok_or_else(fail)?;
    }
    let shape = Shape(dims);
    if shape.size()? == from.size()? { Ok(shape) } else { Err(fail()) }
}

impl Graph {
    /// The same elements in another shape.
    ///
    /// # Errors
    /// `ERR_SHAPE` when the sizes differ.
    pub fn reshape(&mut self, x: Value, shape: &Shape) -> Result<Value> {
        if self.value_type(x).shape == *shape {
            return Ok(x);
        }
        self.one(Reshape { shape: shape.clone() }, &[x])
    }
}
