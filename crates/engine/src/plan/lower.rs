//! Lowering: the surroundings in which an op turns into tasks.

use super::task::{Run, Task};
use super::view::{Axes, BufferId, UNIT, View};
use super::{Home, PlanBuilder, Rows};
use crate::error::{Error, Result};
use crate::graph::{Node, Value};
use crate::op::Op;
use crate::tensor::DType;
use crate::variable::Layout;
use std::sync::Arc;

/// A buffer with what an op must know of it.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// The buffer.
    pub id: BufferId,
    /// Concrete sizes.
    pub shape: Vec<usize>,
    /// Element type.
    pub dtype: DType,
    /// How it stands in memory.
    pub layout: Layout,
}

impl Buffer {
    /// Number of elements.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }
    /// Size of the last axis; one for a scalar.
    pub fn last(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }
    /// Product of all axes but the last.
    pub fn leading(&self) -> usize {
        self.shape.iter().rev().skip(1).product()
    }
    /// Rows and columns of a task whose columns are adjacent in memory: those of the matrix in panels,
    /// else one row of all elements.
    pub fn adjacent(&self) -> (usize, usize) {
        match self.layout {
            Layout::Plain => (1, self.size()),
            _ => (self.leading(), self.last()),
        }
    }
    /// The buffer as a `rows` × `cols` matrix, touched whole.
    pub fn view(&self, rows: usize, cols: usize) -> View {
        debug_assert_eq!(rows * cols, self.size(), "a view covers its buffer");
        View { buffer: self.id, rows, cols, layout: self.layout, along: Axes::NONE, unit: 1 }
    }
    /// All leading axes as rows, the last as columns.
    pub fn matrix(&self) -> View {
        self.view(self.leading(), self.last())
    }
    /// One value per column of the task.
    pub fn row(&self) -> View {
        self.view(1, self.size()).along(Axes::COLS)
    }
    /// One value per row of the task.
    pub fn column(&self) -> View {
        self.view(self.size(), 1).along(Axes::ROWS)
    }
    /// All of it, as one row.
    pub fn whole(&self) -> View {
        self.view(1, self.size())
    }
    /// The words of a bit mask whose rows are rows of the task, columns cut in whole words.
    pub fn bits(&self, along: Axes) -> View {
        View {
            buffer: self.id,
            rows: self.leading(),
            cols: self.last().div_ceil(UNIT),
            layout: Layout::Plain,
            along,
            unit: UNIT,
        }
    }
}

/// Words a buffer of this type takes.
pub(crate) fn words(shape: &[usize], dtype: DType, layout: Layout) -> usize {
    let last = shape.last().copied().unwrap_or(1);
    let leading: usize = shape.iter().rev().skip(1).product();
    match dtype {
        DType::Bits => leading * last.div_ceil(UNIT),
        _ => layout.words(leading, last),
    }
}

/// One node while it is lowered.
pub struct Lower<'a> {
    pub(crate) plan: &'a mut PlanBuilder,
    pub(crate) node: &'a Node,
    pub(crate) at: usize,
    /// Sizes of the symbols.
    pub bindings: &'a [usize],
    /// How rows come out of the data.
    pub rows: Rows,
    /// For each output: the layout that all its uses prefer.
    pub(crate) preferred: &'a [Layout],
}

impl Lower<'_> {
    /// Input `i` in row-major order, dense.
    ///
    /// # Errors
    /// `ERR_NATIVE` when it was not lowered before.
    pub fn input(&mut self, i: usize) -> Result<Buffer> {
        let buffer = self.stored(i)?;
        self.plan.plain(&buffer)
    }

    /// Input `i` in row-major order, its rows adjacent or apart.
    ///
    /// # Errors
    /// As [`Lower::input`].
    pub fn matrix_input(&mut self, i: usize) -> Result<Buffer> {
        let buffer = self.stored(i)?;
        match buffer.layout {
            Layout::Panels(_) => self.plan.plain(&buffer),
            _ => Ok(buffer),
        }
    }

    /// Input `i` as it stands in memory, possibly in panels.
    ///
    /// # Errors
    /// As [`Lower::input`].
    pub fn stored(&self, i: usize) -> Result<Buffer> {
        let value = self.node.inputs[i];
        self.plan.buffers_of.get(&value).cloned().ok_or_else(|| {
            Error::native(format!("input {i} of {} has no buffer", self.node.op.name()))
        })
    }

    /// Input `i` in the layout of a variable.
    ///
    /// # Errors
    /// As [`Lower::input`].
    pub fn in_layout(&mut self, i: usize, layout: Layout) -> Result<Buffer> {
        let buffer = self.stored(i)?;
        if buffer.layout == layout {
            return Ok(buffer);
        }
        let plain = self.plan.plain(&buffer)?;
        match layout {
            Layout::Panels(width) => self.plan.panelled(&plain, width),
            _ => Ok(plain),
        }
    }

    /// The buffer of output `i`, in row-major order.
    pub fn output(&mut self, i: usize) -> Buffer {
        self.output_as(i, Layout::Plain)
    }

    /// The buffer of output `i`, in the layout that all its uses prefer.
    pub fn preferred_output(&mut self, i: usize) -> Buffer {
        self.output_as(i, self.preferred[i])
    }

    pub(super) fn output_as(&mut self, i: usize, layout: Layout) -> Buffer {
        let value = Value { node: self.at as u32, output: i as u32 };
        if let Some(buffer) = self.plan.buffers_of.get(&value) {
            return buffer.clone();
        }
        let of = &self.node.outputs[i];
        let buffer = self.plan.buffer(of.shape.bind(self.bindings), of.dtype, layout, Home::Arena);
        self.plan.buffers_of.insert(value, buffer.clone());
        buffer
    }

    /// Output `i` is the memory of `buffer`, seen in the output's shape.
    pub fn alias(&mut self, i: usize, buffer: &Buffer) {
        let value = Value { node: self.at as u32, output: i as u32 };
        let of = &self.node.outputs[i];
        let alias =
            Buffer { shape: of.shape.bind(self.bindings), dtype: of.dtype, ..buffer.clone() };
        self.plan.buffers_of.insert(value, alias);
    }

    /// Output `i` is what feed `index` brings, where it lies.
    pub fn feed(&mut self, i: usize, index: usize) {
        let of = &self.node.outputs[i];
        let (shape, dtype) = (of.shape.bind(self.bindings), of.dtype);
        let buffer = self.plan.buffer(shape, dtype, Layout::Plain, Home::Feed(index));
        self.alias(i, &buffer);
    }

    /// A buffer for the op's own use.
    pub fn temporary(&mut self, shape: &[usize], dtype: DType, layout: Layout) -> Buffer {
        self.plan.buffer(shape.to_vec(), dtype, layout, Home::Arena)
    }

    /// The buffer that holds `home`, such as a variable.
    pub fn resident(&mut self, home: Home) -> Buffer {
        self.plan.resident(home)
    }

    /// Starts a task over `rows` × `cols`.
    pub fn task(&mut self, rows: usize, cols: usize) -> TaskBuilder<'_> {
        let numbering = self.plan.numbering;
        TaskBuilder {
            plan: self.plan,
            task: Task {
                layer: Arc::clone(&self.node.label),
                op: self.node.op.name(),
                space: [rows, cols],
                split: Axes::NONE,
                cost: (rows * cols) as f64 * 0.3,
                grain: [1, 1],
                reads: Vec::new(),
                writes: Vec::new(),
                scratch: 0,
                overwrites: Vec::new(),
                numbering,
                fetches: false,
                run: Box::new(|_| {}),
            },
        }
    }

    /// The op being lowered.
    pub fn op(&self) -> Arc<dyn Op> {
        Arc::clone(&self.node.op)
    }
}

/// A task under construction.
pub struct TaskBuilder<'a> {
    plan: &'a mut PlanBuilder,
    task: Task,
}

impl TaskBuilder<'_> {
    /// Axes along which the rectangle may be cut.
    pub fn split(mut self, axes: Axes) -> Self {
        self.task.split = axes;
        self
    }
    /// Nanoseconds of one core, roughly, for each element of the rectangle.
    pub fn cost(mut self, per_element: f64) -> Self {
        self.task.cost = self.task.space.iter().product::<usize>() as f64 * per_element;
        self
    }
    /// Rows and columns that a part should have at least, where it is cut by them.
    pub fn grain(mut self, rows: usize, cols: usize) -> Self {
        self.task.grain = [rows, cols];
        self
    }
    /// Adds a read.
    pub fn read(mut self, view: View) -> Self {
        self.task.reads.push(view);
        self
    }
    /// Adds a write.
    pub fn write(mut self, view: View) -> Self {
        self.task.writes.push(view);
        self
    }
    /// Words of scratch a part needs.
    pub fn scratch(mut self, words: usize) -> Self {
        self.task.scratch = words;
        self
    }
    /// Says that the first write may take the memory of a read, which is seen as it is: each element is read no later than
    /// it is written.
    pub fn may_overwrite(mut self, read: usize) -> Self {
        self.task.overwrites.push(read);
        self
    }
    /// Says that it fetches meanwhile what comes after it.
    pub fn fetches(mut self) -> Self {
        self.task.fetches = true;
        self
    }
    /// The kernel call; finishes the task.
    pub fn run(mut self, run: impl Fn(&super::Frame) + Send + Sync + 'static) {
        self.task.run = Box::new(run) as Run;
        self.plan.tasks.push(self.task);
    }
}
