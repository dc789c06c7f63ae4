//! A plan while nodes are lowered into it: its tasks and buffers so far.

use super::loops::{Among, Numbering, Slot};
use super::lower::{Buffer, words};
use super::sections::LoopTasks;
use super::task::Task;
use super::view::{Axes, BufferId, View};
use super::{Frame, Home, Place};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::tensor::{DType, TensorType};
use crate::variable::{Layout, from_panels, from_spread, to_panels};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// See the module documentation.
pub struct PlanBuilder {
    pub(crate) tasks: Vec<Task>,
    pub(crate) buffers_of: HashMap<Value, Buffer>,
    /// Types of all values, for lowerings that depend on them.
    pub(crate) types: HashMap<Value, TensorType>,
    pub(super) places: Vec<Place>,
    resident: HashMap<ResidentKey, Buffer>,
    pub(crate) converted: HashMap<BufferId, Buffer>,
    /// Tasks that repeat, in order.
    pub(crate) loops: Vec<LoopTasks>,
    /// Values that something uses.
    pub(crate) used: HashSet<Value>,
    /// True while the step of a loop is lowered.
    pub(crate) is_in_loop: bool,
    /// Of the step that is written out.
    pub(crate) numbering: Numbering,
    /// Steps that loops around are written out in.
    pub(crate) written_out: usize,
}

#[derive(PartialEq, Eq, Hash)]
enum ResidentKey {
    Variable(u64),
    Constant(usize),
}

impl PlanBuilder {
    /// For values of these types, of which some are used.
    pub(super) fn new(types: HashMap<Value, TensorType>, used: HashSet<Value>) -> PlanBuilder {
        PlanBuilder {
            tasks: Vec::new(),
            buffers_of: HashMap::new(),
            types,
            places: Vec::new(),
            resident: HashMap::new(),
            converted: HashMap::new(),
            loops: Vec::new(),
            used,
            is_in_loop: false,
            numbering: Numbering::default(),
            written_out: 1,
        }
    }

    pub(crate) fn buffer(
        &mut self,
        shape: Vec<usize>,
        dtype: DType,
        layout: Layout,
        home: Home,
    ) -> Buffer {
        let id = BufferId(self.places.len() as u32);
        self.places.push(Place { words: words(&shape, dtype, layout), home, offset: 0 });
        Buffer { id, shape, dtype, layout }
    }

    /// A part of a buffer that is dense in row-major order, which begins so many words behind its start.
    pub(crate) fn slot(
        &mut self,
        of: &Buffer,
        shape: Vec<usize>,
        start: usize,
        turns: Option<Among>,
    ) -> Result<Buffer> {
        let (of, start) = match &self.places[of.id.0 as usize].home {
            Home::Slot(Slot { turns: Some(_), .. }) => {
                return Err(Error::native("a slot of what a loop moves along"));
            }
            Home::Slot(outer) => (outer.of, outer.start + start),
            _ => (of.id, start),
        };
        Ok(self.buffer(shape, DType::F32, Layout::Plain, Home::Slot(Slot { of, start, turns })))
    }

    /// True if a loop moves the buffer along.
    pub(crate) fn is_turning(&self, buffer: BufferId) -> bool {
        let home = &self.places[buffer.0 as usize].home;
        matches!(home, Home::Slot(Slot { turns: Some(_), .. }))
    }

    pub(crate) fn resident(&mut self, home: Home) -> Buffer {
        let (key, shape, dtype, layout) = match &home {
            Home::Variable(v) => {
                (ResidentKey::Variable(v.id()), v.shape().to_vec(), v.dtype(), v.layout())
            }
            Home::Constant(t) => (
                ResidentKey::Constant(Arc::as_ptr(t) as usize),
                t.shape.clone(),
                t.dtype,
                Layout::Plain,
            ),
            Home::Arena | Home::Feed(_) | Home::Slot(_) => {
                unreachable!("only what is there before a plan")
            }
        };
        if let Some(buffer) = self.resident.get(&key) {
            return buffer.clone();
        }
        let buffer = self.buffer(shape, dtype, layout, home);
        self.resident.insert(key, buffer.clone());
        buffer
    }

    /// A dense row-major copy of a buffer that is none itself; one copy serves all readers of an
    /// arena buffer.
    pub(super) fn plain(&mut self, buffer: &Buffer) -> Result<Buffer> {
        match buffer.layout {
            Layout::Plain => Ok(buffer.clone()),
            Layout::Panels(width) => {
                let rows = buffer.leading();
                self.convert(buffer, Layout::Plain, "unpack", move |f, cols| {
                    from_panels(f.words(0), rows, cols, width, f.rows(), f.words_mut(0));
                })
            }
            Layout::Spread(stride) => {
                self.convert(buffer, Layout::Plain, "unpack", move |f, cols| {
                    from_spread(f.words(0), cols, stride, f.rows(), f.words_mut(0));
                })
            }
        }
    }

    /// A copy in panels of a row-major buffer.
    pub(super) fn panelled(&mut self, buffer: &Buffer, width: usize) -> Result<Buffer> {
        self.convert(buffer, Layout::Panels(width), "pack", move |f, cols| {
            to_panels(f.words(0), f.rows().len(), cols, width, f.words_mut(0));
        })
    }

    /// A copy in another layout; `copy` is given a task's frame and the columns of the matrix.
    fn convert(
        &mut self,
        buffer: &Buffer,
        layout: Layout,
        op: &'static str,
        copy: impl Fn(&Frame, usize) + Send + Sync + 'static,
    ) -> Result<Buffer> {
        // A variable may be updated between two uses, so its copy is not shared.
        let shared = matches!(self.places[buffer.id.0 as usize].home, Home::Arena);
        if let Some(found) = self.converted.get(&buffer.id).filter(|_| shared) {
            return Ok(found.clone());
        }
        let (rows, cols) = (buffer.leading(), buffer.last());
        let to = self.buffer(buffer.shape.clone(), buffer.dtype, layout, Home::Arena);
        let flat = |b: &Buffer| {
            let cols = self.places[b.id.0 as usize].words;
            View { rows: 1, cols, layout: Layout::Plain, ..b.whole() }
        };
        // A part of the rows is adjacent in row-major order alone.
        let (split, write) = match layout {
            Layout::Plain => (Axes::ROWS, to.matrix().along(Axes::ROWS)),
            _ => (Axes::NONE, flat(&to)),
        };
        self.tasks.push(Task {
            layer: Arc::from(""),
            op,
            space: [rows, cols],
            split,
            cost: (rows * cols) as f64 * 0.1,
            grain: [1, 1],
            reads: vec![flat(buffer)],
            writes: vec![write],
            scratch: 0,
            overwrites: Vec::new(),
            numbering: self.numbering,
            fetches: false,
            run: Box::new(move |f| copy(f, cols)),
        });
        if shared {
            self.converted.insert(buffer.id, to.clone());
        }
        Ok(to)
    }
}
