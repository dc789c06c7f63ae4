//! The arena: offsets from lifetimes, largest buffer first into the lowest gap that is free for
//! its whole life (greedy-by-size, Pisarchyk & Lee 2020).

use super::loops::Loop;
use super::schedule::Phase;
use super::task::Task;
use super::view::BufferId;
use super::{Home, Place};
use crate::words::LINE_WORDS;
use std::collections::HashSet;

/// Gives every arena buffer an offset and returns the arena's size in words.
pub fn allocate(
    tasks: &[Task],
    phases: &[Phase],
    loops: &[Loop],
    keep: &[BufferId],
    places: &mut [Place],
) -> usize {
    let whole = |id: BufferId| match &places[id.0 as usize].home {
        Home::Slot(slot) => slot.of.0 as usize,
        _ => id.0 as usize,
    };
    let mut life: Vec<Option<(usize, usize)>> = vec![None; places.len()];
    for (at, phase) in phases.iter().enumerate() {
        for task in phase.strands.iter().flat_map(|s| &s.tasks).map(|&t| &tasks[t]) {
            for view in task.reads.iter().chain(&task.writes) {
                let span = life[whole(view.buffer)].get_or_insert((at, at));
                span.0 = span.0.min(at);
                span.1 = span.1.max(at);
            }
        }
    }
    for buffer in keep {
        if let Some(span) = &mut life[whole(*buffer)] {
            span.1 = phases.len();
        }
    }
    let moved: HashSet<usize> = places
        .iter()
        .filter_map(|place| match &place.home {
            Home::Slot(slot) if slot.turns.is_some() => Some(slot.of.0 as usize),
            _ => None,
        })
        .collect();
    extend(&mut life, &moved, loops);
    let mut order: Vec<usize> = (0..places.len())
        .filter(|&i| matches!(places[i].home, Home::Arena) && life[i].is_some())
        .collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(places[i].words), i));
    let mut placed: Vec<(usize, usize, (usize, usize))> = Vec::new();
    let mut total = 0;
    for i in order {
        let Some(span) = life[i] else { continue };
        // Offsets are multiples of a cache line, so threads never share one.
        let words = places[i].words.next_multiple_of(LINE_WORDS);
        let mut offset = 0;
        // `placed` is kept sorted by offset, so one pass finds the first gap.
        for &(start, end, other) in &placed {
            if other.0 <= span.1 && span.0 <= other.1 {
                if offset + words <= start {
                    break;
                }
                offset = offset.max(end);
            }
        }
        places[i].offset = offset;
        total = total.max(offset + words);
        let at = placed.partition_point(|&(start, ..)| start <= offset);
        placed.insert(at, (offset, offset + words, span));
    }
    total
}

/// What goes into a loop, out of it or from turn to turn lives through all of it, in inner loops first.
fn extend(life: &mut [Option<(usize, usize)>], moved: &HashSet<usize>, loops: &[Loop]) {
    for of in loops {
        extend(life, moved, &of.inner);
        let (first, last) = (of.phases.start, of.phases.end.saturating_sub(1));
        for (id, span) in life.iter_mut().enumerate() {
            let Some(span) = span.as_mut().filter(|span| span.0 <= last && first <= span.1) else {
                continue;
            };
            if span.0 < first || span.1 > last || moved.contains(&id) {
                *span = (span.0.min(first), span.1.max(last));
            }
        }
    }
}
