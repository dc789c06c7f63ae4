//! Segments: a training step as a list of programs that share variables.
//!
//! Most steps are one segment, forward, backward and updates fused into one plan. A step falls apart
//! where a part of it does not happen every time, as updates do not when gradients accumulate. Each
//! segment locks its variables by itself; the counters are locked for the whole step.

use super::counters::Counters;
use super::schedule::Schedule;
use crate::data::Data;
use crate::error::{Error, Result};
use crate::plan::{Home, Plan};
use crate::program::Program;
use crate::run::crew::Crew;
use crate::run::workspace::Workspace;
use crate::step::{Step, Turn};
use parking_lot::{Mutex, MutexGuard};
use std::collections::HashSet;
use std::iter::once;
use std::sync::Arc;
use std::time::Duration;

/// A part of a training step.
pub struct Segment {
    /// What it does. It takes all inputs of the step, or none.
    pub program: Program,
    /// It runs with every so many steps, the last of them.
    pub every: u64,
}

/// A training step: its segments in order. The first puts out the objective; weights are updated where all of them
/// run.
pub struct TrainingStep {
    segments: Vec<Segment>,
    /// Learning rates beside that of the first optimizer for a weight's only update.
    other_rates: Vec<Rate>,
}

/// A learning rate of some updates of a step.
#[derive(Clone, Debug)]
pub struct Rate {
    /// Number of the optimizer that makes them.
    pub optimizer: usize,
    /// Its schedule, where it is not the first; that one's may be another with every run.
    pub schedule: Option<Arc<dyn Schedule>>,
    /// Which of the step's updates of their weights they are.
    pub turn: Turn,
}

/// Memory of all segments for one size of batch.
pub struct Memory {
    segments: Vec<SegmentMemory>,
}

/// Memory of one segment.
struct SegmentMemory {
    bindings: Vec<usize>,
    workspace: Workspace,
}

impl Memory {
    /// The workspace in which the objective stands after a step.
    pub(super) fn objective(&self) -> &Workspace {
        &self.segments[0].workspace
    }
    /// The plans of the segments.
    pub(super) fn plans(&self) -> impl Iterator<Item = &Plan> {
        self.segments.iter().map(|of| of.workspace.plan())
    }
}

impl TrainingStep {
    /// A step of these segments.
    pub fn new(segments: Vec<Segment>, other_rates: Vec<Rate>) -> TrainingStep {
        TrainingStep { segments, other_rates }
    }

    /// Memory for batches of so many rows of `data`: some that is idle, or new.
    ///
    /// # Errors
    /// `ERR_SHAPE` naming the input that does not fit, `ERR_MEMORY` when there is not enough.
    pub fn take(&self, data: &Data, batch: usize) -> Result<Memory> {
        let part = |Segment { program, .. }: &Segment| {
            let data = if program.inputs().is_empty() { &[] } else { &data[..] };
            let bindings = program.bind(data, batch)?;
            let workspace = program.take(&bindings)?;
            Ok(SegmentMemory { bindings, workspace })
        };
        Ok(Memory { segments: self.segments.iter().map(part).collect::<Result<_>>()? })
    }

    /// Bytes that a step needs on so many threads, for `batch` rows of data of these shapes: of variables, and of
    /// what it computes.
    ///
    /// # Errors
    /// `ERR_SHAPE` naming the input that does not fit.
    pub fn bytes(&self, shapes: &[&[usize]], batch: usize, threads: usize) -> Result<[usize; 2]> {
        let mut words = [0, 0];
        let mut known = HashSet::new();
        for Segment { program, .. } in &self.segments {
            let shapes = if program.inputs().is_empty() { &[] } else { shapes };
            let plan = program.plan(&program.bind_shapes(shapes, batch)?)?;
            words[1] += plan.arena_words + plan.scratch_words * threads;
            let variables = plan.places.iter().filter_map(|place| match &place.home {
                Home::Variable(variable) => Some(variable),
                _ => None,
            });
            for variable in variables.filter(|variable| known.insert(variable.id())) {
                words[0] += variable.shape().iter().product::<usize>();
            }
        }
        Ok(words.map(|words| words * size_of::<u32>()))
    }

    /// Returns memory for later use.
    pub fn give(&self, memory: Memory) {
        for (Segment { program, .. }, part) in self.segments.iter().zip(memory.segments) {
            program.give(part.bindings, part.workspace);
        }
    }

    /// Gives back all memory: now, or when a run that uses some returns it.
    pub fn close(&self) {
        self.segments.iter().for_each(|segment| segment.program.close());
    }

    /// Makes one step with the rows of `step`, whose numbers come from `counters` and its learning
    /// rate from `schedule`, and counts it. `profile` gets the time of every phase added, segment after segment.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for a learning rate that is none, before anything is done; `ERR_NATIVE` when a task panicked,
    /// `ERR_MEMORY` when scratch cannot be allocated; `ERR_INTERRUPTED` when it was told to end, and made no step.
    pub fn run(
        &self,
        memory: &mut Memory,
        crew: &mut Crew,
        step: &mut Step,
        schedule: &dyn Schedule,
        counters: &Mutex<Counters>,
        mut profile: Option<&mut [Duration]>,
    ) -> Result<()> {
        // Held for the whole step: whoever holds them reads between two steps.
        let mut counters = counters.lock();
        let Counters { steps, updates, .. } = *counters;
        (step.index, step.updates) = (steps as u32, updates);
        step.learning_rate = schedule.at(steps) as f32;
        let other = |of: &Rate| {
            let schedule = of.schedule.as_deref().unwrap_or(schedule);
            schedule.at(of.turn.updates(steps)) as f32
        };
        step.other_rates.clear();
        step.other_rates.extend(self.other_rates.iter().map(other));
        let fits = |rate: &f32| rate.is_finite() && *rate >= 0.0;
        if let Some(rate) = once(&step.learning_rate).chain(&step.other_rates).find(|of| !fits(of))
        {
            return Err(Error::argument(format!(
                "the learning rate of step {steps} must be a finite number ≥ 0, received {rate}"
            )));
        }
        let mut cancelled = None;
        let due = |segment: &Segment| (steps + 1).is_multiple_of(segment.every);
        for (segment, part) in self.segments.iter().zip(&mut memory.segments) {
            let times = profile.take().map(|times| {
                let (own, rest) = times.split_at_mut(part.workspace.plan().phases.len());
                profile = Some(rest);
                own
            });
            if due(segment) {
                part.workspace.profiled(crew, step, times)?;
            }
            // What follows belongs to what is written now.
            cancelled = cancelled.or_else(|| step.cancelled.take());
        }
        step.cancelled = cancelled;
        counters.steps += 1;
        counters.updates += u64::from(self.segments.iter().all(due));
        // Readers that wait come before the next step.
        MutexGuard::unlock_fair(counters);
        Ok(())
    }
}
