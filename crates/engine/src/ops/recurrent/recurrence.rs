//! Recurrence: a walk through time, some rows of the batch at a time.
//!
//! Rows are independent, so a chunk takes its own through all steps: no step waits for another
//! thread. In each, the state's part is a product with the packed recurrent kernel, and the cell
//! turns it and the input's part into gates and a new state while both are in the near cache. The
//! state lies dense in scratch; what backward needs is copied out.

use super::cell::Cell;
use super::gradient::{RecurrenceGradient, kernel_gradient};
use super::step::{Parts, at_step, columns_at_step};
use super::walk::{GRAIN, Recurrence, Sizes, by_row, packed_groups};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::product::{NS_PER_FMA, gemm_scratch};
use crate::ops::reduce::Kind;
use crate::plan::Frame;
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::Axes;
use crate::shape::{Dim, Shape};
use crate::tensor::TensorType;
use ridgeline_kernels::Tile;
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::recurrent::{gru, masked_copies};
use ridgeline_kernels::tile::{dense, matrix};

impl Op for Recurrence {
    fn name(&self) -> &'static str {
        "recurrence"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let z = &inputs[0].shape.0;
        let (batch, time) = (z[0].clone(), z[1].clone());
        let units = inputs[1].shape.0[0].clone();
        let sequence = |times: usize| -> Result<TensorType> {
            let last = Dim::from(times).times(&units)?;
            Ok(TensorType::f32(Shape(vec![batch.clone(), time.clone(), last])))
        };
        let state = TensorType::f32(Shape(vec![batch.clone(), units.clone()]));
        let cell = self.way.cell;
        let mut outputs = vec![sequence(1)?];
        outputs.extend(vec![state; cell.states()]);
        outputs.extend([sequence(cell.saved())?, sequence(self.groups().len())?]);
        if cell == Cell::Lstm {
            outputs.push(sequence(1)?);
        }
        Ok(outputs)
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let states = self.way.cell.states();
        let from = &b.gradients[..1 + states];
        let op = RecurrenceGradient {
            of: self.clone(),
            from: from.iter().map(Option::is_some).collect(),
        };
        let mut inputs = b.inputs.to_vec();
        inputs.extend(b.outputs);
        inputs.extend(from.iter().flatten());
        let found = b.graph.apply(std::sync::Arc::new(op), &inputs)?;
        let (dz, ds) = (found[0], found[1 + states..].first().copied().unwrap_or(found[0]));
        let mut gradients = vec![None; b.inputs.len()];
        gradients[0] = Some(dz);
        if b.needs[1] {
            let operands = b.outputs[2 + states];
            gradients[1] = Some(kernel_gradient(b.graph, operands, ds, self.groups())?);
        }
        for state in 0..states {
            gradients[2 + state] = Some(found[1 + state]);
        }
        if let Some(bias) = self.bias() {
            gradients[bias] = Some(b.graph.reduce(Kind::Sum, ds, Some(&[0, 1]), false)?);
        }
        Ok(gradients)
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let op = self.clone();
        let (cell, groups) = (self.way.cell, self.groups());
        let z = lower.input(0)?;
        let sizes @ Sizes { batch, steps, units } = self.sizes(&z);
        if self.takes_turns(lower, sizes) {
            return self.turns(lower, &z, sizes);
        }
        let packed = packed_groups(lower, 1, &groups, false)?;
        let mut rest = Vec::new();
        for i in 2..lower.node.inputs.len() {
            rest.push(lower.input(i)?);
        }
        let outputs: Vec<Buffer> = (0..lower.node.outputs.len()).map(|i| lower.output(i)).collect();
        let width = cell.gates() * units;
        let widest = groups.iter().map(|group| group.len() * units).max().unwrap_or(0);
        let scratch = batch * (width + (groups.len() + 2 * cell.states()) * units);
        let mut task = lower
            .task(batch, units)
            .split(Axes::ROWS)
            .cost(steps as f64 * width as f64 * NS_PER_FMA * 1.5)
            .grain(GRAIN, 1)
            .scratch(scratch + gemm_scratch(batch, widest, units))
            .read(by_row(&z, batch));
        for kernel in &packed {
            task = task.read(kernel.matrix());
        }
        for (i, buffer) in (2..).zip(&rest) {
            let bias = op.bias() == Some(i);
            task = task.read(if bias { buffer.whole() } else { by_row(buffer, batch) });
        }
        for output in &outputs {
            task = task.write(by_row(output, batch));
        }
        task.run(move |f| op.walk(f, sizes));
        Ok(())
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// What a walk reads besides the packed kernels, as matrices with a row for each of the batch.
struct Reads<'a> {
    z: Tile<'a>,
    states: [Option<Tile<'a>>; 2],
    bias: Option<&'a [f32]>,
    valid: Option<Tile<'a>>,
    factors: Option<Tile<'a>>,
}

impl Recurrence {
    fn reads<'a>(&self, f: &Frame<'a>) -> Reads<'a> {
        // The packed kernels stand where input 1 does.
        let place = |input: usize| input - 1 + self.groups().len();
        let state = |i: usize| (i < self.way.cell.states()).then(|| f.tile(place(2 + i)));
        Reads {
            z: f.tile(0),
            states: [state(0), state(1)],
            bias: self.bias().map(|at| f.floats(place(at))),
            valid: self.valid().map(|at| f.tile(place(at))),
            factors: self.factors().map(|at| f.tile(place(at))),
        }
    }

    /// All steps of the rows of a part.
    fn walk(&self, f: &Frame, Sizes { steps, units, .. }: Sizes) {
        if f.rows().is_empty() {
            return;
        }
        let (way, groups, isa) = (self.way, self.groups(), f.isa);
        let (cell, rows) = (way.cell, f.rows().len());
        let (width, wide, states) = (cell.gates() * units, groups.len() * units, cell.states());
        let from = self.reads(f);
        let mut sequence = f.tile_mut(0);
        let (mut all_saved, mut operands) = (f.tile_mut(1 + states), f.tile_mut(2 + states));
        let mut cells = (states == 2).then(|| f.tile_mut(3 + states));

        let (own, scratch) = f.scratch().split_at_mut(rows * (width + wide + 2 * states * units));
        let (sums, own) = own.split_at_mut(rows * width);
        let (operand, own) = own.split_at_mut(rows * wide);
        let (mut h, own) = own.split_at_mut(rows * units);
        let (mut h_next, own) = own.split_at_mut(rows * units);
        let (mut c, mut c_next) = own.split_at_mut(rows * units * (states - 1));
        for (memory, state) in [&mut *h, &mut *c].into_iter().zip(from.states) {
            if let Some(state) = state {
                dense(memory, rows).copy_from(state);
            }
        }
        let mut product = |group: usize, operand: &[f32], sums: &mut [f32]| {
            let gates = groups[group].start * units..groups[group].end * units;
            let a = matrix(operand, rows).part(0..rows, group * units..(group + 1) * units);
            let start = from.bias.map_or(Start::Zero, |bias| Start::Bias(&bias[gates.clone()]));
            gemm(isa, a, f.packed(1 + group), dense(sums, rows).columns(gates), start, scratch);
        };
        for s in 0..steps {
            let (at, to) = (way.input(s, steps), way.output(s, steps));
            let z = at_step(from.z, at, steps);
            let valid = from.valid.map(|valid| at_step(valid, at, steps));
            let mut saved = columns_at_step(&mut all_saved, at, steps);
            match from.factors {
                Some(of) => masked_copies(isa, matrix(h, rows), of, dense(operand, rows)),
                None => dense(operand, rows).columns(0..units).copy_from(matrix(h, rows)),
            }
            let resets = cell == Cell::Gru { reset_after: false };
            for group in 0..groups.len() - usize::from(resets) {
                product(group, operand, sums);
            }
            if let Cell::Gru { .. } = cell {
                let kind = way.recurrent_activation;
                gru::gates(isa, kind, z, matrix(sums, rows), saved.all());
            }
            if resets {
                gru::reset(isa, saved.as_tile(), matrix(h, rows), dense(h_next, rows));
                let (cols, reset) = (wide - units..wide, matrix(h_next, rows));
                let mut to = dense(operand, rows);
                match from.factors.map(|of| of.part(0..rows, cols.clone())) {
                    Some(of) => masked_copies(isa, reset, of, to.columns(cols)),
                    None => to.columns(cols).copy_from(reset),
                }
                product(groups.len() - 1, operand, sums);
            }
            let sums = matrix(sums, rows);
            let parts = Parts { z, sums, valid, h: matrix(h, rows), c: matrix(c, rows) };
            way.state(isa, parts, saved, dense(c_next, rows), dense(h_next, rows));
            columns_at_step(&mut operands, at, steps).copy_from(matrix(operand, rows));
            std::mem::swap(&mut h, &mut h_next);
            columns_at_step(&mut sequence, to, steps).copy_from(matrix(h, rows));
            if let Some(cells) = &mut cells {
                std::mem::swap(&mut c, &mut c_next);
                columns_at_step(cells, at, steps).copy_from(matrix(c, rows));
            }
        }
        for (i, state) in [&*h, &*c].into_iter().enumerate().take(states) {
            f.tile_mut(1 + i).copy_from(matrix(state, rows));
        }
    }
}
