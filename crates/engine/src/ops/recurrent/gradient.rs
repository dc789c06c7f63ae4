//! The gradient of a recurrence: the walk backwards. The gradients of the gates take the place of the gates.

use super::cell::Cell;
use super::step::{at_step, columns_at_step};
use super::walk::{Recurrence, Sizes, by_row, packed_groups};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::product::{NS_PER_FMA, gemm_scratch};
use crate::plan::Frame;
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::Axes;
use crate::tensor::TensorType;
use ridgeline_kernels::Tile;
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::recurrent::{Back, add_masked, gru, lstm, simple};
use ridgeline_kernels::tile::{dense, matrix};

/// Inputs: those of the recurrence, its outputs, and the gradients there are of its sequence and last
/// states. Outputs: the gradients of z, of the states before, and of the state's part, where it is not z's.
#[derive(Debug)]
pub(super) struct RecurrenceGradient {
    pub of: Recurrence,
    /// Of which outputs there are gradients.
    pub from: Vec<bool>,
}

impl RecurrenceGradient {
    /// True where the state's part has another gradient than the input's.
    fn differs(&self) -> bool {
        self.of.way.cell == Cell::Gru { reset_after: true }
    }
    /// Number of inputs of the recurrence.
    fn given(&self) -> usize {
        let flags = [self.of.biased, self.of.masked, self.of.dropped];
        2 + self.of.way.cell.states() + flags.iter().filter(|flag| **flag).count()
    }
    /// Number of its outputs.
    fn made(&self) -> usize {
        2 * self.of.way.cell.states() + 2
    }
    /// The input with the gradient of output `i`.
    fn gradient_of(&self, i: usize) -> Option<usize> {
        let before = self.from[..i].iter().filter(|there| **there).count();
        self.from[i].then_some(self.given() + self.made() + before)
    }
}

impl Op for RecurrenceGradient {
    fn name(&self) -> &'static str {
        "recurrenceGradient"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let mut outputs = vec![inputs[0].clone()];
        outputs.extend((0..self.of.way.cell.states()).map(|state| inputs[2 + state].clone()));
        if self.differs() {
            outputs.push(inputs[0].clone());
        }
        Ok(outputs)
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (cell, groups) = (self.of.way.cell, self.of.groups());
        let states = cell.states();
        let dz = lower.output(0);
        let sizes @ Sizes { batch, steps, units } = self.of.sizes(&dz);
        let packed = packed_groups(lower, 1, &groups, true)?;
        let first_made = self.given();
        // What the walk reads, in this order: see `Reads`.
        let mut places: Vec<usize> = (2..2 + states).collect();
        places.extend([first_made, first_made + 1 + states]);
        places.extend((cell == Cell::Lstm).then_some(first_made + 3 + states));
        places.extend(self.of.valid().into_iter().chain(self.of.factors()));
        places.extend((0..=states).filter_map(|i| self.gradient_of(i)));
        let mut reads = Vec::new();
        for place in places {
            reads.push(lower.input(place)?);
        }
        let outputs: Vec<Buffer> = (0..lower.node.outputs.len()).map(|i| lower.output(i)).collect();
        let width = cell.gates() * units;
        let widest = groups.iter().map(|group| group.len() * units).max().unwrap_or(0);
        let mut task = lower
            .task(batch, units)
            .split(Axes::ROWS)
            .cost(steps as f64 * width as f64 * NS_PER_FMA * 1.5)
            .grain(sizes.grain(cell.gates()), 1)
            .scratch(batch * (2 * width + 4 * units) + gemm_scratch(batch, units, widest));
        for kernel in &packed {
            task = task.read(kernel.matrix());
        }
        for buffer in &reads {
            task = task.read(by_row(buffer, batch));
        }
        for output in &outputs {
            task = task.write(by_row(output, batch));
        }
        // What was saved stands behind the states and the sequence.
        task = task.may_overwrite(packed.len() + states + 1);
        let op = RecurrenceGradient { of: self.of.clone(), from: self.from.clone() };
        task.run(move |f| op.walk(f, sizes));
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// What the walk reads, as matrices with a row for each of the batch.
struct Reads<'a> {
    h: Tile<'a>,
    c: Option<Tile<'a>>,
    sequence: Tile<'a>,
    saved: Tile<'a>,
    cells: Option<Tile<'a>>,
    valid: Option<Tile<'a>>,
    factors: Option<Tile<'a>>,
    /// The gradients of the sequence and of the last states.
    gradients: [Option<Tile<'a>>; 3],
}

impl RecurrenceGradient {
    fn reads<'a>(&self, f: &Frame<'a>) -> Reads<'a> {
        let mut at = self.of.groups().len();
        let mut next = || {
            at += 1;
            f.tile(at - 1)
        };
        let lstm = self.of.way.cell == Cell::Lstm;
        Reads {
            h: next(),
            c: lstm.then(&mut next),
            sequence: next(),
            saved: next(),
            cells: lstm.then(&mut next),
            valid: self.of.masked.then(&mut next),
            factors: self.of.dropped.then(&mut next),
            gradients: std::array::from_fn(|i| {
                self.from.get(i).copied().unwrap_or(false).then(&mut next)
            }),
        }
    }

    /// All steps of the rows of a part, the last first.
    fn walk(&self, f: &Frame, Sizes { steps, units, .. }: Sizes) {
        if f.rows().is_empty() {
            return;
        }
        let (way, groups, isa) = (self.of.way, self.of.groups(), f.isa);
        let (cell, rows) = (way.cell, f.rows().len());
        let (width, states) = (cell.gates() * units, cell.states());
        let from = self.reads(f);
        let mut to_z = f.tile_mut(0);
        let mut to_s = self.differs().then(|| f.tile_mut(1 + states));

        let (own, scratch) = f.scratch().split_at_mut(rows * (2 * width + 4 * units));
        let (dx, own) = own.split_at_mut(rows * width);
        let (ds, own) = own.split_at_mut(rows * width);
        let (mut dh, own) = own.split_at_mut(rows * units);
        let (mut through, own) = own.split_at_mut(rows * units);
        let (dc, product) = own.split_at_mut(rows * units);
        for (to, gradient) in [&mut *dh, &mut *dc].into_iter().zip(&from.gradients[1..]) {
            match gradient {
                Some(gradient) => dense(to, rows).copy_from(*gradient),
                None => to.fill(0.0),
            }
        }
        for s in (0..steps).rev() {
            let (at, to) = (way.input(s, steps), way.output(s, steps));
            let valid = from.valid.map(|of| at_step(of, at, steps));
            let dy = from.gradients[0].map(|of| at_step(of, to, steps));
            let saved = at_step(from.saved, at, steps);
            let h = match s {
                0 => from.h,
                s => at_step(from.sequence, way.output(s - 1, steps), steps),
            };
            let back = Back {
                activation: way.activation,
                recurrent_activation: way.recurrent_activation,
                saved,
                valid,
                dh: matrix(dh, rows),
                dy,
            };
            match cell {
                Cell::Lstm => {
                    let (Some(cells), Some(first)) = (from.cells, from.c) else { return };
                    let c_before = match s {
                        0 => first,
                        s => at_step(cells, way.input(s - 1, steps), steps),
                    };
                    let (c, da) = (at_step(cells, at, steps), dense(dx, rows));
                    lstm::backward(
                        isa,
                        back,
                        c,
                        c_before,
                        da,
                        dense(dc, rows),
                        dense(through, rows),
                    );
                }
                Cell::Gru { reset_after } => {
                    let (x, sums) = (dense(dx, rows), dense(ds, rows));
                    gru::backward(isa, back, reset_after, h, x, sums, dense(through, rows));
                    if !reset_after {
                        let (group, cols) = (groups.len() - 1, width - units..width);
                        let a = matrix(dx, rows).part(0..rows, cols.clone());
                        gemm(isa, a, f.packed(group), dense(product, rows), Start::Zero, scratch);
                        let mask = from.factors.map(|of| of.part(0..rows, cols));
                        let (dq, x, sums) =
                            (matrix(product, rows), dense(dx, rows), dense(ds, rows));
                        gru::through_reset(isa, back, h, dq, mask, x, sums, dense(through, rows));
                    }
                }
                Cell::Simple => {
                    simple::backward(isa, back, dense(dx, rows), dense(through, rows));
                }
            }
            let sums = if self.differs() { &*ds } else { &*dx };
            columns_at_step(&mut to_z, at, steps).copy_from(matrix(dx, rows));
            if let Some(to_s) = &mut to_s {
                columns_at_step(to_s, at, steps).copy_from(matrix(ds, rows));
            }
            let resets = cell == Cell::Gru { reset_after: false };
            for (group, gates) in groups[..groups.len() - usize::from(resets)].iter().enumerate() {
                let a = matrix(sums, rows).part(0..rows, gates.start * units..gates.end * units);
                let b = f.packed(group);
                match from.factors {
                    None => gemm(isa, a, b, dense(through, rows), Start::Accumulate, scratch),
                    Some(factors) => {
                        gemm(isa, a, b, dense(product, rows), Start::Zero, scratch);
                        let factor = factors.part(0..rows, group * units..(group + 1) * units);
                        add_masked(isa, matrix(product, rows), factor, dense(through, rows));
                    }
                }
            }
            std::mem::swap(&mut dh, &mut through);
        }
        for (i, state) in [&*dh, &*dc].into_iter().enumerate().take(states) {
            f.tile_mut(1 + i).copy_from(matrix(state, rows));
        }
    }
}
