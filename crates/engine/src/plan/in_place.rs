//! Results in the place of operands: a task that says so takes the memory of what nobody reads behind it, so that one matrix
//! passes through the caches rather than two.

use super::lower::Buffer;
use super::sections::LoopTasks;
use super::task::Task;
use super::view::{BufferId, View};
use super::{Home, Place};

/// What happens to a buffer.
#[derive(Clone, Default)]
struct Uses {
    readers: usize,
    writers: usize,
    last_writer: usize,
    /// True if it must stay as it is, stands in another buffer or another one in it, or a loop touches it.
    is_fixed: bool,
}

/// Lets tasks write where they read, wherever nobody can tell. Loops are left alone: what they read is read again.
pub(super) fn share(
    tasks: &mut [Task],
    loops: &[LoopTasks],
    places: &[Place],
    kept: &mut [Buffer],
) {
    let mut uses = vec![Uses::default(); places.len()];
    let at = |id: BufferId| id.0 as usize;
    for (place, id) in places.iter().zip(0..) {
        match &place.home {
            Home::Arena => {}
            Home::Slot(slot) => {
                uses[at(slot.of)].is_fixed = true;
                uses[at(BufferId(id))].is_fixed = true;
            }
            _ => uses[at(BufferId(id))].is_fixed = true,
        }
    }
    for buffer in kept.iter() {
        uses[at(buffer.id)].is_fixed = true;
    }
    for (i, task) in tasks.iter().enumerate() {
        let mut read: Vec<BufferId> = task.reads.iter().map(|view| view.buffer).collect();
        read.sort_unstable();
        read.dedup();
        read.iter().for_each(|&id| uses[at(id)].readers += 1);
        for view in &task.writes {
            let of = &mut uses[at(view.buffer)];
            (of.writers, of.last_writer) = (of.writers + 1, i);
        }
    }
    for of in loops {
        for task in &tasks[of.tasks()] {
            for view in task.reads.iter().chain(&task.writes) {
                uses[at(view.buffer)].is_fixed = true;
            }
        }
    }
    // Buffers, and those whose memory they take.
    let mut homes: Vec<BufferId> = (0..places.len() as u32).map(BufferId).collect();
    for (i, task) in tasks.iter_mut().enumerate() {
        for view in task.reads.iter_mut().chain(&mut task.writes) {
            view.buffer = homes[at(view.buffer)];
        }
        let Some(&write) = task.writes.first() else { continue };
        let same = |read: &View| {
            (read.rows, read.cols, read.layout) == (write.rows, write.cols, write.layout)
                && (read.along, read.unit) == (write.along, write.unit)
        };
        let alone = |read: &View| {
            let views = task.reads.iter().filter(|view| view.buffer == read.buffer);
            views.clone().all(same) && task.writes.iter().all(|view| view.buffer != read.buffer)
        };
        let free = |read: &View| {
            let of = &uses[at(read.buffer)];
            !of.is_fixed && of.readers == 1 && of.last_writer < i
        };
        let of = &uses[at(write.buffer)];
        if of.is_fixed || of.writers > 1 {
            continue;
        }
        let mut overwritten = task.overwrites.iter().map(|&i| task.reads[i]);
        let Some(read) = overwritten.find(|read| same(read) && alone(read) && free(read)) else {
            continue;
        };
        homes[at(write.buffer)] = read.buffer;
        // From here on it is what was written.
        uses[at(read.buffer)] = uses[at(write.buffer)].clone();
        task.writes[0].buffer = read.buffer;
    }
    for buffer in kept {
        buffer.id = homes[at(buffer.id)];
    }
}
