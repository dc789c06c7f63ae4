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
}

/// The phases of all tasks, section by section.
pub(crate) fn sections(
    tasks: &[Task],
    loops: &[LoopTasks],
    places: &[Place],
    is_variable: &dyn Fn(BufferId) -> bool,
) -> (Vec<Phase>, Vec<Loop>) {
    let mut phases = Vec::new();
    let mut made = Vec::with_capacity(loops.len());
    let mut at = 0;
    for of in loops {
        phases.extend(schedule(tasks, at..of.asks.start, is_variable));
        at = of.body.end;
        if let Turns::Counted(turns) = of.turns
            && let Some(phase) = rowwise(tasks, of.body.clone(), turns, places)
        {
            phases.push(phase);
            continue;
        }
        let start = phases.len();
        phases.extend(schedule(tasks, of.asks.clone(), is_variable));
        let body = phases.len();
        phases.extend(schedule(tasks, of.body.clone(), is_variable));
        made.push(Loop { phases: start..phases.len(), body, turns: of.turns });
    }
    phases.extend(schedule(tasks, at..tasks.len(), is_variable));
    (phases, made)
}
