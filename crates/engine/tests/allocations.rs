//! A training step in its steady state allocates nothing: counted by the process's allocator.

mod common;

use common::{options, trainer};
use ridgeline_engine::Result;
use ridgeline_engine::train::trainer::{Listener, Report, Verdict};
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
struct Watch(Mutex<Vec<usize>>);

impl Listener for Watch {
    fn report(&mut self, _: Report) -> Result<Verdict> {
        Ok(Verdict::default())
    }
    fn cancelled(&self) -> bool {
        false
    }
    fn progress(&self, _: usize, _: usize, _: usize, _: f64) {
        self.0.lock().unwrap().push(COUNT.load(Ordering::Relaxed));
    }
}

#[test]
fn a_step_in_steady_state_allocates_nothing() {
    let (trainer, data) = trainer();
    let mut watch = Watch(Mutex::new(Vec::with_capacity(64)));
    trainer.fit(&data, None, 1e-3, &options(1, 8), &mut watch).unwrap();
    let counts = watch.0.into_inner().unwrap();
    assert_eq!(counts.len(), 8 * 4);
    // Batches 0 to 2 are full, 3 is the smaller last one: from one batch to the next of an epoch
    // nothing may be allocated once both sizes have been seen.
    for epoch in counts.chunks_exact(4).skip(1) {
        assert_eq!(epoch[0], epoch[3], "allocations between batches: {counts:?}");
    }
}
