//! Recurrence: a walk through time, some rows of the batch at a time.
//!
//! Rows are independent, so a chunk takes its own through all steps: no step waits for another
//! thread. In each, a product with the packed recurrent kernel adds the state's part to the input's, and the cell turns the
//! sums into gates and a new state while they are in the near cache. Gates take the place of the input's part, which nobody
//! reads again: one large matrix passes through the caches rather than two. The state lies dense in scratch.

use super::cell::Cell;
use super::gradient::RecurrenceGradient;
use super::kernel_gradient::kernel_gradient;
use super::step::{Parts, at_step, columns_at_step};
use super::walk::{Recurrence, Sizes, by_row, packed_groups};
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
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::recurrent::{gru, masked_copies};
use ridgeline_kernels::tile::{dense, matrix};
use ridgeline_kernels::{Tile, TileMut};

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
        let operands = 1 + cell.operands().into_iter().max().unwrap_or(0);
        outputs.extend([sequence(cell.saved())?, sequence(operands)?]);
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
            let factors = self.factors().map(|at| b.inputs[at]);
            let of = self.way.cell.operands();
            gradients[1] = Some(kernel_gradient(b.graph, operands, ds, factors, of)?);
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
        let saved = 1 + cell.states();
        let mut task = lower
            .task(batch, units)
            .split(Axes::ROWS)
            .cost(steps as f64 * width as f64 * NS_PER_FMA * 1.5)
            .grain(sizes.grain(cell.gates()), 1)
            .scratch(scratch + gemm_scratch(batch, widest, units))
            .read(by_row(&z, batch));
        for kernel in &packed {
            task = task.read(kernel.matrix());
        }
        for (i, buffer) in (2..).zip(&rest) {
            let bias = op.bias() == Some(i);
            task = task.read(if bias { buffer.whole() } else { by_row(buffer, batch) });
        }
        // What is saved comes first: only the first write may take the memory of a read.
        task = task.write(by_row(&outputs[saved], batch)).may_overwrite(0);
        for output in outputs[..saved].iter().chain(&outputs[saved + 1..]) {
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
        let (from, taken) = (self.reads(f), f.in_place().is_some());
        let (mut all_saved, mut sequence) = (f.tile_mut(0), f.tile_mut(1));
        let mut operands = f.tile_mut(2 + states);
        let mut cells = (states == 2).then(|| f.tile_mut(3 + states));

        let (own, scratch) = f.scratch().split_at_mut(rows * (width + wide + 2 * states * units));
        let (sums, own) = own.split_at_mut(rows * width);
        let (masked, own) = own.split_at_mut(rows * wide);
        let (mut h, own) = own.split_at_mut(rows * units);
        let (mut h_next, own) = own.split_at_mut(rows * units);
        let (mut c, mut c_next) = own.split_at_mut(rows * units * (states - 1));
        for (memory, state) in [&mut *h, &mut *c].into_iter().zip(from.states) {
            if let Some(state) = state {
                dense(memory, rows).copy_from(state);
            }
        }
        let (in_place, resets) = (cell.sums_in_place(), cell == Cell::Gru { reset_after: false });
        let mut product = |group: usize, state: &[f32], masked: &mut [f32], mut to: TileMut| {
            let gates = groups[group].start * units..groups[group].end * units;
            let start = match from.bias {
                Some(bias) => Start::Bias(&bias[gates.clone()]),
                None if in_place => Start::Accumulate,
                None => Start::Zero,
            };
            let cols = group * units..(group + 1) * units;
            let a = match from.factors {
                Some(_) => matrix(masked, rows).part(0..rows, cols),
                None => matrix(state, rows),
            };
            gemm(isa, a, f.packed(1 + group), to.columns(gates), start, scratch);
        };
        for s in 0..steps {
            let (at, to) = (way.input(s, steps), way.output(s, steps));
            let z = at_step(from.z, at, steps);
            let valid = from.valid.map(|valid| at_step(valid, at, steps));
            let mut saved = columns_at_step(&mut all_saved, at, steps);
            let mut operands = columns_at_step(&mut operands, at, steps);
            operands.columns(0..units).copy_from(matrix(h, rows));
            if let Some(factors) = from.factors {
                masked_copies(isa, matrix(h, rows), factors, dense(masked, rows));
            }
            if in_place && !taken {
                saved.all().copy_from(z);
            }
            for group in 0..groups.len() - usize::from(resets) {
                let to = if in_place { saved.all() } else { dense(sums, rows) };
                product(group, h, masked, to);
            }
            if let Cell::Gru { .. } = cell {
                let kind = way.recurrent_activation;
                gru::gates(isa, kind, z, matrix(sums, rows), saved.all());
            }
            if resets {
                gru::reset(isa, saved.as_tile(), matrix(h, rows), dense(h_next, rows));
                operands.columns(units..2 * units).copy_from(matrix(h_next, rows));
                if let Some(factors) = from.factors {
                    let cols = wide - units..wide;
                    let (of, mut to) = (factors.part(0..rows, cols.clone()), dense(masked, rows));
                    masked_copies(isa, matrix(h_next, rows), of, to.columns(cols));
                }
                product(groups.len() - 1, h_next, masked, dense(sums, rows));
            }
            let apart = (!in_place).then(|| [z, matrix(sums, rows)]);
            let parts = Parts { apart, valid, h: matrix(h, rows), c: matrix(c, rows) };
            way.state(isa, parts, saved, dense(c_next, rows), dense(h_next, rows));
            std::mem::swap(&mut h, &mut h_next);
            columns_at_step(&mut sequence, to, steps).copy_from(matrix(h, rows));
            if let Some(cells) = &mut cells {
                std::mem::swap(&mut c, &mut c_next);
                columns_at_step(cells, at, steps).copy_from(matrix(c, rows));
            }
        }
        for (i, state) in [&*h, &*c].into_iter().enumerate().take(states) {
            f.tile_mut(2 + i).copy_from(matrix(state, rows));
        }
    }
}
