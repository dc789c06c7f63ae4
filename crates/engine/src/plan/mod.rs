//! A plan: a graph bound to concrete sizes, as phases of independent chunks over one arena.
//!
//! Lowering turns nodes into tasks, the schedule orders tasks into phases, the arena gives every
//! buffer an offset from its lifetime in phases.

pub mod arena;
pub mod block;
pub mod fetch;
pub mod frame;
mod in_place;
pub mod inline;
pub mod instruction;
pub mod loops;
pub mod lower;
mod rowwise;
pub mod schedule;
mod sections;
pub mod task;
pub mod view;

use crate::error::{Code, Error, Result};
use crate::graph::{Graph, Node, Value};
use crate::run::claims::MOST_CHUNKS;
use crate::tensor::{DType, Tensor, TensorType, count};
use crate::variable::{Layout, Variable, from_panels, from_spread, to_panels};
pub use frame::Frame;
use loops::{Among, Loop, Numbering, Slot, Turning, Turns};
use lower::{Buffer, Lower};
use schedule::Phase;
use sections::LoopTasks;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use task::Task;
use view::{Axes, BufferId, View};

/// Where a buffer's memory is.
#[derive(Clone, Debug)]
pub enum Home {
    /// In the plan's arena, at an offset found from its lifetime.
    Arena,
    /// In a variable.
    Variable(Arc<Variable>),
    /// In a constant of the graph.
    Constant(Arc<Tensor>),
    /// In the data that is fed: the rows of a batch, where they lie.
    Feed(usize),
    /// In another buffer.
    Slot(Slot),
}

/// How the rows of a batch come out of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Each by its number in `Step::batch`, collected in memory of the plan.
    Picked,
    /// The feed's own rows, all of them in order, read where they lie.
    InOrder,
}

/// A buffer's size and place.
#[derive(Debug)]
pub struct Place {
    /// Size in words.
    pub words: usize,
    /// Where it is.
    pub home: Home,
    /// Offset in the arena, in words.
    pub offset: usize,
}

/// See the module documentation.
pub struct Plan {
    /// All tasks; phases refer to them by index.
    pub tasks: Vec<Task>,
    /// What runs, in order, with a join after each.
    pub phases: Vec<Phase>,
    /// All buffers.
    pub places: Vec<Place>,
    /// Words of the arena.
    pub arena_words: usize,
    /// Words of scratch each thread needs.
    pub scratch_words: usize,
    /// Threads that it can feed.
    pub threads: usize,
    /// Nanoseconds that it takes one thread, about; infinite where a loop goes on for as long as something holds.
    pub cost: f64,
    /// Phases that repeat, in order.
    pub loops: Vec<Loop>,
    /// For each buffer: how loops move it along, if they do; empty where there is no loop.
    pub turning: Vec<Option<Turning>>,
    outputs: Vec<Buffer>,
}

/// A plan while nodes are lowered into it.
pub struct PlanBuilder {
    pub(crate) tasks: Vec<Task>,
    pub(crate) buffers_of: HashMap<Value, Buffer>,
    /// Types of all values, for lowerings that depend on them.
    pub(crate) types: HashMap<Value, TensorType>,
    places: Vec<Place>,
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
    pub(crate) fn buffer(
        &mut self,
        shape: Vec<usize>,
        dtype: DType,
        layout: Layout,
        home: Home,
    ) -> Buffer {
        let id = BufferId(self.places.len() as u32);
        self.places.push(Place { words: lower::words(&shape, dtype, layout), home, offset: 0 });
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
    fn panelled(&mut self, buffer: &Buffer, width: usize) -> Result<Buffer> {
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

impl Plan {
    /// Plans `graph` for symbol sizes `bindings` and rows that come as `rows` says; `outputs` stay
    /// readable after a run.
    ///
    /// # Errors
    /// What an op's lowering finds wrong.
    pub fn compile(
        graph: &Graph,
        outputs: &[Value],
        bindings: &[usize],
        rows: Rows,
    ) -> Result<Plan> {
        let preferred = preferred_layouts(graph, outputs, bindings);
        let mut builder = PlanBuilder {
            tasks: Vec::new(),
            buffers_of: HashMap::new(),
            types: types(graph),
            places: Vec::new(),
            resident: HashMap::new(),
            converted: HashMap::new(),
            loops: Vec::new(),
            used: used(graph, outputs),
            is_in_loop: false,
            numbering: Numbering::default(),
            written_out: 1,
        };
        for (at, node) in graph.nodes().iter().enumerate() {
            for of in &node.outputs {
                count(&of.shape.bind(bindings)).map_err(|error| error.in_layer(&node.label))?;
            }
            let mut lower =
                Lower { plan: &mut builder, node, at, bindings, rows, preferred: &preferred[at] };
            node.op.lower(&mut lower).map_err(|error| error.in_layer(&node.label))?;
        }
        let mut kept = Vec::with_capacity(outputs.len());
        for value in outputs {
            let buffer = builder.buffers_of.get(value).cloned();
            let buffer = buffer.ok_or_else(|| Error::native("an output was not lowered"))?;
            kept.push(builder.plain(&buffer)?);
        }
        let PlanBuilder { mut tasks, mut places, loops, .. } = builder;
        in_place::share(&mut tasks, &loops, &places, &mut kept);
        let is_variable = |id: BufferId| matches!(places[id.0 as usize].home, Home::Variable(_));
        let (phases, loops) = sections::sections(&tasks, &loops, &places, &is_variable);
        if let Some(phase) = phases.iter().find(|phase| phase.chunks > MOST_CHUNKS) {
            let too_large =
                format!("too large: {} chunks at once, at most {MOST_CHUNKS}", phase.chunks);
            return Err(Error::new(Code::Memory, too_large));
        }
        let keep: Vec<BufferId> = kept.iter().map(|buffer| buffer.id).collect();
        let arena_words = arena::allocate(&tasks, &phases, &loops, &keep, &mut places);
        let turning = loops::turning(&places);
        Ok(Plan {
            scratch_words: tasks.iter().map(|task| task.scratch).max().unwrap_or(0),
            threads: threads(&phases),
            cost: cost(&phases, &loops),
            tasks,
            phases,
            places,
            arena_words,
            loops,
            turning,
            outputs: kept,
        })
    }

    /// Number of outputs.
    pub fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// The buffer of output `i` of [`Plan::compile`].
    pub fn output(&self, i: usize) -> &Buffer {
        &self.outputs[i]
    }
}

/// Nanoseconds of a plan that are worth sharing, and of a phase for each thread that takes part.
const SHARED_NS: f64 = 25_000.0;
const SHARE_NS: f64 = 4_000.0;

/// Threads that the phases can feed: one where most of the time goes to lone chunks or joins.
fn threads(phases: &[Phase]) -> usize {
    let shared = || phases.iter().filter(|phase| phase.chunks > 1);
    if shared().map(|phase| phase.cost).sum::<f64>() < SHARED_NS {
        return 1;
    }
    let of = |phase: &Phase| phase.chunks.min((phase.cost / SHARE_NS) as usize);
    shared().map(of).max().unwrap_or(1).max(1)
}

/// Nanoseconds of all phases, as often as they come.
fn cost(phases: &[Phase], loops: &[Loop]) -> f64 {
    (0..).zip(phases).map(|(at, phase)| phase.cost * times(at, loops)).sum()
}

/// How often a phase comes.
fn times(phase: usize, loops: &[Loop]) -> f64 {
    match loops.iter().find(|of| of.phases.contains(&phase)) {
        None => 1.0,
        Some(Loop { turns: Turns::Counted(counted), inner, .. }) => {
            counted.count as f64 * times(phase, inner)
        }
        Some(Loop { turns: Turns::While { .. }, .. }) => f64::INFINITY,
    }
}

/// Values that are inputs of a node or wanted.
pub(crate) fn used(graph: &Graph, outputs: &[Value]) -> HashSet<Value> {
    graph.nodes().iter().flat_map(|node| &node.inputs).chain(outputs).copied().collect()
}

pub(crate) fn types(graph: &Graph) -> HashMap<Value, TensorType> {
    let mut types = HashMap::new();
    for (node, of) in (0..).zip(graph.nodes()) {
        for (output, t) in (0..).zip(&of.outputs) {
            types.insert(Value { node, output }, t.clone());
        }
    }
    types
}

fn input_types<'a>(graph: &'a Graph, node: &Node) -> Vec<&'a TensorType> {
    node.inputs.iter().map(|&v| graph.value_type(v)).collect()
}

/// The panels that an element-wise node works on, if all that use its outputs wish for them.
fn panels(graph: &Graph, node: &Node, wishes: &[Option<Layout>]) -> Option<Layout> {
    let layout = wishes.first().copied().flatten();
    let layout = layout.filter(|layout| matches!(layout, Layout::Panels(_)))?;
    let types = input_types(graph, node);
    let agreed = wishes.iter().all(|&wish| wish == Some(layout));
    let can = block::takes_panels(node, &types);
    (agreed && can).then_some(layout)
}

/// For each node: the panels that its first output is in where nobody wishes for anything, if it is.
fn natural_panels(graph: &Graph) -> Vec<Option<Layout>> {
    let mut natural: Vec<Option<Layout>> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let types = input_types(graph, node);
        let own = node.op.memory().map(|variable| variable.layout());
        let passes = block::takes_panels(node, &types);
        let is_whole = |v: &&Value| graph.value_type(**v).shape == node.outputs[0].shape;
        let inputs = node.inputs.iter().filter(|_| passes).filter(is_whole);
        let found = own.or_else(|| inputs.filter_map(|v| natural[v.node as usize]).next());
        natural.push(found.filter(|layout| matches!(layout, Layout::Panels(_))));
    }
    natural
}

/// For each output of each node: the layout that all its uses wish for, or row-major.
pub(crate) fn preferred_layouts(
    graph: &Graph,
    outputs: &[Value],
    bindings: &[usize],
) -> Vec<Vec<Layout>> {
    let nodes = graph.nodes();
    let mut preferred: Vec<Vec<Option<Layout>>> =
        nodes.iter().map(|n| vec![None; n.outputs.len()]).collect();
    let wish = |v: &Value, layout: Layout, preferred: &mut [Vec<Option<Layout>>]| {
        let of = &mut preferred[v.node as usize][v.output as usize];
        *of = Some(if of.is_none_or(|other| other == layout) { layout } else { Layout::Plain });
    };
    let spread = |t: &TensorType| match t.shape.0.as_slice() {
        [_, .., last] if t.dtype == DType::F32 => Layout::for_columns(last.bind(bindings)),
        _ => Layout::Plain,
    };
    let takes_spread = |node: &Node| node.op.takes_spread(&input_types(graph, node));
    for v in outputs {
        wish(v, Layout::Plain, &mut preferred);
    }
    let natural = natural_panels(graph);
    // From the end, so that all uses of a node's outputs have told their wishes before it tells its own.
    for (at, node) in nodes.iter().enumerate().rev() {
        let takes_spread = takes_spread(node);
        let panels = panels(graph, node, &preferred[at]);
        let types = input_types(graph, node);
        let (is_elementwise, takes_any) =
            (node.op.is_elementwise(&types), node.op.takes_panels(&types));
        for (i, v) in node.inputs.iter().enumerate() {
            let variable = node.op.laid_out_like().filter(|_| i == 0);
            let is_whole = node.outputs.first().is_some_and(|of| of.shape == types[i].shape);
            // Operands that a program repeats are short.
            let is_full = !is_elementwise || is_whole;
            let layout = match (variable, panels) {
                _ if takes_any => natural[v.node as usize].unwrap_or(Layout::Plain),
                (Some(variable), _) => variable.layout(),
                (None, Some(panels)) if is_whole => panels,
                (None, _) if takes_spread && is_full => spread(types[i]),
                (None, _) => Layout::Plain,
            };
            wish(v, layout, &mut preferred);
        }
    }
    let settle = |(node, wishes): (&Node, Vec<Option<Layout>>)| {
        let can = takes_spread(node);
        let panels = panels(graph, node, &wishes);
        let settled = wishes.into_iter().map(|layout| match layout {
            Some(Layout::Spread(_)) if !can => Layout::Plain,
            Some(Layout::Panels(_)) if node.op.is_elementwise(&input_types(graph, node)) => {
                panels.unwrap_or(Layout::Plain)
            }
            layout => layout.unwrap_or(Layout::Plain),
        });
        settled.collect()
    };
    nodes.iter().zip(preferred).map(settle).collect()
}
