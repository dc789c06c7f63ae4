//! Merging: a normalization with given statistics, right behind a product with a weight, becomes part
//! of it: `(x·W + b)·s + t = x·(W·s) + (b·s + t)`.
//!
//! For inference: the new weight depends on variables alone, so `hoist` has it computed once.

use super::{Rewrite, uses};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::batch_norm::BatchNormInference;
use crate::ops::leaf::Weight;
use crate::ops::linear::Linear;
use std::collections::{HashMap, HashSet};

/// `graph` with such normalizations merged, and `roots` in it.
///
/// # Errors
/// None in practice.
pub fn merge(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let nodes = graph.nodes();
    let uses = uses(graph, roots);
    // For each normalization: the product that goes into it.
    let mut products: HashMap<usize, usize> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        let Some(norm) = node.op.downcast::<BatchNormInference>() else { continue };
        let product = node.inputs[0].node as usize;
        let of_weight = nodes[product].op.downcast::<Linear>().is_some_and(|of| !of.relu)
            && graph.node(nodes[product].inputs[1]).op.downcast::<Weight>().is_some();
        let last = graph.value_type(node.inputs[0]).shape.rank() - 1;
        if of_weight && uses[product] == 1 && norm.axis == last {
            products.insert(at, product);
        }
    }
    let merged: HashSet<usize> = products.values().copied().collect();
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in nodes.iter().enumerate().filter(|(at, _)| !merged.contains(at)) {
        let (Some(norm), Some(&product)) =
            (node.op.downcast::<BatchNormInference>(), products.get(&at))
        else {
            rewrite.copy(at, node)?;
            continue;
        };
        let statistics = rewrite.map(&node.inputs[1..]);
        let operands = rewrite.map(&nodes[product].inputs);
        let g = &mut rewrite.graph;
        g.set_label(&nodes[product].label);
        let (slope, offset) = norm.line(g, &statistics)?;
        let kernel = g.mul(operands[1], slope)?;
        let bias = match operands.get(2) {
            Some(&bias) => {
                let scaled = g.mul(bias, slope)?;
                g.add(scaled, offset)?
            }
            None => offset,
        };
        let y = g.linear(operands[0], kernel, Some(bias))?;
        rewrite.values.insert(Value { node: at as u32, output: 0 }, y);
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}
