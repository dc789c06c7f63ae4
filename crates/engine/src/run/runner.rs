//! Threads for runs: kept for a while when a run is over, since to start one takes longer than many
//! a run.
//!
//! One that is done waits for the next run awake for a while, leaving its CPU to whoever wants it,
//! then asleep; unused for long it ends.

use crate::error::{Error, Result};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Waiting before sleeping: as long as callers take from one prediction to the next.
const AWAKE: Duration = Duration::from_micros(500);
/// Sleeping before ending.
const KEPT: Duration = Duration::from_secs(5);

/// What a thread does next.
type Work = Box<dyn FnOnce() + Send>;

/// A thread that waits for work.
struct Runner {
    thread: Thread,
    work: Mutex<Option<Work>>,
    given: AtomicBool,
}

/// Those that have none, the last one to get idle last.
static FREE: Mutex<Vec<Arc<Runner>>> = Mutex::new(Vec::new());

/// Does `work` on a thread of its own. It must not unwind.
///
/// # Errors
/// `ERR_NATIVE` when no thread can be started.
pub fn start(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let free = FREE.lock().pop();
    if let Some(runner) = free {
        *runner.work.lock() = Some(Box::new(work));
        runner.given.store(true, Ordering::Release);
        runner.thread.unpark();
        return Ok(());
    }
    let thread = std::thread::Builder::new().name("ridgeline-run".to_owned());
    let spawned = thread.spawn(move || {
        work();
        live();
    });
    spawned.map(drop).map_err(|error| Error::native(format!("cannot start a thread: {error}")))
}

/// Waits for work and does it, again and again.
fn live() {
    let runner = Arc::new(Runner {
        thread: std::thread::current(),
        work: Mutex::new(None),
        given: AtomicBool::new(false),
    });
    loop {
        FREE.lock().push(Arc::clone(&runner));
        if !wait(&runner) {
            return;
        }
        let work = runner.work.lock().take();
        work.into_iter().for_each(|work| work());
    }
}

/// Waits until it is given work; false if nobody will.
fn wait(runner: &Arc<Runner>) -> bool {
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
                return false;
            }
        } else {
            std::thread::yield_now();
        }
    }
    runner.given.store(false, Ordering::Relaxed);
    true
}
