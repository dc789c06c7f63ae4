//! Reverse-mode differentiation, graph to graph: the walk of Baydin et al. 2018, §3.2, where
//! each op's own rule emits the ops of its gradient.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::op::Backward;
use crate::tensor::{DType, Tensor};
use std::collections::HashMap;

/// Appends to `graph` the gradients of the scalar `loss` with respect to `targets`.
///
/// A target the loss does not depend on gets `None`. A value used several times sums its
/// gradients in the order its uses were traced, latest first.
///
/// # Errors
/// `ERR_ARGUMENT` when an op on the way is not differentiable.
pub fn gradients(graph: &mut Graph, loss: Value, targets: &[Value]) -> Result<Vec<Option<Value>>> {
    let one = graph.constant(Tensor::scalar(1.0))?;
    let seed = graph.broadcast_like(one, loss)?;
    vector_jacobian(graph, &[(loss, seed)], targets)
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
    let end = seeds.iter().map(|(value, _)| value.node as usize + 1).max().unwrap_or(0);
    let depends = depends_on(graph, targets, end);
    let mut found: HashMap<Value, Value> = HashMap::new();
    for &(value, seed) in seeds {
        accumulate(graph, &mut found, value, seed)?;
    }
    for node in (0..end).rev() {
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
        if op.is_composite() {
            // Written out once more, it is differentiated like any other.
            let written = op.decompose(graph, &inputs)?.unwrap_or_default();
            let seeds: Vec<(Value, Value)> = written
                .into_iter()
                .zip(&gradients)
                .filter_map(|(value, gradient)| Some((value, (*gradient)?)))
                .collect();
            let mut of = inputs.clone();
            of.sort_unstable();
            of.dedup();
            let flowing = vector_jacobian(graph, &seeds, &of)?;
            for (input, gradient) in of.into_iter().zip(flowing) {
                if let (Some(gradient), true) = (gradient, depends[input.node as usize]) {
                    accumulate(graph, &mut found, input, gradient)?;
                }
            }
            continue;
        }
        let rule = &mut Backward {
            graph,
            inputs: &inputs,
            outputs: &outputs,
            gradients: &gradients,
            needs: &needs,
        };
        let input_gradients = op.gradient(rule).map_err(|e| e.in_layer(&label))?;
        for ((input, gradient), needed) in inputs.into_iter().zip(input_gradients).zip(needs) {
            if let (Some(gradient), true) = (gradient, needed) {
                accumulate(graph, &mut found, input, gradient)?;
            }
        }
    }
    Ok(targets.iter().map(|target| found.get(target).copied()).collect())
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

/// For each node: does it depend on one of `targets`, so that a gradient flows to them?
fn depends_on(graph: &Graph, targets: &[Value], end: usize) -> Vec<bool> {
    let mut depends = vec![false; end];
    for target in targets {
        if let Some(node) = depends.get_mut(target.node as usize) {
            *node = true;
        }
    }
    for (i, node) in graph.nodes()[..end].iter().enumerate() {
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
