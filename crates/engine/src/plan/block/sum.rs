//! Programs whose last result is added up: it never reaches memory. What is left is a number for each unit of columns of
//! each row, so that its bits do not depend on how the rectangle is cut.

use super::run::{Bases, block, is_narrow, narrow};
use super::{BLOCK, BlockProgram, Extent};
use crate::plan::frame::Frame;
use crate::plan::view::UNIT;
use ridgeline_kernels::reduce::{Reduce, reduce_rows};
use ridgeline_kernels::{Isa, Tile};

/// Adds up what the program gives over the frame's part.
pub(super) fn rows(program: &BlockProgram, [extents, collected]: [&[Extent]; 2], f: &Frame) {
    let (rows, width) = (f.rows().len(), f.cols().len());
    let bases = Bases::of(f);
    let last = program.steps.len() - 1;
    // Where the last step leaves its results.
    let result = f.scratch().as_ptr().wrapping_add(last * BLOCK);
    let (parts, stride) = f.write_base(0);
    let parts = parts.cast::<f32>();
    if is_narrow(f) {
        return narrow(program, [extents, collected], f, [&bases, &bases], |first, some| {
            add_up(f.isa, result, [some, width], parts.wrapping_add(first * stride), stride);
        });
    }
    for row in 0..rows {
        for start in (0..width).step_by(BLOCK) {
            let len = BLOCK.min(width - start);
            block(program, extents, f, &bases, [row, start], [1, len]);
            let parts = parts.wrapping_add(row * stride + start / UNIT);
            add_up(f.isa, result, [1, len], parts, stride);
        }
    }
}

/// Sums of the units of `rows` rows of `width`, which lie side by side in a block.
fn add_up(isa: Isa, x: *const f32, [rows, width]: [usize; 2], parts: *mut f32, stride: usize) {
    let units = width.div_ceil(UNIT);
    let mut sums = [0.0; BLOCK];
    let sums = &mut sums[..rows * units];
    let tile = |at: usize, rows: usize, cols: usize| {
        // SAFETY: `rows` adjacent pieces of the block's `rows * width` numbers.
        unsafe { Tile::from_raw(x.wrapping_add(at), rows, cols, cols, 1) }
    };
    if units == 1 || width.is_multiple_of(UNIT) {
        reduce_rows(isa, Reduce::Sum, tile(0, rows * units, width.min(UNIT)), sums);
    } else {
        let whole = width / UNIT;
        for (r, sums) in sums.chunks_exact_mut(units).enumerate() {
            let (of_whole, of_last) = sums.split_at_mut(whole);
            reduce_rows(isa, Reduce::Sum, tile(r * width, whole, UNIT), of_whole);
            let rest = tile(r * width + whole * UNIT, 1, width % UNIT);
            reduce_rows(isa, Reduce::Sum, rest, of_last);
        }
    }
    for (r, sums) in sums.chunks_exact(units).enumerate() {
        // SAFETY: the units of a row of the part, which the task declared to write.
        unsafe { std::ptr::copy_nonoverlapping(sums.as_ptr(), parts.add(r * stride), units) };
    }
}
