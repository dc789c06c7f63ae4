//! Block programs: element-wise work as a few instructions run over blocks that stay in L1.
//!
//! One instruction is one kernel call on a block, so dispatch is paid per block, not per element,
//! and intermediate values never reach memory (the idea is numexpr's virtual machine). A single
//! element-wise op is a program of one instruction; fusion makes longer ones.

mod run;
mod sum;

use super::instruction::Instruction;
use super::lower::{Buffer, Lower, TaskBuilder};
use super::view::{Axes, UNIT, View};
use crate::error::{Error, Result};
use crate::graph::Node;
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use ridgeline_kernels::reduce;

/// Elements of a block: three operands of 4 KiB leave room in a 32 KiB L1.
const BLOCK: usize = 1024;
/// Operands that a program has at most: a step has three.
const MOST_OPERANDS: usize = 48;

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
    /// Steps whose results leave the program, in the order of the outputs; none of a program whose last result is added up.
    pub outputs: Vec<usize>,
}

impl BlockProgram {
    /// True if some of its numbers are random.
    pub fn draws(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.instruction, Instruction::Draw(..)))
    }
}

/// How an input meets the rows × cols of the result.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Extent {
    Full,
    Row,
    Column,
    Scalar,
    Repeat(Repeat),
}

/// Rows of an operand, of which each serves some rows of the result that follow each other, again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Repeat {
    each: usize,
    count: usize,
}

impl Repeat {
    /// The operand's row for a row of the result.
    fn at(self, row: usize) -> usize {
        row / self.each % self.count
    }

    /// Those of an operand that has some axes that follow each other, and the last.
    fn of(input: &[usize], output: &[usize]) -> Option<Repeat> {
        let (last, leading) = output.split_last()?;
        let missing = output.len() - input.len();
        let at = |i: usize| if i < missing { 1 } else { input[i - missing] };
        let own: Vec<usize> = (0..leading.len()).filter(|&i| at(i) != 1).collect();
        let (&first, &end) = (own.first()?, own.last()?);
        let fits = (first..=end).all(|i| at(i) == output[i]) && at(leading.len()) == *last;
        let product = |of: &[usize]| of.iter().product();
        let (each, count) = (product(&leading[end + 1..]), product(&leading[first..=end]));
        fits.then_some(Repeat { each, count })
    }
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
        _ => Repeat::of(input, output).map(Extent::Repeat),
    }
}

/// True where a node is a program that can work on panels: its operands, of these types, are matrices like its results, or
/// scalars, and it draws no numbers, which go by rows.
pub(crate) fn takes_panels(node: &Node, inputs: &[&TensorType]) -> bool {
    let outputs = &node.outputs;
    let is_full = |of: &TensorType| of.shape == outputs[0].shape && of.dtype == DType::F32;
    let is_scalar = |of: &&TensorType| of.shape.0.iter().all(|d| d.known() == Some(1));
    node.op.is_elementwise(inputs)
        && node.op.is_pure()
        && outputs.iter().all(is_full)
        && inputs.iter().all(|of| is_full(of) || is_scalar(of))
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
        let operands = self.operands(&shape, panels.then_some(layout), split)?;
        if count > MOST_OPERANDS {
            return Err(Error::native("a block program with too many results"));
        }
        let mut task = self.program_task(&program, [rows, cols], split, &operands);
        for (i, (_, extent)) in operands.iter().enumerate() {
            if *extent == Extent::Full {
                task = task.may_overwrite(i);
            }
        }
        for output in outputs {
            task = task.write(output.view(rows, cols).along(split));
        }
        let extents = extents(&operands);
        match layout {
            Layout::Panels(width) if panels => {
                task.run(move |f| run::panels(&program, &extents, [rows, cols, width], f));
            }
            _ => {
                let collected = collected(&extents);
                task.run(move |f| run::rows(&program, [&extents, &collected], f));
            }
        }
        Ok(())
    }

    /// Lowers the sum or the mean over all that `program` gives, a tensor of `shape`: of a unit of columns in each row, where
    /// their operands are made, and then of these.
    pub(crate) fn total(
        &mut self,
        program: BlockProgram,
        shape: &[usize],
        is_mean: bool,
    ) -> Result<()> {
        let cols = shape.last().copied().unwrap_or(1);
        let rows: usize = shape.iter().rev().skip(1).product();
        let operands = self.operands(shape, None, Axes::BOTH)?;
        let y = self.output(0);
        let units = cols.div_ceil(UNIT);
        let parts = self.temporary(&[rows, units], DType::F32, Layout::Plain);
        let task = self.program_task(&program, [rows, cols], Axes::BOTH, &operands);
        let extents = extents(&operands);
        let collected = collected(&extents);
        task.write(View { unit: UNIT, ..parts.view(rows, units) }.along(Axes::BOTH))
            .run(move |f| sum::rows(&program, [&extents, &collected], f));
        let count = if is_mean { (rows * cols) as f32 } else { 1.0 };
        self.task(1, parts.size()).cost(0.05).read(parts.whole()).write(y.whole()).run(move |f| {
            f.floats_mut(0)[0] = reduce::sum(f.isa, f.floats(0)) / count;
        });
        Ok(())
    }

    /// What a program of this node reads, and how it meets a result of `shape`: in panels, or in rows.
    fn operands(
        &mut self,
        shape: &[usize],
        panels: Option<Layout>,
        split: Axes,
    ) -> Result<Vec<(View, Extent)>> {
        let cols = shape.last().copied().unwrap_or(1);
        let rows = shape.iter().rev().skip(1).product();
        let count = self.node.inputs.len();
        if count > MOST_OPERANDS {
            return Err(Error::native("a block program with too many operands"));
        }
        let mut operands = Vec::with_capacity(count);
        for i in 0..count {
            let input = self.stored(i)?;
            let (input, extent) = match (extent(&input.shape, shape), panels) {
                (Some(Extent::Full), Some(layout)) => (self.in_layout(i, layout)?, Extent::Full),
                (Some(Extent::Full), None) => (self.matrix_input(i)?, Extent::Full),
                (Some(extent), _) => (self.input(i)?, extent),
                (None, _) => {
                    let input = self.input(i)?;
                    (self.broadcast(&input, shape), Extent::Full)
                }
            };
            let view = match extent {
                Extent::Full => input.view(rows, cols).along(split),
                Extent::Row => input.row(),
                Extent::Column => input.column(),
                Extent::Scalar => input.whole(),
                Extent::Repeat(of) => input.view(of.count, cols).along(split.and(Axes::COLS)),
            };
            operands.push((view, extent));
        }
        Ok(operands)
    }

    /// The task of a program, but for what it writes.
    fn program_task(
        &mut self,
        program: &BlockProgram,
        [rows, cols]: [usize; 2],
        split: Axes,
        operands: &[(View, Extent)],
    ) -> TaskBuilder<'_> {
        let cost = program.steps.iter().map(|s| s.instruction.cost()).sum::<f64>() + 0.1;
        // For the steps, and for the operands of narrow parts.
        let scratch = (program.steps.len() + operands.len()) * BLOCK;
        let task = self.task(rows, cols).split(split).cost(cost).scratch(scratch);
        operands.iter().fold(task, |task, (view, _)| task.read(*view))
    }
}

fn extents(operands: &[(View, Extent)]) -> Vec<Extent> {
    operands.iter().map(|(_, extent)| *extent).collect()
}

/// Operands as they are once rows are collected.
fn collected(extents: &[Extent]) -> Vec<Extent> {
    let of = |extent: &Extent| match extent {
        Extent::Scalar => Extent::Scalar,
        _ => Extent::Full,
    };
    extents.iter().map(of).collect()
}
