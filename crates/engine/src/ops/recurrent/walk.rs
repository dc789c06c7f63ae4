//! What walks through time share, forward and back: what a recurrence is told, its sizes, and its kernels packed by groups
//! of gates.

use super::step::Way;
use crate::error::{Error, Result};
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, View};
use crate::variable::Layout;
use ridgeline_kernels::Isa;
use ridgeline_kernels::gemm::{PackedMut, pack, panel_width};
use std::ops::Range;

/// Rows of a chunk: few enough for many threads, enough to use the kernel that each step reads.
pub(super) const GRAIN: usize = 8;
/// The same where the kernel stays in the near cache, up to so many numbers.
const NEAR_GRAIN: usize = 4;
const NEAR: usize = 1 << 16;

/// Inputs z `[batch, time, gates·units]`, the recurrent kernel, the states before, then as it is said:
/// a bias of the state's part, which steps count (`[batch, time]`, 0 or 1), factors of the state.
/// Outputs: the sequence, the states in the end, and for backward what the cell saves, the left
/// operands of the products before their factors, and the cell's states.
#[derive(Clone, Debug)]
pub(super) struct Recurrence {
    pub way: Way,
    pub biased: bool,
    pub masked: bool,
    pub dropped: bool,
}

/// Concrete sizes.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub batch: usize,
    pub steps: usize,
    pub units: usize,
}

impl Recurrence {
    pub(super) fn groups(&self) -> Vec<Range<usize>> {
        self.way.cell.groups(self.dropped)
    }
    /// Places of the optional inputs.
    pub(super) fn bias(&self) -> Option<usize> {
        self.biased.then_some(2 + self.way.cell.states())
    }
    pub(super) fn valid(&self) -> Option<usize> {
        self.masked.then_some(2 + self.way.cell.states() + usize::from(self.biased))
    }
    pub(super) fn factors(&self) -> Option<usize> {
        let before = usize::from(self.biased) + usize::from(self.masked);
        self.dropped.then_some(2 + self.way.cell.states() + before)
    }
    pub(super) fn sizes(&self, z: &Buffer) -> Sizes {
        Sizes { batch: z.shape[0], steps: z.shape[1], units: z.last() / self.way.cell.gates() }
    }
}

impl Sizes {
    /// Rows of a chunk, of a cell with so many gates.
    pub(super) fn grain(&self, gates: usize) -> usize {
        if gates * self.units * self.units <= NEAR { NEAR_GRAIN } else { GRAIN }
    }
}

/// All of a row of the batch as one row.
pub(super) fn by_row(buffer: &Buffer, batch: usize) -> View {
    buffer.view(batch, buffer.size() / batch.max(1)).along(Axes::ROWS)
}

/// For each group of gates: its columns of the kernel that is input `i`, packed, or those columns
/// transposed.
pub(super) fn packed_groups(
    lower: &mut Lower,
    i: usize,
    groups: &[Range<usize>],
    transpose: bool,
) -> Result<Vec<Buffer>> {
    let isa = Isa::current().map_err(Error::argument)?;
    let layout = Layout::Panels(panel_width(isa));
    if groups.len() == 1 && !transpose {
        return Ok(vec![lower.in_layout(i, layout)?]);
    }
    let kernel = lower.input(i)?;
    let gates = groups.last().map_or(1, |group| group.end);
    let (rows, units) = (kernel.leading(), kernel.last() / gates);
    let mut packed = Vec::new();
    for group in groups {
        let cols = group.start * units..group.end * units;
        let shape = if transpose { [cols.len(), rows] } else { [rows, cols.len()] };
        let to = lower.temporary(&shape, kernel.dtype, layout);
        lower
            .task(shape[0], shape[1])
            .split(Axes::COLS)
            .cost(0.3)
            .read(kernel.matrix())
            .write(to.matrix().along(Axes::COLS))
            .run(move |f| {
                let part = f.tile(0).part(0..rows, cols.clone());
                let part = if transpose { part.transposed() } else { part };
                let part = part.part(0..part.rows(), f.cols());
                let to = PackedMut::new(f.isa, f.floats_mut(0), part.rows(), part.cols());
                pack(f.isa, part, to);
            });
        packed.push(to);
    }
    Ok(packed)
}
