//! Reductions over axes: sum, mean, max, min, and the index of the largest.

use super::call::{Entry, built, family, name_of};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, UNIT, View};
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use ridgeline_kernels::Tile;
use ridgeline_kernels::compare::Compare;
use ridgeline_kernels::reduce::{self as kernels, Reduce as Kernel};

/// Names in the registry.
const NAMES: [(&str, Kind); 4] =
    [("sum", Kind::Sum), ("mean", Kind::Mean), ("max", Kind::Max), ("min", Kind::Min)];

/// Reductions in the registry.
pub(super) const REDUCTIONS: &[Entry] = &family(&NAMES, |call| {
    let axes = call.with.optional_integers("axes")?;
    built(Reduction {
        kind: call.kind(&NAMES)?,
        axes: resolve_axes(call.shape(0)?, axes.as_deref())?,
        keepdims: call.with.flag("keepdims")?,
        empty: call.with.optional_number("empty")?.map(|of| of as f32),
    })
});

/// The others.
pub(super) const ENTRIES: &[Entry] = &[("argMax", |call| built(ArgMax { axis: call.axis()? }))];

/// What a reduction computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The sum.
    Sum,
    /// The sum divided by the number of elements.
    Mean,
    /// The largest; NaN if there is one.
    Max,
    /// The smallest; NaN if there is one.
    Min,
}

/// A reduction over `axes`.
#[derive(Debug)]
pub struct Reduction {
    /// What is computed.
    pub kind: Kind,
    /// The axes, ascending.
    pub axes: Vec<usize>,
    /// True to keep reduced axes with size one.
    pub keepdims: bool,
    /// The largest or smallest of no elements; there is none unless this says one.
    pub empty: Option<f32>,
}

impl Reduction {
    /// One where something is reduced.
    pub fn new(kind: Kind, axes: Vec<usize>, keepdims: bool) -> Reduction {
        Reduction { kind, axes, keepdims, empty: None }
    }

    /// Lowers a reduction of int32; a sum wraps.
    fn integers(&self, lower: &mut Lower, y: &Buffer) -> Result<()> {
        let join = match self.kind {
            Kind::Sum | Kind::Mean => i32::wrapping_add,
            Kind::Max => i32::max,
            Kind::Min => i32::min,
        };
        let empty = match self.kind {
            Kind::Sum | Kind::Mean => 0,
            Kind::Max => i32::MIN,
            Kind::Min => i32::MAX,
        };
        let x = lower.input(0)?;
        let (x, rows, cols) = with_axes_last(lower, x, &self.axes);
        lower
            .task(rows, cols)
            .split(Axes::ROWS)
            .cost(0.5)
            .read(x.view(rows, cols).along(Axes::ROWS))
            .write(y.column())
            .run(move |f| {
                let x = f.ints(0);
                for (row, y) in f.words_mut(0).iter_mut().enumerate() {
                    let values = x[row * cols..(row + 1) * cols].iter().copied();
                    *y = values.fold(empty, join) as u32;
                }
            });
        Ok(())
    }

    /// Whether the reduced axes are the first ones.
    fn sums_columns(&self, rank: usize) -> bool {
        self.axes.len() < rank && self.axes.iter().enumerate().all(|(i, &axis)| i == axis)
    }
}

/// The axes of an argument: all if absent, negative from the back, ascending, each once.
///
/// # Errors
/// `ERR_ARGUMENT` when one is outside the rank or stands twice.
pub fn resolve_axes(shape: &Shape, axes: Option<&[i64]>) -> Result<Vec<usize>> {
    let Some(axes) = axes else { return Ok((0..shape.rank()).collect()) };
    let mut resolved = axes.iter().map(|&a| shape.axis(a)).collect::<Result<Vec<_>>>()?;
    resolved.sort_unstable();
    if resolved.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Error::argument(format!("axis has {axes:?} twice for shape {shape}")));
    }
    Ok(resolved)
}

fn reduced(shape: &Shape, axes: &[usize], keepdims: bool) -> Shape {
    let dims = shape.0.iter().enumerate().filter_map(|(i, dim)| match axes.contains(&i) {
        true => keepdims.then_some(Dim::ONE),
        false => Some(dim.clone()),
    });
    Shape(dims.collect())
}

/// `x` with `axes` moved behind the others, as (kept, reduced) sizes.
fn with_axes_last(lower: &mut Lower, x: Buffer, axes: &[usize]) -> (Buffer, usize, usize) {
    let kept: Vec<usize> = (0..x.shape.len()).filter(|i| !axes.contains(i)).collect();
    let order: Vec<usize> = kept.iter().chain(axes).copied().collect();
    let count = |axes: &[usize]| axes.iter().map(|&i| x.shape[i]).product();
    let (rows, cols) = (count(&kept), count(axes));
    let moved = if order.is_sorted() { x } else { lower.permuted(&x, &order) };
    (moved, rows, cols)
}

/// # Errors
/// `ERR_SHAPE` where something is to be chosen among nothing.
fn check_choice(name: &str, x: &[usize], axes: &[usize], outputs: usize) -> Result<()> {
    if outputs > 0 && axes.iter().any(|&axis| x[axis] == 0) {
        return Err(Error::shape(format!("{name} of no elements, in an input of shape {x:?}")));
    }
    Ok(())
}

impl Op for Reduction {
    fn name(&self) -> &'static str {
        name_of(&NAMES, &self.kind)
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        let fits = x.dtype == DType::F32 || (x.dtype == DType::I32 && self.kind != Kind::Mean);
        if !fits {
            return Err(Error::dtype(format!(
                "{} expects float32, received {}",
                self.name(),
                x.dtype
            )));
        }
        let shape = reduced(&x.shape, &self.axes, self.keepdims);
        Ok(vec![TensorType { shape, dtype: x.dtype }])
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (x, y, dy) = (b.inputs[0], b.outputs[0], b.dy()?);
        let g = &mut *b.graph;
        let shape = g.value_type(x).shape.clone();
        let kept = reduced(&shape, &self.axes, true);
        let spread = g.reshape(dy, &kept)?;
        let dx = match self.kind {
            Kind::Sum => g.broadcast(spread, &shape)?,
            Kind::Mean => {
                let count = self.axes.iter().try_fold(Dim::ONE, |n, &i| n.times(&shape.0[i]))?;
                let count = g.size(&count)?;
                let shared = g.div(spread, count)?;
                g.broadcast(shared, &shape)?
            }
            // Equal shares for equal extremes, as JAX does.
            Kind::Max | Kind::Min => {
                let y = g.reshape(y, &kept)?;
                let hit = g.compare(Compare::Equal, x, y)?;
                let hit = g.cast(hit, DType::F32)?;
                let hits = g.one(Reduction::new(Kind::Sum, self.axes.clone(), true), &[hit])?;
                let share = g.div(spread, hits)?;
                g.mul(hit, share)?
            }
        };
        Ok(vec![Some(dx)])
    }

    fn takes_spread(&self, inputs: &[&TensorType]) -> bool {
        inputs[0].dtype == DType::F32
            && self.sums_columns(inputs[0].shape.rank())
            && self.axes.len() + 1 == inputs[0].shape.rank()
    }

    fn takes_panels(&self, inputs: &[&TensorType]) -> bool {
        let is_sum = matches!(self.kind, Kind::Sum | Kind::Mean);
        is_sum && inputs[0].dtype == DType::F32 && self.axes.len() == inputs[0].shape.rank()
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let stored = lower.stored(0)?;
        if matches!(stored.layout, Layout::Panels(_))
            && matches!(self.kind, Kind::Sum | Kind::Mean)
            && self.axes.len() == stored.shape.len()
        {
            return self.panels(lower, &stored);
        }
        let kernel = match self.kind {
            Kind::Sum | Kind::Mean => Kernel::Sum,
            Kind::Max => Kernel::Max,
            Kind::Min => Kernel::Min,
        };
        let y = lower.output(0);
        let is_empty = self.axes.iter().any(|&axis| stored.shape[axis] == 0);
        if let (Some(empty), true, DType::F32) = (self.empty, is_empty, y.dtype) {
            let fill = lower.task(1, y.size()).write(y.whole());
            fill.run(move |f| f.floats_mut(0).fill(empty));
            return Ok(());
        }
        if matches!(self.kind, Kind::Max | Kind::Min) {
            check_choice(self.name(), &stored.shape, &self.axes, y.size())?;
        }
        if y.dtype == DType::I32 {
            return self.integers(lower, &y);
        }
        let x = lower.matrix_input(0)?;
        let mean = self.kind == Kind::Mean;
        let scale = move |count: usize, y: &mut [f32]| {
            if mean {
                y.iter_mut().for_each(|y| *y /= count as f32);
            }
        };
        // Reduced axes in front: sums of columns, so neighbours stay neighbours.
        if self.sums_columns(x.shape.len()) {
            let rows: usize = x.shape[..self.axes.len()].iter().product();
            let cols: usize = x.shape[self.axes.len()..].iter().product();
            lower
                .task(rows, cols)
                .split(Axes::COLS)
                .cost(0.15)
                .read(x.view(rows, cols).along(Axes::COLS))
                .write(y.row())
                .run(move |f| {
                    kernels::reduce_cols(f.isa, kernel, f.tile(0), f.floats_mut(0));
                    scale(rows, f.floats_mut(0));
                });
            return Ok(());
        }
        let x = lower.input(0)?;
        let (x, rows, cols) = with_axes_last(lower, x, &self.axes);
        lower
            .task(rows, cols)
            .split(Axes::ROWS)
            .cost(0.15)
            .read(x.view(rows, cols).along(Axes::ROWS))
            .write(y.column())
            .run(move |f| {
                kernels::reduce_rows(f.isa, kernel, f.tile(0), f.floats_mut(0));
                scale(cols, f.floats_mut(0));
            });
        Ok(())
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let name = match self.kind {
            Kind::Sum => "ReduceSum",
            Kind::Mean => "ReduceMean",
            Kind::Max => "ReduceMax",
            Kind::Min => "ReduceMin",
        };
        let axes: Vec<i64> = self.axes.iter().map(|&a| a as i64).collect();
        e.reduce(name, &axes, self.keepdims)
    }
}

impl Reduction {
    /// Sums all of a matrix in panels, a unit of columns each in the strand that makes them, and then these.
    fn panels(&self, lower: &mut Lower, x: &Buffer) -> Result<()> {
        let (rows, cols) = x.adjacent();
        let y = lower.output(0);
        let parts = lower.temporary(&[cols.div_ceil(UNIT)], DType::F32, Layout::Plain);
        lower
            .task(rows, cols)
            .split(Axes::COLS)
            .cost(0.15)
            .read(x.view(rows, cols).along(Axes::COLS))
            .write(View { unit: UNIT, ..parts.row() }.along(Axes::COLS))
            .run(move |f| {
                // Past the last column stand zeros.
                let units = f.floats(0).chunks((rows * UNIT).max(1));
                for (sum, x) in f.floats_mut(0).chunks_mut(1).zip(units) {
                    let row = Tile::new(x, 1, x.len(), x.len(), 1);
                    kernels::reduce_rows(f.isa, Kernel::Sum, row, sum);
                }
            });
        let count = if self.kind == Kind::Mean { (rows * cols) as f32 } else { 1.0 };
        lower.task(1, 1).read(parts.whole()).write(y.whole()).run(move |f| {
            f.floats_mut(0)[0] = f.floats(0).iter().sum::<f32>() / count;
        });
        Ok(())
    }
}

/// The index of the largest element along an axis, as int32; the first of equals.
#[derive(Debug)]
pub struct ArgMax {
    /// The axis.
    pub axis: usize,
}

impl Op for ArgMax {
    fn name(&self) -> &'static str {
        "argMax"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        if !matches!(inputs[0].dtype, DType::F32 | DType::I32) {
            return Err(Error::dtype(format!(
                "argMax expects float32 or int32, received {}",
                inputs[0].dtype
            )));
        }
        let shape = reduced(&inputs[0].shape, &[self.axis], false);
        Ok(vec![TensorType { shape, dtype: DType::I32 }])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.input(0)?;
        let y = lower.output(0);
        let dtype = x.dtype;
        check_choice(self.name(), &x.shape, &[self.axis], y.size())?;
        let (x, rows, cols) = with_axes_last(lower, x, &[self.axis]);
        lower
            .task(rows, cols)
            .split(Axes::ROWS)
            .cost(1.0)
            .read(x.view(rows, cols).along(Axes::ROWS))
            .write(y.column())
            .run(move |f| match dtype {
                DType::I32 => {
                    let rows = f.ints(0).chunks_exact(cols.max(1));
                    for (row, y) in rows.zip(f.words_mut(0)) {
                        // The first of equals: the largest, and of those the last from behind.
                        let largest = row.iter().enumerate().rev().max_by_key(|(_, x)| **x);
                        *y = largest.map_or(0, |(at, _)| at) as u32;
                    }
                }
                _ => kernels::argmax_rows(f.isa, f.tile(0), f.words_mut(0)),
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.arg_max(self.axis as i64)
    }
}

impl Graph {
    /// Reduces over `axes` (all if `None`).
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for an axis outside the rank.
    pub fn reduce(
        &mut self,
        kind: Kind,
        x: Value,
        axes: Option<&[i64]>,
        keepdims: bool,
    ) -> Result<Value> {
        let axes = resolve_axes(&self.value_type(x).shape, axes)?;
        self.one(Reduction::new(kind, axes, keepdims), &[x])
    }

    /// Sums `x` down to the shape of `like`: the inverse of broadcasting, for gradients.
    ///
    /// # Errors
    /// `ERR_SHAPE` when `like` does not broadcast to `x`.
    pub fn sum_to(&mut self, x: Value, like: Value) -> Result<Value> {
        let (from, to) = (self.value_type(x).shape.clone(), self.value_type(like).shape.clone());
        if from == to {
            return Ok(x);
        }
        let missing = from.rank() - to.rank();
        let axes: Vec<usize> = (0..from.rank())
            .filter(|&i| i < missing || (to.0[i - missing] == Dim::ONE && from.0[i] != Dim::ONE))
            .collect();
        let summed = match axes.is_empty() {
            true => x,
            false => self.one(Reduction::new(Kind::Sum, axes, true), &[x])?,
        };
        self.reshape(summed, &to)
    }
}
