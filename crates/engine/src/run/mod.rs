//! Running plans: workspaces (memory) and the crew (threads).

pub mod affinity;
pub mod executor;
pub mod pool;
pub mod threads;
pub mod workspace;
