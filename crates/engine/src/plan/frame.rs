//! What a task sees while it runs: exactly the parts of buffers its views declare.
//!
//! This is the one place that turns plan buffers into references. The schedule orders every two
//! tasks that touch the same words unless both only read, and parts of one task write disjoint
//! words, so what a view hands out is free of races by construction.

use super::task::{Part, Task, View};
use crate::run::step::Step;
use crate::variable::Layout;
use ridgeline_kernels::dropout::{Mask, MaskMut};
use ridgeline_kernels::gemm::{Packed, PackedMut};
use ridgeline_kernels::{Isa, Tile, TileMut};
use std::ops::Range;

/// See the module documentation.
pub struct Frame<'a> {
    pub(crate) task: &'a Task,
    pub(crate) part: Part,
    /// Base address of every buffer of the plan.
    pub(crate) bases: &'a [*mut u32],
    pub(crate) scratch: *mut u32,
    /// Numbers of the running step.
    pub step: &'a Step,
    /// The instruction set.
    pub isa: Isa,
}

impl<'a> Frame<'a> {
    /// The part to work on.
    pub fn part(&self) -> &Part {
        &self.part
    }
    /// Rows of the part.
    pub fn rows(&self) -> Range<usize> {
        self.part.rows.clone()
    }
    /// Columns of the part.
    pub fn cols(&self) -> Range<usize> {
        self.part.cols.clone()
    }

    fn window(&self, view: &View) -> (Range<usize>, Range<usize>) {
        let rows = if view.along.rows { self.part.rows.clone() } else { 0..view.rows };
        let cols = if view.along.cols {
            self.part.cols.start / view.unit..self.part.cols.end.div_ceil(view.unit)
        } else {
            0..view.cols
        };
        debug_assert!(rows.end <= view.rows && cols.end <= view.cols, "{}", self.task.label);
        (rows, cols)
    }

    fn address(&self, view: &View, row: usize, col: usize) -> *mut u32 {
        // SAFETY: the window lies inside the view and the view inside its buffer.
        unsafe { self.bases[view.buffer.0 as usize].add(row * view.cols + col) }
    }

    /// What read `i` shows of this part, as a matrix.
    pub fn tile(&self, i: usize) -> Tile<'a> {
        let view = &self.task.reads[i];
        debug_assert!(view.layout == Layout::Plain, "{}", self.task.label);
        let (rows, cols) = self.window(view);
        let ptr = self.address(view, rows.start, cols.start).cast_const().cast();
        // SAFETY: see the module documentation.
        unsafe { Tile::from_raw(ptr, rows.len(), cols.len(), view.cols, 1) }
    }

    /// What write `i` shows of this part, as a matrix. A task takes each write once.
    pub fn tile_mut(&self, i: usize) -> TileMut<'a> {
        let view = &self.task.writes[i];
        let (rows, cols) = self.window(view);
        let ptr = self.address(view, rows.start, cols.start).cast();
        // SAFETY: see the module documentation.
        unsafe { TileMut::from_raw(ptr, rows.len(), cols.len(), view.cols) }
    }

    /// First word and number of words of this part, where they are adjacent: whole rows, or panels.
    fn span(&self, view: &View) -> (usize, usize) {
        let (rows, cols) = self.window(view);
        match view.layout {
            Layout::Plain => {
                debug_assert!(cols.len() == view.cols || rows.len() <= 1, "{}", self.task.label);
                (rows.start * view.cols + cols.start, rows.len() * cols.len())
            }
            Layout::Panels(_) => {
                debug_assert!(rows.len() == view.rows, "{}", self.task.label);
                (cols.start * view.rows, view.layout.words(view.rows, cols.len()))
            }
        }
    }

    /// The words of read `i` in this part, where they are adjacent.
    pub fn words(&self, i: usize) -> &'a [u32] {
        let view = &self.task.reads[i];
        let (start, len) = self.span(view);
        let base = self.bases[view.buffer.0 as usize];
        // SAFETY: see the module documentation.
        unsafe { std::slice::from_raw_parts(base.add(start), len) }
    }

    /// The words of write `i` in this part, where they are adjacent.
    #[allow(clippy::mut_from_ref, reason = "exclusive by the schedule, not by this reference")]
    pub fn words_mut(&self, i: usize) -> &'a mut [u32] {
        let view = &self.task.writes[i];
        let (start, len) = self.span(view);
        let base = self.bases[view.buffer.0 as usize];
        // SAFETY: see the module documentation.
        unsafe { std::slice::from_raw_parts_mut(base.add(start), len) }
    }

    /// As [`Frame::words`], as f32.
    pub fn floats(&self, i: usize) -> &'a [f32] {
        bytemuck::cast_slice(self.words(i))
    }
    /// As [`Frame::words_mut`], as f32.
    #[allow(clippy::mut_from_ref, reason = "exclusive by the schedule, not by this reference")]
    pub fn floats_mut(&self, i: usize) -> &'a mut [f32] {
        bytemuck::cast_slice_mut(self.words_mut(i))
    }
    /// As [`Frame::words`], as i32.
    pub fn ints(&self, i: usize) -> &'a [i32] {
        bytemuck::cast_slice(self.words(i))
    }

    /// The bits of read `i` for this part.
    pub fn mask(&self, i: usize) -> Mask<'a> {
        let view = &self.task.reads[i];
        let (rows, words) = self.window(view);
        let (ptr, cols) = (self.address(view, rows.start, 0), self.mask_cols(view, &words));
        // SAFETY: see the module documentation.
        unsafe { Mask::from_raw(ptr, rows.len(), view.cols, words.start, cols) }
    }

    /// The bits of write `i` for this part.
    pub fn mask_mut(&self, i: usize) -> MaskMut<'a> {
        let view = &self.task.writes[i];
        let (rows, words) = self.window(view);
        let (ptr, cols) = (self.address(view, rows.start, 0), self.mask_cols(view, &words));
        // SAFETY: see the module documentation.
        unsafe { MaskMut::from_raw(ptr, rows.len(), view.cols, words.start, cols) }
    }

    fn mask_cols(&self, view: &View, words: &Range<usize>) -> usize {
        if view.along.cols {
            self.part.cols.len()
        } else {
            (words.len() * view.unit).min(self.task.space[1])
        }
    }

    /// The columns of read `i`, which stands in panels, that the part covers.
    pub fn packed(&self, i: usize) -> Packed<'a> {
        let view = &self.task.reads[i];
        Packed::new(self.isa, self.floats(i), view.rows, self.window(view).1.len())
    }

    /// As [`Frame::packed`], of write `i`.
    pub fn packed_mut(&self, i: usize) -> PackedMut<'a> {
        let view = &self.task.writes[i];
        PackedMut::new(self.isa, self.floats_mut(i), view.rows, self.window(view).1.len())
    }

    /// All panels of read `i`: the first column of each, and the columns that exist.
    pub fn panels(&self, i: usize) -> impl Iterator<Item = (usize, Tile<'a>)> + use<'a> {
        let view = self.task.reads[i];
        let base = self.bases[view.buffer.0 as usize];
        let panel = match view.layout {
            Layout::Plain => view.cols,
            Layout::Panels(width) => width,
        };
        (0..view.cols).step_by(panel.max(1)).map(move |first| {
            let (at, cols) = (first * view.rows, panel.min(view.cols - first));
            // SAFETY: a panel lies inside its buffer; see the module documentation.
            (first, unsafe { Tile::from_raw(base.add(at).cast(), view.rows, cols, panel, 1) })
        })
    }

    /// This thread's scratch, as many words as the task asked for.
    #[allow(clippy::mut_from_ref, reason = "each participant has scratch of its own")]
    pub fn scratch(&self) -> &'a mut [f32] {
        // SAFETY: the executor gives every participant its own scratch of at least this size.
        unsafe { std::slice::from_raw_parts_mut(self.scratch.cast(), self.task.scratch) }
    }
}
