//! The way through a plan: phase by phase, and round its loops.

use crate::error::Result;
use crate::plan::Plan;
use crate::plan::loops::{Loop, Turns};
use std::ops::Range;

/// Does `visit` for the phases of a plan in the order in which they run, each with the step of the loop whose slots move.
/// `bases` are the addresses of all buffers.
///
/// # Errors
/// The first of `visit`, which ends it.
pub(super) fn walk(
    plan: &Plan,
    bases: &[*mut u32],
    visit: &mut dyn FnMut(usize, usize) -> Result<()>,
) -> Result<()> {
    Walk { bases, visit }.through(0..plan.phases.len(), &plan.loops, None)
}

struct Walk<'a> {
    bases: &'a [*mut u32],
    visit: &'a mut dyn FnMut(usize, usize) -> Result<()>,
}

impl Walk<'_> {
    /// Some phases, and loops among them.
    fn through(&mut self, phases: Range<usize>, loops: &[Loop], time: Option<usize>) -> Result<()> {
        let mut at = phases.start;
        for of in loops {
            (at..of.phases.start).try_for_each(|phase| (self.visit)(phase, time.unwrap_or(0)))?;
            self.round(of, time)?;
            at = of.phases.end;
        }
        (at..phases.end).try_for_each(|phase| (self.visit)(phase, time.unwrap_or(0)))
    }

    /// All turns of a loop, within step `outer` of the one that it is in, if it is in one.
    fn round(&mut self, of: &Loop, outer: Option<usize>) -> Result<()> {
        let Loop { phases, body, turns, .. } = of;
        let (asks, inner) = of.parts();
        if phases.is_empty() {
            return Ok(());
        }
        for turn in 0.. {
            let time = match turns {
                Turns::Counted(turns) if turn < turns.count => turns.time(turn),
                Turns::Counted(_) => break,
                // It moves no slots, but may be in a loop that does.
                Turns::While { .. } => outer.unwrap_or(turn),
            };
            self.through(phases.start..*body, asks, Some(time))?;
            if let Turns::While { holds, most } = *turns {
                // SAFETY: the phases that write the buffer have run, and nobody writes it meanwhile.
                if turn == most || unsafe { *self.bases[holds.0 as usize] == 0 } {
                    break;
                }
            }
            self.through(*body..phases.end, inner, Some(time))?;
        }
        Ok(())
    }
}
