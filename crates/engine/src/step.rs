//! What changes from one training step to the next, as tasks see it.
//!
//! Below plans, ops and runs, which all carry it: a task is compiled once and gets these numbers
//! anew with every run.

use ridgeline_kernels::rng::Key;

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

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Step {
    /// The model's seed: key of all random streams.
    pub seed: u64,
    /// Training steps made before this one: counter of all random streams.
    pub index: u32,
    /// Learning rate in force.
    pub learning_rate: f32,
    /// Optimizer updates made before this one.
    pub updates: u64,
    /// One source for each input of the graph.
    pub feeds: Vec<Feed>,
    /// Rows of the sources that make up the batch, in order.
    pub batch: Vec<u32>,
}

impl Step {
    /// The key of a random stream at this step.
    pub(crate) fn key(&self, stream: u32) -> Key {
        Key { seed: self.seed, stream, step: self.index, time: 0 }
    }
}

// SAFETY: the pointers are to data that the run owns and nobody writes while it lasts.
unsafe impl Send for Step {}
// SAFETY: as above.
unsafe impl Sync for Step {}
