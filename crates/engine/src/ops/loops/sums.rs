//! Gradients that add up over the steps of a loop: those of weights in products, and of what is added to every row, are
//! products and sums over all steps at once, made of sequences behind the loop. Then steps keep to their rows.

use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::binary::BinaryOp;
use crate::ops::matmul::MatMul;
use crate::ops::reduce::{Kind, Reduction};
use crate::ops::reshape::Reshape;
use crate::shape::Shape;
use ridgeline_kernels::binary::Binary;

/// A summand of a step.
enum Term {
    /// aᵀ·b of matrices.
    Product([Value; 2]),
    /// A sum along axes.
    Along(Value, Vec<usize>),
}

/// What a step adds, as values of the step.
pub(super) struct Sum(Vec<Term>);

/// A gradient as such a sum, if it is one.
pub(super) fn sum_over_steps(step: &Graph, gradient: Value) -> Option<Sum> {
    let node = step.node(gradient);
    if node.op.downcast::<Reshape>().is_some() {
        return sum_over_steps(step, node.inputs[0]);
    }
    let rank = |value: Value| step.value_type(value).shape.rank();
    if node.op.downcast::<BinaryOp>().is_some_and(|of| of.kind == Binary::Add) {
        let of = |&value: &Value| {
            let same = step.value_type(value).shape == node.outputs[0].shape;
            same.then(|| sum_over_steps(step, value)).flatten()
        };
        let parts = node.inputs.iter().map(of).collect::<Option<Vec<Sum>>>()?;
        return Some(Sum(parts.into_iter().flat_map(|of| of.0).collect()));
    }
    if let Some(of) = node.op.downcast::<MatMul>() {
        let fits = of.transpose_a && !of.transpose_b && node.inputs.iter().all(|&v| rank(v) == 2);
        return fits.then(|| Sum(vec![Term::Product([node.inputs[0], node.inputs[1]])]));
    }
    let of = node.op.downcast::<Reduction>().filter(|of| of.kind == Kind::Sum)?;
    let axes = of.axes.clone();
    (!axes.is_empty()).then(|| Sum(vec![Term::Along(node.inputs[0], axes)]))
}

impl Sum {
    /// Values of the step that it is made of.
    pub(super) fn values(&self) -> Vec<Value> {
        let of = |term: &Term| match term {
            Term::Product(of) => of.to_vec(),
            Term::Along(of, _) => vec![*of],
        };
        self.0.iter().flat_map(of).collect()
    }

    /// The sum over all steps, of this shape, from the sequences of its values.
    pub(super) fn of_all(
        &self,
        graph: &mut Graph,
        shape: &Shape,
        sequence: impl Fn(Value) -> Option<Value>,
    ) -> Result<Value> {
        let mut total = None;
        let of = |value| sequence(value).ok_or_else(|| Error::native("a sequence is not there"));
        for term in &self.0 {
            let sum = match term {
                Term::Product(factors) => {
                    let mut flat = Vec::with_capacity(2);
                    for &factor in factors {
                        let all = of(factor)?;
                        let dims = graph.value_type(all).shape.0.clone();
                        let rows = dims[0].times(&dims[1])?;
                        flat.push(graph.reshape(all, &Shape(vec![rows, dims[2].clone()]))?);
                    }
                    graph.one(MatMul { transpose_a: true, transpose_b: false }, &flat)?
                }
                Term::Along(value, axes) => {
                    let all = of(*value)?;
                    let along: Vec<i64> = std::iter::once(0)
                        .chain(axes.iter().map(|&axis| axis as i64 + 1))
                        .collect();
                    graph.reduce(Kind::Sum, all, Some(&along), false)?
                }
            };
            let sum = graph.reshape(sum, shape)?;
            total = Some(graph.plus(total, sum)?);
        }
        total.ok_or_else(|| Error::native("a sum of nothing"))
    }
}
