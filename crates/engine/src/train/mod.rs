//! Training: optimizers, programs, the loop, and what is kept of a model.

pub mod checkpoint;
pub mod initializer;
pub mod optimizer;
pub mod program;
pub mod snapshot;
pub mod trainer;
