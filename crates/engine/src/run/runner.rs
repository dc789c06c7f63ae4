//! Threads for runs: kept for a while when a run is over, since to start one takes longer than many
//! a run.
//!
//! One that is done waits for the next run awake for a while, leaving its CPU to whoever wants it,
//! then asleep; unused for long it ends.

use super::threads::STACK;
use crate::error::{Code, Error, Result};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Waiting before sleeping: as long as callers take from one prediction to the next.
const AWAKE: Duration = Duration::from_micros(500);
/// Sleeping before ending.
const KEPT: Duration = Duration::from_secs(5);

/// What tells others that a run is over: they may ask for the next one at once, so its thread is free
/// by then.
pub type Ending = Box<dyn FnOnce()>;

/// What a thread does next.
type Work = Box<dyn FnOnce() -> Ending + Send>;

/// A thread that waits for work.
struct Runner {
    thread: Thread,
    work: Mutex<Option<Work>>,
    given: AtomicBool,
}

/// Those that have none, the last one to get idle last.
static FREE: Mutex<Vec<Arc<Runner>>> = Mutex::new(Vec::new());

/// Does `work` on a thread of its own, and then its ending. Neither may unwind.
///
/// # Errors
/// `ERR_MEMORY` when no thread can be started.
pub fn start(work: impl FnOnce() -> Ending + Send + 'static) -> Result<()> {
    let free = FREE.lock().pop();
    if let Some(runner) = free {
        *runner.work.lock() = Some(Box::new(work));
        runner.given.store(true, Ordering::Release);
        runner.thread.unpark();
        return Ok(());
    }
    let thread = std::thread::Builder::new().name("ridgeline-run".to_owned()).stack_size(STACK);
    let spawned = thread.spawn(move || live(Box::new(work)));
    spawned
        .map(drop)
        .map_err(|error| Error::new(Code::Memory, format!("cannot start a thread: {error}")))
}

/// Does work, again and again.
fn live(mut work: Work) {
    let runner = Arc::new(Runner {
        thread: std::thread::current(),
        work: Mutex::new(None),
        given: AtomicBool::new(false),
    });
    loop {
        let ending = work();
        FREE.lock().push(Arc::clone(&runner));
        ending();
        let Some(next) = wait(&runner) else { return };
        work = next;
    }
}

/// Waits for work; none if nobody will give any.
fn wait(runner: &Arc<Runner>) -> Option<Work> {
    let since = Instant::now();
    while !runner.given.load(Ordering::Acquire) {
        if since.elapsed() > AWAKE {
            std::thread::park_timeout(KEPT);
            let mut free = FREE.lock();
            let place = free.iter().position(|other| Arc::ptr_eq(other, runner));
            if let Some(place) = place
                && since.elapsed() > KEPT
            {
                free.remove(place);
                return None;
            }
        } else {
            std::thread::yield_now();
        }
    }
    runner.given.store(false, Ordering::Relaxed);
    runner.work.lock().take()
}
