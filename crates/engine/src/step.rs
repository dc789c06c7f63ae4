//! What changes from one training step to the next, as tasks see it.
//!
//! Below plans, ops and runs, which all carry it: a task is compiled once and gets these numbers
//! anew with every run.

use ridgeline_kernels::rng::Key;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// That a run is to end: told from outside, heard between batches and between the turns of loops.
#[derive(Clone, Debug, Default)]
pub struct Cancelled(Arc<AtomicBool>);

impl Cancelled {
    /// Tells it.
    pub fn tell(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
    /// True once it was told.
    pub fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A source of input rows: where a batch's rows are copied from.
#[derive(Clone, Copy, Debug)]
pub struct Feed {
    /// First word of row 0.
    pub data: *const u32,
    /// Rows there are.
    pub rows: usize,
    /// Words of a row.
    pub width: usize,
}

/// Which of a step's updates of a weight one is: there are several where it makes several losses small, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Updates of the step before it.
    pub at: u64,
    /// Updates of the step.
    pub of: u64,
}

impl Turn {
    /// The only one.
    pub const ONLY: Turn = Turn { at: 0, of: 1 };

    /// Updates of the weight before this one, behind so many steps with updates.
    pub fn updates(self, steps: u64) -> u64 {
        steps * self.of + self.at
    }
}

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The model's seed, or one that follows from it: key of all random streams.
    pub seed: u64,
    /// Training steps made before this one, or batches of an inference: counter of all random streams.
    pub index: u32,
    /// Learning rate in force.
    pub learning_rate: f32,
    /// Other learning rates: of the optimizers beside the first, and of updates that are not the only ones of their weights.
    pub other_rates: Vec<f32>,
    /// Steps with updates made before this one.
    pub updates: u64,
    /// One source for each input of the graph.
    pub feeds: Vec<Feed>,
    /// Rows of the sources that make up the batch, in order.
    pub batch: Vec<u32>,
    /// Whether it is to end before it is done, where that leaves no trace.
    pub cancelled: Option<Cancelled>,
}

/// The seed of a model's `call`-th inference, whose random numbers are those of no training step and of
/// no other call (the mixing of SplitMix64, Steele et al. 2014).
pub fn inference_seed(seed: u64, call: u64) -> u64 {
    let mix = |x: u64| {
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    mix(seed ^ mix(call.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
}

impl Step {
    /// The learning rate in force, or another one.
    pub(crate) fn rate(&self, other: Option<usize>) -> f32 {
        other.map_or(self.learning_rate, |other| self.other_rates[other])
    }

    /// The key of a random stream at this step, and in loops at the step of that number.
    pub(crate) fn key(&self, stream: u32, number: u32) -> Key {
        Key { seed: self.seed, stream, step: self.index, time: number }
    }
}

// SAFETY: the pointers are to data that the run owns and nobody writes while it lasts.
unsafe impl Send for Step {}
// SAFETY: as above.
unsafe impl Sync for Step {}
