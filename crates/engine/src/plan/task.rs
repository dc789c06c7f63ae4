//! Tasks: what an op becomes. A task covers a rectangle of work and says which part of each
//! buffer a part of the rectangle touches; from that alone follow order, fusion and safety.

use super::frame::Frame;
use super::loops::Numbering;
use super::view::{Axes, View};
use std::sync::Arc;

/// The kernel call of a task, for one part.
pub type Run = Box<dyn Fn(&Frame) + Send + Sync>;

/// Work over a rectangle.
pub struct Task {
    /// Path of the layer that it belongs to, for errors and profiles.
    pub layer: Arc<str>,
    /// Name of its op.
    pub op: &'static str,
    /// Rows and columns of the rectangle.
    pub space: [usize; 2],
    /// Axes along which it may be cut.
    pub split: Axes,
    /// Estimated nanoseconds of one core for the whole.
    pub cost: f64,
    /// Rows and columns that a part should have at least, where it is cut by them.
    pub grain: [usize; 2],
    /// What is read.
    pub reads: Vec<View>,
    /// What is written.
    pub writes: Vec<View>,
    /// Words of per-thread scratch a part needs.
    pub scratch: usize,
    /// Reads whose memory its first write may take: it reads each element no later than it writes it.
    pub overwrites: Vec<usize>,
    /// The number of its step, where steps of a loop are written out.
    pub numbering: Numbering,
    /// True if it fetches meanwhile what comes after it (`Frame::later`).
    pub fetches: bool,
    /// The kernel call.
    pub run: Run,
}
