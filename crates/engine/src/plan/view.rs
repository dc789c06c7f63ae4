//! Views: how a task's rectangle meets the buffers it touches.
//!
//! A buffer is seen as a matrix; of it a part of the rectangle touches its own rows or columns, or
//! all. From views alone follow order, safety and fusion.

use crate::variable::Layout;
use std::ops::Range;

/// Columns are cut in multiples of this: one word of a bit mask, a whole number of GEMM panels.
pub const UNIT: usize = 32;

/// Which axes of the rectangle something holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axes {
    /// Along the rows.
    pub rows: bool,
    /// Along the columns.
    pub cols: bool,
}

impl Axes {
    /// Neither axis.
    pub const NONE: Axes = Axes { rows: false, cols: false };
    /// The rows alone.
    pub const ROWS: Axes = Axes { rows: true, cols: false };
    /// The columns alone.
    pub const COLS: Axes = Axes { rows: false, cols: true };
    /// Both axes.
    pub const BOTH: Axes = Axes { rows: true, cols: true };

    /// Axes in both sets.
    pub const fn and(self, other: Axes) -> Axes {
        Axes { rows: self.rows && other.rows, cols: self.cols && other.cols }
    }
    /// True when no axis is left.
    pub const fn is_empty(self) -> bool {
        !self.rows && !self.cols
    }
}

/// A buffer of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub(crate) u32);

/// A buffer seen as a matrix, and how a part of the task's rectangle maps to it.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The buffer.
    pub buffer: BufferId,
    /// Rows of the matrix.
    pub rows: usize,
    /// Columns of the matrix.
    pub cols: usize,
    /// How it stands in memory.
    pub layout: Layout,
    /// Along which axes a part touches only its own rows or columns; elsewhere it touches all.
    pub along: Axes,
    /// Task columns to one column of the view: 32 for packed bits.
    pub unit: usize,
}

impl View {
    /// Touches only the part's own rows and columns along `axes`.
    pub const fn along(self, axes: Axes) -> View {
        View { along: axes, ..self }
    }

    /// Words from one row to the next.
    pub(super) fn stride(&self) -> usize {
        match self.layout {
            Layout::Plain => self.cols,
            Layout::Panels(width) => width,
            Layout::Spread(stride) => stride,
        }
    }

    /// Rows and columns of the matrix that `part` touches.
    pub(super) fn window(&self, part: &Part) -> (Range<usize>, Range<usize>) {
        let rows = if self.along.rows { part.rows.clone() } else { 0..self.rows };
        let cols = if self.along.cols {
            part.cols.start / self.unit..part.cols.end.div_ceil(self.unit)
        } else {
            0..self.cols
        };
        debug_assert!(rows.end <= self.rows && cols.end <= self.cols, "{self:?} of {part:?}");
        (rows, cols)
    }

    /// First word and number of words of `part`, where they are adjacent: whole rows, or panels.
    pub(super) fn span(&self, part: &Part) -> (usize, usize) {
        let (rows, cols) = self.window(part);
        match self.layout {
            Layout::Plain | Layout::Spread(_) => {
                let stride = self.stride();
                debug_assert!(cols.len() == stride || rows.len() <= 1, "{self:?} of {part:?}");
                (rows.start * stride + cols.start, rows.len() * cols.len())
            }
            Layout::Panels(_) => {
                debug_assert!(rows.len() == self.rows, "{self:?} of {part:?}");
                (cols.start * self.rows, self.layout.words(self.rows, cols.len()))
            }
        }
    }
}

/// A part of a task's rectangle.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its rows.
    pub rows: Range<usize>,
    /// Its columns.
    pub cols: Range<usize>,
}
