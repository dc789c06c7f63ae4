//! Batch normalization over all axes but the last (Ioffe & Szegedy 2015).
//!
//! `y = γ·(x − μ)/√(σ² + ε) + β` with the batch's mean and biased variance in training, the moving
//! ones in inference. The training op may carry the ReLU and dropout that follow it: then y is
//! written once, and one combined bit an element serves both backwards.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, TensorType};
use ridgeline_kernels::batch_norm::{self as kernels, Epilogue};
use ridgeline_kernels::dropout::Rate;
use ridgeline_kernels::unary::Unary;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("batchNorm", |call| {
        built(BatchNorm {
            epsilon: call.float("epsilon")?,
            scale: call.with.flag("scale")?,
            center: call.with.flag("center")?,
            relu: false,
            dropout: None,
        })
    }),
    ("batchNormInference", |call| {
        built(BatchNormInference { epsilon: call.float("epsilon")?, axis: call.axis()? })
    }),
];

/// Dropout behind a normalization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropoutBehind {
    /// Probability of zeroing an element.
    pub rate: f32,
    /// Number of the random stream.
    pub stream: u32,
}

/// Normalization with the batch's own statistics.
///
/// Inputs x, γ (if `scale`), β (if `center`); outputs y, mean, biased variance, 1/√(σ²+ε), and
/// the bits of the epilogue, of one word where there is none.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f32,
    /// True with γ.
    pub scale: bool,
    /// True with β.
    pub center: bool,
    /// True to apply ReLU behind it.
    pub relu: bool,
    /// Dropout behind that.
    pub dropout: Option<DropoutBehind>,
}

impl BatchNorm {
    /// True when backward needs the bits.
    fn masked(&self) -> bool {
        self.relu || self.dropout.is_some()
    }
}

fn channels(name: &str, inputs: &[&TensorType]) -> Result<Dim> {
    let x = inputs[0];
    let last = x.shape.last();
    let fits = x.dtype == DType::F32
        && x.shape.rank() >= 2
        && inputs[1..].iter().all(|v| v.shape.0 == [last.clone()]);
    if fits {
        return Ok(last);
    }
    let shapes: Vec<String> = inputs.iter().map(|t| t.shape.to_string()).collect();
    Err(Error::shape(format!(
        "{name} expects float32 of rank 2 or more and vectors of its last axis, received {}",
        shapes.join(", ")
    )))
}

impl Op for BatchNorm {
    fn name(&self) -> &'static str {
        "batchNorm"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let vector = TensorType::f32(Shape(vec![channels("batchNorm", inputs)?]));
        let bits = match self.masked() {
            true => inputs[0].shape.clone(),
            false => Shape::of(&[1]),
        };
        Ok(vec![
            inputs[0].clone(),
            vector.clone(),
            vector.clone(),
            vector,
            TensorType { shape: bits, dtype: DType::Bits },
        ])
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let mut inputs = vec![b.dy()?, b.inputs[0], b.outputs[1], b.outputs[3], b.outputs[4]];
        inputs.extend(self.scale.then(|| b.inputs[1]));
        let op = BatchNormGradient {
            scale: self.scale,
            masked: self.masked(),
            relu: self.relu,
            factor: self.dropout.map_or(1.0, |d| Rate::new(d.rate).scale),
        };
        let gradients = b.graph.apply(std::sync::Arc::new(op), &inputs)?;
        let mut all = vec![Some(gradients[0])];
        all.extend(self.scale.then_some(Some(gradients[1])));
        all.extend(self.center.then_some(Some(gradients[2])));
        Ok(all)
    }

    /// Not with dropout, whose bits no primitive op draws.
    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        if self.dropout.is_some() {
            return Ok(None);
        }
        let rank = g.value_type(inputs[0]).shape.rank() as i64;
        let axes: Vec<i64> = (0..rank - 1).collect();
        let by = (self.scale, self.center);
        let y = g.normalize(inputs[0], &axes, self.epsilon, &inputs[1..], by)?;
        Ok(Some(vec![if self.relu { g.unary(Unary::Relu, y)? } else { y }]))
    }

    fn takes_spread(&self, _: &[&TensorType]) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let op = self.clone();
        let x = lower.matrix_input(0)?;
        let (rows, cols) = (x.leading(), x.last());
        let words = cols.div_ceil(32);
        let masked = self.masked();
        let mut vectors = Vec::new();
        for i in 1..lower.node.inputs.len() {
            vectors.push(lower.input(i)?.row());
        }
        let mut outputs = vec![lower.preferred_output(0)];
        outputs.extend((1..5).map(|i| lower.output(i)));
        let mut task = lower
            .task(rows, cols)
            .split(Axes::COLS)
            .cost(0.8)
            .read(x.matrix().along(Axes::COLS))
            .write(outputs[0].matrix().along(Axes::COLS))
            .write(outputs[1].row())
            .write(outputs[2].row())
            .write(outputs[3].row());
        if masked {
            task = task.write(outputs[4].bits(Axes::COLS));
        }
        for vector in vectors {
            task = task.read(vector);
        }
        task.run(move |f| {
            let gamma = op.scale.then(|| f.floats(1));
            let beta = op.center.then(|| f.floats(1 + usize::from(op.scale)));
            let epilogue = Epilogue {
                relu: op.relu,
                dropout: op.dropout.map(|d| (f.key(d.stream), Rate::new(d.rate))),
            };
            kernels::forward(
                f.isa,
                f.tile(0),
                gamma,
                beta,
                op.epsilon,
                f.floats_mut(1),
                f.floats_mut(2),
                f.floats_mut(3),
                epilogue,
                words,
                f.tile_mut(0),
                masked.then(|| f.mask_mut(4)),
            );
        });
        Ok(())
    }

    fn is_pure(&self) -> bool {
        false
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// The gradients of [`BatchNorm`] for x, γ and β.
#[derive(Debug)]
pub struct BatchNormGradient {
    scale: bool,
    masked: bool,
    /// True where dy goes through a ReLU, which lets about half of it through.
    pub relu: bool,
    factor: f32,
}

impl Op for BatchNormGradient {
    fn name(&self) -> &'static str {
        "batchNormGradient"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let vector = TensorType::f32(Shape(vec![inputs[1].shape.last()]));
        Ok(vec![inputs[1].clone(), vector.clone(), vector])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn takes_spread(&self, _: &[&TensorType]) -> bool {
        true
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (scale, masked, factor) = (self.scale, self.masked, self.factor);
        let (dy, x) = (lower.matrix_input(0)?, lower.matrix_input(1)?);
        let (mean, rstd, mask) = (lower.input(2)?, lower.input(3)?, lower.input(4)?);
        let gamma = if scale { Some(lower.input(5)?) } else { None };
        let dx = lower.preferred_output(0);
        let (dgamma, dbeta) = (lower.output(1), lower.output(2));
        let mut task = lower
            .task(x.leading(), x.last())
            .split(Axes::COLS)
            .cost(0.6)
            .read(dy.matrix().along(Axes::COLS))
            .read(x.matrix().along(Axes::COLS))
            .read(mean.row())
            .read(rstd.row())
            .write(dx.matrix().along(Axes::COLS))
            .write(dgamma.row())
            .write(dbeta.row());
        if let Some(gamma) = gamma {
            task = task.read(gamma.row());
        }
        if masked {
            task = task.read(mask.bits(Axes::COLS));
        }
        task.run(move |f| {
            kernels::backward(
                f.isa,
                f.tile(0),
                masked.then(|| f.mask(4 + usize::from(scale))),
                factor,
                f.tile(1),
                f.floats(2),
                f.floats(3),
                scale.then(|| f.floats(4)),
                f.tile_mut(0),
                f.floats_mut(1),
                f.floats_mut(2),
            );
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// Normalization with given statistics, along any axis: inputs x, γ, β, mean, variance.
#[derive(Debug)]
pub struct BatchNormInference {
    /// Added to the variance.
    pub epsilon: f32,
    /// The axis of the channels.
    pub axis: usize,
}

impl BatchNormInference {
    /// `s = γ/√(σ²+ε)` and `t = β − μ·s` of γ, β, μ and σ², as primitive ops: y is `x·s + t`.
    pub(crate) fn line(&self, g: &mut Graph, statistics: &[Value]) -> Result<(Value, Value)> {
        let &[gamma, beta, mean, variance] = statistics else {
            return Err(Error::native("batchNormInference has five inputs"));
        };
        let epsilon = g.scalar(self.epsilon)?;
        let shifted = g.add(variance, epsilon)?;
        let rstd = g.unary(Unary::Rsqrt, shifted)?;
        let slope = g.mul(gamma, rstd)?;
        let centre = g.mul(mean, slope)?;
        Ok((slope, g.sub(beta, centre)?))
    }

    /// `x·s + t`, as primitive ops.
    fn compose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Value> {
        let (x, gamma) = (inputs[0], inputs[1]);
        let rank = g.value_type(x).shape.rank();
        let (slope, offset) = self.line(g, &inputs[1..])?;
        let mut shape = Shape(vec![Dim::ONE; rank - self.axis]);
        shape.0[0] = g.value_type(gamma).shape.0[0].clone();
        let (slope, offset) = (g.reshape(slope, &shape)?, g.reshape(offset, &shape)?);
        let scaled = g.mul(x, slope)?;
        g.add(scaled, offset)
    }
}

impl Op for BatchNormInference {
    fn name(&self) -> &'static str {
        "batchNormInference"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        let channels = x.shape.0.get(self.axis);
        if channels.is_none_or(|c| inputs[1..].iter().any(|v| v.shape.0 != [c.clone()])) {
            let shapes: Vec<String> = inputs.iter().map(|t| t.shape.to_string()).collect();
            return Err(Error::shape(format!(
                "batchNormInference: vectors do not fit axis {}: {}",
                self.axis,
                shapes.join(", ")
            )));
        }
        Ok(vec![x.clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn is_composite(&self) -> bool {
        true
    }
    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        Ok(Some(vec![self.compose(g, inputs)?]))
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let inputs: Vec<String> = (0..5).map(|i| e.input(i)).collect();
        let rank = e.input_type(0).shape.rank();
        let epsilon = vec![("epsilon", Attribute::Float(self.epsilon))];
        if self.axis == 1 {
            return e.finish_with("BatchNormalization", &inputs, epsilon);
        }
        // ONNX has its channels on axis 1: carry ours there and back.
        let mut there: Vec<i64> = (0..rank as i64).collect();
        let channel = there.remove(self.axis);
        there.insert(1, channel);
        let mut back: Vec<i64> = (0..rank as i64).collect();
        let second = back.remove(1);
        back.insert(self.axis, second);
        let perm = |order| vec![("perm", Attribute::Ints(order))];
        let moved = e.step_with("Transpose", &[inputs[0].clone()], perm(there))?;
        let mut moved_inputs = vec![moved];
        moved_inputs.extend_from_slice(&inputs[1..]);
        let normalized = e.step_with("BatchNormalization", &moved_inputs, epsilon)?;
        e.finish_with("Transpose", &[normalized], perm(back))
    }
}
