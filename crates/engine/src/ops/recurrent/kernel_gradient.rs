//! The gradients of both kernels of a recurrent layer, all steps of all samples at once: `Σ (x_g ⊙ m_g)ᵀ·dz_g`.
//!
//! A gate may have a left operand of its own, and its own factors, the same ones in every step of a sample. Factors meet
//! the operand of a sample while both are in the near cache: no masked copy of all steps is ever written.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::matmul::MatMul;
use crate::ops::product::{NS_PER_FMA, gemm_scratch, sum_grain};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::TensorType;
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::recurrent::scaled_columns;
use ridgeline_kernels::tile::{dense, matrix};

/// Inputs x `[batch, time, operands·features]`, dz `[batch, time, gates·units]` and, if there are any, factors
/// `[batch, gates·features]` in whatever shape; output `[features, gates·units]`.
#[derive(Debug)]
struct KernelGradient {
    /// The operand of each gate.
    operands: Vec<usize>,
    /// `[features, gates·units]`.
    shape: Shape,
}

impl Op for KernelGradient {
    fn name(&self) -> &'static str {
        "recurrentKernelGradient"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(self.shape.clone())])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (x, dz, dw) = (lower.input(0)?, lower.input(1)?, lower.output(0));
        let factors = if lower.input_count() == 3 { Some(lower.input(2)?) } else { None };
        let operands = self.operands.clone();
        let (batch, steps) = (x.shape[0], x.shape[1]);
        let (features, units) = (dw.leading(), dw.last() / operands.len());
        // Without factors all samples are one.
        let (samples, rows) = if factors.is_some() { (batch, steps) } else { (1, batch * steps) };
        let is_scaled = factors.is_some();
        let scaled = if is_scaled { rows * features } else { 0 };
        let mut task = lower
            .task(features, dw.last())
            .split(Axes::COLS)
            .cost((batch * steps) as f64 * NS_PER_FMA)
            .grain(1, sum_grain(batch * steps))
            .scratch(scaled + gemm_scratch(features, dw.last(), rows))
            .read(x.matrix())
            .read(dz.matrix().along(Axes::COLS))
            .write(dw.matrix().along(Axes::COLS));
        if let Some(factors) = &factors {
            task = task.read(factors.whole());
        }
        task.run(move |f| {
            let (x, dz, mut dw) = (f.tile(0), f.tile(1), f.tile_mut(0));
            let factors = is_scaled.then(|| f.floats(2));
            let (scaled, scratch) = f.scratch().split_at_mut(scaled);
            let part = f.cols();
            for (gate, operand) in operands.iter().enumerate() {
                let (start, end) =
                    ((gate * units).max(part.start), ((gate + 1) * units).min(part.end));
                if start >= end {
                    continue;
                }
                let cols = start - part.start..end - part.start;
                for i in 0..samples {
                    let of = i * rows..(i + 1) * rows;
                    let mut a = x.part(of.clone(), operand * features..(operand + 1) * features);
                    if let Some(factors) = factors {
                        let of = &factors[(i * operands.len() + gate) * features..][..features];
                        scaled_columns(f.isa, a, of, dense(scaled, rows));
                        a = matrix(scaled, rows);
                    }
                    let start = if i == 0 { Start::Zero } else { Start::Accumulate };
                    let (b, to) = (dz.part(of, cols.clone()), dw.columns(cols.clone()));
                    gemm(f.isa, a.transposed(), b, to, start, scratch);
                }
            }
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// The gradient of a kernel from its left operands `x`, of which each gate has one, with or without factors.
pub(super) fn kernel_gradient(
    g: &mut Graph,
    x: Value,
    dz: Value,
    factors: Option<Value>,
    operands: Vec<usize>,
) -> Result<Value> {
    let shape = |g: &Graph, of: Value| g.value_type(of).shape.clone();
    let count = 1 + operands.iter().max().copied().unwrap_or(0);
    if factors.is_some() || count > 1 {
        let wide = shape(g, x).last();
        let features = wide.divided_by(&count.into()).unwrap_or(wide);
        let shape = Shape(vec![features, shape(g, dz).last()]);
        let mut inputs = vec![x, dz];
        inputs.extend(factors);
        return g.one(KernelGradient { operands, shape }, &inputs);
    }
    let flat = |g: &mut Graph, x: Value| -> Result<Value> {
        let shape = shape(g, x);
        let rows = shape.0[0].times(&shape.0[1])?;
        g.reshape(x, &Shape(vec![rows, shape.last()]))
    };
    let (x, dz) = (flat(g, x)?, flat(g, dz)?);
    g.one(MatMul { transpose_a: true, transpose_b: false }, &[x, dz])
}
