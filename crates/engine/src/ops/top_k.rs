//! Order along the last axis: the places of the largest or smallest elements, and the elements at places.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::plan::Frame;
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, TensorType};
use std::cmp::Ordering;

/// Their names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("topK", |call| {
        let k = call.with.optional_integer("k")?.map(|_| call.size("k")).transpose()?;
        built(TopK { k, largest: call.with.flag("largest")? })
    }),
    ("takeAlong", |_| built(TakeAlong)),
];

/// The indices of the `k` largest elements of each row, the largest first, or of the smallest; of equals the first
/// stands first, and NaN counts as larger than any number.
#[derive(Debug)]
pub struct TopK {
    /// How many, if not all.
    pub k: Option<usize>,
    /// The largest, rather than the smallest.
    pub largest: bool,
}

impl TopK {
    /// `ERR_SHAPE` where a row is known to have fewer elements.
    fn check(&self, cols: Option<usize>, shape: &Shape) -> Result<()> {
        match (self.k, cols) {
            (Some(k), Some(cols)) if cols < k => {
                Err(Error::shape(format!("topK: {shape} has no {k} along its last axis")))
            }
            _ => Ok(()),
        }
    }
}

impl Op for TopK {
    fn name(&self) -> &'static str {
        "topK"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        if !matches!(x.dtype, DType::F32 | DType::I32) || x.shape.rank() == 0 {
            let expected = "topK expects float32 or int32 of rank 1 or more";
            return Err(Error::dtype(format!("{expected}, received {} {}", x.dtype, x.shape)));
        }
        let mut shape = x.shape.clone();
        if let Some(k) = self.k {
            self.check(x.shape.last().known(), &x.shape)?;
            *shape.0.last_mut().expect("rank 1 or more") = Dim::from(k);
        }
        Ok(vec![TensorType { shape, dtype: DType::I32 }])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (x, y) = (lower.input(0)?, lower.output(0));
        let (rows, cols, dtype) = (x.leading(), x.last(), x.dtype);
        self.check(Some(cols), &Shape::of(&x.shape))?;
        let (k, largest) = (self.k.unwrap_or(cols), self.largest);
        lower
            .task(rows, cols)
            .split(Axes::ROWS)
            .cost(8.0)
            .scratch(cols)
            .read(x.matrix().along(Axes::ROWS))
            .write(y.matrix().along(Axes::ROWS))
            .run(move |f| {
                if k == 0 {
                    return;
                }
                let order: &mut [i32] = bytemuck::cast_slice_mut(&mut f.scratch()[..cols]);
                let picks: &mut [i32] = bytemuck::cast_slice_mut(f.words_mut(0));
                for (row, picks) in picks.chunks_exact_mut(k).enumerate() {
                    let row = row * cols..(row + 1) * cols;
                    match dtype {
                        DType::I32 => places(&f.ints(0)[row], i32::cmp, order, k, largest),
                        _ => places(&f.floats(0)[row], by_value, order, k, largest),
                    }
                    picks.copy_from_slice(&order[..k]);
                }
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.top_k(self.k, self.largest)
    }
}

/// NaN is larger than any number.
fn by_value(a: &f32, b: &f32) -> Ordering {
    a.partial_cmp(b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// The first `k` places of `order` are those of the first of `x`.
fn places<T>(x: &[T], by: fn(&T, &T) -> Ordering, order: &mut [i32], k: usize, largest: bool) {
    order.iter_mut().zip(0..).for_each(|(place, i)| *place = i);
    let compare = |&a: &i32, &b: &i32| {
        let by_value = by(&x[a as usize], &x[b as usize]);
        let by_value = if largest { by_value.reverse() } else { by_value };
        if by_value == Ordering::Equal { a.cmp(&b) } else { by_value }
    };
    if k < order.len() {
        order.select_nth_unstable_by(k - 1, compare);
    }
    order[..k].sort_unstable_by(compare);
}

/// `y[…, j] = x[…, indices[…, j]]`, for indices of `x`'s shape but for the last axis; negative ones count from the
/// end.
#[derive(Debug)]
pub struct TakeAlong;

impl Op for TakeAlong {
    fn name(&self) -> &'static str {
        "takeAlong"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let (x, indices) = (inputs[0], inputs[1]);
        let leading = |shape: &Shape| shape.0[..shape.rank().saturating_sub(1)].to_vec();
        if indices.dtype != DType::I32 || x.shape.rank() == 0 {
            let message = format!("takeAlong expects int32 indices, received {}", indices.dtype);
            return Err(Error::dtype(message));
        }
        if x.shape.rank() != indices.shape.rank() || leading(&x.shape) != leading(&indices.shape) {
            let (x, indices) = (&x.shape, &indices.shape);
            return Err(Error::shape(format!(
                "takeAlong: {x} and indices {indices} differ before the last axis"
            )));
        }
        Ok(vec![TensorType { shape: indices.shape.clone(), dtype: x.dtype }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (shape, indices, dy) = (b.input_type(0).shape.clone(), b.inputs[1], b.dy()?);
        Ok(vec![Some(b.graph.one(AddAlong { shape }, &[dy, indices])?), None])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (x, indices) = (lower.input(0)?, lower.input(1)?);
        let y = lower.output(0);
        let sizes = Sizes { cols: x.last(), picks: indices.last() };
        lower
            .task(x.leading(), x.last())
            .split(Axes::ROWS)
            .cost(0.5)
            .read(x.matrix().along(Axes::ROWS))
            .read(indices.matrix().along(Axes::ROWS))
            .write(y.matrix().along(Axes::ROWS))
            .run(move |f| {
                let (x, y) = (f.words(0), f.words_mut(0));
                sizes.each(f, f.ints(1), |from, to| y[to] = x[from]);
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let attributes = vec![("axis", Attribute::Int(-1))];
        e.finish_with("GatherElements", &[e.input(0), e.input(1)], attributes)
    }
}

/// The gradient of [`TakeAlong`]: elements of `dy` added where they were taken.
#[derive(Debug)]
pub struct AddAlong {
    /// Shape of the result.
    pub shape: Shape,
}

impl Op for AddAlong {
    fn name(&self) -> &'static str {
        "addAlong"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(self.shape.clone())])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (indices, dy) = (b.inputs[1], b.dy()?);
        Ok(vec![Some(b.graph.one(TakeAlong, &[dy, indices])?), None])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (dy, indices) = (lower.input(0)?, lower.input(1)?);
        let dx = lower.output(0);
        let sizes = Sizes { cols: dx.last(), picks: indices.last() };
        lower
            .task(dx.leading(), dx.last())
            .split(Axes::ROWS)
            .cost(0.5)
            .read(dy.matrix().along(Axes::ROWS))
            .read(indices.matrix().along(Axes::ROWS))
            .write(dx.matrix().along(Axes::ROWS))
            .run(move |f| {
                let (dy, dx) = (f.floats(0), f.floats_mut(0));
                dx.fill(0.0);
                sizes.each(f, f.ints(1), |from, to| dx[from] += dy[to]);
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// Sizes of rows that are picked from, and of picks.
#[derive(Clone, Copy)]
struct Sizes {
    cols: usize,
    picks: usize,
}

impl Sizes {
    /// Calls `f(place that is picked from, place of the pick)` for every pick; ends the run of `frame` where an index
    /// is outside.
    fn each(self, frame: &Frame, indices: &[i32], mut f: impl FnMut(usize, usize)) {
        let size = self.cols as i64;
        for (row, picks) in indices.chunks_exact(self.picks.max(1)).enumerate() {
            for (j, &index) in picks.iter().enumerate() {
                if !(-size..size).contains(&i64::from(index)) {
                    frame.fail(Error::argument(format!(
                        "takeAlong: indices must be in [-{size}, {size}), received {index}"
                    )));
                }
                let at = if index < 0 { i64::from(index) + size } else { i64::from(index) };
                f(row * self.cols + at as usize, row * self.picks + j);
            }
        }
    }
}
