//! How a part of a program's rectangle is computed: block by block, each through all steps.

use super::{BLOCK, BlockProgram, Extent, MOST_OPERANDS, Source};
use crate::plan::frame::Frame;
use crate::plan::instruction::{Spot, Words};
use ridgeline_kernels::Isa;
use ridgeline_kernels::copy::copy_words;

/// Where the part of a program's operands begins, and the words from one of their rows to the next.
#[derive(Clone, Copy)]
pub(super) struct Bases {
    pub reads: [*const u32; MOST_OPERANDS],
    pub writes: [*mut u32; MOST_OPERANDS],
    pub read_strides: [usize; MOST_OPERANDS],
    pub write_strides: [usize; MOST_OPERANDS],
    /// Rows of the part before those that `reads` and `writes` are of.
    first_row: usize,
    /// The result that takes the place of an operand: it waits in scratch until nobody reads that any more.
    in_place: Option<usize>,
}

impl Bases {
    pub fn of(f: &Frame) -> Bases {
        let mut bases = Bases {
            reads: [std::ptr::null(); MOST_OPERANDS],
            writes: [std::ptr::null_mut(); MOST_OPERANDS],
            read_strides: [0; MOST_OPERANDS],
            write_strides: [0; MOST_OPERANDS],
            first_row: 0,
            in_place: f.in_place(),
        };
        for i in 0..f.read_count() {
            (bases.reads[i], bases.read_strides[i]) = f.read_base(i);
        }
        for i in 0..f.write_count() {
            (bases.writes[i], bases.write_strides[i]) = f.write_base(i);
        }
        bases
    }

    /// Where operand `i`, of which the result needs a row or a value for each of its own, has that of row `row` of the part.
    fn row(&self, i: usize, extent: Extent, row: usize, f: &Frame) -> *const u32 {
        let row = match extent {
            Extent::Full | Extent::Column => row,
            Extent::Repeat(of) => of.at(f.rows().start + row),
            Extent::Row | Extent::Scalar => 0,
        };
        self.reads[i].wrapping_add(row * self.read_strides[i])
    }

    /// True if rows of all whole operands lie side by side.
    fn are_dense(&self, extents: &[Extent], outputs: usize, cols: usize) -> bool {
        let full = extents.iter().zip(&self.read_strides).filter(|(of, _)| **of == Extent::Full);
        full.map(|(_, stride)| stride).all(|&stride| stride == cols)
            && self.write_strides[..outputs].iter().all(|&stride| stride == cols)
    }
}

/// Columns of a part that is worth collecting: a call for each row would cost more than the row.
const NARROW: usize = 128;

/// Whether the rows of a part are collected.
pub(super) fn is_narrow(f: &Frame) -> bool {
    let width = f.cols().len();
    width <= NARROW && width < f.space()[1] && f.rows().len() > 1
}

/// Runs the program over the frame's part, block by block.
pub(super) fn rows(program: &BlockProgram, [extents, whole]: [&[Extent]; 2], f: &Frame) {
    let (part, cols) = (f.part(), f.space()[1]);
    let bases = Bases::of(f);
    if is_narrow(f) {
        let scratch = f.scratch().as_mut_ptr().cast::<u32>();
        let mut inner = Bases { in_place: None, ..bases };
        for (write, &step) in inner.writes.iter_mut().zip(&program.outputs) {
            *write = scratch.wrapping_add(step * BLOCK);
        }
        let width = part.cols.len();
        return narrow(program, [extents, whole], f, [&bases, &inner], |first, some| {
            for (i, write) in inner.writes.iter().take(program.outputs.len()).enumerate() {
                for r in 0..some {
                    copy(
                        f.isa,
                        write.wrapping_add(r * width),
                        bases.writes[i].wrapping_add((first + r) * bases.write_strides[i]),
                        width,
                    );
                }
            }
        });
    }
    // Random numbers go by rows and columns.
    let flat = part.cols.len() == cols
        && !program.draws()
        && bases.are_dense(extents, program.outputs.len(), cols)
        && extents.iter().all(|e| matches!(e, Extent::Full | Extent::Scalar));
    // A part of whole rows without per-row or per-column operands is one long row.
    let (rows, width) =
        if flat { (1, part.rows.len() * cols) } else { (part.rows.len(), part.cols.len()) };
    for row in 0..rows {
        let mut start = 0;
        while start < width {
            let len = BLOCK.min(width - start);
            block(program, extents, f, &bases, [row, start], [1, len]);
            start += len;
        }
    }
}

/// Copies a row: of a declared read, of scratch or of a declared write.
#[inline(always)]
fn copy(isa: Isa, from: *const u32, to: *mut u32, width: usize) {
    // SAFETY: a row of a declared read and one of scratch, or one of scratch and a declared write; both have the columns of
    // the part.
    let (from, to) = unsafe {
        (std::slice::from_raw_parts(from, width), std::slice::from_raw_parts_mut(to, width))
    };
    copy_words(isa, from, to);
}

/// Runs the program over a part of few columns: rows are collected until they fill a block. `inner` says where results go
/// that leave the program, in scratch; `done` is told of every block, by its first row and the number of its rows.
pub(super) fn narrow(
    program: &BlockProgram,
    [extents, whole]: [&[Extent]; 2],
    f: &Frame,
    [bases, inner]: [&Bases; 2],
    mut done: impl FnMut(usize, usize),
) {
    let (rows, width) = (f.rows().len(), f.cols().len());
    let at_once = (BLOCK / width).min(rows);
    let collected = f.scratch()[program.steps.len() * BLOCK..].as_mut_ptr().cast::<u32>();
    // The program works on scratch alone: operands as they are collected, results of steps behind each other.
    let mut inner = *inner;
    for (i, extent) in extents.iter().enumerate() {
        // SAFETY: the task asked for a block of scratch for every operand.
        let block = unsafe { collected.add(i * BLOCK) };
        match extent {
            Extent::Scalar => continue,
            Extent::Row => (0..at_once)
                .for_each(|r| copy(f.isa, bases.reads[i], block.wrapping_add(r * width), width)),
            Extent::Full | Extent::Column | Extent::Repeat(_) => {}
        }
        inner.reads[i] = block;
    }
    for first in (0..rows).step_by(at_once) {
        let some = at_once.min(rows - first);
        for (i, extent) in extents.iter().enumerate() {
            for r in 0..some {
                let from = bases.row(i, *extent, first + r, f);
                let to = inner.reads[i].cast_mut().wrapping_add(r * width);
                match extent {
                    Extent::Full | Extent::Repeat(_) => copy(f.isa, from, to, width),
                    // SAFETY: a value of a declared read, and a row of scratch.
                    Extent::Column => unsafe {
                        std::slice::from_raw_parts_mut(to, width).fill(*from);
                    },
                    Extent::Row | Extent::Scalar => break,
                }
            }
        }
        inner.first_row = first;
        block(program, whole, f, &inner, [0, 0], [some, width]);
        done(first, some);
    }
}

/// Runs the program over panels of `width` columns: every word of them, so that what stands past the last column has to
/// be cleared again.
pub(super) fn panels(
    program: &BlockProgram,
    extents: &[Extent],
    [rows, cols, width]: [usize; 3],
    f: &Frame,
) {
    let bases = Bases::of(f);
    let words = f.cols().len().next_multiple_of(width) * rows;
    for start in (0..words).step_by(BLOCK) {
        block(program, extents, f, &bases, [0, start], [1, BLOCK.min(words - start)]);
    }
    let past = cols % width;
    if f.cols().end == cols && past > 0 {
        for i in 0..program.outputs.len() {
            let words = f.words_mut(i);
            let last = words.len() - rows * width;
            words[last..].chunks_exact_mut(width).for_each(|row| row[past..].fill(0));
        }
    }
}

/// Runs one block of so many rows and columns, which begins at a row and a column of the part.
pub(super) fn block(
    program: &BlockProgram,
    extents: &[Extent],
    f: &Frame,
    bases: &Bases,
    [row, col]: [usize; 2],
    size: [usize; 2],
) {
    let len = size[0] * size[1];
    let spot = Spot {
        first: [f.rows().start + bases.first_row + row, f.cols().start + col],
        size,
        cols: f.space()[1],
        key: &|stream| f.key(stream),
    };
    let scratch = f.scratch().as_mut_ptr().cast::<u32>();
    let written = |output: usize| -> *mut u32 {
        bases.writes[output].wrapping_add(row * bases.write_strides[output] + col)
    };
    let result = |step: usize| -> *mut u32 {
        match program.outputs.iter().position(|&s| s == step) {
            Some(output) if bases.in_place != Some(output) => written(output),
            // SAFETY: the task asked for a block of scratch for every step.
            _ => unsafe { scratch.add(step * BLOCK) },
        }
    };
    for (i, step) in program.steps.iter().enumerate() {
        let mut operands = [Words::Scalar(0); 3];
        for (operand, source) in operands.iter_mut().zip(&step.operands) {
            let (ptr, len) = match *source {
                Source::Input(input) => {
                    let from = bases.row(input, extents[input], row, f);
                    match extents[input] {
                        Extent::Full | Extent::Repeat(_) | Extent::Row => {
                            (from.wrapping_add(col), len)
                        }
                        Extent::Column | Extent::Scalar => (from, 0),
                    }
                }
                Source::Step(step) => (result(step).cast_const(), len),
            };
            *operand = match len {
                // SAFETY: a declared read, inside the part; the schedule orders writers.
                0 => Words::Scalar(unsafe { *ptr }),
                // SAFETY: as above; scratch and output blocks of earlier steps are initialised.
                _ => Words::Slice(unsafe { std::slice::from_raw_parts(ptr, len) }),
            };
        }
        // SAFETY: a block of scratch or of a declared write, which no operand overlaps: a step
        // reads earlier steps only, and what takes an operand's place is in scratch.
        let y = unsafe { std::slice::from_raw_parts_mut(result(i), len) };
        step.instruction.run(f.isa, &spot, &operands[..step.operands.len()], y);
    }
    if let Some(output) = bases.in_place {
        copy(f.isa, result(program.outputs[output]), written(output), len);
    }
}
