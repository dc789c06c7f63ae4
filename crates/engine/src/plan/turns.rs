//! Loops: phases that repeat, and buffers that stand elsewhere in every turn.
//!
//! A loop is a section of tasks that is scheduled by itself, between what comes before and behind. What
//! goes from turn to turn stands in *slots* of larger buffers, and the step of the loop says in which:
//! so a slice of a sequence is read where it lies, and a state written where the next turn finds it.

use super::schedule::{Phase, schedule};
use super::task::Task;
use super::view::BufferId;
use super::{Home, Place, Plan};
use std::ops::Range;

/// A buffer inside another one.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The whole, which is no slot.
    pub of: BufferId,
    /// Words from its start.
    pub start: usize,
    /// In a loop it is one of several behind that.
    pub turns: Option<Among>,
}

/// One of `period` slots of equal size: at step t of a loop that of the number (t + shift) mod period.
#[derive(Clone, Copy, Debug)]
pub struct Among {
    /// See above.
    pub shift: usize,
    /// See above.
    pub period: usize,
}

/// How a loop moves a buffer along.
#[derive(Clone, Copy, Debug)]
pub struct Turning {
    words: usize,
    among: Among,
}

impl Turning {
    /// Words from the start of the whole at step `time`.
    pub(crate) fn offset(&self, time: usize) -> usize {
        (time + self.among.shift) % self.among.period * self.words
    }
}

/// For each buffer: how loops move it along.
pub(crate) fn turning(places: &[Place]) -> Vec<Option<Turning>> {
    let of = |place: &Place| match &place.home {
        Home::Slot(slot) => slot.turns.map(|among| Turning { words: place.words, among }),
        _ => None,
    };
    places.iter().map(of).collect()
}

/// How often a loop goes round.
#[derive(Clone, Copy, Debug)]
pub enum Turns {
    /// So often, through the steps forwards or backwards.
    Counted {
        /// How many.
        count: usize,
        /// From the last step to the first.
        reverse: bool,
    },
    /// As long as the first word of a buffer is not 0, and so often at most.
    While {
        /// The buffer.
        holds: BufferId,
        /// See above.
        most: usize,
    },
}

/// A loop as tasks.
pub(crate) struct LoopTasks {
    /// Those that find out whether there is another turn, then those of a turn.
    pub asks: Range<usize>,
    pub body: Range<usize>,
    pub turns: Turns,
}

/// A loop as phases.
#[derive(Debug)]
pub struct Loop {
    /// All its phases.
    pub phases: Range<usize>,
    /// The first that is not run to find out whether there is another turn.
    pub body: usize,
    /// How often.
    pub turns: Turns,
}

/// The phases of all tasks, section by section.
pub(crate) fn sections(
    tasks: &[Task],
    loops: &[LoopTasks],
    is_variable: &dyn Fn(BufferId) -> bool,
) -> (Vec<Phase>, Vec<Loop>) {
    let mut phases = Vec::new();
    let mut made = Vec::with_capacity(loops.len());
    let mut at = 0;
    for of in loops {
        phases.extend(schedule(tasks, at..of.asks.start, is_variable));
        let start = phases.len();
        phases.extend(schedule(tasks, of.asks.clone(), is_variable));
        let body = phases.len();
        phases.extend(schedule(tasks, of.body.clone(), is_variable));
        made.push(Loop { phases: start..phases.len(), body, turns: of.turns });
        at = of.body.end;
    }
    phases.extend(schedule(tasks, at..tasks.len(), is_variable));
    (phases, made)
}

/// The phases of a plan in the order in which they run. A phase has run when the next one is asked for.
pub(crate) struct Walk<'a> {
    plan: &'a Plan,
    bases: &'a [*mut u32],
    /// The next phase, the next loop, and turns of it that were begun.
    phase: usize,
    of: usize,
    turn: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(plan: &'a Plan, bases: &'a [*mut u32]) -> Walk<'a> {
        Walk { plan, bases, phase: 0, of: 0, turn: 0 }
    }

    /// Whether the loop goes on with turn `self.turn`, as far as can be told where its body begins.
    fn goes_on(&self, turns: Turns) -> bool {
        match turns {
            Turns::Counted { count, .. } => self.turn < count,
            Turns::While { holds, most } => {
                // SAFETY: the phases that write the buffer have run, and nobody writes it meanwhile.
                self.turn < most && unsafe { *self.bases[holds.0 as usize] != 0 }
            }
        }
    }
}

impl Iterator for Walk<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let mut time = 0;
        while let Some(Loop { phases, body, turns }) = self.plan.loops.get(self.of) {
            if self.phase < phases.start {
                break;
            }
            if self.phase == phases.end && !phases.is_empty() {
                (self.phase, self.turn) = (phases.start, self.turn + 1);
            }
            if phases.is_empty() || (self.phase == *body && !self.goes_on(*turns)) {
                (self.phase, self.of, self.turn) = (phases.end, self.of + 1, 0);
                continue;
            }
            time = match *turns {
                Turns::Counted { count, reverse: true } => count - 1 - self.turn,
                _ => self.turn,
            };
            break;
        }
        let at = self.phase;
        self.phase += 1;
        (at < self.plan.phases.len()).then_some((at, time))
    }
}
