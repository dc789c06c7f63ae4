//! Gather: elements of an axis picked by int32 indices, and the scatter-add that is its gradient.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::plan::Frame;
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use ridgeline_kernels::prefetch::fetch;
use ridgeline_kernels::scatter::scatter_add;

/// Rows ahead of the one it copies that a gather asks for.
const AHEAD: usize = 4;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("gather", |call| built(Gather { axis: call.axis()?, strict: call.with.flag("strict")? })),
    ("scatterAdd", |call| built(Scatter { axis: 0, shape: call.kept_shape()?, strict: false })),
];

/// `y[a…, i…, b…] = x[a…, indices[i…], b…]`, negative indices counting from the end unless it is strict.
#[derive(Debug)]
pub struct Gather {
    /// The axis that is picked from.
    pub axis: usize,
    /// Negative indices are errors.
    pub strict: bool,
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
        let mut dims = x.shape.0[..self.axis].to_vec();
        dims.extend(indices.shape.0.iter().cloned());
        dims.extend(x.shape.0[self.axis + 1..].iter().cloned());
        Ok(vec![TensorType { shape: Shape(dims), dtype: x.dtype }])
    }
    fn takes_panels(&self, inputs: &[&TensorType]) -> bool {
        self.axis == 0 && inputs[0].shape.rank() == 2
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let shape = b.input_type(0).shape.clone();
        let (indices, dy) = (b.inputs[1], b.dy()?);
        let dx =
            b.graph.one(Scatter { axis: self.axis, shape, strict: self.strict }, &[dy, indices])?;
        Ok(vec![Some(dx), None])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        // Rows of a table are found in its panels as well.
        let stored = lower.stored(0)?;
        let panels = match stored.layout {
            Layout::Panels(width) if self.axis == 0 && stored.shape.len() == 2 => Some(width),
            _ => None,
        };
        let x = if panels.is_some() { stored } else { lower.input(0)? };
        let (indices, y) = (lower.input(1)?, lower.output(0));
        let sizes = Sizes::of(&x.shape, self.axis, indices.size(), self.strict);
        let rows = sizes.outer * sizes.picks;
        let view = if panels.is_some() { x.matrix() } else { x.whole() };
        let width = panels.unwrap_or(sizes.inner).max(1);
        lower
            .task(rows, sizes.inner)
            .split(Axes::ROWS)
            .cost(0.3)
            .read(view)
            .read(indices.whole())
            .write(y.view(rows, sizes.inner).along(Axes::ROWS))
            .run(move |f| {
                let (x, y) = (f.words(0), f.words_mut(0));
                let picks = y.chunks_exact_mut(sizes.inner.max(1));
                let from = |panel: usize, at: usize| (panel * sizes.axis + at) * width;
                let end = f.rows().end;
                for (row, y) in f.rows().zip(picks) {
                    // No hardware foresees what is picked.
                    let ahead = sizes.row(f, f.ints(1), (row + AHEAD).min(end - 1));
                    let at = sizes.row(f, f.ints(1), row);
                    for (panel, y) in y.chunks_mut(width).enumerate() {
                        fetch(&x[from(panel, ahead)..][..y.len()]);
                        y.copy_from_slice(&x[from(panel, at)..][..y.len()]);
                    }
                }
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
    /// Negative indices are errors.
    pub strict: bool,
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
        Ok(vec![
            Some(b.graph.one(Gather { axis: self.axis, strict: self.strict }, &[dy, indices])?),
            None,
        ])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (dy, indices) = (lower.input(0)?, lower.input(1)?);
        let dx = if self.shape.rank() == 2 { lower.preferred_output(0) } else { lower.output(0) };
        let sizes = Sizes::of(&dx.shape, self.axis, indices.size(), self.strict);
        let (rows, picked) = (sizes.outer * sizes.axis, sizes.outer * sizes.picks);
        let panels = matches!(dx.layout, Layout::Panels(_));
        let whole = if panels { dx.matrix() } else { dx.view(rows, sizes.inner) };
        lower
            .task(rows, sizes.inner)
            .split(Axes::COLS)
            .cost(0.2 + 0.4 * picked as f64 / rows.max(1) as f64)
            .read(dy.view(picked, sizes.inner).along(Axes::COLS))
            .read(indices.whole())
            .write(whole.along(Axes::COLS))
            .run(move |f| {
                let (dy, indices) = (f.tile(0), f.ints(1));
                for pick in 0..indices.len() {
                    sizes.row(f, indices, pick);
                }
                if !panels {
                    return scatter_add(f.isa, dy, indices, sizes.axis, f.tile_mut(0));
                }
                for (first, mut panel) in f.panels_mut(0) {
                    let columns = first..dy.cols().min(first + panel.cols());
                    let width = columns.len();
                    // The padding is 0, as the update that takes it expects.
                    let (exists, rest) = (0..width, width..panel.cols());
                    panel.columns(rest).clear();
                    let dy = dy.part(0..picked, columns);
                    scatter_add(f.isa, dy, indices, sizes.axis, panel.columns(exists));
                }
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        if self.axis != 0 {
            return e.no_form();
        }
        let sizes = e.sizes(&self.shape)?;
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
pub(super) struct Sizes {
    outer: usize,
    axis: usize,
    inner: usize,
    picks: usize,
    /// Negative indices are errors.
    strict: bool,
}

impl Sizes {
    pub(super) fn of(shape: &[usize], axis: usize, picks: usize, strict: bool) -> Sizes {
        Sizes {
            outer: shape[..axis].iter().product(),
            axis: shape[axis],
            inner: shape[axis + 1..].iter().product(),
            picks,
            strict,
        }
    }
    /// The row of the picked-from tensor that row `row` of the picked one is; ends the run of `frame` where
    /// the index is outside the axis.
    pub(super) fn row(self, frame: &Frame, indices: &[i32], row: usize) -> usize {
        let (size, index) = (self.axis as i64, i64::from(indices[row % self.picks]));
        let least = if self.strict { 0 } else { -size };
        if !(least..size).contains(&index) {
            frame.fail(Error::argument(format!(
                "indices must be in [{least}, {size}), received {index}"
            )));
        }
        let at = if index < 0 { index + size } else { index };
        row / self.picks * self.axis + at as usize
    }
}
