//! A job: one phase as the participants of a run see it, and doing a chunk of it.

use crate::plan::Plan;
use crate::plan::frame::Frame;
use crate::plan::loops::LoopStep;
use crate::plan::schedule::Strand;
use crate::step::Step;
use ridgeline_kernels::Isa;
use std::sync::atomic::{AtomicU32, Ordering};

/// See the module documentation.
pub(super) struct Job<'a> {
    pub plan: &'a Plan,
    pub strands: &'a [Strand],
    /// Base address of every buffer of the plan.
    pub bases: &'a [*mut u32],
    /// Where the loops stand that the phase is in.
    pub at: LoopStep,
    pub step: &'a Step,
    /// Scratch of every participant.
    pub scratch: &'a [*mut u32],
    pub isa: Isa,
}

/// Where the next chunk panics: 0 nowhere, 1 on the run thread, 2 on a helper. For tests of the
/// boundary: a fault there must end one run and nothing else.
pub static FAULT: AtomicU32 = AtomicU32::new(0);

impl Job<'_> {
    /// Does chunk `chunk` of the phase as participant `me`: all tasks of the strand it belongs to,
    /// on the part it is. With `more` the same thread will likely take the chunk after it.
    pub fn run(&self, mut chunk: usize, more: bool, me: usize) {
        let fault = FAULT.load(Ordering::Relaxed);
        if fault != 0 && (fault == 2) == (me > 0) && FAULT.swap(0, Ordering::Relaxed) != 0 {
            panic!("injected fault");
        }
        for strand in self.strands {
            if chunk < strand.chunks {
                return self.strand(strand, chunk, more, me);
            }
            chunk -= strand.chunks;
        }
    }

    /// Does all tasks of a strand on one of its chunks, in every turn of its own where it has some.
    fn strand(&self, strand: &Strand, chunk: usize, more: bool, me: usize) {
        let Some(turns) = strand.turns else {
            return self.once(strand, self.at, chunk, more, me);
        };
        for turn in 0..turns.count {
            self.once(strand, self.at.at(turns.time(turn)), chunk, false, me);
        }
    }

    fn once(&self, strand: &Strand, at: LoopStep, chunk: usize, more: bool, me: usize) {
        for &number in &strand.tasks {
            let task = &self.plan.tasks[number];
            let fetch = Some(&strand.fetch).filter(|fetch| fetch.task == Some(number));
            let next = fetch.filter(|_| more && chunk + 1 < strand.chunks);
            (task.run)(&Frame {
                reads: &task.reads,
                writes: &task.writes,
                space: task.space,
                part: strand.part(task, chunk),
                bases: self.bases,
                turning: &self.plan.turning,
                at,
                numbering: task.numbering,
                scratch: self.scratch[me],
                scratch_words: task.scratch,
                later: fetch.map_or(&[], |fetch| &fetch.later),
                next: next.map(|fetch| (&fetch.next[..], strand.part(task, chunk + 1))),
                layer: &task.layer,
                step: self.step,
                isa: self.isa,
            });
        }
    }
}
