//! Gather: elements of an axis picked by int32 indices, and the scatter-add that is its gradient.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::plan::Frame;
use crate::plan::lower::Lower;
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("gather", |call| built(Gather { axis: call.axis()? })),
    ("scatterAdd", |call| built(Scatter { axis: 0, shape: call.kept_shape()? })),
];

/// `y[a…, i…, b…] = x[a…, indices[i…], b…]`, negative indices counting from the end.
#[derive(Debug)]
pub struct Gather {
    /// The axis that is picked from.
    pub axis: usize,
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let (x, indices) = (inputs[0], inputs[1]);
        if indices.dtype != DType::I32 {
            return Err(Error::dtype(format!(
                "gather expects int32 indices, received {}",
                indices.dtype
            )));
        }
        if x.shape.0[self.axis].known().is_none() {
            return Err(Error::shape(format!(
                "gather expects a known size along axis {}",
                self.axis
            )));
        }
        let mut dims = x.shape.0[..self.axis].to_vec();
        dims.extend(indices.shape.0.iter().cloned());
        dims.extend(x.shape.0[self.axis + 1..].iter().cloned());
        Ok(vec![TensorType { shape: Shape(dims), dtype: x.dtype }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let shape = b.input_type(0).shape.clone();
        let (indices, dy) = (b.inputs[1], b.dy()?);
        let dx = b.graph.one(Scatter { axis: self.axis, shape }, &[dy, indices])?;
        Ok(vec![Some(dx), None])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (x, indices) = (lower.input(0)?, lower.input(1)?);
        let y = lower.output(0);
        let sizes = Sizes::of(&x.shape, self.axis, indices.size());
        lower
            .task(1, y.size())
            .cost(0.3)
            .read(x.whole())
            .read(indices.whole())
            .write(y.whole())
            .run(move |f| {
                let (x, y) = (f.words(0), f.words_mut(0));
                sizes.check(f, f.ints(1));
                sizes.each(f.ints(1), |from, to| {
                    y[to..to + sizes.inner].copy_from_slice(&x[from..from + sizes.inner]);
                });
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let attributes = vec![("axis", Attribute::Int(self.axis as i64))];
        e.finish_with("Gather", &[e.input(0), e.input(1)], attributes)
    }
}

/// The gradient of [`Gather`]: rows of `dy` added where they were picked, in order, to zeros.
#[derive(Debug)]
pub struct Scatter {
    /// The axis that was picked from.
    pub axis: usize,
    /// Shape of the result.
    pub shape: Shape,
}

impl Op for Scatter {
    fn name(&self) -> &'static str {
        "scatterAdd"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let (dy, indices) = (inputs[0], inputs[1]);
        if indices.dtype != DType::I32 || dy.dtype != DType::F32 || self.shape.rank() == 0 {
            return Err(Error::dtype(
                "scatterAdd expects float32 values, int32 indices and an axis",
            ));
        }
        let mut dims = self.shape.0[..self.axis].to_vec();
        dims.extend(indices.shape.0.iter().cloned());
        dims.extend(self.shape.0[self.axis + 1..].iter().cloned());
        let expected = Shape(dims);
        if dy.shape != expected {
            return Err(Error::shape(format!(
                "scatterAdd expects values of shape {expected}, received {}",
                dy.shape
            )));
        }
        Ok(vec![TensorType::f32(self.shape.clone())])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (indices, dy) = (b.inputs[1], b.dy()?);
        Ok(vec![Some(b.graph.one(Gather { axis: self.axis }, &[dy, indices])?), None])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (dy, indices) = (lower.input(0)?, lower.input(1)?);
        let dx = lower.output(0);
        let sizes = Sizes::of(&dx.shape, self.axis, indices.size());
        lower
            .task(1, dy.size())
            .cost(0.5)
            .read(dy.whole())
            .read(indices.whole())
            .write(dx.whole())
            .run(move |f| {
                let (dy, dx) = (f.floats(0), f.floats_mut(0));
                dx.fill(0.0);
                sizes.check(f, f.ints(1));
                sizes.each(f.ints(1), |from, to| {
                    let added = &dy[to..to + sizes.inner];
                    for (x, d) in dx[from..from + sizes.inner].iter_mut().zip(added) {
                        *x += d;
                    }
                });
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let sizes = self.shape.0.iter().map(|d| d.known().map(|size| size as i64));
        let Some(sizes) = sizes.collect::<Option<Vec<i64>>>().filter(|_| self.axis == 0) else {
            return e.no_form();
        };
        let sizes = e.ints(&sizes)?;
        let zeros = e.step("ConstantOfShape", &[sizes])?;
        let to = vec![("to", Attribute::Int(INT64))];
        let wide = e.step_with("Cast", &[e.input(1)], to)?;
        let last = e.ints(&[-1])?;
        let indices = e.step("Unsqueeze", &[wide, last])?;
        let add = vec![("reduction", Attribute::String("add".to_owned()))];
        e.finish_with("ScatterND", &[zeros, indices, e.input(0)], add)
    }
}

/// ONNX' number of the type.
const INT64: i64 = 7;

/// How a tensor falls apart around the picked axis.
#[derive(Clone, Copy)]
struct Sizes {
    outer: usize,
    axis: usize,
    inner: usize,
    picks: usize,
}

impl Sizes {
    fn of(shape: &[usize], axis: usize, picks: usize) -> Sizes {
        Sizes {
            outer: shape[..axis].iter().product(),
            axis: shape[axis],
            inner: shape[axis + 1..].iter().product(),
            picks,
        }
    }
    /// Ends the run of `frame` unless all indices are inside the axis.
    fn check(self, frame: &Frame, indices: &[i32]) {
        let size = self.axis as i64;
        let outside = |&&index: &&i32| !(-size..size).contains(&i64::from(index));
        if let Some(bad) = indices.iter().find(outside) {
            frame.fail(Error::argument(format!(
                "indices must be in [-{size}, {size}), received {bad}"
            )));
        }
    }
    /// Calls `f(offset in the picked-from tensor, offset in the picked tensor)` for every pick of
    /// indices that are inside.
    fn each(self, indices: &[i32], mut f: impl FnMut(usize, usize)) {
        for outer in 0..self.outer {
            for (i, &index) in indices.iter().enumerate() {
                let size = self.axis as i64;
                let at = if index < 0 { i64::from(index) + size } else { i64::from(index) };
                let at = at as usize;
                f((outer * self.axis + at) * self.inner, (outer * self.picks + i) * self.inner);
            }
        }
    }
}
