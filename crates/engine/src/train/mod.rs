//! Training: optimizers, programs, the loop, and what is kept of a model.

pub mod checkpoint;
pub mod counters;
pub mod evaluation;
pub mod events;
pub mod fit;
pub mod initializer;
pub mod listener;
pub mod objective;
pub mod optimizer;
pub mod profile;
pub mod schedule;
pub mod segment;
pub mod totals;
pub mod trainable;
pub mod trainer;
pub mod training;
