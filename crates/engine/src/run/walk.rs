//! The way through a plan: phase by phase, and round its loops.

use crate::plan::Plan;
use crate::plan::loops::{Loop, Turns};

/// The phases of a plan in the order in which they run. A phase has run when the next one is asked for.
pub(super) struct Walk<'a> {
    plan: &'a Plan,
    bases: &'a [*mut u32],
    /// The next phase, the next loop, and turns of it that were begun.
    phase: usize,
    of: usize,
    turn: usize,
}

impl<'a> Walk<'a> {
    /// From the first phase; `bases` are the addresses of all buffers.
    pub(super) fn new(plan: &'a Plan, bases: &'a [*mut u32]) -> Walk<'a> {
        Walk { plan, bases, phase: 0, of: 0, turn: 0 }
    }

    /// Whether the loop goes on with turn `self.turn`, as far as can be told where its body begins.
    fn goes_on(&self, turns: Turns) -> bool {
        match turns {
            Turns::Counted(turns) => self.turn < turns.count,
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
                Turns::Counted(turns) => turns.time(self.turn),
                Turns::While { .. } => self.turn,
            };
            break;
        }
        let at = self.phase;
        self.phase += 1;
        (at < self.plan.phases.len()).then_some((at, time))
    }
}
