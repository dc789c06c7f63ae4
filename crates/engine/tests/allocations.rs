//! A training step in its steady state allocates nothing: counted by the process's allocator.

mod common;

use common::{options, trainer};
use ridgeline_engine::Result;
use ridgeline_engine::step::Cancelled;
use ridgeline_engine::train::listener::{Listener, Report, Verdict};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: forwards to the system allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's contract is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Notes the count after every batch, in memory reserved before.
struct Watch(Mutex<Vec<usize>>, Cancelled);

impl Listener for Watch {
    fn report(&mut self, _: Report) -> Result<Verdict> {
        Ok(Verdict::default())
    }
    fn finish(&mut self, _: Report) {}
    fn cancelled(&self) -> &Cancelled {
        &self.1
    }
    fn progress(&self, _: usize, _: usize, _: usize, _: f64) {
        self.0.lock().unwrap().push(COUNT.load(Ordering::Relaxed));
    }
}

/// How often memory was asked for before each batch of 8 epochs of 4, of which the last is smaller.
fn counts(threads: usize) -> Vec<usize> {
    let (trainer, data) = trainer();
    let mut watch = Watch(Mutex::new(Vec::with_capacity(64)), Cancelled::default());
    trainer.fit(&data, None, None, &options(threads, 8), &Default::default(), &mut watch).unwrap();
    let counts = watch.0.into_inner().unwrap();
    assert_eq!(counts.len(), 8 * 4);
    counts
}

// One test: the count is the process's.
#[test]
fn a_step_in_steady_state_allocates_nothing() {
    // What a step asks for it asks for in every run; the thread of the test harness, which allocates
    // while it starts, falls into one of them at most.
    let alone = [counts(1), counts(1), counts(1)];
    // From one batch to the next of an epoch nothing may be allocated once both sizes were seen.
    for epoch in (4..8 * 4).step_by(4) {
        let is_idle = |run: &Vec<usize>| run[epoch] == run[epoch + 3];
        assert!(alone.iter().any(is_idle), "allocations between batches: {alone:?}");
    }
    // Helpers that left are called again, which takes memory for the call; the steps that go on
    // with the helpers they have take none.
    let helped = counts(3);
    let idle = helped.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!(idle * 4 > helped.len(), "allocations with helpers: {helped:?}");
}
