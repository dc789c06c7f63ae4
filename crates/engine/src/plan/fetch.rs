//! What a chunk fetches into the near caches before it is needed.
//!
//! Weights, gradients and slots together are larger than the near caches, so variables never stay
//! there from one step to the next. The longest task of a strand, a product, has time to ask for
//! those that come after it.

use super::task::Task;
use super::view::{BufferId, View};
use crate::variable::Layout;

/// See the module documentation.
#[derive(Debug)]
pub struct Fetch {
    /// Index of the longest task that fetches.
    pub task: Option<usize>,
    /// Variables that the tasks behind it use, of the same chunk.
    pub later: Vec<View>,
    /// Variables that it and the tasks before it use, of the next chunk.
    pub next: Vec<View>,
}

impl Fetch {
    /// Nothing.
    pub(super) const NONE: Fetch = Fetch { task: None, later: Vec::new(), next: Vec::new() };

    /// Finds it for a strand: variables of which a chunk uses a part of its own, in adjacent words.
    pub fn find(
        tasks: &[Task],
        strand: &[usize],
        by_cols: bool,
        is_variable: &dyn Fn(BufferId) -> bool,
    ) -> Fetch {
        let longest = (0..strand.len())
            .filter(|&i| tasks[strand[i]].fetches)
            .max_by(|&a, &b| tasks[strand[a]].cost.total_cmp(&tasks[strand[b]].cost));
        let Some(longest) = longest else {
            return Fetch { task: None, later: Vec::new(), next: Vec::new() };
        };
        // Tasks of a strand agree on the axis it is cut along, or on either if it is one chunk.
        let rows = tasks[strand[longest]].space[0];
        let parted = |view: &View| match by_cols {
            true => view.along.cols && (view.rows == 1 || matches!(view.layout, Layout::Panels(_))),
            false => view.along.rows && view.rows == rows && view.layout == Layout::Plain,
        };
        let variables = |strand: &[usize]| {
            let views = strand.iter().flat_map(|&t| tasks[t].reads.iter().chain(&tasks[t].writes));
            let mut found: Vec<View> = Vec::new();
            for view in views.filter(|view| is_variable(view.buffer) && parted(view)) {
                if !found.iter().any(|other| other.buffer == view.buffer) {
                    found.push(*view);
                }
            }
            found
        };
        let next = variables(&strand[..=longest]);
        let mut later = variables(&strand[longest + 1..]);
        later.retain(|view| next.iter().all(|other| other.buffer != view.buffer));
        Fetch { task: Some(strand[longest]), later, next }
    }
}
