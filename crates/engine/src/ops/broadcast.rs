//! Broadcast: elements repeated along new or unit axes, by NumPy's rules.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::TensorType;
use crate::variable::Layout;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("broadcastTo", |call| built(Broadcast { shape: call.kept_shape()? })),
    ("broadcastLike", |call| built(Broadcast { shape: call.shape(1)?.clone() })),
];

/// The input repeated to `shape`.
#[derive(Debug)]
pub struct Broadcast {
    /// The new shape.
    pub shape: Shape,
}

impl Op for Broadcast {
    fn name(&self) -> &'static str {
        "broadcastTo"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        if x.shape.broadcast(&self.shape).ok().as_ref() != Some(&self.shape) {
            return Err(Error::shape(format!("cannot broadcast {} to {}", x.shape, self.shape)));
        }
        Ok(vec![TensorType { shape: self.shape.clone(), dtype: x.dtype }])
    }
    fn agreed_shapes(&self, inputs: &[&TensorType]) -> Option<Vec<Shape>> {
        let x = &inputs[0].shape;
        let missing = self.shape.rank().checked_sub(x.rank())?;
        let mut shapes = vec![Shape(self.shape.0[missing..].to_vec())];
        shapes.extend(inputs[1..].iter().map(|of| of.shape.clone()));
        Some(shapes)
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (x, dy) = (b.inputs[0], b.dy()?);
        Ok(vec![Some(b.graph.sum_to(dy, x)?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.input(0)?;
        let y = lower.output(0);
        lower.broadcast_into(&x, &y);
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let from = e.input_type(0).shape.clone();
        let missing = self.shape.rank() - from.rank();
        // Expand broadcasts both ways, so 1 keeps a dimension that is already there.
        let dims = (0..self.shape.rank()).map(|i| match self.shape.0[i].known() {
            Some(size) => Some(size as i64),
            None if i >= missing && from.0[i - missing] == self.shape.0[i] => Some(1),
            None => None,
        });
        let shape = match dims.collect::<Option<Vec<i64>>>() {
            Some(dims) => e.ints(&dims)?,
            None => e.sizes(&self.shape)?,
        };
        e.finish("Expand", &[e.input(0), shape])
    }
}

impl Lower<'_> {
    /// A copy of `x` repeated to `shape`.
    pub(crate) fn broadcast(&mut self, x: &Buffer, shape: &[usize]) -> Buffer {
        let y = self.temporary(shape, x.dtype, Layout::Plain);
        self.broadcast_into(x, &y);
        y
    }

    fn broadcast_into(&mut self, x: &Buffer, y: &Buffer) {
        let rank = y.shape.len();
        let missing = rank - x.shape.len();
        let (rows, cols) = (y.leading(), y.last());
        // Words from one index to the next of each output axis; 0 where the input repeats.
        let mut strides = vec![0; rank];
        let mut stride = 1;
        for i in (missing..rank).rev() {
            let size = x.shape[i - missing];
            strides[i] = if size == 1 { 0 } else { stride };
            stride *= size;
        }
        let shape = y.shape.clone();
        self.task(rows, cols)
            .split(Axes::ROWS)
            .cost(0.3)
            .read(x.whole())
            .write(y.view(rows, cols).along(Axes::ROWS))
            .run(move |f| {
                let x = f.words(0);
                let last = strides.last().copied().unwrap_or(0);
                for (row, out) in f.rows().zip(f.words_mut(0).chunks_exact_mut(cols.max(1))) {
                    let mut rest = row;
                    let mut from = 0;
                    for i in (0..rank.saturating_sub(1)).rev() {
                        from += rest % shape[i] * strides[i];
                        rest /= shape[i];
                    }
                    match last {
                        0 => out.fill(x[from]),
                        _ => out.copy_from_slice(&x[from..from + out.len()]),
                    }
                }
            });
    }
}

impl Graph {
    /// Repeats `x` to `shape`.
    ///
    /// # Errors
    /// `ERR_SHAPE` when it does not broadcast.
    pub fn broadcast(&mut self, x: Value, shape: &Shape) -> Result<Value> {
        if self.value_type(x).shape == *shape {
            return Ok(x);
        }
        self.one(Broadcast { shape: shape.clone() }, &[x])
    }

    /// Repeats `x` to the shape of `like`.
    ///
    /// # Errors
    /// As [`Graph::broadcast`].
    pub fn broadcast_like(&mut self, x: Value, like: Value) -> Result<Value> {
        let shape = self.value_type(like).shape.clone();
        self.broadcast(x, &shape)
    }

    /// Zeros of the type of `like`.
    ///
    /// # Errors
    /// None in practice.
    pub fn zeros_like(&mut self, like: Value) -> Result<Value> {
        let zero = self.scalar(0.0)?;
        self.broadcast_like(zero, like)
    }
}
