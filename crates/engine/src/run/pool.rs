//! The helpers' threads: one rayon pool for the process, grown to what was asked for at most.
//!
//! Helpers are optional: a run finishes every phase alone if none is free. So two runs share the
//! pool without waiting for each other.
//!
//! A helper must not wait for the CPU of the thread that calls it, which is busy from now on. A
//! scheduler may wake it right there and take milliseconds to find that others are free: Linux does
//! in a virtual machine, where halted CPUs look as if they were taken away. So threads are woken
//! without the right to the caller's CPU, and have it back as soon as they run. Threads that have
//! only just started are not known yet; those the system places as it does new ones.

use super::affinity::{Cpus, Thread};
use super::threads::STACK;
use crate::error::{Error, Result};
use parking_lot::Mutex;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

static POOL: Mutex<Option<Arc<Pool>>> = Mutex::new(None);

/// See the module documentation.
pub struct Pool {
    threads: ThreadPool,
    workers: Arc<[Worker]>,
}

/// What is known of a thread of the pool.
#[derive(Default)]
struct Worker {
    thread: OnceLock<Thread>,
    busy: AtomicBool,
}

impl Worker {
    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::SeqCst)
    }
}

/// A pool of at least `helpers` threads, or of as many as there are where no more can be started.
///
/// # Errors
/// `ERR_NATIVE` when none can be started.
pub fn with(helpers: usize) -> Result<Arc<Pool>> {
    let mut pool = POOL.lock();
    if let Some(pool) = pool.as_ref().filter(|pool| pool.workers.len() >= helpers) {
        return Ok(Arc::clone(pool));
    }
    match Pool::new(helpers) {
        Ok(new) => Ok(Arc::clone(pool.insert(Arc::new(new)))),
        // Fewer than asked for are better than none.
        Err(error) => pool
            .clone()
            .ok_or_else(|| Error::native(format!("cannot start {helpers} threads: {error}"))),
    }
}

impl Pool {
    fn new(helpers: usize) -> Result<Pool, rayon::ThreadPoolBuildError> {
        let workers: Arc<[Worker]> = (0..helpers).map(|_| Worker::default()).collect();
        let started = Arc::clone(&workers);
        let threads = ThreadPoolBuilder::new()
            .num_threads(helpers)
            .stack_size(STACK)
            .thread_name(|i| format!("ridgeline-helper-{i}"))
            .start_handler(move |i| {
                started[i].thread.get_or_init(Thread::current);
            })
            .build()?;
        Ok(Pool { threads, workers })
    }

    /// Has threads of the pool do `jobs`, none of them in the caller's place.
    pub fn call(&self, jobs: impl Iterator<Item = impl FnOnce() + Send + 'static>) {
        let cpus = Cpus::of(Thread::current());
        if let (Some(cpus), Some(elsewhere)) = (cpus, cpus.and_then(Cpus::elsewhere)) {
            // All that may come, since nobody knows who will.
            for worker in self.workers.iter().filter(|worker| !worker.is_busy()) {
                let Some(&thread) = worker.thread.get() else { continue };
                elsewhere.confine(thread);
                // Another run called it meanwhile: it may have freed itself too early.
                if worker.is_busy() {
                    cpus.confine(thread);
                }
            }
        }
        for job in jobs {
            let workers = Arc::clone(&self.workers);
            self.threads.spawn(move || {
                let worker = rayon::current_thread_index().map(|i| &workers[i]);
                worker.inspect(|worker| worker.busy.store(true, Ordering::SeqCst));
                if let Some(cpus) = cpus {
                    cpus.confine(Thread::current());
                }
                job();
                worker.inspect(|worker| worker.busy.store(false, Ordering::SeqCst));
            });
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn threads_wake_elsewhere_and_then_may_run_anywhere() {
        let pool = Pool::new(2).unwrap();
        let here = Cpus::of(Thread::current()).unwrap();
        let may_confine = here.elsewhere().is_some_and(|cpus| cpus.confine(Thread::current()));
        here.confine(Thread::current());
        let (started, running) = channel();
        let (end, wait) = channel::<()>();
        let job = move || {
            started.send((Thread::current(), Cpus::of(Thread::current()))).unwrap();
            let _ = wait.recv();
        };
        // Both have to be known before one can be told of.
        while pool.workers.iter().any(|worker| worker.thread.get().is_none()) {
            std::thread::yield_now();
        }
        pool.call(std::iter::once(job));
        let (thread, cpus) = running.recv().unwrap();
        assert_eq!(cpus, Some(here), "a helper has the rights of its caller");
        let others = pool.workers.iter().filter(|worker| !worker.is_busy());
        for other in others.filter_map(|worker| worker.thread.get()) {
            assert_ne!(*other, thread);
            let asleep = Cpus::of(*other).unwrap();
            assert!(!may_confine || asleep != here, "one asleep was not kept away");
        }
        drop(end);
    }
}
