//! The way through a plan: phase by phase, and round its loops.

use crate::error::{Code, Error, Result};
use crate::plan::Plan;
use crate::plan::loops::{Loop, LoopStep, Turns};
use crate::step::Cancelled;
use std::ops::Range;

/// Does `visit` for the phases of a plan in the order in which they run, each with where its loops stand.
/// `bases` are the addresses of all buffers.
///
/// # Errors
/// The first of `visit`, which ends it; `ERR_INTERRUPTED` within a loop before which no variable is written, once it is
/// `cancelled`.
pub(super) fn walk(
    plan: &Plan,
    bases: &[*mut u32],
    cancelled: Option<&Cancelled>,
    visit: &mut dyn FnMut(usize, LoopStep) -> Result<()>,
) -> Result<()> {
    let mut walk = Walk { plan, bases, cancelled, visit };
    walk.through(0..plan.phases.len(), &plan.loops, LoopStep::default())
}

struct Walk<'a> {
    plan: &'a Plan,
    bases: &'a [*mut u32],
    cancelled: Option<&'a Cancelled>,
    visit: &'a mut dyn FnMut(usize, LoopStep) -> Result<()>,
}

impl Walk<'_> {
    /// Some phases, and loops among them.
    fn through(&mut self, phases: Range<usize>, loops: &[Loop], at: LoopStep) -> Result<()> {
        let mut next = phases.start;
        for of in loops {
            (next..of.phases.start).try_for_each(|phase| (self.visit)(phase, at))?;
            self.round(of, at)?;
            next = of.phases.end;
        }
        (next..phases.end).try_for_each(|phase| (self.visit)(phase, at))
    }

    /// All turns of a loop, within the step `outer` of those that it is in.
    fn round(&mut self, of: &Loop, outer: LoopStep) -> Result<()> {
        let Loop { phases, body, turns, .. } = of;
        let (asks, inner) = of.parts();
        if phases.is_empty() {
            return Ok(());
        }
        for turn in 0.. {
            if self.cancelled.is_some_and(Cancelled::is)
                && !self.plan.writes_variables(0..phases.start)
            {
                return Err(Error::new(Code::Interrupted, "the run was told to end"));
            }
            let at = match turns {
                Turns::Counted(turns) if turn < turns.count => outer.at(turns.time(turn)),
                Turns::Counted(_) => break,
                // It moves no slots, but may be in a loop that does.
                Turns::While { .. } => outer.again(turn),
            };
            self.through(phases.start..*body, asks, at)?;
            if let Turns::While { holds, most } = *turns {
                // SAFETY: the phases that write the buffer have run, and nobody writes it meanwhile.
                if turn == most || unsafe { *self.bases[holds.0 as usize] == 0 } {
                    break;
                }
            }
            self.through(*body..phases.end, inner, at)?;
        }
        Ok(())
    }
}
