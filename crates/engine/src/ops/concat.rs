//! Pieces along an axis: concat, slice, and the padding that is slice's gradient.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::Axes;
use crate::shape::{Dim, Shape};
use crate::tensor::TensorType;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("concat", |call| built(Concat { axis: call.axis()? })),
    ("slice", |call| {
        let axis = call.axis()?;
        let of = &call.shape(0)?.0[axis];
        let start = place(call.with.integer("start")?, of)?;
        // The end itself is null: one that is forgotten is no slice.
        if !call.with.0.contains_key("end") {
            return Err(Error::argument("end is missing; expected an integer or null"));
        }
        let end = call.with.optional_integer("end")?;
        let size = end.map_or(Ok(of.clone()), |end| place(end, of))?.minus(&start)?;
        built(Slice { axis, start, size })
    }),
];

/// A place along an axis of that size, counted from the end if negative.
fn place(at: i64, of: &Dim) -> Result<Dim> {
    let distance = Dim::from(usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX));
    if at < 0 { of.minus(&distance) } else { Ok(distance) }
}

/// Tensors one after the other along an axis.
#[derive(Debug)]
pub struct Concat {
    /// The axis.
    pub axis: usize,
}

/// (product before the axis, size of the axis times product behind it).
fn around(buffer: &Buffer, axis: usize) -> (usize, usize) {
    (buffer.shape[..axis].iter().product(), buffer.shape[axis..].iter().product())
}

impl Op for Concat {
    fn name(&self) -> &'static str {
        "concat"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let first = inputs[0];
        let mut shape = first.shape.clone();
        for x in &inputs[1..] {
            if x.dtype != first.dtype {
                let message = format!("concat of {} and {}", first.dtype, x.dtype);
                return Err(Error::dtype(message));
            }
            let fits = x.shape.rank() == shape.rank()
                && (0..shape.rank()).all(|i| i == self.axis || x.shape.0[i] == shape.0[i]);
            if !fits {
                let shapes: Vec<String> = inputs.iter().map(|x| x.shape.to_string()).collect();
                return Err(Error::shape(format!(
                    "concat along axis {} expects equal shapes elsewhere, received {}",
                    self.axis,
                    shapes.join(", ")
                )));
            }
            shape.0[self.axis] = shape.0[self.axis].plus(&x.shape.0[self.axis])?;
        }
        Ok(vec![TensorType { shape, dtype: first.dtype }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let dy = b.dy()?;
        let mut start = Dim::from(0);
        let mut gradients = Vec::new();
        for (i, &input) in b.inputs.iter().enumerate() {
            let size = b.graph.value_type(input).shape.0[self.axis].clone();
            let end = start.plus(&size)?;
            gradients.push(match b.needs[i] {
                true => Some(b.graph.slice(dy, self.axis, start, size)?),
                false => None,
            });
            start = end;
        }
        Ok(gradients)
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let y = lower.output(0);
        let (rows, width) = around(&y, self.axis);
        let mut parts = Vec::new();
        for i in 0..lower.node.inputs.len() {
            parts.push(lower.input(i)?);
        }
        let widths: Vec<usize> = parts.iter().map(|x| around(x, self.axis).1).collect();
        let mut task = lower.task(rows, width).split(Axes::ROWS).cost(0.15);
        for (part, &width) in parts.iter().zip(&widths) {
            task = task.read(part.view(rows, width).along(Axes::ROWS));
        }
        task.write(y.view(rows, width).along(Axes::ROWS)).run(move |f| {
            let out = f.words_mut(0);
            let mut start = 0;
            for (i, &piece) in widths.iter().enumerate() {
                let rows = f.words(i).chunks_exact(piece.max(1));
                for (row, out) in rows.zip(out.chunks_exact_mut(width.max(1))) {
                    out[start..start + piece].copy_from_slice(row);
                }
                start += piece;
            }
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let inputs: Vec<String> = (0..e.input_count()).map(|i| e.input(i)).collect();
        e.finish_with("Concat", &inputs, vec![("axis", Attribute::Int(self.axis as i64))])
    }
}

/// `size` elements from `start` along an axis.
#[derive(Debug)]
pub struct Slice {
    /// The axis.
    pub axis: usize,
    /// The first element.
    pub start: Dim,
    /// How many.
    pub size: Dim,
}

impl Op for Slice {
    fn name(&self) -> &'static str {
        "slice"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        let mut shape = x.shape.clone();
        let of = &shape.0[self.axis];
        let rest = of.minus(&self.start)?.minus(&self.size)?;
        // Those of unknown sizes are looked at when they are known.
        if [&self.start, &self.size, &rest]
            .into_iter()
            .any(|dim| dim.constant().is_some_and(|n| n < 0))
        {
            return Err(self.outside(of));
        }
        shape.0[self.axis] = self.size.clone();
        Ok(vec![TensorType { shape, dtype: x.dtype }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (before, of) = (self.start.clone(), &b.input_type(0).shape.0[self.axis]);
        let after = of.minus(&before)?.minus(&self.size)?;
        let dy = b.dy()?;
        Ok(vec![Some(b.graph.one(Pad { axis: self.axis, before, after }, &[dy])?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.input(0)?;
        let y = lower.output(0);
        let (rows, width) = around(&x, self.axis);
        let inner = width / x.shape[self.axis].max(1);
        let [start, size] = [&self.start, &self.size].map(|of| of.evaluate(lower.bindings));
        if start < 0 || size < 0 || start + size > x.shape[self.axis] as isize {
            return Err(self.outside(&x.shape[self.axis].into()));
        }
        let [start, size] = [start, size].map(isize::unsigned_abs);
        let (first, piece) = (start * inner, size * inner);
        lower
            .task(rows, piece)
            .split(Axes::ROWS)
            .cost(0.15)
            .read(x.view(rows, width).along(Axes::ROWS))
            .write(y.view(rows, piece).along(Axes::ROWS))
            .run(move |f| {
                let rows = f.words(0).chunks_exact(width.max(1));
                for (row, out) in rows.zip(f.words_mut(0).chunks_exact_mut(piece.max(1))) {
                    out.copy_from_slice(&row[first..first + piece]);
                }
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let of = e.input_type(0).shape.0[self.axis].clone();
        let end = self.start.plus(&self.size)?;
        let end = if end == of { e.ints(&[i64::MAX])? } else { along(e, &end, &of)? };
        let start = along(e, &self.start, &of)?;
        let axis = e.ints(&[self.axis as i64])?;
        e.finish("Slice", &[e.input(0), start, end, axis])
    }
}

impl Slice {
    fn outside(&self, of: &Dim) -> Error {
        let (start, axis) = (&self.start, self.axis);
        let end = start.plus(&self.size).map_or_else(|_| "…".to_owned(), |end| end.to_string());
        Error::shape(format!("slice takes elements {start}..{end} of axis {axis}, which has {of}"))
    }
}

/// A place along an axis of size `of`, in a file: from the front or the end where that is a number, else of sizes.
fn along(e: &mut Exporter, at: &Dim, of: &Dim) -> Result<String> {
    match (at.constant(), at.minus(of)?.constant()) {
        (Some(at), _) => e.ints(&[at as i64]),
        (None, Some(back)) if back < 0 => e.ints(&[back as i64]),
        _ => e.sizes(&Shape(vec![at.clone()])),
    }
}

/// Zeros before and after along an axis.
#[derive(Debug)]
pub struct Pad {
    /// The axis.
    pub axis: usize,
    /// Zeros in front.
    pub before: Dim,
    /// Zeros behind.
    pub after: Dim,
}

impl Op for Pad {
    fn name(&self) -> &'static str {
        "pad"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let mut shape: Shape = inputs[0].shape.clone();
        shape.0[self.axis] = shape.0[self.axis].plus(&self.before)?.plus(&self.after)?;
        Ok(vec![TensorType { shape, dtype: inputs[0].dtype }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let size = b.input_type(0).shape.0[self.axis].clone();
        let dy = b.dy()?;
        Ok(vec![Some(b.graph.slice(dy, self.axis, self.before.clone(), size)?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.input(0)?;
        let y = lower.output(0);
        let (rows, piece) = around(&x, self.axis);
        let width = around(&y, self.axis).1;
        let first = width / y.shape[self.axis].max(1) * self.before.bind(lower.bindings);
        lower
            .task(rows, width)
            .split(Axes::ROWS)
            .cost(0.15)
            .read(x.view(rows, piece).along(Axes::ROWS))
            .write(y.view(rows, width).along(Axes::ROWS))
            .run(move |f| {
                let x = f.words(0);
                // A row may have no elements, and zeros around them nevertheless.
                for (i, out) in f.words_mut(0).chunks_exact_mut(width.max(1)).enumerate() {
                    out[..first].fill(0);
                    out[first..first + piece].copy_from_slice(&x[i * piece..(i + 1) * piece]);
                    out[first + piece..].fill(0);
                }
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let rank = e.input_type(0).shape.rank();
        let mut pads = vec![Dim::from(0); 2 * rank];
        pads[self.axis] = self.before.clone();
        pads[rank + self.axis] = self.after.clone();
        let pads = e.sizes(&Shape(pads))?;
        e.finish("Pad", &[e.input(0), pads])
    }
}

impl Graph {
    /// `size` elements from `start` along `axis`.
    ///
    /// # Errors
    /// `ERR_SHAPE` when they reach past the end.
    pub fn slice(
        &mut self,
        x: Value,
        axis: usize,
        start: impl Into<Dim>,
        size: impl Into<Dim>,
    ) -> Result<Value> {
        self.one(Slice { axis, start: start.into(), size: size.into() }, &[x])
    }
}
