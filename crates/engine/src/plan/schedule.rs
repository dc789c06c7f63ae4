//! The schedule: tasks into phases of strands.
//!
//! A strand is a list of tasks cut along one axis into the same chunks, where chunk c of a later
//! task reads only what chunk c of an earlier one wrote: a thread that takes chunk c runs the
//! whole list while its data is in cache. Strands of one phase are independent; every phase ends
//! in a join. So a dense layer's GEMM, batch normalization, activation and dropout, cut by
//! columns, are one phase, and backward a chain plus weight gradient and update are another.
//! (Polyhedral compilers call the condition "loop fusion with aligned dependences".)
//!
//! Chunks are cut by sizes alone, never by the number of threads, so results do not depend on it.

use super::fetch::Fetch;
use super::loops::Counted;
use super::task::Task;
use super::view::{Axes, BufferId, Part, UNIT};
use std::collections::HashMap;
use std::ops::Range;

/// Tasks that run chunk by chunk.
#[derive(Debug)]
pub struct Strand {
    /// Indices of its tasks, in order.
    pub tasks: Vec<usize>,
    /// True when cut along the columns, false along the rows.
    pub by_cols: bool,
    /// Size of the axis that is cut.
    pub extent: usize,
    /// Rows or columns of one chunk.
    pub chunk: usize,
    /// Number of chunks.
    pub chunks: usize,
    /// Estimated nanoseconds of one core for a chunk.
    pub chunk_cost: f64,
    /// What is fetched while a chunk runs.
    pub fetch: Fetch,
    /// How often a chunk does all its tasks, if not once.
    pub turns: Option<Counted>,
}

impl Strand {
    /// The part of `task`, which is one of its own, that makes up a chunk.
    pub fn part(&self, task: &Task, chunk: usize) -> Part {
        let range = chunk * self.chunk..((chunk + 1) * self.chunk).min(self.extent);
        let [rows, cols] = task.space;
        match (self.chunks, self.by_cols) {
            (1, _) => Part { rows: 0..rows, cols: 0..cols },
            (_, true) => Part { rows: 0..rows, cols: range },
            (_, false) => Part { rows: range, cols: 0..cols },
        }
    }
}

/// Independent strands, with a join after them.
#[derive(Debug)]
pub struct Phase {
    /// The strands, the longest chunks first.
    pub strands: Vec<Strand>,
    /// Chunks of all strands.
    pub chunks: usize,
    /// Estimated nanoseconds of one core for all chunks.
    pub cost: f64,
}

impl Phase {
    /// The first chunk of the `i`-th of `count` equal shares of the work; past the last share, the
    /// number of chunks.
    pub fn share(&self, i: usize, count: usize) -> usize {
        if i == count {
            return self.chunks;
        }
        let mut left = self.cost * i as f64 / count as f64;
        let mut first = 0;
        for strand in &self.strands {
            let chunks = ((left / strand.chunk_cost).round() as usize).min(strand.chunks);
            first += chunks;
            left -= chunks as f64 * strand.chunk_cost;
            if chunks < strand.chunks {
                break;
            }
        }
        first
    }
}

/// Nanoseconds below which a chunk is not worth handing to another thread.
pub(super) const MIN_CHUNK_NS: f64 = 4_000.0;
/// Chunks wanted of a strand: enough for 16 threads, with slack for a late one.
pub(super) const MAX_CHUNKS: usize = 32;

/// A strand that may still grow.
struct Growing {
    phase: usize,
    tasks: Vec<usize>,
    axes: Axes,
    space: [usize; 2],
}

/// What happened to a buffer so far.
#[derive(Default)]
struct History {
    writers: Vec<usize>,
    readers: Vec<usize>,
}

/// Orders those of `tasks` in `section`, which stand in an order that computes every buffer before its
/// use. `is_variable` tells which buffers outlive a step, for what chunks fetch.
pub fn schedule(
    tasks: &[Task],
    section: Range<usize>,
    is_variable: &dyn Fn(BufferId) -> bool,
) -> Vec<Phase> {
    let mut strands: Vec<Growing> = Vec::new();
    // Tasks of other sections have none.
    let mut strand_of: Vec<usize> = vec![usize::MAX; section.start];
    let mut histories: HashMap<BufferId, History> = HashMap::new();
    for at in section {
        let task = &tasks[at];
        let before = dependencies(task, &histories);
        let latest = before.iter().map(|&d| strands[strand_of[d]].phase).max();
        let home = latest.and_then(|phase| join(at, phase, &before, tasks, &strands, &strand_of));
        let strand = match home {
            Some((strand, axes)) => {
                strands[strand].axes = axes;
                strands[strand].tasks.push(at);
                strand
            }
            None => {
                strands.push(Growing {
                    phase: latest.map_or(0, |phase| phase + 1),
                    tasks: vec![at],
                    axes: task.split,
                    space: task.space,
                });
                strands.len() - 1
            }
        };
        strand_of.push(strand);
        for view in &task.writes {
            histories.entry(view.buffer).or_default().writers.push(at);
        }
        for view in &task.reads {
            histories.entry(view.buffer).or_default().readers.push(at);
        }
    }
    phases(tasks, strands, is_variable)
}

/// Tasks that must have run, for the parts they share, before `task`.
fn dependencies(task: &Task, histories: &HashMap<BufferId, History>) -> Vec<usize> {
    let mut before = Vec::new();
    for view in &task.reads {
        before.extend(histories.get(&view.buffer).into_iter().flat_map(|h| &h.writers));
    }
    for view in &task.writes {
        let earlier = histories.get(&view.buffer);
        before.extend(earlier.into_iter().flat_map(|h| h.writers.iter().chain(&h.readers)));
    }
    before.sort_unstable();
    before.dedup();
    before
}

/// The strand of phase `phase` that task `at` can continue, with the axes left to cut it by.
fn join(
    at: usize,
    phase: usize,
    before: &[usize],
    tasks: &[Task],
    strands: &[Growing],
    strand_of: &[usize],
) -> Option<(usize, Axes)> {
    let mut same_phase = before.iter().copied().filter(|&d| strands[strand_of[d]].phase == phase);
    let strand = strand_of[same_phase.clone().next()?];
    if !same_phase.clone().all(|d| strand_of[d] == strand) {
        return None;
    }
    let (growing, task) = (&strands[strand], &tasks[at]);
    let same =
        Axes { rows: growing.space[0] == task.space[0], cols: growing.space[1] == task.space[1] };
    let axes = same_phase
        .try_fold(growing.axes.and(task.split).and(same), |axes, d| {
            let left = axes.and(aligned(&tasks[d], task));
            (!left.is_empty()).then_some(left)
        })
        .filter(|axes| !axes.is_empty())?;
    Some((strand, axes))
}

/// Axes along which `later` touches only what the same chunk of `earlier` touched.
fn aligned(earlier: &Task, later: &Task) -> Axes {
    let mut axes = Axes::BOTH;
    let of_earlier = earlier.writes.iter().map(|v| (v, true));
    for (a, written) in of_earlier.chain(earlier.reads.iter().map(|v| (v, false))) {
        let of_later = later.writes.iter().map(|v| (v, true));
        for (b, writes) in of_later.chain(later.reads.iter().map(|v| (v, false))) {
            if a.buffer == b.buffer && (written || writes) {
                let same_matrix = a.rows == b.rows && a.cols == b.cols && a.unit == b.unit;
                let both = if same_matrix { a.along.and(b.along) } else { Axes::NONE };
                axes = axes.and(both);
            }
        }
    }
    axes
}

fn phases(
    tasks: &[Task],
    strands: Vec<Growing>,
    is_variable: &dyn Fn(BufferId) -> bool,
) -> Vec<Phase> {
    let count = strands.iter().map(|s| s.phase + 1).max().unwrap_or(0);
    let mut phases: Vec<Phase> =
        (0..count).map(|_| Phase { strands: Vec::new(), chunks: 0, cost: 0.0 }).collect();
    for strand in strands {
        let phase = &mut phases[strand.phase];
        let strand = cut(tasks, strand, is_variable);
        phase.chunks += strand.chunks;
        phase.cost += strand.chunks as f64 * strand.chunk_cost;
        phase.strands.push(strand);
    }
    for phase in &mut phases {
        phase.strands.sort_by(|a, b| b.chunk_cost.total_cmp(&a.chunk_cost));
    }
    phases
}

/// Chooses the axis and the size of a strand's chunks.
fn cut(tasks: &[Task], strand: Growing, is_variable: &dyn Fn(BufferId) -> bool) -> Strand {
    let cost: f64 = strand.tasks.iter().map(|&t| tasks[t].cost).sum();
    // A power of two, so that two, four or eight threads get equal shares.
    let wanted = ((cost / MIN_CHUNK_NS) as usize).clamp(1, MAX_CHUNKS).next_power_of_two();
    let [rows, cols] = strand.space;
    // Columns go in whole panels: GEMM tiles and words of bit masks stay undivided.
    // What costs little has no say in how the rest is cut.
    let heavy = strand.tasks.iter().map(|&t| &tasks[t]).filter(|task| task.cost * 4.0 >= cost);
    let [least_rows, least_cols] = heavy
        .map(|task| task.grain)
        .fold([1, 1], |most, grain| [most[0].max(grain[0]), most[1].max(grain[1])]);
    let by_rows = rows.div_ceil(wanted).max(least_rows);
    let by_cols = cols.div_ceil(wanted).max(least_cols).next_multiple_of(UNIT);
    let row_chunks = if strand.axes.rows { rows.div_ceil(by_rows).max(1) } else { 1 };
    let col_chunks = if strand.axes.cols { cols.div_ceil(by_cols).max(1) } else { 1 };
    // Columns first where they give as much to do: weights are then read once in all.
    let (by_cols, extent, chunk, chunks) = if wanted == 1 || (row_chunks == 1 && col_chunks == 1) {
        (false, rows, rows.max(1), 1)
    } else if col_chunks >= row_chunks.min(16) {
        (true, cols, by_cols, col_chunks)
    } else {
        (false, rows, by_rows, row_chunks)
    };
    let fetch = Fetch::find(tasks, &strand.tasks, by_cols, is_variable);
    let chunk_cost = cost.max(1.0) / chunks as f64;
    let turns = None;
    Strand { tasks: strand.tasks, by_cols, extent, chunk, chunks, chunk_cost, fetch, turns }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A strand of so many chunks, each of that cost.
    fn strand(chunks: usize, chunk_cost: f64) -> Strand {
        let (tasks, by_cols, extent, chunk) = (vec![0], true, chunks, 1);
        let (fetch, turns) = (Fetch::NONE, None);
        Strand { tasks, by_cols, extent, chunk, chunks, chunk_cost, fetch, turns }
    }

    #[test]
    fn shares_cover_every_chunk_once_and_cost_alike() {
        let strands = vec![strand(16, 30_000.0), strand(4, 5_000.0), strand(3, 1.0)];
        let cost = 16.0 * 30_000.0 + 4.0 * 5_000.0 + 3.0;
        let phase = Phase { strands, chunks: 23, cost };
        for count in 1..=64 {
            let cuts: Vec<usize> = (0..=count).map(|i| phase.share(i, count)).collect();
            assert!(cuts.is_sorted() && cuts[0] == 0 && cuts[count] == 23, "{count}: {cuts:?}");
        }
        // Half of the work is eight of the long chunks, not half of all chunks.
        assert_eq!(phase.share(1, 2), 8);
    }
}
