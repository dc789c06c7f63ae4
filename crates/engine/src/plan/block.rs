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
use crate::tensor::TensorType;

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
        let outputs: Vec<Buffer> = (0..program.outputs.len()).map(|i| self.output(i)).collect();
        let shape = outputs[0].shape.clone();
        let (rows, cols) = (outputs[0].leading(), outputs[0].last());
        let mut extents = Vec::new();
        let mut reads: Vec<View> = Vec::new();
        for i in 0..self.node.inputs.len() {
            let input = self.input(i)?;
            let (input, extent) = match extent(&input.shape, &shape) {
                Some(extent) => (input, extent),
                None => (self.broadcast(&input, &shape), Extent::Full),
            };
            reads.push(match extent {
                Extent::Full => input.view(rows, cols).along(Axes::BOTH),
                Extent::Row => input.row(),
                Extent::Column => input.column(),
                Extent::Scalar => input.whole(),
            });
            extents.push(extent);
        }
        let cost = program.steps.iter().map(|s| s.instruction.cost()).sum::<f64>() + 0.1;
        let scratch = program.steps.len() * BLOCK;
        let mut task = self.task(rows, cols).split(Axes::BOTH).cost(cost).scratch(scratch);
        for view in reads {
            task = task.read(view);
        }
        for output in outputs {
            task = task.write(output.view(rows, cols).along(Axes::BOTH));
        }
        task.run(move |f| run(&program, &extents, cols, f));
        Ok(())
    }
}

/// Runs the program over the frame's part, block by block.
fn run(program: &BlockProgram, extents: &[Extent], cols: usize, f: &Frame) {
    let part = f.part();
    let flat = part.cols.len() == cols
        && extents.iter().all(|e| matches!(e, Extent::Full | Extent::Scalar));
    // A part of whole rows without per-row or per-column operands is one long row.
    let (rows, width) =
        if flat { (1, part.rows.len() * cols) } else { (part.rows.len(), part.cols.len()) };
    let stride = if flat { width } else { cols };
    for row in 0..rows {
        let mut start = 0;
        while start < width {
            let len = BLOCK.min(width - start);
            block(program, extents, f, row, row * stride + start, start, len);
            start += len;
        }
    }
}

/// Runs one block: `at` is its offset in full operands, `col` in row operands.
fn block(
    program: &BlockProgram,
    extents: &[Extent],
    f: &Frame,
    row: usize,
    at: usize,
    col: usize,
    len: usize,
) {
    let scratch = f.scratch().as_mut_ptr().cast::<u32>();
    let result = |step: usize| -> *mut u32 {
        match program.outputs.iter().position(|&s| s == step) {
            Some(output) => f.write_at(output, at),
            // SAFETY: the task asked for a block of scratch for every step.
            None => unsafe { scratch.add(step * BLOCK) },
        }
    };
    for (i, step) in program.steps.iter().enumerate() {
        let mut operands = [Words::Scalar(0); 3];
        for (operand, source) in operands.iter_mut().zip(&step.operands) {
            let (ptr, len) = match *source {
                Source::Input(input) => match extents[input] {
                    Extent::Full => (f.read_at(input, at), len),
                    Extent::Row => (f.read_at(input, col), len),
                    Extent::Column => (f.read_at(input, row), 0),
                    Extent::Scalar => (f.read_at(input, 0), 0),
                },
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

impl Frame<'_> {
    /// The address `offset` words into the part of read `i`.
    fn read_at(&self, i: usize, offset: usize) -> *const u32 {
        let tile = self.tile(i);
        tile.as_ptr().cast::<u32>().wrapping_add(offset)
    }
    /// The address `offset` words into the part of write `i`.
    fn write_at(&self, i: usize, offset: usize) -> *mut u32 {
        let mut tile = self.tile_mut(i);
        tile.as_mut_ptr().cast::<u32>().wrapping_add(offset)
    }
}
