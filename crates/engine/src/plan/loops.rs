//! Loops: phases that repeat, and buffers that stand elsewhere in every turn.
//!
//! What goes from turn to turn stands in *slots* of larger buffers, and the step of the loop says in which:
//! so a slice of a sequence is read where it lies, and a state written where the next turn finds it.

use super::view::BufferId;
use super::{Home, Place};
use std::ops::Range;

/// A buffer inside another one.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The whole, which is no slot.
    pub of: BufferId,
    /// Words from its start.
    pub start: usize,
    /// In a loop it is one of several behind that.
    pub turns: Option<Among>,
}

/// One of `period` slots of equal size: at step t of a loop that of the number (t + shift) mod period.
#[derive(Clone, Copy, Debug)]
pub struct Among {
    /// See above.
    pub shift: usize,
    /// See above.
    pub period: usize,
}

/// How a loop moves a buffer along.
#[derive(Clone, Copy, Debug)]
pub struct Turning {
    words: usize,
    among: Among,
}

impl Turning {
    /// Words from the start of the whole at step `time`.
    pub(crate) fn offset(&self, time: usize) -> usize {
        (time + self.among.shift) % self.among.period * self.words
    }
}

/// For each buffer: how loops move it along; nothing where no buffer is.
pub(crate) fn turning(places: &[Place]) -> Vec<Option<Turning>> {
    let of = |place: &Place| match &place.home {
        Home::Slot(slot) => slot.turns.map(|among| Turning { words: place.words, among }),
        _ => None,
    };
    let all: Vec<_> = places.iter().map(of).collect();
    if all.iter().any(Option::is_some) { all } else { Vec::new() }
}

/// Between the numbers of two steps of a loop, where those of a loop within it count on: 2³² over the golden ratio, whose
/// multiples keep as far from each other as any do (Knuth, The Art of Computer Programming 3, 6.4).
const APART: u32 = 0x9E37_79B9;

/// Where the loops stand that a task is in.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoopStep {
    /// The step of the one whose slots move.
    pub time: usize,
    /// Tells the steps of all of them apart, up to a billion: random numbers are keyed by it.
    pub number: u32,
}

impl LoopStep {
    /// Step `time` of a loop within these.
    pub(crate) fn at(self, time: usize) -> LoopStep {
        LoopStep { time, number: Numbering::default().within(time).of(self.number) }
    }

    /// The `turn`-th step of a loop within these that moves no slots.
    pub(crate) fn again(self, turn: usize) -> LoopStep {
        LoopStep { time: self.time, ..self.at(turn) }
    }
}

/// From the number of the steps around to that of a step which is written out within them: `factor · number + plus`.
#[derive(Clone, Copy, Debug)]
pub struct Numbering {
    factor: u32,
    plus: u32,
}

impl Default for Numbering {
    fn default() -> Numbering {
        Numbering { factor: 1, plus: 0 }
    }
}

impl Numbering {
    /// Of step `time` of a loop within.
    pub(crate) fn within(self, time: usize) -> Numbering {
        let of = |number: u32| number.wrapping_mul(APART);
        Numbering { factor: of(self.factor), plus: of(self.plus).wrapping_add(time as u32) }
    }

    /// The number that `number` leads to.
    pub(crate) fn of(self, number: u32) -> u32 {
        number.wrapping_mul(self.factor).wrapping_add(self.plus)
    }
}

/// A number of turns, through the steps forwards or backwards.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// How many.
    pub count: usize,
    /// From the last step to the first.
    pub reverse: bool,
}

impl Counted {
    /// The step of a turn.
    pub(crate) fn time(self, turn: usize) -> usize {
        if self.reverse { self.count - 1 - turn } else { turn }
    }
}

/// How often a loop goes round.
#[derive(Clone, Copy, Debug)]
pub enum Turns {
    /// So often.
    Counted(Counted),
    /// As long as the first word of a buffer is not 0, and so often at most.
    While {
        /// The buffer.
        holds: BufferId,
        /// See above.
        most: usize,
    },
}

/// A loop as phases.
#[derive(Debug)]
pub struct Loop {
    /// All its phases.
    pub phases: Range<usize>,
    /// The first that is not run to find out whether there is another turn.
    pub body: usize,
    /// How often.
    pub turns: Turns,
    /// Loops within it, in order.
    pub inner: Vec<Loop>,
}

impl Loop {
    /// Loops within the phases that are run to find out whether there is another turn, and within the others.
    pub(crate) fn parts(&self) -> (&[Loop], &[Loop]) {
        self.inner.split_at(self.inner.partition_point(|of| of.phases.start < self.body))
    }
}
