//! A plan: a graph bound to concrete sizes, as phases of independent chunks over one arena.
//!
//! Lowering turns nodes into tasks, the schedule orders tasks into phases, the arena gives every
//! buffer an offset from its lifetime in phases.

pub mod arena;
pub mod block;
mod builder;
pub mod fetch;
pub mod frame;
mod in_place;
pub mod inline;
pub mod instruction;
mod layouts;
pub mod loops;
pub mod lower;
mod rowwise;
pub mod schedule;
mod sections;
pub mod task;
pub mod view;

use crate::error::{Code, Error, Result};
use crate::graph::{Graph, Value};
use crate::run::claims::MOST_CHUNKS;
use crate::tensor::{Tensor, TensorType, count};
use crate::variable::Variable;
pub use builder::PlanBuilder;
pub use frame::Frame;
pub(crate) use layouts::preferred_layouts;
use loops::{Loop, Slot, Turning, Turns};
use lower::{Buffer, Lower};
use schedule::Phase;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use task::Task;
use view::BufferId;

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

impl Plan {
    /// True if a task of these phases writes what outlives a step.
    pub fn writes_variables(&self, phases: Range<usize>) -> bool {
        let strands = self.phases[phases].iter().flat_map(|phase| &phase.strands);
        let mut tasks = strands.flat_map(|strand| &strand.tasks).map(|&at| &self.tasks[at]);
        tasks.any(|task| task.writes.iter().any(|view| self.is_variable(view.buffer)))
    }

    /// True for a buffer in a variable, or in a part of one.
    fn is_variable(&self, id: BufferId) -> bool {
        match &self.places[id.0 as usize].home {
            Home::Variable(_) => true,
            Home::Slot(slot) => self.is_variable(slot.of),
            Home::Arena | Home::Constant(_) | Home::Feed(_) => false,
        }
    }

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
        let mut builder = PlanBuilder::new(types(graph), used(graph, outputs));
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
