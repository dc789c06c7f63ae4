//! Turns: short runs, such as predictions, of which many may be asked for at once.
//!
//! As many run at a time as the machine has threads, the others wait in order; and the more there
//! are, the fewer threads each has. So many at once take no longer than one after the other.

use super::runner::{self, Ending};
use super::threads;
use crate::error::Result;
use parking_lot::Mutex;
use std::collections::VecDeque;

/// Work and the threads that were asked for.
struct Turn {
    asked: usize,
    work: Box<dyn FnOnce(usize) -> Ending + Send>,
}

/// How many run, and those that wait.
struct Turns {
    running: usize,
    waiting: VecDeque<Turn>,
}

static TURNS: Mutex<Turns> = Mutex::new(Turns { running: 0, waiting: VecDeque::new() });

/// Nanoseconds until another thread that is called begins to help, about.
const CALLED: f64 = 30_000.0;
/// Nanoseconds that everybody else may wait for the calling thread, and until others have come to help it.
const BRIEF: f64 = 250_000.0;
const ALONE: f64 = 500_000.0;

/// By how many threads work that takes one of them `cost` nanoseconds is done sooner by the thread that asks for it, with
/// those that help it, than by `threads` others: none where it is not brief, or where somebody has a turn. They have to
/// win what it takes to call them.
pub fn at_once(cost: f64, threads: usize) -> Option<usize> {
    let shared = cost / threads as f64;
    let wanted = if cost - shared <= CALLED { 1 } else { threads };
    let is_brief = cost <= ALONE && cost / wanted as f64 <= BRIEF;
    (is_brief && TURNS.lock().running == 0).then_some(wanted)
}

/// Does `work` on a thread of its own when it is its turn, told how many of the threads `asked` for it
/// has, and then its ending. Neither may unwind.
///
/// # Errors
/// `ERR_NATIVE` when no thread can be started; the work is lost.
pub fn start(asked: usize, work: impl FnOnce(usize) -> Ending + Send + 'static) -> Result<()> {
    // What is asked for stands in where the default is wrong.
    let all = threads::resolve(None).unwrap_or(asked);
    let work = Turn { asked, work: Box::new(work) };
    let mut turns = TURNS.lock();
    if turns.running >= all {
        turns.waiting.push_back(work);
        return Ok(());
    }
    turns.running += 1;
    drop(turns);
    runner::start(move || take_turns(all, work)).inspect_err(|_| TURNS.lock().running -= 1)
}

/// Does `turn` and then what waits, until nothing does; the ending of the last.
fn take_turns(all: usize, mut turn: Turn) -> Ending {
    loop {
        let turns = TURNS.lock();
        let among = turns.running + turns.waiting.len();
        drop(turns);
        // Alone it has what was asked for, even more than the machine has.
        let threads = if among == 1 { turn.asked } else { (all / among).clamp(1, turn.asked) };
        let ending = (turn.work)(threads);
        let mut turns = TURNS.lock();
        let Some(next) = turns.waiting.pop_front() else {
            turns.running -= 1;
            return ending;
        };
        drop(turns);
        ending();
        turn = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn all_have_their_turn_and_a_share() {
        let all = threads::resolve(None).unwrap();
        let (told, heard) = channel();
        let asked = all + 3;
        for _ in 0..4 * all {
            let told = told.clone();
            let work = move |threads| -> Ending {
                std::thread::yield_now();
                let share = if at_once(1_000.0, 1).is_some() { 0 } else { threads };
                Box::new(move || told.send(share).unwrap())
            };
            start(asked, work).unwrap();
        }
        let shares: Vec<usize> = (0..4 * all).map(|_| heard.recv().unwrap()).collect();
        assert!(shares.iter().all(|share| (1..=all).contains(share) || *share == asked));
        while TURNS.lock().running > 0 {
            std::thread::yield_now();
        }
        assert_eq!([at_once(1_000.0, 64), at_once(200_000.0, 1)], [Some(1); 2]);
        assert_eq!(at_once(400_000.0, 4), Some(4));
        for (cost, threads) in [(400_000.0, 1), (1e6, 64), (f64::INFINITY, 1)] {
            assert_eq!(at_once(cost, threads), None);
        }
        // Alone it has what it asked for.
        let work = move |threads| -> Ending { Box::new(move || told.send(threads).unwrap()) };
        start(asked, work).unwrap();
        assert_eq!(heard.recv().unwrap(), asked);
    }
}
