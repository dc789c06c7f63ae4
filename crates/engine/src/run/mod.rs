//! Running plans: workspaces (memory), the crew (threads) and what a step carries.

pub mod affinity;
pub mod executor;
pub mod pool;
pub mod step;
pub mod threads;
pub mod workspace;
