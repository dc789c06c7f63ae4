//! What a task sees while it runs: exactly the parts of buffers its views declare.
//!
//! This is the one place that turns plan buffers into references. The schedule orders every two
//! tasks that touch the same words unless both only read, and parts of one task write disjoint
//! words, so what a view hands out is free of races by construction.

use super::loops::{LoopStep, Numbering, Turning};
use super::view::{BufferId, Part, View};
use crate::error::Error;
use crate::step::Step;
use crate::variable::Layout;
use ridgeline_kernels::dropout::{Mask, MaskMut};
use ridgeline_kernels::gemm::{Packed, PackedMut};
use ridgeline_kernels::rng::Key;
use ridgeline_kernels::{Isa, Tile, TileMut};
use std::ops::Range;

/// Slices that a task fetches at most.
const FETCHED: usize = 8;

/// See the module documentation.
pub struct Frame<'a> {
    /// What the task reads and writes.
    pub(crate) reads: &'a [View],
    pub(crate) writes: &'a [View],
    /// Rows and columns of its rectangle, and the part to work on.
    pub(crate) space: [usize; 2],
    pub(crate) part: Part,
    /// Base address of every buffer of the plan, and the buffers that loops move along.
    pub(crate) bases: &'a [*mut u32],
    pub(crate) turning: &'a [Option<Turning>],
    /// The step of the loops under way, and how the task counts on from its number.
    pub(crate) at: LoopStep,
    pub(crate) numbering: Numbering,
    pub(crate) scratch: *mut u32,
    pub(crate) scratch_words: usize,
    /// What this task may fetch for those behind it: views of this part.
    pub(crate) later: &'a [View],
    /// And views of the part that comes after its own.
    pub(crate) next: Option<(&'a [View], Part)>,
    /// Path of the layer that the task belongs to.
    pub(crate) layer: &'a str,
    /// Numbers of the running step.
    pub step: &'a Step,
    /// The instruction set.
    pub isa: Isa,
}

impl<'a> Frame<'a> {
    /// Ends the run with an error: what a task finds wrong with data, in the layer it belongs to.
    pub fn fail(&self, error: Error) -> ! {
        // Not a panic, which is a defect and would say so.
        std::panic::resume_unwind(Box::new(error.in_layer(self.layer)))
    }
    /// The part to work on.
    pub fn part(&self) -> &Part {
        &self.part
    }
    /// Rows and columns of the whole rectangle.
    pub fn space(&self) -> [usize; 2] {
        self.space
    }
    /// Rows of the part.
    pub fn rows(&self) -> Range<usize> {
        self.part.rows.clone()
    }
    /// Columns of the part.
    pub fn cols(&self) -> Range<usize> {
        self.part.cols.clone()
    }

    /// The step of the loop under way.
    pub fn time(&self) -> usize {
        self.at.time
    }

    /// The key of a random stream: of this step, and in loops of theirs.
    pub fn key(&self, stream: u32) -> Key {
        self.step.key(stream, self.numbering.of(self.at.number))
    }

    /// The address of a buffer, in a loop that of its step.
    fn start(&self, buffer: BufferId) -> *mut u32 {
        let base = self.bases[buffer.0 as usize];
        match self.turning.get(buffer.0 as usize) {
            // SAFETY: the whole has as many slots as the period says.
            Some(Some(of)) => unsafe { base.add(of.offset(self.at.time)) },
            _ => base,
        }
    }

    fn address(&self, view: &View, row: usize, col: usize) -> *mut u32 {
        // SAFETY: the window lies inside the view and the view inside its buffer.
        unsafe { self.start(view.buffer).add(row * view.stride() + col) }
    }

    /// What read `i` shows of this part, as a matrix.
    pub fn tile(&self, i: usize) -> Tile<'a> {
        let view = &self.reads[i];
        debug_assert!(!matches!(view.layout, Layout::Panels(_)), "{view:?} is no matrix");
        let (rows, cols) = view.window(&self.part);
        let ptr = self.address(view, rows.start, cols.start).cast_const().cast::<f32>();
        // SAFETY: see the module documentation.
        unsafe { Tile::from_raw(ptr, rows.len(), cols.len(), view.stride(), 1) }
    }

    /// What write `i` shows of this part, as a matrix. A task takes each write once.
    pub fn tile_mut(&self, i: usize) -> TileMut<'a> {
        let view = &self.writes[i];
        let (rows, cols) = view.window(&self.part);
        let ptr = self.address(view, rows.start, cols.start).cast();
        // SAFETY: see the module documentation.
        unsafe { TileMut::from_raw(ptr, rows.len(), cols.len(), view.stride()) }
    }

    /// As [`Frame::tile`], or `None` where a write takes its memory.
    pub fn tile_apart(&self, i: usize) -> Option<Tile<'a>> {
        let is_taken = self.writes.iter().any(|write| write.buffer == self.reads[i].buffer);
        (!is_taken).then(|| self.tile(i))
    }

    /// The write that takes the memory of a read, if one does.
    pub fn in_place(&self) -> Option<usize> {
        let is_read = |of: &View| self.reads.iter().any(|read| read.buffer == of.buffer);
        self.writes.iter().position(is_read)
    }

    /// Number of reads.
    pub fn read_count(&self) -> usize {
        self.reads.len()
    }
    /// Number of writes.
    pub fn write_count(&self) -> usize {
        self.writes.len()
    }

    /// The address of the first word of read `i` in this part, and the words from one row to the next.
    pub fn read_base(&self, i: usize) -> (*const u32, usize) {
        (self.base(&self.reads[i]), self.reads[i].stride())
    }

    /// The address of the first word of write `i` in this part, and the words from one row to the next.
    pub fn write_base(&self, i: usize) -> (*mut u32, usize) {
        (self.base(&self.writes[i]), self.writes[i].stride())
    }

    fn base(&self, view: &View) -> *mut u32 {
        let (rows, cols) = view.window(&self.part);
        match view.layout {
            // SAFETY: the span lies inside the view and the view inside its buffer.
            Layout::Panels(_) => unsafe { self.start(view.buffer).add(view.span(&self.part).0) },
            _ => self.address(view, rows.start, cols.start),
        }
    }

    /// The words of read `i` in this part, where they are adjacent.
    pub fn words(&self, i: usize) -> &'a [u32] {
        let view = &self.reads[i];
        let (start, len) = view.span(&self.part);
        let base = self.start(view.buffer);
        // SAFETY: see the module documentation.
        unsafe { std::slice::from_raw_parts(base.add(start), len) }
    }

    /// The words of write `i` in this part, where they are adjacent.
    #[allow(clippy::mut_from_ref, reason = "exclusive by the schedule, not by this reference")]
    pub fn words_mut(&self, i: usize) -> &'a mut [u32] {
        let view = &self.writes[i];
        let (start, len) = view.span(&self.part);
        let base = self.start(view.buffer);
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
        let view = &self.reads[i];
        let (rows, words) = view.window(&self.part);
        let (ptr, cols) = (self.address(view, rows.start, 0), self.mask_cols(view, &words));
        // SAFETY: see the module documentation.
        unsafe { Mask::from_raw(ptr, rows.len(), view.cols, words.start, cols) }
    }

    /// The bits of write `i` for this part.
    pub fn mask_mut(&self, i: usize) -> MaskMut<'a> {
        let view = &self.writes[i];
        let (rows, words) = view.window(&self.part);
        let (ptr, cols) = (self.address(view, rows.start, 0), self.mask_cols(view, &words));
        // SAFETY: see the module documentation.
        unsafe { MaskMut::from_raw(ptr, rows.len(), view.cols, words.start, cols) }
    }

    fn mask_cols(&self, view: &View, words: &Range<usize>) -> usize {
        if view.along.cols {
            self.part.cols.len()
        } else {
            (words.len() * view.unit).min(self.space[1])
        }
    }

    /// The columns of read `i`, which stands in panels, that the part covers.
    pub fn packed(&self, i: usize) -> Packed<'a> {
        let view = &self.reads[i];
        Packed::new(self.isa, self.floats(i), view.rows, view.window(&self.part).1.len())
    }

    /// As [`Frame::packed`], of write `i`.
    pub fn packed_mut(&self, i: usize) -> PackedMut<'a> {
        let view = &self.writes[i];
        PackedMut::new(self.isa, self.floats_mut(i), view.rows, view.window(&self.part).1.len())
    }

    /// All panels of read `i`: the first column of each, and the columns that exist.
    pub fn panels(&self, i: usize) -> impl Iterator<Item = (usize, Tile<'a>)> + use<'a> {
        let view = self.reads[i];
        let base = self.start(view.buffer);
        let panel = match view.layout {
            Layout::Panels(width) => width,
            _ => view.cols,
        };
        (0..view.cols).step_by(panel.max(1)).map(move |first| {
            let (at, cols) = (first * view.rows, panel.min(view.cols - first));
            // SAFETY: a panel lies inside its buffer; see the module documentation.
            (first, unsafe {
                Tile::from_raw(base.add(at).cast(), view.rows, cols, view.stride(), 1)
            })
        })
    }

    /// The panels of write `i`, which stands in them, that the part covers: the first column of each, counted
    /// from the part's, and all its columns, those of the padding too.
    pub fn panels_mut(&self, i: usize) -> impl Iterator<Item = (usize, TileMut<'a>)> + use<'a> {
        let view = self.writes[i];
        let (cols, width) = (view.window(&self.part).1, view.stride());
        let base = self.start(view.buffer);
        (0..cols.len()).step_by(width.max(1)).map(move |first| {
            let at = (cols.start + first) * view.rows;
            // SAFETY: a panel lies inside its buffer; see the module documentation.
            (first, unsafe { TileMut::from_raw(base.add(at).cast(), view.rows, width, width) })
        })
    }

    /// Memory that this thread uses after this task. Others may be at work on it: it is for
    /// fetching into caches, not for reading.
    pub fn later(&self) -> [*const [f32]; FETCHED] {
        let mut slices = [std::ptr::slice_from_raw_parts(std::ptr::null(), 0); FETCHED];
        let later = self.later.iter().map(|view| (view, &self.part));
        let next =
            self.next.iter().flat_map(|(views, part)| views.iter().map(move |view| (view, part)));
        for (slice, (view, part)) in slices.iter_mut().zip(later.chain(next)) {
            let (start, len) = view.span(part);
            let base = self.start(view.buffer).cast_const().cast::<f32>();
            *slice = std::ptr::slice_from_raw_parts(base.wrapping_add(start), len);
        }
        slices
    }

    /// This thread's scratch, as many words as the task asked for.
    #[allow(clippy::mut_from_ref, reason = "each participant has scratch of its own")]
    pub fn scratch(&self) -> &'a mut [f32] {
        // SAFETY: a run gives every participant its own scratch of at least this size.
        unsafe { std::slice::from_raw_parts_mut(self.scratch.cast(), self.scratch_words) }
    }
}
