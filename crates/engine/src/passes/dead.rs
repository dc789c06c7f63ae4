//! Dead nodes: what no root and no effect depends on is left out.

use super::Rewrite;
use crate::error::Result;
use crate::graph::{Graph, Value};

/// The part of `graph` that computes `roots` or acts on variables, and the roots in it.
///
/// # Errors
/// None in practice.
pub fn remove_dead(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let nodes = graph.nodes();
    let mut live = vec![false; nodes.len()];
    for root in roots {
        live[root.node as usize] = true;
    }
    for (at, node) in nodes.iter().enumerate().rev() {
        live[at] |= node.op.effect().is_some();
        if live[at] {
            for input in &node.inputs {
                live[input.node as usize] = true;
            }
        }
    }
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in nodes.iter().enumerate().filter(|(at, _)| live[*at]) {
        rewrite.copy(at, node)?;
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}
