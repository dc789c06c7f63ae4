//! A step of a recurrent layer: where it stands in time, and its new state.

use super::cell::Cell;
use ridgeline_kernels::recurrent::{Activation, gru, lstm, simple};
use ridgeline_kernels::{Isa, Tile, TileMut};

/// What a walk through time does in each step, and in which order it takes them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Way {
    pub cell: Cell,
    pub activation: Activation,
    pub recurrent_activation: Activation,
    /// From the last step to the first.
    pub reverse: bool,
    /// Outputs stand where their inputs do, rather than in the order in which they were made.
    pub aligned: bool,
}

impl Way {
    /// Where the input of step `s` of `steps` stands.
    pub fn input(&self, s: usize, steps: usize) -> usize {
        if self.reverse { steps - 1 - s } else { s }
    }
    /// Where its output stands.
    pub fn output(&self, s: usize, steps: usize) -> usize {
        if self.aligned { self.input(s, steps) } else { s }
    }

    /// The new state. `saved` holds the sums of both parts, of a GRU its first half already, and then what backward needs;
    /// `c`, where the cell has it, is its second state.
    pub fn state(
        &self,
        isa: Isa,
        Parts { apart, valid, h, c }: Parts,
        saved: TileMut,
        c_next: TileMut,
        h_next: TileMut,
    ) {
        match self.cell {
            Cell::Lstm => {
                let step = lstm::Step {
                    activation: self.activation,
                    recurrent_activation: self.recurrent_activation,
                    valid,
                    h,
                    c,
                };
                lstm::forward(isa, step, saved, c_next, h_next);
            }
            Cell::Gru { reset_after } => {
                let (kind, Some([z, sums])) = (self.activation, apart) else { return };
                gru::state(isa, kind, reset_after, z, sums, valid, h, saved, h_next);
            }
            Cell::Simple => {
                simple::forward(isa, self.activation, valid, h, saved, h_next);
            }
        }
    }
}

/// What a step of some rows starts from: the input's and the state's part of the gates, where the cell wants them apart,
/// which rows take part, and the states before.
pub(super) struct Parts<'a> {
    pub apart: Option<[Tile<'a>; 2]>,
    pub valid: Option<Tile<'a>>,
    pub h: Tile<'a>,
    pub c: Tile<'a>,
}

/// What a row of all steps has of step `at`.
pub(super) fn at_step(of: Tile<'_>, at: usize, steps: usize) -> Tile<'_> {
    let width = of.cols() / steps;
    of.part(0..of.rows(), at * width..(at + 1) * width)
}

/// As [`at_step`], to write.
pub(super) fn columns_at_step<'a>(of: &'a mut TileMut, at: usize, steps: usize) -> TileMut<'a> {
    let width = of.cols() / steps;
    of.columns(at * width..(at + 1) * width)
}
