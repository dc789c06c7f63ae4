//! Cross-entropy from logits, fused with its softmax or sigmoid.
//!
//! Per row `Σ y·(log Σe^z − z)`, whose gradient is `p·Σy − y`; per element, for the sigmoid,
//! `max(z, 0) − z·y + log(1 + e^−|z|)`, whose gradient is `σ(z) − y`. Labels get no gradient.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::reduce::Kind;
use crate::ops::softmax::{Softmax, SoftmaxGradient};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, Tensor, TensorType};
use ridgeline_kernels::compare::Compare;
use ridgeline_kernels::cross_entropy as kernels;
use ridgeline_kernels::unary::Unary;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("softmaxCrossEntropy", |call| {
        built(SoftmaxCrossEntropy {
            sparse: call.with.flag("sparse")?,
            smoothing: call.float("smoothing")?,
        })
    }),
    ("sigmoidCrossEntropy", |_| built(SigmoidCrossEntropy::LOSS)),
];

/// Softmax and cross-entropy over the last axis. Inputs logits and labels; outputs the loss of
/// each row and the probabilities.
#[derive(Clone, Debug)]
pub struct SoftmaxCrossEntropy {
    /// True when labels are int32 class indices of the rows, false when they are distributions.
    pub sparse: bool,
    /// Share of each label spread over all classes.
    pub smoothing: f32,
}

impl SoftmaxCrossEntropy {
    /// The labels as distributions, smoothed; `None` where the number of classes is not known.
    fn smooth(&self, g: &mut Graph, like: Value, labels: Value) -> Result<Option<Value>> {
        let shape = g.value_type(like).shape.clone();
        let Some(classes) = shape.last().known() else { return Ok(None) };
        let labels = match self.sparse {
            false => labels,
            true => {
                let mut column = leading(&shape);
                column.0.push(Dim::ONE);
                let column = g.reshape(labels, &column)?;
                let range = (0..classes as u32).collect();
                let range = g.constant(Tensor::new(&[classes], DType::I32, range)?)?;
                let hot = g.compare(Compare::Equal, column, range)?;
                g.cast(hot, DType::F32)?
            }
        };
        let (keep, share) =
            (g.scalar(1.0 - self.smoothing)?, g.scalar(self.smoothing / classes as f32)?);
        let kept = g.mul(labels, keep)?;
        Ok(Some(g.add(kept, share)?))
    }
}

fn leading(shape: &Shape) -> Shape {
    Shape(shape.0[..shape.rank().saturating_sub(1)].to_vec())
}

impl Op for SoftmaxCrossEntropy {
    fn name(&self) -> &'static str {
        "softmaxCrossEntropy"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let (logits, labels) = (inputs[0], inputs[1]);
        let rows = leading(&logits.shape);
        let fits = match self.sparse {
            true => labels.shape == rows && labels.dtype == DType::I32,
            false => labels.shape == logits.shape && labels.dtype == DType::F32,
        };
        if logits.shape.rank() == 0 || !fits {
            return Err(Error::shape(format!(
                "softmaxCrossEntropy: labels {} {} do not fit logits {}",
                labels.dtype, labels.shape, logits.shape
            )));
        }
        Ok(vec![TensorType::f32(rows), logits.clone()])
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (labels, probabilities) = (b.inputs[1], b.outputs[1]);
        let mut dz = None;
        if let Some(dy) = b.gradients[0] {
            let op = SoftmaxCrossEntropyGradient { forward: self.clone() };
            dz = Some(b.graph.one(op, &[probabilities, labels, dy])?);
        }
        // Of a gradient of a gradient.
        if let Some(dp) = b.gradients[1] {
            let back = b.graph.one(SoftmaxGradient { log: false }, &[probabilities, dp])?;
            dz = Some(b.graph.plus(dz, back)?);
        }
        Ok(vec![dz, None])
    }

    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let Some(smooth) = self.smooth(g, inputs[0], inputs[1])? else { return Ok(None) };
        let log = g.one(Softmax { log: true }, &[inputs[0]])?;
        let terms = g.mul(smooth, log)?;
        let sum = g.reduce(Kind::Sum, terms, Some(&[-1]), false)?;
        Ok(Some(vec![g.unary(Unary::Neg, sum)?]))
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let op = self.clone();
        let (logits, labels) = (lower.input(0)?, lower.input(1)?);
        let (loss, probabilities) = (lower.output(0), lower.output(1));
        let (rows, cols) = (logits.leading(), logits.last());
        let labels = if op.sparse { labels.column() } else { labels.matrix().along(Axes::ROWS) };
        lower
            .task(rows, cols)
            .split(Axes::ROWS)
            .cost(1.5)
            .read(logits.matrix().along(Axes::ROWS))
            .read(labels)
            .write(loss.column())
            .write(probabilities.matrix().along(Axes::ROWS))
            .run(move |f| {
                let (z, loss, p) = (f.tile(0), f.floats_mut(0), f.tile_mut(1));
                match op.sparse {
                    true => {
                        let (labels, classes) = (f.ints(1), z.cols());
                        if let Some(bad) = labels.iter().find(|&&label| label as usize >= classes) {
                            f.fail(Error::argument(format!(
                                "class indices must be in [0, {classes}), received {bad}"
                            )));
                        }
                        kernels::sparse_softmax_cross_entropy(f.isa, z, labels, loss, p);
                    }
                    false => {
                        kernels::softmax_cross_entropy(f.isa, z, f.tile(1), op.smoothing, loss, p);
                    }
                }
            });
        Ok(())
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// The gradient for the logits: inputs probabilities, labels and the gradient of the losses.
#[derive(Debug)]
struct SoftmaxCrossEntropyGradient {
    forward: SoftmaxCrossEntropy,
}

impl Op for SoftmaxCrossEntropyGradient {
    fn name(&self) -> &'static str {
        "softmaxCrossEntropyGradient"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.of_decomposition(self)
    }
    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let (p, labels, dloss) = (inputs[0], inputs[1], inputs[2]);
        let Some(smooth) = self.forward.smooth(g, p, labels)? else { return Ok(None) };
        let mut column = g.value_type(dloss).shape.clone();
        column.0.push(Dim::ONE);
        let (apart, dloss) = (g.sub(p, smooth)?, g.reshape(dloss, &column)?);
        Ok(Some(vec![g.mul(apart, dloss)?]))
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let op = self.forward.clone();
        let (p, labels, dloss) = (lower.input(0)?, lower.input(1)?, lower.input(2)?);
        let dz = lower.output(0);
        let labels = if op.sparse { labels.column() } else { labels.matrix().along(Axes::ROWS) };
        lower
            .task(p.leading(), p.last())
            .split(Axes::ROWS)
            .cost(0.5)
            .read(p.matrix().along(Axes::ROWS))
            .read(labels)
            .read(dloss.column())
            .write(dz.matrix().along(Axes::ROWS))
            .run(move |f| {
                let (p, d, z) = (f.tile(0), f.floats(2), f.tile_mut(0));
                match op.sparse {
                    true => {
                        kernels::sparse_softmax_cross_entropy_backward(f.isa, p, f.ints(1), d, z);
                    }
                    false => {
                        let (y, s) = (f.tile(1), op.smoothing);
                        kernels::softmax_cross_entropy_backward(f.isa, p, y, s, d, z);
                    }
                }
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// Sigmoid and binary cross-entropy, element by element: inputs logits and labels.
#[derive(Debug)]
pub struct SigmoidCrossEntropy {
    /// True for the gradient for the logits, with the gradient of the losses as third input.
    gradient: bool,
}

impl SigmoidCrossEntropy {
    /// The loss.
    pub const LOSS: SigmoidCrossEntropy = SigmoidCrossEntropy { gradient: false };
}

impl Op for SigmoidCrossEntropy {
    fn name(&self) -> &'static str {
        "sigmoidCrossEntropy"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        if inputs[0] != inputs[1] || inputs[0].dtype != DType::F32 {
            return Err(Error::shape(format!(
                "sigmoidCrossEntropy: labels {} {} do not fit logits {}",
                inputs[1].dtype, inputs[1].shape, inputs[0].shape
            )));
        }
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        if self.gradient {
            return Err(Error::argument("sigmoidCrossEntropy has no second derivative"));
        }
        let dy = b.dy()?;
        let op = SigmoidCrossEntropy { gradient: true };
        Ok(vec![Some(b.graph.one(op, &[b.inputs[0], b.inputs[1], dy])?), None])
    }
    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let &[z, y] = inputs else { return Ok(None) };
        let size = g.unary(Unary::Abs, z)?;
        let negative = g.unary(Unary::Neg, size)?;
        let power = g.unary(Unary::Exp, negative)?;
        let tail = g.unary(Unary::Log1p, power)?;
        let (positive, product) = (g.unary(Unary::Relu, z)?, g.mul(z, y)?);
        let linear = g.sub(positive, product)?;
        Ok(Some(vec![g.add(linear, tail)?]))
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let gradient = self.gradient;
        let mut inputs = Vec::new();
        for i in 0..lower.node.inputs.len() {
            inputs.push(lower.input(i)?);
        }
        let y = lower.output(0);
        let mut task = lower
            .task(y.leading(), y.last())
            .split(Axes::ROWS)
            .cost(1.5)
            .write(y.matrix().along(Axes::ROWS));
        for input in &inputs {
            task = task.read(input.matrix().along(Axes::ROWS));
        }
        task.run(move |f| {
            let (z, labels, out) = (f.floats(0), f.floats(1), f.floats_mut(0));
            match gradient {
                true => kernels::sigmoid_cross_entropy_backward(f.isa, z, labels, f.floats(2), out),
                false => kernels::sigmoid_cross_entropy(f.isa, z, labels, out),
            }
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
