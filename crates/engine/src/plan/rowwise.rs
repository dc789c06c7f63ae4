//! Loops by rows: where every task of a turn may be cut by rows, and rows meet only themselves from turn to turn, a chunk
//! takes its rows through all turns, and no thread waits for another in between.

use super::fetch::Fetch;
use super::loops::Counted;
use super::schedule::{MAX_CHUNKS, MIN_CHUNK_NS, Phase, Strand};
use super::task::Task;
use super::view::{BufferId, View};
use super::{Home, Place};
use std::ops::Range;

/// Rows of a chunk at least: enough to use the weights that every turn reads anew, few enough for many threads.
const GRAIN: usize = 16;

/// The loop over the tasks of `section` as one phase; `None` where turns have to wait for each other.
pub(super) fn rowwise(
    tasks: &[Task],
    section: Range<usize>,
    turns: Counted,
    places: &[Place],
) -> Option<Phase> {
    let own = &tasks[section.clone()];
    let rows = own.first()?.space[0];
    let can = own.iter().all(|task| task.split.rows && task.space[0] == rows);
    if rows < 2 * GRAIN || !can || !stays_in_rows(own, places) {
        return None;
    }
    let cost = own.iter().map(|task| task.cost).sum::<f64>() * turns.count as f64;
    let wanted = ((cost / MIN_CHUNK_NS) as usize).clamp(1, MAX_CHUNKS);
    let chunk = rows.div_ceil(wanted).max(GRAIN);
    let chunks = rows.div_ceil(chunk);
    let strand = Strand {
        tasks: section.collect(),
        by_cols: false,
        extent: rows,
        chunk,
        chunks,
        chunk_cost: cost.max(1.0) / chunks as f64,
        fetch: Fetch::NONE,
        turns: Some(turns),
    };
    Some(Phase { strands: vec![strand], chunks, cost })
}

/// Whether whatever one task writes and another touches, in the same turn or another one, is seen row by row by both.
fn stays_in_rows(tasks: &[Task], places: &[Place]) -> bool {
    let whole = |buffer: BufferId| match &places[buffer.0 as usize].home {
        Home::Slot(slot) => slot.of,
        _ => buffer,
    };
    let views = |task: &Task| -> Vec<(View, bool)> {
        let reads = task.reads.iter().map(|view| (*view, false));
        reads.chain(task.writes.iter().map(|view| (*view, true))).collect()
    };
    let all: Vec<(View, bool)> = tasks.iter().flat_map(views).collect();
    let written = || all.iter().filter(|(_, writes)| *writes);
    written().all(|(a, _)| {
        let mut others = all.iter().filter(|(b, _)| whole(a.buffer) == whole(b.buffer));
        others.all(|(b, _)| {
            let same = (a.rows, a.cols, a.unit) == (b.rows, b.cols, b.unit);
            same && a.along.rows && b.along.rows
        })
    })
}
