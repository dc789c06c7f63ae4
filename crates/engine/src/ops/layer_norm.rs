//! Layer normalization over the trailing axes (Ba et al. 2016): each sample by its own statistics.
//!
//! `y = γ·(x − μ)/√(σ² + ε) + β`; the axes are merged into one before the op.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::ops::reduce::Kind;
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};
use ridgeline_kernels::layer_norm as kernels;
use std::sync::Arc;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[("layerNorm", |call| {
    built(LayerNorm {
        epsilon: call.float("epsilon")?,
        scale: call.with.flag("scale")?,
        center: call.with.flag("center")?,
    })
})];

/// Inputs x, γ (if `scale`), β (if `center`), normalized over the last axis; outputs y, mean and
/// 1/√(σ²+ε) of each row.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    /// Added to the variance.
    pub epsilon: f32,
    /// True with γ.
    pub scale: bool,
    /// True with β.
    pub center: bool,
}

impl Op for LayerNorm {
    fn name(&self) -> &'static str {
        "layerNorm"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        let fits = x.dtype == DType::F32
            && x.shape.rank() >= 1
            && inputs[1..].iter().all(|v| v.shape.0 == [x.shape.last()]);
        if !fits {
            let shapes: Vec<String> = inputs.iter().map(|t| t.shape.to_string()).collect();
            return Err(Error::shape(format!(
                "layerNorm expects vectors of its last axis, received {}",
                shapes.join(", ")
            )));
        }
        let rows = TensorType::f32(Shape(x.shape.0[..x.shape.rank() - 1].to_vec()));
        Ok(vec![x.clone(), rows.clone(), rows])
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let common = [b.dy()?, b.inputs[0], b.outputs[1], b.outputs[2]];
        let mut inputs = common.to_vec();
        inputs.extend(self.scale.then(|| b.inputs[1]));
        let (scale, epsilon) = (self.scale, self.epsilon);
        let dx = b.graph.one(LayerNormGradient { scale, epsilon }, &inputs)?;
        let mut all = vec![Some(dx)];
        if self.scale || self.center {
            let sums = b.graph.apply(Arc::new(LayerNormSums { epsilon }), &common)?;
            all.extend(self.scale.then_some(Some(sums[0])));
            all.extend(self.center.then_some(Some(sums[1])));
        }
        Ok(all)
    }

    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let by = (self.scale, self.center);
        Ok(Some(vec![g.normalize(inputs[0], &[-1], self.epsilon, &inputs[1..], by)?]))
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let op = self.clone();
        let x = lower.input(0)?;
        let mut vectors = Vec::new();
        for i in 1..lower.node.inputs.len() {
            vectors.push(lower.input(i)?.whole());
        }
        let (y, mean, rstd) = (lower.output(0), lower.output(1), lower.output(2));
        let mut task = lower
            .task(x.leading(), x.last())
            .split(Axes::ROWS)
            .cost(0.6)
            .read(x.matrix().along(Axes::ROWS))
            .write(y.matrix().along(Axes::ROWS))
            .write(mean.column())
            .write(rstd.column());
        for vector in vectors {
            task = task.read(vector);
        }
        task.run(move |f| {
            let gamma = op.scale.then(|| f.floats(1));
            let beta = op.center.then(|| f.floats(1 + usize::from(op.scale)));
            let (mean, rstd) = (f.floats_mut(1), f.floats_mut(2));
            kernels::forward(f.isa, f.tile(0), gamma, beta, op.epsilon, mean, rstd, f.tile_mut(0));
        });
        Ok(())
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let size = e.input_type(0).shape.last().known();
        let size = size.ok_or_else(|| Error::shape("layerNorm expects a known last axis"))?;
        let scale = match self.scale {
            true => e.input(1),
            false => e.floats(&[size as i64], &vec![1.0; size])?,
        };
        let mut inputs = vec![e.input(0), scale];
        inputs.extend(self.center.then(|| e.input(1 + usize::from(self.scale))));
        let attributes =
            vec![("axis", Attribute::Int(-1)), ("epsilon", Attribute::Float(self.epsilon))];
        e.finish_with("LayerNormalization", &inputs, attributes)
    }
}

/// The gradient for x: inputs dy, x, mean, 1/√(σ²+ε), and γ if `scale`.
#[derive(Debug)]
struct LayerNormGradient {
    scale: bool,
    epsilon: f32,
}

impl Op for LayerNormGradient {
    fn name(&self) -> &'static str {
        "layerNormGradient"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[1].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.of_decomposition(self)
    }
    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        // Statistics anew: they depend on x.
        let [x, rstd] = g.standardize(inputs[1], &[-1], self.epsilon)?;
        let dy = if self.scale { g.mul(inputs[0], inputs[4])? } else { inputs[0] };
        let mean = |g: &mut Graph, of: Value| g.reduce(Kind::Mean, of, Some(&[-1]), true);
        let product = g.mul(dy, x)?;
        let (level, slope) = (mean(g, dy)?, mean(g, product)?);
        let level = g.sub(dy, level)?;
        let slope = g.mul(x, slope)?;
        let apart = g.sub(level, slope)?;
        Ok(Some(vec![g.mul(apart, rstd)?]))
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let scale = self.scale;
        let (dy, x) = (lower.input(0)?, lower.input(1)?);
        let (mean, rstd) = (lower.input(2)?, lower.input(3)?);
        let gamma = if scale { Some(lower.input(4)?) } else { None };
        let dx = lower.output(0);
        let mut task = lower
            .task(x.leading(), x.last())
            .split(Axes::ROWS)
            .cost(0.5)
            .read(dy.matrix().along(Axes::ROWS))
            .read(x.matrix().along(Axes::ROWS))
            .read(mean.column())
            .read(rstd.column())
            .write(dx.matrix().along(Axes::ROWS));
        if let Some(gamma) = gamma {
            task = task.read(gamma.whole());
        }
        task.run(move |f| {
            let gamma = scale.then(|| f.floats(4));
            let (mean, rstd) = (f.floats(2), f.floats(3));
            kernels::backward(f.isa, f.tile(0), f.tile(1), mean, rstd, gamma, f.tile_mut(0));
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// The gradients for γ and β: sums over all rows. Inputs dy, x, mean, 1/√(σ²+ε).
#[derive(Debug)]
struct LayerNormSums {
    epsilon: f32,
}

impl Op for LayerNormSums {
    fn name(&self) -> &'static str {
        "layerNormSums"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let vector = TensorType::f32(Shape(vec![inputs[1].shape.last()]));
        Ok(vec![vector.clone(), vector])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.of_decomposition(self)
    }
    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let [x, _] = g.standardize(inputs[1], &[-1], self.epsilon)?;
        let product = g.mul(inputs[0], x)?;
        let rows: Vec<i64> = (0..g.value_type(x).shape.rank() as i64 - 1).collect();
        let sum = |g: &mut Graph, of: Value| g.reduce(Kind::Sum, of, Some(&rows), false);
        Ok(Some(vec![sum(g, product)?, sum(g, inputs[0])?]))
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (dy, x) = (lower.input(0)?, lower.input(1)?);
        let (mean, rstd) = (lower.input(2)?, lower.input(3)?);
        let (dgamma, dbeta) = (lower.output(0), lower.output(1));
        lower
            .task(x.leading(), x.last())
            .split(Axes::COLS)
            .cost(0.4)
            .read(dy.matrix().along(Axes::COLS))
            .read(x.matrix().along(Axes::COLS))
            .read(mean.whole())
            .read(rstd.whole())
            .write(dgamma.row())
            .write(dbeta.row())
            .run(|f| {
                let (mean, rstd) = (f.floats(2), f.floats(3));
                let (dgamma, dbeta) = (f.floats_mut(0), f.floats_mut(1));
                kernels::backward_params(f.isa, f.tile(0), f.tile(1), mean, rstd, dgamma, dbeta);
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
