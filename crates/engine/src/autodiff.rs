//! Reverse-mode differentiation, graph to graph: the walk of Baydin et al. 2018, §3.2, where
//! each op's own rule emits the ops of its gradient.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::op::{Backward, Op};
use crate::tensor::{DType, Tensor};
use std::collections::HashMap;
use std::ops::Range;

/// Appends to `graph` the gradients of the scalar `loss` with respect to `targets`.
///
/// A target the loss does not depend on gets `None`. A value used several times sums its
/// gradients in the order its uses were traced, latest first.
///
/// # Errors
/// `ERR_ARGUMENT` when an op on the way is not differentiable.
pub fn gradients(graph: &mut Graph, loss: Value, targets: &[Value]) -> Result<Vec<Option<Value>>> {
    gradients_since(graph, loss, targets, 0)
}

/// As [`gradients`], through the nodes from number `first` on alone: all before them is taken for constant.
///
/// # Errors
/// As [`gradients`].
pub fn gradients_since(
    graph: &mut Graph,
    loss: Value,
    targets: &[Value],
    first: usize,
) -> Result<Vec<Option<Value>>> {
    let one = graph.constant(Tensor::scalar(1.0))?;
    let seed = graph.broadcast_like(one, loss)?;
    back_to(graph, &[(loss, seed)], targets, first)
}

/// As [`gradients`], from given gradients of any values.
///
/// # Errors
/// As [`gradients`].
pub fn vector_jacobian(
    graph: &mut Graph,
    seeds: &[(Value, Value)],
    targets: &[Value],
) -> Result<Vec<Option<Value>>> {
    back_to(graph, seeds, targets, 0)
}

/// As [`vector_jacobian`], through the nodes from number `first` on alone.
fn back_to(
    graph: &mut Graph,
    seeds: &[(Value, Value)],
    targets: &[Value],
    first: usize,
) -> Result<Vec<Option<Value>>> {
    let end = seeds.iter().map(|(value, _)| value.node as usize + 1).max().unwrap_or(0);
    let depends = depends_on(graph, targets, first..end);
    let mut found: HashMap<Value, Value> = HashMap::new();
    for &(value, seed) in seeds {
        accumulate(graph, &mut found, value, seed)?;
    }
    for node in (first..end).rev() {
        if !depends[node] {
            continue;
        }
        let outputs: Vec<Value> = (0..graph.nodes()[node].outputs.len() as u32)
            .map(|output| Value { node: node as u32, output })
            .collect();
        let gradients: Vec<Option<Value>> = outputs.iter().map(|v| found.get(v).copied()).collect();
        let inputs = graph.nodes()[node].inputs.clone();
        if inputs.is_empty() || gradients.iter().all(Option::is_none) {
            continue;
        }
        let needs: Vec<bool> = inputs.iter().map(|v| depends[v.node as usize]).collect();
        if !needs.contains(&true) {
            continue;
        }
        let (op, label) = (graph.nodes()[node].op.clone(), graph.nodes()[node].label.clone());
        graph.set_label(&label);
        let rule = &mut Backward {
            graph,
            inputs: &inputs,
            outputs: &outputs,
            gradients: &gradients,
            needs: &needs,
        };
        let input_gradients = match op.is_composite() {
            true => rule.of_decomposition(&*op),
            false => op.gradient(rule),
        };
        let input_gradients = input_gradients.map_err(|e| e.in_layer(&label))?;
        for ((input, gradient), needed) in inputs.into_iter().zip(input_gradients).zip(needs) {
            if let (Some(gradient), true) = (gradient, needed) {
                accumulate(graph, &mut found, input, gradient)?;
            }
        }
    }
    Ok(targets.iter().map(|target| found.get(target).copied()).collect())
}

impl Backward<'_> {
    /// The gradients of what an op decomposes into: written out once more, it is differentiated like any other.
    ///
    /// # Errors
    /// As [`gradients`].
    pub fn of_decomposition(&mut self, op: &dyn Op) -> Result<Vec<Option<Value>>> {
        let graph = &mut *self.graph;
        // Its inputs may depend on each other, which is not its business.
        let first = graph.nodes().len();
        let written = op.decompose(graph, self.inputs)?.unwrap_or_default();
        let seeds: Vec<(Value, Value)> = written
            .into_iter()
            .zip(self.gradients)
            .filter_map(|(value, gradient)| Some((value, (*gradient)?)))
            .collect();
        let mut of = self.inputs.to_vec();
        of.sort_unstable();
        of.dedup();
        let flowing = back_to(graph, &seeds, &of, first)?;
        // One that stands in several places has all of its gradient in the first.
        let mut flowing: HashMap<Value, Option<Value>> = of.into_iter().zip(flowing).collect();
        Ok(self.inputs.iter().map(|input| flowing.remove(input).flatten()).collect())
    }
}

fn accumulate(
    graph: &mut Graph,
    found: &mut HashMap<Value, Value>,
    value: Value,
    gradient: Value,
) -> Result<()> {
    let total = graph.plus(found.get(&value).copied(), gradient)?;
    found.insert(value, total);
    Ok(())
}

/// For each node: does it depend on one of `targets` by nodes of a range, so that a gradient flows to them?
fn depends_on(graph: &Graph, targets: &[Value], range: Range<usize>) -> Vec<bool> {
    let mut depends = vec![false; range.end];
    for target in targets {
        if let Some(node) = depends.get_mut(target.node as usize) {
            *node = true;
        }
    }
    for (i, node) in graph.nodes().iter().enumerate().take(range.end).skip(range.start) {
        let flows = node.outputs.iter().any(|of| of.dtype == DType::F32);
        if flows
            && !node.op.stops_gradient()
            && node.inputs.iter().any(|v| depends[v.node as usize])
        {
            depends[i] = true;
        }
    }
    depends
}
