//! The crew: the threads of a run, which do the phases of a plan chunk by chunk.
//!
//! The run thread ends a phase when all its chunks are done, and can do them all itself. Helpers are
//! jobs of the pool. A run has those that its plan can feed, for as long as a step lasts, unless
//! another run waits for threads: they wait for the next phase spinning, then yielding, then asleep,
//! and are called anew where a long phase finds their places empty. Between steps they leave when
//! nothing comes for a while. Nothing here allocates, except to call a helper.

use super::claims::{Claims, Line};
use super::job::Job;
use super::pool::{self, Pool};
use super::walk::walk;
use crate::error::{Error, Result};
use crate::plan::Plan;
use crate::plan::schedule::Phase;
use crate::step::Step;
use parking_lot::Mutex;
use ridgeline_kernels::Isa;
use ridgeline_kernels::denormal::FlushDenormals;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Spinning before yielding.
const SPIN: Duration = Duration::from_micros(20);
/// Waiting for work after which a helper leaves, between steps: as long as callers take from one
/// prediction to the next.
const IDLE: Duration = Duration::from_micros(500);
/// Waiting for work after which a helper sleeps, within a step.
const DOZE: Duration = Duration::from_micros(500);
/// Nanoseconds of a phase that make it worth calling helpers who left.
const CALL_NS: f64 = 100_000.0;

/// Helpers that were called and have no thread yet: other runs let theirs go.
static WAITING: AtomicUsize = AtomicUsize::new(0);

/// What the run thread and its helpers share.
struct Shared {
    claims: Claims,
    job: AtomicPtr<Job<'static>>,
    generation: Line<AtomicU32>,
    done: Line<AtomicU32>,
    /// Places of helpers that are there or called, a bit each.
    helpers: AtomicUsize,
    /// Helpers of this run that were called and have no thread yet.
    waiting: AtomicUsize,
    /// True while a step runs.
    stepping: AtomicBool,
    /// Helpers that sleep, and how many there are.
    sleepers: Mutex<Vec<Thread>>,
    asleep: AtomicUsize,
    failed: AtomicBool,
    closed: AtomicBool,
    fault: Mutex<Option<Error>>,
}

impl Shared {
    fn new(participants: usize) -> Shared {
        Shared {
            claims: Claims::new(participants),
            job: AtomicPtr::new(std::ptr::null_mut()),
            generation: Line(AtomicU32::new(0)),
            done: Line(AtomicU32::new(0)),
            helpers: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            stepping: AtomicBool::new(false),
            sleepers: Mutex::new(Vec::with_capacity(participants)),
            asleep: AtomicUsize::new(0),
            failed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            fault: Mutex::new(None),
        }
    }

    /// Does chunks of phase `generation` until none is left to claim.
    fn work(&self, generation: u32, me: usize) {
        let count = self.claims.len();
        for of in (0..count).map(|i| (me + i) % count) {
            while let Some(claim) = self.claims.take(generation, of, of == me) {
                if !self.failed.load(Ordering::Relaxed) {
                    // SAFETY: the claim succeeded, so the phase is not over before this chunk is
                    // counted done, and the run thread keeps the job until then.
                    let job = unsafe { &*self.job.load(Ordering::Acquire) };
                    self.guarded(|| job.run(claim.chunk, claim.more, me));
                }
                self.done.0.fetch_add(1, Ordering::Release);
            }
        }
    }

    /// Does `work`; a panic ends the run.
    fn guarded(&self, work: impl FnOnce()) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(work)) else { return };
        *self.fault.lock() = Some(fault_of(&*panic));
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
                if self.is_wanted_elsewhere() {
                    break;
                }
                continue;
            }
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(16) {
                let waited = idle.elapsed();
                let stepping = self.stepping.load(Ordering::Acquire);
                if !stepping && (waited > IDLE || self.is_wanted_elsewhere()) {
                    break;
                }
                if waited > DOZE {
                    self.sleep(seen);
                } else if waited > SPIN || !stepping {
                    // The caller of a run that is over needs a CPU too.
                    std::thread::yield_now();
                }
            }
            std::hint::spin_loop();
        }
        self.helpers.fetch_and(!(1 << me), Ordering::AcqRel);
    }

    /// True while helpers of other runs wait for threads.
    fn is_wanted_elsewhere(&self) -> bool {
        WAITING.load(Ordering::Relaxed) > self.waiting.load(Ordering::Relaxed)
    }

    /// Sleeps until there is another phase than `seen`, or the step is over.
    fn sleep(&self, seen: u32) {
        self.asleep.fetch_add(1, Ordering::SeqCst);
        self.sleepers.lock().push(std::thread::current());
        while self.generation.0.load(Ordering::SeqCst) == seen
            && self.stepping.load(Ordering::SeqCst)
            && !self.closed.load(Ordering::SeqCst)
        {
            std::thread::park();
        }
        let me = std::thread::current().id();
        self.sleepers.lock().retain(|thread| thread.id() != me);
        self.asleep.fetch_sub(1, Ordering::SeqCst);
    }

    /// Wakes the helpers that sleep, after what they wait for has changed.
    fn wake(&self) {
        if self.asleep.load(Ordering::SeqCst) > 0 {
            // They take themselves off the list: who is woken may have to sleep on.
            self.sleepers.lock().iter().for_each(Thread::unpark);
        }
    }
}

/// What a task ended with: an error of its own ([`Frame::fail`](crate::plan::Frame::fail)), or a panic.
fn fault_of(panic: &(dyn Any + Send)) -> Error {
    if let Some(error) = panic.downcast_ref::<Error>() {
        return error.clone();
    }
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::native(format!("a native task failed: {}", text.unwrap_or("it panicked")))
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
    /// `ERR_ARGUMENT` when `RIDGELINE_ISA` is wrong.
    pub fn new(threads: usize) -> Result<Crew> {
        Ok(Crew {
            shared: Arc::new(Shared::new(threads)),
            // Without helpers the caller does all by itself.
            pool: (threads > 1).then(|| pool::with(threads - 1).ok()).flatten(),
            isa: Isa::current().map_err(Error::argument)?,
            generation: 0,
        })
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
        self.shared.claims.len()
    }

    /// False after a task panicked: another run needs another crew.
    pub fn is_sound(&self) -> bool {
        !self.shared.failed.load(Ordering::Acquire)
    }

    /// Calls helpers for the places that `plan` can feed and that have none. Sleeping threads take
    /// longer to wake than a run to prepare, so this may be called ahead of it.
    pub fn muster(&self, plan: &Plan) {
        let Some(pool) = &self.pool else { return };
        let count = plan.threads.min(self.threads());
        let there = self.shared.helpers.load(Ordering::Acquire);
        let vacant = (1..count).filter(|me| there & 1 << me == 0);
        if vacant.clone().next().is_none() {
            return;
        }
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
    /// `ERR_NATIVE` when a task panicked; `ERR_INTERRUPTED` when it was told to end, and nothing is written then.
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
        let count = plan.threads.min(self.threads());
        let _stepping = (count > 1).then(|| Stepping::new(&self.shared));
        let mut mustered = false;
        walk(plan, bases, step.cancelled.as_ref(), &mut |number, at| {
            let phase = &plan.phases[number];
            let started = profile.is_some().then(Instant::now);
            let strands = &phase.strands;
            let job = Job { plan, strands, bases, at, step, scratch, isa: self.isa };
            // A lone chunk is not worth waking anyone for.
            match count.min(phase.chunks) {
                0 | 1 => self.shared.guarded(|| {
                    (0..phase.chunks).for_each(|i| job.run(i, i + 1 < phase.chunks, 0));
                }),
                _ => {
                    if !mustered || phase.cost > CALL_NS {
                        self.muster(plan);
                        mustered = true;
                    }
                    self.phase(&job, phase, count);
                }
            }
            if let (Some(times), Some(started)) = (profile.as_deref_mut(), started) {
                times[number] += started.elapsed();
            }
            if self.shared.failed.load(Ordering::Acquire) {
                let fault = self.shared.fault.lock().take();
                return Err(fault.unwrap_or_else(|| Error::native("a native task failed")));
            }
            Ok(())
        })
    }

    /// Does a phase with `count` participants.
    fn phase(&mut self, job: &Job, phase: &Phase, count: usize) {
        let chunks = phase.chunks as u32;
        self.generation = self.generation.wrapping_add(1);
        let (shared, generation) = (&*self.shared, self.generation);
        shared.done.0.store(0, Ordering::Relaxed);
        let job = std::ptr::from_ref(job).cast::<Job<'static>>().cast_mut();
        shared.job.store(job, Ordering::Release);
        let mut start = 0;
        for of in 0..self.threads() {
            let end = if of < count { phase.share(of + 1, count) } else { start };
            shared.claims.give(of, generation, start, end);
            start = end;
        }
        shared.generation.0.store(generation, Ordering::SeqCst);
        shared.wake();
        shared.work(generation, 0);
        let mut waiting: Option<Instant> = None;
        let mut turns = 0u32;
        while shared.done.0.load(Ordering::Acquire) < chunks {
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(64) && waiting.get_or_insert_with(Instant::now).elapsed() > SPIN
            {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.shared.wake();
    }
}

/// A step under way: until it is dropped helpers wait for the next phase.
struct Stepping(Arc<Shared>);

impl Stepping {
    fn new(shared: &Arc<Shared>) -> Stepping {
        shared.stepping.store(true, Ordering::SeqCst);
        Stepping(Arc::clone(shared))
    }
}

impl Drop for Stepping {
    fn drop(&mut self) {
        self.0.stepping.store(false, Ordering::SeqCst);
        self.0.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_woken_too_early_is_woken_again() {
        let shared = Arc::new(Shared::new(2));
        shared.stepping.store(true, Ordering::SeqCst);
        let sleeper = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || shared.sleep(0))
        };
        while shared.sleepers.lock().is_empty() {
            std::thread::yield_now();
        }
        // Nothing has changed: it sleeps on.
        (0..100).for_each(|_| shared.wake());
        assert!(!sleeper.is_finished());
        shared.generation.0.store(1, Ordering::SeqCst);
        shared.wake();
        sleeper.join().unwrap();
        assert!(shared.sleepers.lock().is_empty());
    }
}
