//! The input's part of all steps, where every gate has factors of the input of its own, as recurrent
//! dropout wants: `z_g = (x ⊙ m_g)·W_g + b_g`, with the same factors in every step of a sample.
//!
//! A chunk takes some samples: the factors meet the input of one while both are in the near cache, so
//! that no masked copy of all inputs is ever written.

use super::kernel_gradient::kernel_gradient;
use super::walk::{by_row, packed_groups};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::product::{NS_PER_FMA, gemm_scratch};
use crate::ops::reduce::Kind;
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::TensorType;
use ridgeline_kernels::Tile;
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::recurrent::{add_scaled_columns, scaled_columns};
use ridgeline_kernels::tile::{dense, matrix};
use std::ops::Range;

/// Inputs x `[batch, time, features]`, factors `[batch, gates, features]`, kernel `[features, gates·units]` and, if
/// there is one, bias; output `[batch, time, gates·units]`.
#[derive(Debug)]
pub(super) struct GateProjection {
    pub gates: usize,
}

/// One gate after the other.
fn apart(gates: usize) -> Vec<Range<usize>> {
    (0..gates).map(|gate| gate..gate + 1).collect()
}

/// Sizes of one sample.
#[derive(Clone, Copy)]
struct Sizes {
    gates: usize,
    steps: usize,
    features: usize,
    units: usize,
}

impl Sizes {
    /// The samples of a part as they lie in `all`.
    fn sample<'a>(&self, all: &'a [f32], i: usize, width: usize) -> Tile<'a> {
        let size = self.steps * width;
        matrix(&all[i * size..(i + 1) * size], self.steps)
    }
    fn factors<'a>(&self, all: &'a [f32], i: usize, gate: usize) -> &'a [f32] {
        &all[(i * self.gates + gate) * self.features..][..self.features]
    }
    fn columns(&self, gate: usize) -> Range<usize> {
        gate * self.units..(gate + 1) * self.units
    }
}

impl Op for GateProjection {
    fn name(&self) -> &'static str {
        "gateProjection"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let mut shape = inputs[0].shape.0.clone();
        shape[2] = inputs[2].shape.last();
        Ok(vec![TensorType::f32(Shape(shape))])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (x, factors, kernel, dz) = (b.inputs[0], b.inputs[1], b.inputs[2], b.dy()?);
        let mut gradients = vec![None; b.inputs.len()];
        let gates = self.gates;
        if b.needs[0] {
            let op = InputGradient { gates };
            gradients[0] = Some(b.graph.one(op, &[x, factors, kernel, dz])?);
        }
        if b.needs[2] {
            gradients[2] = Some(kernel_gradient(b.graph, x, dz, Some(factors), vec![0; gates])?);
        }
        if b.needs.get(3) == Some(&true) {
            gradients[3] = Some(b.graph.reduce(Kind::Sum, dz, Some(&[0, 1]), false)?);
        }
        Ok(gradients)
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (x, factors) = (lower.input(0)?, lower.input(1)?);
        let packed = packed_groups(lower, 2, &apart(self.gates), false)?;
        let bias = if lower.node.inputs.len() == 4 { Some(lower.input(3)?) } else { None };
        let z = lower.output(0);
        let (batch, gates) = (x.shape[0], self.gates);
        let of = Sizes { gates, steps: x.shape[1], features: x.last(), units: z.last() / gates };
        let mut task = lower
            .task(batch, z.last())
            .split(Axes::ROWS)
            .cost((of.steps * of.features) as f64 * NS_PER_FMA)
            .scratch(of.steps * of.features + gemm_scratch(of.steps, of.units, of.features))
            .read(by_row(&x, batch))
            .read(by_row(&factors, batch))
            .write(by_row(&z, batch));
        for kernel in &packed {
            task = task.read(kernel.matrix());
        }
        let has_bias = bias.is_some();
        if let Some(bias) = bias {
            task = task.read(bias.whole());
        }
        task.run(move |f| {
            let (x, factors, z) = (f.floats(0), f.floats(1), f.floats_mut(0));
            let bias = has_bias.then(|| f.floats(2 + gates));
            let (scaled, scratch) = f.scratch().split_at_mut(of.steps * of.features);
            for i in 0..f.rows().len() {
                let x = of.sample(x, i, of.features);
                let size = of.steps * gates * of.units;
                let mut z = dense(&mut z[i * size..(i + 1) * size], of.steps);
                for gate in 0..gates {
                    scaled_columns(f.isa, x, of.factors(factors, i, gate), dense(scaled, of.steps));
                    let columns = of.columns(gate);
                    let start =
                        bias.map_or(Start::Zero, |bias| Start::Bias(&bias[columns.clone()]));
                    let (a, b) = (matrix(scaled, of.steps), f.packed(2 + gate));
                    gemm(f.isa, a, b, z.columns(columns), start, scratch);
                }
            }
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// `Σ_g (dz_g·W_gᵀ) ⊙ m_g`: inputs x, of which the shape is taken, factors, kernel and dz.
#[derive(Debug)]
struct InputGradient {
    gates: usize,
}

impl Op for InputGradient {
    fn name(&self) -> &'static str {
        "gateInputGradient"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (factors, dz) = (lower.input(1)?, lower.input(3)?);
        let packed = packed_groups(lower, 2, &apart(self.gates), true)?;
        let dx = lower.output(0);
        let (batch, gates) = (dx.shape[0], self.gates);
        let of = Sizes { gates, steps: dx.shape[1], features: dx.last(), units: dz.last() / gates };
        let mut task = lower
            .task(batch, dx.last())
            .split(Axes::ROWS)
            .cost((of.steps * gates * of.units) as f64 * NS_PER_FMA)
            .scratch(of.steps * of.features + gemm_scratch(of.steps, of.features, of.units))
            .read(by_row(&factors, batch))
            .read(by_row(&dz, batch))
            .write(by_row(&dx, batch));
        for kernel in &packed {
            task = task.read(kernel.matrix());
        }
        task.run(move |f| {
            let (factors, dz, dx) = (f.floats(0), f.floats(1), f.floats_mut(0));
            let (product, scratch) = f.scratch().split_at_mut(of.steps * of.features);
            dx.fill(0.0);
            for i in 0..f.rows().len() {
                let dz = of.sample(dz, i, gates * of.units);
                let size = of.steps * of.features;
                for gate in 0..gates {
                    let a = dz.part(0..of.steps, of.columns(gate));
                    let b = f.packed(2 + gate);
                    gemm(f.isa, a, b, dense(product, of.steps), Start::Zero, scratch);
                    let to = dense(&mut dx[i * size..(i + 1) * size], of.steps);
                    let factors = of.factors(factors, i, gate);
                    add_scaled_columns(f.isa, matrix(product, of.steps), factors, to);
                }
            }
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Graph {
    /// `(x ⊙ m_g)·W_g + b_g` for each of so many gates.
    pub(super) fn gate_projection(
        &mut self,
        gates: usize,
        x: Value,
        factors: Value,
        kernel: Value,
        bias: Option<Value>,
    ) -> Result<Value> {
        let mut inputs = vec![x, factors, kernel];
        inputs.extend(bias);
        self.one(GateProjection { gates }, &inputs)
    }
}
