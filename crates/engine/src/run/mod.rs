//! Running plans: workspaces (memory), crews (threads of a run) and where threads come from.

pub mod affinity;
pub(crate) mod claims;
pub mod crew;
pub mod job;
pub mod lent;
pub mod pool;
pub mod runner;
pub mod threads;
pub mod turn;
mod walk;
pub mod workspace;
