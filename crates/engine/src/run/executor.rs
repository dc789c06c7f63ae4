//! The executor: phases of chunks, claimed by whoever is free.
//!
//! Each participant owns a range of a phase's chunks and takes from it first, so it meets the same
//! columns in forward and backward; then it takes from anyone's. A claim is one compare-and-swap
//! of (generation, next, end), so a late helper cannot take a chunk of a phase that is over. The
//! run thread ends a phase when all its chunks are done, and can do them all itself.
//!
//! Helpers are jobs of the pool that stay for many phases and leave when the run is idle, when
//! another run waits for threads, or at its end. Nothing here allocates, except to call a helper.

use super::pool::{self, Pool};
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::frame::Frame;
use crate::plan::schedule::{Phase, Strand};
use crate::step::Step;
use ridgeline_kernels::Isa;
use ridgeline_kernels::denormal::FlushDenormals;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Spinning before yielding, for the run thread at a join.
const SPIN: Duration = Duration::from_micros(20);
/// Waiting for work after which a helper leaves.
const IDLE: Duration = Duration::from_micros(200);

/// Helpers that were called and have no thread yet: other runs let theirs go.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// One phase as participants see it.
struct Job<'a> {
    plan: &'a Plan,
    strands: &'a [Strand],
    bases: &'a [*mut u32],
    step: &'a Step,
    scratch: &'a [*mut u32],
    isa: Isa,
}

/// A cache line of its own for what many threads write.
#[repr(align(64))]
struct Line<T>(T);

/// What the run thread and its helpers share.
struct Shared {
    /// Per participant: generation (32 bits), next chunk and end of its range (16 bits each).
    ranges: Vec<Line<AtomicU64>>,
    job: AtomicPtr<Job<'static>>,
    generation: Line<AtomicU32>,
    done: Line<AtomicU32>,
    helpers: AtomicUsize,
    /// Helpers of this run that were called and have no thread yet.
    waiting: AtomicUsize,
    failed: AtomicBool,
    closed: AtomicBool,
    fault: parking_lot::Mutex<Option<String>>,
}

fn pack(generation: u32, next: u32, end: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(next) << 16 | u64::from(end)
}

impl Shared {
    /// Takes a chunk of participant `of`'s range in phase `generation`: the owner the first, others
    /// the last, which the owner would come to last. True if the one after it is left.
    fn claim(&self, generation: u32, of: usize, own: bool) -> Option<(usize, bool)> {
        let range = &self.ranges[of].0;
        let mut word = range.load(Ordering::Acquire);
        loop {
            let (next, end) = ((word >> 16 & 0xffff) as u32, (word & 0xffff) as u32);
            if (word >> 32) as u32 != generation || next >= end {
                return None;
            }
            let (chunk, taken) = match own {
                true => (next, pack(generation, next + 1, end)),
                false => (end - 1, pack(generation, next, end - 1)),
            };
            match range.compare_exchange_weak(word, taken, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some((chunk as usize, own && next + 1 < end)),
                Err(now) => word = now,
            }
        }
    }

    /// Does chunks of phase `generation` until none is left to claim.
    fn work(&self, generation: u32, me: usize) {
        let count = self.ranges.len();
        for of in (0..count).map(|i| (me + i) % count) {
            while let Some((chunk, more)) = self.claim(generation, of, of == me) {
                if !self.failed.load(Ordering::Relaxed) {
                    // SAFETY: the claim succeeded, so the phase is not over before this chunk is
                    // counted done, and the run thread keeps the job until then.
                    let job = unsafe { &*self.job.load(Ordering::Acquire) };
                    let outcome =
                        catch_unwind(AssertUnwindSafe(|| run_chunk(job, chunk, more, me)));
                    if let Err(panic) = outcome {
                        self.fail(&*panic);
                    }
                }
                self.done.0.fetch_add(1, Ordering::Release);
            }
        }
    }

    fn fail(&self, panic: &(dyn std::any::Any + Send)) {
        let text = panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned());
        *self.fault.lock() = Some(text.unwrap_or_else(|| "a task panicked".to_owned()));
        self.failed.store(true, Ordering::Release);
    }

    /// A helper's life.
    fn help(&self, me: usize) {
        let _denormals = FlushDenormals::new();
        let mut seen = 0;
        let mut idle = Instant::now();
        let mut turns = 0u32;
        while !self.closed.load(Ordering::Acquire) {
            let generation = self.generation.0.load(Ordering::Acquire);
            if generation != seen {
                self.work(generation, me);
                seen = generation;
                idle = Instant::now();
                if WAITING.load(Ordering::Relaxed) > self.waiting.load(Ordering::Relaxed) {
                    break;
                }
                continue;
            }
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(64) {
                let waited = idle.elapsed();
                if waited > IDLE {
                    break;
                }
                if waited > SPIN {
                    std::thread::yield_now();
                }
            }
            std::hint::spin_loop();
        }
        self.helpers.fetch_and(!(1 << me), Ordering::AcqRel);
    }
}

/// Where the next chunk panics: 0 nowhere, 1 on the run thread, 2 on a helper. For tests of the
/// boundary: a fault there must end one run and nothing else.
pub static FAULT: AtomicU32 = AtomicU32::new(0);

/// Runs chunk `chunk` of the phase: all tasks of the strand it belongs to, on the part it is. With
/// `more` the same thread will likely take the chunk after it.
fn run_chunk(job: &Job, mut chunk: usize, more: bool, me: usize) {
    let fault = FAULT.load(Ordering::Relaxed);
    if fault != 0 && (fault == 2) == (me > 0) && FAULT.swap(0, Ordering::Relaxed) != 0 {
        panic!("injected fault");
    }
    for strand in job.strands {
        if chunk < strand.chunks {
            return run_strand(job, strand, chunk, more, me);
        }
        chunk -= strand.chunks;
    }
}

/// Runs all tasks of a strand on one of its chunks.
fn run_strand(job: &Job, strand: &Strand, chunk: usize, more: bool, me: usize) {
    for &at in &strand.tasks {
        let task = &job.plan.tasks[at];
        let fetch = Some(&strand.fetch).filter(|fetch| fetch.task == Some(at));
        let next = fetch.filter(|_| more && chunk + 1 < strand.chunks);
        (task.run)(&Frame {
            reads: &task.reads,
            writes: &task.writes,
            space: task.space,
            part: strand.part(task, chunk),
            bases: job.bases,
            scratch: job.scratch[me],
            scratch_words: task.scratch,
            later: fetch.map_or(&[], |fetch| &fetch.later),
            next: next.map(|fetch| (&fetch.next[..], strand.part(task, chunk + 1))),
            step: job.step,
            isa: job.isa,
        });
    }
}

/// The threads of one run: the one that calls [`Crew::run`] and its helpers.
pub struct Crew {
    shared: Arc<Shared>,
    pool: Option<Arc<Pool>>,
    isa: Isa,
    generation: u32,
}

impl Crew {
    /// A crew of `threads`, the caller included.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` when `RIDGELINE_ISA` is wrong, `ERR_NATIVE` when threads cannot start.
    pub fn new(threads: usize) -> Result<Crew> {
        let shared = Shared {
            ranges: (0..threads).map(|_| Line(AtomicU64::new(0))).collect(),
            job: AtomicPtr::new(std::ptr::null_mut()),
            generation: Line(AtomicU32::new(0)),
            done: Line(AtomicU32::new(0)),
            helpers: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            fault: parking_lot::Mutex::new(None),
        };
        let crew = Crew {
            shared: Arc::new(shared),
            pool: if threads > 1 { Some(pool::with(threads - 1)?) } else { None },
            isa: Isa::current().map_err(Error::argument)?,
            generation: 0,
        };
        // Sleeping threads take longer to wake than a run to prepare.
        crew.muster();
        Ok(crew)
    }

    /// The calling thread by itself.
    ///
    /// # Errors
    /// As [`Crew::new`].
    pub fn alone() -> Result<Crew> {
        Crew::new(1)
    }

    /// Number of participants.
    pub fn threads(&self) -> usize {
        self.shared.ranges.len()
    }

    /// Calls helpers for the places that have none.
    fn muster(&self) {
        let Some(pool) = &self.pool else { return };
        let there = self.shared.helpers.load(Ordering::Acquire);
        if there.count_ones() as usize + 1 == self.threads() {
            return;
        }
        let vacant = (1..self.threads()).filter(|me| there & 1 << me == 0);
        pool.call(vacant.map(|me| {
            let shared = Arc::clone(&self.shared);
            shared.helpers.fetch_or(1 << me, Ordering::AcqRel);
            shared.waiting.fetch_add(1, Ordering::Relaxed);
            WAITING.fetch_add(1, Ordering::Relaxed);
            move || {
                WAITING.fetch_sub(1, Ordering::Relaxed);
                shared.waiting.fetch_sub(1, Ordering::Relaxed);
                shared.help(me);
            }
        }));
    }

    /// Runs all phases of `plan` once. Denormals are flushed while it lasts.
    ///
    /// # Errors
    /// `ERR_NATIVE` when a task panicked.
    pub fn run(
        &mut self,
        plan: &Plan,
        bases: &[*mut u32],
        scratch: &[*mut u32],
        step: &Step,
        mut profile: Option<&mut [Duration]>,
    ) -> Result<()> {
        let _denormals = FlushDenormals::new();
        assert!(scratch.len() >= self.threads(), "scratch for every participant");
        self.muster();
        for (at, phase) in plan.phases.iter().enumerate() {
            let started = profile.is_some().then(Instant::now);
            let job = Job { plan, strands: &phase.strands, bases, step, scratch, isa: self.isa };
            self.phase(&job, phase);
            if let (Some(times), Some(started)) = (profile.as_deref_mut(), started) {
                times[at] += started.elapsed();
            }
            if self.shared.failed.load(Ordering::Acquire) {
                let fault = self.shared.fault.lock().take().unwrap_or_default();
                return Err(Error::native(format!("a native task failed: {fault}")));
            }
        }
        Ok(())
    }

    fn phase(&mut self, job: &Job, phase: &Phase) {
        let chunks = phase.chunks as u32;
        self.generation = self.generation.wrapping_add(1);
        let (shared, generation) = (&*self.shared, self.generation);
        // A lone chunk is not worth waking anyone for; its range is the run thread's own.
        let count = if chunks == 1 { 1 } else { shared.ranges.len() };
        shared.done.0.store(0, Ordering::Relaxed);
        let job = std::ptr::from_ref(job).cast::<Job<'static>>().cast_mut();
        shared.job.store(job, Ordering::Release);
        let mut start = 0;
        for (i, range) in shared.ranges.iter().enumerate() {
            let end = if i < count { phase.share(i + 1, count) } else { start };
            range.0.store(pack(generation, start as u32, end as u32), Ordering::Release);
            start = end;
        }
        shared.generation.0.store(generation, Ordering::Release);
        shared.work(generation, 0);
        let waiting = Instant::now();
        let mut turns = 0u32;
        while shared.done.0.load(Ordering::Acquire) < chunks {
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(64) && waiting.elapsed() > SPIN {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
    }
}
