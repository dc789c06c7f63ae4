//! Sections: a loop's tasks are scheduled by themselves, between what comes before and behind.

use super::Place;
use super::loops::{Loop, Turns};
use super::rowwise::rowwise;
use super::schedule::{Phase, schedule};
use super::task::Task;
use super::view::BufferId;
use std::ops::Range;

/// A loop as tasks.
pub(crate) struct LoopTasks {
    /// Those that find out whether there is another turn, then those of a turn.
    pub asks: Range<usize>,
    pub body: Range<usize>,
    pub turns: Turns,
    /// Loops within it, in order.
    pub inner: Vec<LoopTasks>,
}

impl LoopTasks {
    /// All its tasks.
    pub fn tasks(&self) -> Range<usize> {
        self.asks.start..self.body.end
    }

    /// The loop where each of its tasks stands at another place.
    pub fn moved(self, place: &dyn Fn(usize) -> usize) -> LoopTasks {
        let range = |of: Range<usize>| place(of.start)..place(of.start) + of.len();
        let inner = self.inner.into_iter().map(|of| of.moved(place)).collect();
        LoopTasks { asks: range(self.asks), body: range(self.body), inner, ..self }
    }
}

/// What sections are made of, and the phases so far.
struct Sections<'a> {
    tasks: &'a [Task],
    places: &'a [Place],
    is_variable: &'a dyn Fn(BufferId) -> bool,
    phases: Vec<Phase>,
}

impl Sections<'_> {
    /// Adds the phases of some tasks, among them whole loops.
    fn add(&mut self, tasks: Range<usize>, loops: &[LoopTasks]) -> Vec<Loop> {
        let mut made = Vec::with_capacity(loops.len());
        let mut at = tasks.start;
        for of in loops {
            self.schedule(at..of.asks.start);
            at = of.body.end;
            if let Turns::Counted(turns) = of.turns
                && of.inner.is_empty()
                && let Some(phase) = rowwise(self.tasks, of.body.clone(), turns, self.places)
            {
                self.phases.push(phase);
                continue;
            }
            let start = self.phases.len();
            let asks = of.inner.partition_point(|inner| inner.asks.start < of.asks.end);
            let mut inner = self.add(of.asks.clone(), &of.inner[..asks]);
            let body = self.phases.len();
            inner.extend(self.add(of.body.clone(), &of.inner[asks..]));
            made.push(Loop { phases: start..self.phases.len(), body, turns: of.turns, inner });
        }
        self.schedule(at..tasks.end);
        made
    }

    fn schedule(&mut self, tasks: Range<usize>) {
        self.phases.extend(schedule(self.tasks, tasks, self.is_variable));
    }
}

/// The phases of all tasks, section by section.
pub(crate) fn sections(
    tasks: &[Task],
    loops: &[LoopTasks],
    places: &[Place],
    is_variable: &dyn Fn(BufferId) -> bool,
) -> (Vec<Phase>, Vec<Loop>) {
    let mut sections = Sections { tasks, places, is_variable, phases: Vec::new() };
    let made = sections.add(0..tasks.len(), loops);
    (sections.phases, made)
}
