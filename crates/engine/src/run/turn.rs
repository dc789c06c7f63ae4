//! Turns: short runs, such as predictions, of which many may be asked for at once.
//!
//! As many run at a time as the machine has threads, the others wait in order; and the more there
//! are, the fewer threads each has. So many at once take no longer than one after the other.

use super::runner::{self, Ending};
use super::threads;
use crate::error::Result;
use parking_lot::Mutex;
use std::collections::VecDeque;

/// What is done with a share of threads.
type Work = Box<dyn FnOnce(usize) -> Ending + Send>;

/// Those that run and those that wait.
struct Turns {
    running: usize,
    waiting: VecDeque<Work>,
}

static TURNS: Mutex<Turns> = Mutex::new(Turns { running: 0, waiting: VecDeque::new() });

/// Does `work` on a thread of its own when it is its turn, told its share of the machine's threads,
/// and then its ending. Neither may unwind.
///
/// # Errors
/// `ERR_NATIVE` when no thread can be started, `ERR_ARGUMENT` when `RIDGELINE_THREADS` is wrong.
pub fn start(work: impl FnOnce(usize) -> Ending + Send + 'static) -> Result<()> {
    let all = threads::resolve(None)?;
    let mut turns = TURNS.lock();
    turns.waiting.push_back(Box::new(work));
    if turns.running >= all {
        return Ok(());
    }
    turns.running += 1;
    drop(turns);
    runner::start(move || take_turns(all)).inspect_err(|_| TURNS.lock().running -= 1)
}

/// Does what waits, until nothing does; the ending of the last.
fn take_turns(all: usize) -> Ending {
    let mut ending: Ending = Box::new(|| {});
    loop {
        let mut turns = TURNS.lock();
        let Some(work) = turns.waiting.pop_front() else {
            turns.running -= 1;
            return ending;
        };
        let share = all / (turns.running + turns.waiting.len());
        drop(turns);
        ending();
        ending = work(share.max(1));
    }
}
