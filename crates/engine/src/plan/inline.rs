//! A graph inside another one: lowered in the place of the node that holds it.

use super::loops::Turns;
use super::lower::{Buffer, Lower};
use super::sections::LoopTasks;
use super::task::Task;
use super::view::{Axes, BufferId};
use super::{preferred_layouts, types, used};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::leaf::Input;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Tasks that have no place in the plan yet.
#[derive(Default)]
pub(crate) struct Inlined {
    /// Each with whether it does the same whenever its reads are the same.
    tasks: Vec<(Task, bool)>,
    /// Loops of some, which stay together.
    loops: Vec<LoopTasks>,
}

impl Inlined {
    /// These, and behind them tasks that are of every turn.
    pub(crate) fn followed_by(mut self, tasks: Vec<Task>) -> Inlined {
        self.tasks.extend(tasks.into_iter().map(|task| (task, false)));
        self
    }

    /// Tasks that do the same in every turn, and the others; `moves` tells which buffers change.
    fn apart(self, moves: &dyn Fn(BufferId) -> bool) -> (Vec<Task>, Inlined) {
        let stays = staying(&self.tasks, moves);
        let (mut once, mut tasks) = (Vec::new(), Vec::new());
        // For each task, and the end: how many of those that are left come before it.
        let mut places = Vec::with_capacity(stays.len() + 1);
        for ((task, same), stays) in self.tasks.into_iter().zip(stays) {
            places.push(tasks.len());
            if stays { once.push(task) } else { tasks.push((task, same)) }
        }
        places.push(tasks.len());
        let loops = self.loops.into_iter().map(|of| of.moved(&|at| places[at])).collect();
        (once, Inlined { tasks, loops })
    }
}

impl Lower<'_> {
    /// Number of inputs.
    pub(crate) fn input_count(&self) -> usize {
        self.node.inputs.len()
    }

    /// True if something uses output `i`.
    pub(crate) fn is_used(&self, i: usize) -> bool {
        self.plan.used.contains(&Value { node: self.at as u32, output: i as u32 })
    }

    /// True in the step of a loop, where another one does not repeat.
    pub(crate) fn is_in_loop(&self) -> bool {
        self.plan.is_in_loop
    }

    /// A loop of the tasks of `body`, behind those that ask whether there is another turn. What does the same in every
    /// turn is done once, before it; `moves` tells which buffers change from turn to turn, besides slots.
    pub(crate) fn repeat(
        &mut self,
        asks: Inlined,
        body: Inlined,
        turns: Turns,
        moves: &dyn Fn(BufferId) -> bool,
    ) {
        let plan = &mut *self.plan;
        let moves = |buffer| moves(buffer) || plan.is_turning(buffer);
        let (once, asks) = asks.apart(&moves);
        let (more, body) = body.apart(&moves);
        plan.tasks.extend(once.into_iter().chain(more));
        let (asks, mut inner) = self.place(asks);
        let (body, others) = self.place(body);
        inner.extend(others);
        self.plan.loops.push(LoopTasks { asks, body, turns, inner });
    }

    /// Puts tasks behind those that are there: where they are, and loops of some.
    fn place(&mut self, tasks: Inlined) -> (Range<usize>, Vec<LoopTasks>) {
        let start = self.plan.tasks.len();
        self.plan.tasks.extend(tasks.tasks.into_iter().map(|(task, _)| task));
        let loops = tasks.loops.into_iter().map(|of| of.moved(&|at| start + at));
        (start..self.plan.tasks.len(), loops.collect())
    }

    /// Tasks that come once, in this place.
    pub(crate) fn go_through(&mut self, tasks: Inlined) {
        let (_, loops) = self.place(tasks);
        self.plan.loops.extend(loops);
    }

    /// Lowers `graph` in this place: its inputs are `inputs`, by their numbers, and `results` are put `into` buffers.
    ///
    /// # Errors
    /// What lowering finds wrong.
    pub(crate) fn inline(
        &mut self,
        graph: &Graph,
        results: &[Value],
        inputs: &[Buffer],
        into: &[Buffer],
    ) -> Result<Inlined> {
        let was_in_loop = std::mem::replace(&mut self.plan.is_in_loop, true);
        let (start, first_loop) = (self.plan.tasks.len(), self.plan.loops.len());
        let preferred = preferred_layouts(graph, results, self.bindings);
        let mut buffers_of: HashMap<Value, Buffer> = HashMap::new();
        for (node, of) in (0..).zip(graph.nodes()) {
            if let Some(input) = of.op.downcast::<Input>() {
                buffers_of.insert(Value { node, output: 0 }, inputs[input.index].clone());
            }
        }
        for (value, to) in results.iter().zip(into) {
            buffers_of.entry(*value).or_insert_with(|| to.clone());
        }
        let outside = (
            std::mem::replace(&mut self.plan.buffers_of, buffers_of),
            std::mem::replace(&mut self.plan.types, types(graph)),
            std::mem::replace(&mut self.plan.used, used(graph, results)),
            // Copies that are made inside are not there for who comes behind.
            self.plan.converted.clone(),
        );
        let mut impure: Vec<Range<usize>> = Vec::new();
        for (at, node) in graph.nodes().iter().enumerate() {
            if node.op.downcast::<Input>().is_some() {
                continue;
            }
            let first = self.plan.tasks.len();
            let (plan, preferred) = (&mut *self.plan, &preferred[at][..]);
            let (bindings, rows) = (self.bindings, self.rows);
            let mut lower = Lower { plan, node, at, bindings, rows, preferred };
            node.op.lower(&mut lower).map_err(|error| error.in_layer(&node.label))?;
            if !node.op.is_pure() {
                impure.push(first..self.plan.tasks.len());
            }
        }
        for (value, to) in results.iter().zip(into) {
            let from = self.plan.buffers_of[value].clone();
            if from.id != to.id {
                let from = self.plan.plain(&from)?;
                self.copy(&from, to);
            }
        }
        (self.plan.buffers_of, self.plan.types, self.plan.used, self.plan.converted) = outside;
        self.plan.is_in_loop = was_in_loop;
        let loops: Vec<_> = self.plan.loops.split_off(first_loop);
        let loops: Vec<_> = loops.into_iter().map(|of| of.moved(&|at| at - start)).collect();
        let turns = |at: usize| loops.iter().any(|of| of.tasks().contains(&at));
        let is_same = |at| !turns(at) && !impure.iter().any(|of| of.contains(&(start + at)));
        let tasks = self.plan.tasks.split_off(start).into_iter().enumerate();
        Ok(Inlined { tasks: tasks.map(|(at, task)| (task, is_same(at))).collect(), loops })
    }

    /// As `inline`, as step `time` of a loop whose steps are written out.
    ///
    /// # Errors
    /// What lowering finds wrong.
    pub(crate) fn inline_at(
        &mut self,
        time: usize,
        graph: &Graph,
        results: &[Value],
        inputs: &[Buffer],
        into: &[Buffer],
    ) -> Result<Inlined> {
        let around = self.plan.numbering;
        self.plan.numbering = around.within(time);
        let tasks = self.inline(graph, results, inputs, into);
        self.plan.numbering = around;
        tasks
    }

    /// Copies a buffer that is dense in row-major order.
    pub(crate) fn copy(&mut self, from: &Buffer, to: &Buffer) {
        let (rows, cols) = (from.leading(), from.last());
        let [read, write] = [from, to].map(|of| of.view(rows, cols).along(Axes::BOTH));
        let task = self.task(rows, cols).split(Axes::BOTH).cost(0.1).read(read).write(write);
        task.run(|f| f.tile_mut(0).copy_from(f.tile(0)));
    }
}

/// For each task whether it does the same in every turn.
fn staying(tasks: &[(Task, bool)], moves: &dyn Fn(BufferId) -> bool) -> Vec<bool> {
    let mut stays: Vec<bool> =
        tasks.iter().map(|(task, same)| *same && !task.reads.is_empty()).collect();
    // A task moves with what it reads, and with whoever else writes what it writes.
    loop {
        let moving = tasks.iter().zip(&stays).filter(|(_, stays)| !**stays);
        let written: HashSet<BufferId> =
            moving.flat_map(|((task, _), _)| task.writes.iter().map(|view| view.buffer)).collect();
        let changes = |buffer: BufferId| moves(buffer) || written.contains(&buffer);
        let mut is_settled = true;
        for ((task, _), stays) in tasks.iter().zip(&mut stays).filter(|(_, stays)| **stays) {
            let mut views = task.reads.iter().chain(&task.writes);
            if views.any(|view| changes(view.buffer)) {
                (*stays, is_settled) = (false, false);
            }
        }
        if is_settled {
            return stays;
        }
    }
}
