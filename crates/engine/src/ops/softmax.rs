//! Softmax and its logarithm over the last axis: `e^x / Σe^x`, with the maximum subtracted.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::ops::reduce::Kind;
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::tensor::{DType, TensorType};
use ridgeline_kernels::softmax as kernels;
use ridgeline_kernels::unary::Unary;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("softmax", |_| built(Softmax { log: false })),
    ("logSoftmax", |_| built(Softmax { log: true })),
];

/// Softmax, or log-softmax, over the last axis.
#[derive(Debug)]
pub struct Softmax {
    /// True for the logarithm.
    pub log: bool,
}

impl Op for Softmax {
    fn name(&self) -> &'static str {
        if self.log { "logSoftmax" } else { "softmax" }
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        if x.dtype != DType::F32 || x.shape.rank() == 0 {
            return Err(Error::shape(format!(
                "{} expects float32 of rank 1 or more, received {} {}",
                self.name(),
                x.dtype,
                x.shape
            )));
        }
        Ok(vec![x.clone()])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (y, dy) = (b.outputs[0], b.dy()?);
        Ok(vec![Some(b.graph.one(SoftmaxGradient { log: self.log }, &[y, dy])?)])
    }
    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let last = Some([-1].as_slice());
        let largest = g.reduce(Kind::Max, inputs[0], last, true)?;
        let shifted = g.sub(inputs[0], largest)?;
        let power = g.unary(Unary::Exp, shifted)?;
        let total = g.reduce(Kind::Sum, power, last, true)?;
        Ok(Some(vec![if self.log {
            let log = g.unary(Unary::Log, total)?;
            g.sub(shifted, log)?
        } else {
            g.div(power, total)?
        }]))
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let log = self.log;
        let x = lower.input(0)?;
        let y = lower.output(0);
        lower
            .task(x.leading(), x.last())
            .split(Axes::ROWS)
            .cost(1.0)
            .read(x.matrix().along(Axes::ROWS))
            .write(y.matrix().along(Axes::ROWS))
            .run(move |f| match log {
                true => kernels::log_softmax(f.isa, f.tile(0), f.tile_mut(0)),
                false => kernels::softmax(f.isa, f.tile(0), f.tile_mut(0)),
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let name = if self.log { "LogSoftmax" } else { "Softmax" };
        e.finish_with(name, &[e.input(0)], vec![("axis", Attribute::Int(-1))])
    }
}

/// The gradient of [`Softmax`] from its output: `y·(dy − Σ y·dy)`, or `dy − e^y·Σdy`.
#[derive(Debug)]
pub struct SoftmaxGradient {
    /// True for the logarithm.
    pub log: bool,
}

impl Op for SoftmaxGradient {
    fn name(&self) -> &'static str {
        "softmaxGradient"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.of_decomposition(self)
    }
    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let (y, dy) = (inputs[0], inputs[1]);
        let sum = |g: &mut Graph, of: Value| g.reduce(Kind::Sum, of, Some(&[-1]), true);
        Ok(Some(vec![if self.log {
            let (total, shares) = (sum(g, dy)?, g.unary(Unary::Exp, y)?);
            let back = g.mul(shares, total)?;
            g.sub(dy, back)?
        } else {
            let product = g.mul(y, dy)?;
            let total = sum(g, product)?;
            let apart = g.sub(dy, total)?;
            g.mul(y, apart)?
        }]))
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let log = self.log;
        let (y, dy) = (lower.input(0)?, lower.input(1)?);
        let dx = lower.output(0);
        lower
            .task(y.leading(), y.last())
            .split(Axes::ROWS)
            .cost(0.5)
            .read(y.matrix().along(Axes::ROWS))
            .read(dy.matrix().along(Axes::ROWS))
            .write(dx.matrix().along(Axes::ROWS))
            .run(move |f| match log {
                true => kernels::log_softmax_backward(f.isa, f.tile(0), f.tile(1), f.tile_mut(0)),
                false => kernels::softmax_backward(f.isa, f.tile(0), f.tile(1), f.tile_mut(0)),
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Graph {
    /// Softmax over the last axis.
    ///
    /// # Errors
    /// `ERR_SHAPE` for a scalar.
    pub fn softmax(&mut self, x: Value) -> Result<Value> {
        self.one(Softmax { log: false }, &[x])
    }
}
