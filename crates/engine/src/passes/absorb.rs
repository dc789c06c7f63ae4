//! Absorption: ReLU and dropout right behind a training batch normalization, and ReLU right behind a
//! product with a weight, become its epilogue; ReLU right ahead of dropout becomes part of it.
//!
//! One pass over memory instead of three, one bit an element instead of an activation and a mask; behind dropout of a ReLU
//! nothing but its result is kept.
//! It runs before differentiation, so that backward is fused by the op's own rule.

use super::Rewrite;
use crate::error::Result;
use crate::graph::{Graph, Node, Value};
use crate::op::Op;
use crate::ops::batch_norm::{BatchNorm, DropoutBehind};
use crate::ops::dropout::Dropout;
use crate::ops::linear::Linear;
use crate::ops::unary::UnaryOp;
use ridgeline_kernels::unary::Unary;
use std::sync::Arc;

/// `graph` with activations and dropout absorbed, and `roots` in it.
///
/// # Errors
/// None in practice.
pub fn absorb(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let nodes = graph.nodes();
    let mut rewrite = Rewrite::of(graph);
    // For each norm: the nodes behind it that it swallows, last one first.
    let mut swallowed: Vec<Option<usize>> = vec![None; nodes.len()];
    let mut epilogues: Vec<Option<(Arc<dyn Op>, usize)>> = vec![None; nodes.len()];
    let uses = output_uses(graph, roots);
    let relu_behind = |at: usize| {
        only_user(nodes, &uses, at).filter(|&next| {
            nodes[next].op.downcast::<UnaryOp>().is_some_and(|u| u.kind == Unary::Relu)
        })
    };
    let dropout_behind = |at: usize| {
        let next = only_user(nodes, &uses, at)?;
        nodes[next].op.downcast::<Dropout>().map(|dropout| (next, dropout))
    };
    for (at, node) in nodes.iter().enumerate() {
        if swallowed[at].is_none()
            && node.op.downcast::<UnaryOp>().is_some_and(|u| u.kind == Unary::Relu)
            && let Some((dropout, Dropout { rate, stream, .. })) = dropout_behind(at)
        {
            let op = Dropout { rate: *rate, stream: *stream, relu: true };
            epilogues[at] = Some((Arc::new(op), dropout));
            swallowed[dropout] = Some(at);
        }
        if node.op.downcast::<Linear>().is_some_and(|product| !product.relu)
            && let Some(relu) = relu_behind(at)
            && dropout_behind(relu).is_none()
        {
            epilogues[at] = Some((Arc::new(Linear { relu: true }), relu));
            swallowed[relu] = Some(at);
        }
        let Some(norm) = node.op.downcast::<BatchNorm>() else { continue };
        if norm.relu || norm.dropout.is_some() {
            continue;
        }
        let mut op = norm.clone();
        let mut last = at;
        if let Some(next) = relu_behind(last) {
            op.relu = true;
            last = next;
        }
        if let Some((next, dropout)) = dropout_behind(last) {
            op.dropout = Some(DropoutBehind { rate: dropout.rate, stream: dropout.stream });
            last = next;
        }
        if last != at {
            epilogues[at] = Some((Arc::new(op), last));
            let mut inner = last;
            while inner != at {
                swallowed[inner] = Some(at);
                inner = nodes[inner].inputs[0].node as usize;
            }
        }
    }
    for (at, node) in nodes.iter().enumerate() {
        if swallowed[at].is_some() {
            continue;
        }
        let Some((op, last)) = &epilogues[at] else {
            rewrite.copy(at, node)?;
            continue;
        };
        rewrite.replace(at, node, Arc::clone(op), &node.inputs)?;
        let result = rewrite.values[&Value { node: at as u32, output: 0 }];
        rewrite.values.insert(Value { node: *last as u32, output: 0 }, result);
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}

/// For each node: how often its first output is used.
fn output_uses(graph: &Graph, roots: &[Value]) -> Vec<usize> {
    let mut first = vec![0; graph.nodes().len()];
    let of_nodes = graph.nodes().iter().flat_map(|node| &node.inputs);
    for value in of_nodes.chain(roots).filter(|v| v.output == 0) {
        first[value.node as usize] += 1;
    }
    first
}

/// The node that alone uses the first output of `at`, as its first input.
fn only_user(nodes: &[Node], uses: &[usize], at: usize) -> Option<usize> {
    if uses[at] != 1 {
        return None;
    }
    let value = Value { node: at as u32, output: 0 };
    (at + 1..nodes.len()).find(|&i| nodes[i].inputs.first() == Some(&value))
}
