//! Block programs: element-wise work as a few instructions run over blocks that stay in L1.
//!
//! One instruction is one kernel call on a block, so dispatch is paid per block, not per element,
//! and intermediate values never reach memory (the idea is numexpr's virtual machine). A single
//! element-wise op is a program of one instruction; fusion makes longer ones.

use super::frame::Frame;
use super::instruction::{Instruction, Words};
use super::lower::{Buffer, Lower};
use super::view::{Axes, View};
use crate::error::{Error, Result};
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;

/// Elements of a block: three operands of 4 KiB leave room in a 32 KiB L1.
const BLOCK: usize = 1024;

/// Where an instruction takes an operand from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// An input of the program.
    Input(usize),
    /// The result of an earlier step.
    Step(usize),
}

/// One instruction and its operands.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockStep {
    /// What is computed.
    pub instruction: Instruction,
    /// From what.
    pub operands: Vec<Source>,
}

/// Steps in order, and which of their results are outputs.
#[derive(Clone, Debug, PartialEq)]
pub struct BlockProgram {
    /// The steps.
    pub steps: Vec<BlockStep>,
    /// Steps whose results leave the program, in the order of the outputs.
    pub outputs: Vec<usize>,
}

/// How an input meets the rows × cols of the result.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Extent {
    Full,
    Row,
    Column,
    Scalar,
}

fn extent(input: &[usize], output: &[usize]) -> Option<Extent> {
    let missing = output.len() - input.len();
    let at = |i: usize| if i < missing { 1 } else { input[i - missing] };
    let rank = output.len();
    if (0..rank).all(|i| at(i) == output[i]) {
        return Some(Extent::Full);
    }
    if (0..rank).all(|i| at(i) == 1) {
        return Some(Extent::Scalar);
    }
    let leading_full = (0..rank - 1).all(|i| at(i) == output[i]);
    let leading_one = (0..rank - 1).all(|i| at(i) == 1);
    match (leading_full, leading_one, at(rank - 1)) {
        (_, true, n) if n == output[rank - 1] => Some(Extent::Row),
        (true, _, 1) => Some(Extent::Column),
        _ => None,
    }
}

/// True where a program with operands of these types can work on panels: they are matrices like its results, or scalars.
pub(crate) fn takes_panels(inputs: &[&TensorType], outputs: &[TensorType]) -> bool {
    let is_full = |of: &TensorType| of.shape == outputs[0].shape && of.dtype == DType::F32;
    let is_scalar = |of: &&TensorType| of.shape.0.iter().all(|d| d.known() == Some(1));
    outputs.iter().all(is_full) && inputs.iter().all(|of| is_full(of) || is_scalar(of))
}

impl Lower<'_> {
    /// Lowers an element-wise op as a program of one instruction.
    pub(crate) fn elementwise(&mut self, name: &str) -> Result<()> {
        let types = self.input_types();
        let instruction = self
            .op()
            .instruction(&types.iter().collect::<Vec<_>>())
            .ok_or_else(|| Error::native(format!("'{name}' has no lowering")))?;
        let operands = (0..types.len()).map(Source::Input).collect();
        self.program(BlockProgram {
            steps: vec![BlockStep { instruction, operands }],
            outputs: vec![0],
        })
    }

    fn input_types(&self) -> Vec<TensorType> {
        self.node.inputs.iter().map(|v| self.plan.types[v].clone()).collect()
    }

    /// Lowers `program` over this node's inputs and outputs, which all have one shape.
    pub(crate) fn program(&mut self, program: BlockProgram) -> Result<()> {
        let layout = self.preferred[0];
        let panels =
            matches!(layout, Layout::Panels(_)) && self.preferred.iter().all(|&l| l == layout);
        let count = program.outputs.len();
        let of = |i: usize| match self.preferred[i] {
            Layout::Panels(_) if !panels => Layout::Plain,
            layout => layout,
        };
        let layouts: Vec<Layout> = (0..count).map(of).collect();
        let outputs: Vec<Buffer> =
            layouts.into_iter().enumerate().map(|(i, layout)| self.output_as(i, layout)).collect();
        let shape = outputs[0].shape.clone();
        let (rows, cols) = (outputs[0].leading(), outputs[0].last());
        // Panels are adjacent by columns, and cut so.
        let split = if panels { Axes::COLS } else { Axes::BOTH };
        let mut extents = Vec::new();
        let mut reads: Vec<View> = Vec::new();
        for i in 0..self.node.inputs.len() {
            let input = self.stored(i)?;
            let (input, extent) = match extent(&input.shape, &shape) {
                Some(Extent::Full) if panels => (self.in_layout(i, layout)?, Extent::Full),
                Some(Extent::Full) => (self.matrix_input(i)?, Extent::Full),
                Some(extent) => (self.input(i)?, extent),
                None => {
                    let input = self.input(i)?;
                    (self.broadcast(&input, &shape), Extent::Full)
                }
            };
            reads.push(match extent {
                Extent::Full => input.view(rows, cols).along(split),
                Extent::Row => input.row(),
                Extent::Column => input.column(),
                Extent::Scalar => input.whole(),
            });
            extents.push(extent);
        }
        if reads.len() > MOST_OPERANDS || count > MOST_OPERANDS {
            return Err(Error::native("a block program with too many operands"));
        }
        let cost = program.steps.iter().map(|s| s.instruction.cost()).sum::<f64>() + 0.1;
        // For the steps, and for the operands of narrow parts.
        let scratch = (program.steps.len() + reads.len()) * BLOCK;
        let mut task = self.task(rows, cols).split(split).cost(cost).scratch(scratch);
        for view in reads {
            task = task.read(view);
        }
        for output in outputs {
            task = task.write(output.view(rows, cols).along(split));
        }
        match layout {
            Layout::Panels(width) if panels => {
                task.run(move |f| run_panels(&program, &extents, [rows, cols, width], f));
            }
            _ => {
                // As they are once rows are collected.
                let whole = |extent: &Extent| match extent {
                    Extent::Scalar => Extent::Scalar,
                    _ => Extent::Full,
                };
                let whole: Vec<Extent> = extents.iter().map(whole).collect();
                task.run(move |f| run(&program, [&extents, &whole], cols, f));
            }
        }
        Ok(())
    }
}

/// Operands that a program has at most: a step has three.
const MOST_OPERANDS: usize = 48;

/// Where the part of a program's operands begins, and the words from one of their rows to the next.
struct Bases {
    reads: [*const u32; MOST_OPERANDS],
    writes: [*mut u32; MOST_OPERANDS],
    read_strides: [usize; MOST_OPERANDS],
    write_strides: [usize; MOST_OPERANDS],
}

impl Bases {
    fn of(f: &Frame) -> Bases {
        let mut bases = Bases {
            reads: [std::ptr::null(); MOST_OPERANDS],
            writes: [std::ptr::null_mut(); MOST_OPERANDS],
            read_strides: [0; MOST_OPERANDS],
            write_strides: [0; MOST_OPERANDS],
        };
        for i in 0..f.read_count() {
            (bases.reads[i], bases.read_strides[i]) = f.read_base(i);
        }
        for i in 0..f.write_count() {
            (bases.writes[i], bases.write_strides[i]) = f.write_base(i);
        }
        bases
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

/// Runs the program over the frame's part, block by block.
fn run(program: &BlockProgram, [extents, whole]: [&[Extent]; 2], cols: usize, f: &Frame) {
    let part = f.part();
    let bases = Bases::of(f);
    if part.cols.len() <= NARROW && part.cols.len() < cols && part.rows.len() > 1 {
        return run_narrow(program, [extents, whole], f, &bases);
    }
    let flat = part.cols.len() == cols
        && bases.are_dense(extents, program.outputs.len(), cols)
        && extents.iter().all(|e| matches!(e, Extent::Full | Extent::Scalar));
    // A part of whole rows without per-row or per-column operands is one long row.
    let (rows, width) =
        if flat { (1, part.rows.len() * cols) } else { (part.rows.len(), part.cols.len()) };
    for row in 0..rows {
        let mut start = 0;
        while start < width {
            let len = BLOCK.min(width - start);
            block(program, extents, f, &bases, [row, start], len);
            start += len;
        }
    }
}

/// Runs the program over a part of few columns: rows are collected until they fill a block, and what comes of them goes
/// back row by row.
fn run_narrow(program: &BlockProgram, [extents, whole]: [&[Extent]; 2], f: &Frame, bases: &Bases) {
    let (rows, width) = (f.rows().len(), f.cols().len());
    let at_once = (BLOCK / width).min(rows);
    let collected = f.scratch()[program.steps.len() * BLOCK..].as_mut_ptr().cast::<u32>();
    // The program works on scratch alone: operands as they are collected, results of steps behind each other.
    let mut inner = Bases { ..*bases };
    let copy = |from: *const u32, to: *mut u32| {
        // SAFETY: a row of a declared read or write, and one of scratch, or the other way round.
        unsafe { std::ptr::copy_nonoverlapping(from, to, width) };
    };
    for (i, extent) in extents.iter().enumerate() {
        // SAFETY: the task asked for a block of scratch for every operand.
        let block = unsafe { collected.add(i * BLOCK) };
        match extent {
            Extent::Scalar => continue,
            Extent::Row => {
                (0..at_once).for_each(|r| copy(bases.reads[i], block.wrapping_add(r * width)))
            }
            Extent::Full | Extent::Column => {}
        }
        inner.reads[i] = block;
    }
    let scratch = f.scratch().as_mut_ptr().cast::<u32>();
    for (write, &step) in inner.writes.iter_mut().zip(&program.outputs) {
        *write = scratch.wrapping_add(step * BLOCK);
    }
    for first in (0..rows).step_by(at_once) {
        let some = at_once.min(rows - first);
        for (i, extent) in extents.iter().enumerate() {
            let (from, to) = (bases.reads[i], inner.reads[i].cast_mut());
            let stride = bases.read_strides[i];
            for r in 0..some {
                let to = to.wrapping_add(r * width);
                match extent {
                    Extent::Full => copy(from.wrapping_add((first + r) * stride), to),
                    // SAFETY: a value of a declared read, and a row of scratch.
                    Extent::Column => unsafe {
                        std::slice::from_raw_parts_mut(to, width).fill(*from.add(first + r));
                    },
                    Extent::Row | Extent::Scalar => break,
                }
            }
        }
        block(program, whole, f, &inner, [0, 0], some * width);
        for (i, write) in inner.writes.iter().take(program.outputs.len()).enumerate() {
            for r in 0..some {
                copy(
                    write.wrapping_add(r * width),
                    bases.writes[i].wrapping_add((first + r) * bases.write_strides[i]),
                );
            }
        }
    }
}

/// Runs the program over panels of `width` columns: every word of them, so that what stands past the last column has to
/// be cleared again.
fn run_panels(
    program: &BlockProgram,
    extents: &[Extent],
    [rows, cols, width]: [usize; 3],
    f: &Frame,
) {
    let bases = Bases::of(f);
    let words = f.cols().len().next_multiple_of(width) * rows;
    for start in (0..words).step_by(BLOCK) {
        block(program, extents, f, &bases, [0, start], BLOCK.min(words - start));
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

/// Runs one block, which begins at a row and a column of the part.
fn block(
    program: &BlockProgram,
    extents: &[Extent],
    f: &Frame,
    bases: &Bases,
    [row, col]: [usize; 2],
    len: usize,
) {
    let scratch = f.scratch().as_mut_ptr().cast::<u32>();
    let result = |step: usize| -> *mut u32 {
        match program.outputs.iter().position(|&s| s == step) {
            Some(output) => {
                bases.writes[output].wrapping_add(row * bases.write_strides[output] + col)
            }
            // SAFETY: the task asked for a block of scratch for every step.
            None => unsafe { scratch.add(step * BLOCK) },
        }
    };
    for (i, step) in program.steps.iter().enumerate() {
        let mut operands = [Words::Scalar(0); 3];
        for (operand, source) in operands.iter_mut().zip(&step.operands) {
            let (ptr, len) = match *source {
                Source::Input(input) => {
                    let base = bases.reads[input];
                    match extents[input] {
                        Extent::Full => {
                            (base.wrapping_add(row * bases.read_strides[input] + col), len)
                        }
                        Extent::Row => (base.wrapping_add(col), len),
                        Extent::Column => (base.wrapping_add(row), 0),
                        Extent::Scalar => (base, 0),
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
        // reads earlier steps only.
        let y = unsafe { std::slice::from_raw_parts_mut(result(i), len) };
        step.instruction.run(f.isa, &operands[..step.operands.len()], y);
    }
}
