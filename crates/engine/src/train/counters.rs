//! Counters: what numbers random streams, updates and orders of rows go by.

/// Where training stands; saved with the model.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counters {
    /// Training steps made, one a batch: counter of the random streams.
    pub steps: u64,
    /// Optimizer updates made: as many, or fewer where gradients accumulate.
    pub updates: u64,
    /// Epochs begun: counter of the order of rows.
    pub epochs: u64,
}
