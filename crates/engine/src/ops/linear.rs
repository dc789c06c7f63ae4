//! Linear: the product of a layer's input with its kernel, x·W + b.

use super::call::{Entry, built};
use super::matmul::MatMul;
use super::product::{floats, product};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::reduce::Kind;
use crate::plan::lower::Lower;
use crate::shape::Shape;
use crate::tensor::TensorType;
use ridgeline_kernels::gemm::Finish;
use ridgeline_kernels::unary::Unary;

/// Its name in the registry.
pub(super) const ENTRIES: &[Entry] = &[("linear", |_| built(Linear { relu: false }))];

/// `y = x·W (+ b)`: x `[…, k]`, W `[k, n]`, b `[n]`, y `[…, n]`. It may carry the ReLU that follows
/// it: then y is written once.
#[derive(Debug)]
pub struct Linear {
    /// True to apply ReLU behind it.
    pub relu: bool,
}

impl Op for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        floats("linear", inputs)?;
        let (x, w) = (inputs[0], inputs[1]);
        let fits = x.shape.rank() >= 1
            && w.shape.rank() == 2
            && x.shape.last() == w.shape.0[0]
            && inputs.get(2).is_none_or(|b| b.shape.0 == w.shape.0[1..]);
        if !fits {
            return Err(Error::shape(format!(
                "linear: input {} does not fit kernel {}",
                x.shape, w.shape
            )));
        }
        let mut shape = x.shape.clone();
        *shape.0.last_mut().expect("rank ≥ 1") = w.shape.0[1].clone();
        Ok(vec![TensorType::f32(shape)])
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (x, w, y, dy) = (b.inputs[0], b.inputs[1], b.outputs[0], b.dy()?);
        let g = &mut *b.graph;
        let dy = if self.relu { g.through_relu(y, dy)? } else { dy };
        let rows = |g: &mut Graph, x: Value| -> Result<Value> {
            let shape = g.value_type(x).shape.clone();
            let leading = Shape(shape.0[..shape.rank() - 1].to_vec()).size()?;
            g.reshape(x, &Shape(vec![leading, shape.last()]))
        };
        let (flat_x, flat_dy) = (rows(g, x)?, rows(g, dy)?);
        let mut gradients = vec![None; b.inputs.len()];
        if b.needs[0] {
            let dx = g.one(MatMul { transpose_a: false, transpose_b: true }, &[flat_dy, w])?;
            gradients[0] = Some(g.reshape(dx, &g.value_type(x).shape.clone())?);
        }
        if b.needs[1] {
            let product = MatMul { transpose_a: true, transpose_b: false };
            gradients[1] = Some(g.one(product, &[flat_x, flat_dy])?);
        }
        if b.needs.get(2) == Some(&true) {
            gradients[2] = Some(g.reduce(Kind::Sum, flat_dy, Some(&[0]), false)?);
        }
        Ok(gradients)
    }

    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let product = g.one(MatMul { transpose_a: false, transpose_b: false }, &inputs[..2])?;
        let y = inputs.get(2).map_or(Ok(product), |&bias| g.add(product, bias))?;
        Ok(Some(vec![if self.relu { g.unary(Unary::Relu, y)? } else { y }]))
    }

    fn takes_spread(&self, _: &[&TensorType]) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let bias = match lower.node.inputs.len() {
            3 => Some(lower.input(2)?),
            _ => None,
        };
        let (x, w) = (lower.matrix_input(0)?, lower.stored(1)?);
        let y = lower.preferred_output(0);
        let finish = if self.relu { Finish::Relu } else { Finish::Plain };
        product(lower, &x, false, &w, false, bias.as_ref(), finish, &y)
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        if self.relu {
            return e.no_form();
        }
        let has_bias = e.input_count() == 3;
        if e.input_type(0).shape.rank() == 2 {
            let mut inputs = vec![e.input(0), e.input(1)];
            inputs.extend(has_bias.then(|| e.input(2)));
            return e.finish("Gemm", &inputs);
        }
        if !has_bias {
            return e.finish("MatMul", &[e.input(0), e.input(1)]);
        }
        let product = e.step("MatMul", &[e.input(0), e.input(1)])?;
        e.finish("Add", &[product, e.input(2)])
    }
}

impl Graph {
    /// `x·W (+ b)`.
    ///
    /// # Errors
    /// `ERR_SHAPE` when they do not fit.
    pub fn linear(&mut self, x: Value, w: Value, b: Option<Value>) -> Result<Value> {
        let mut inputs = vec![x, w];
        inputs.extend(b);
        self.one(Linear { relu: false }, &inputs)
    }
}
