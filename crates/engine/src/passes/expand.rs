//! Expansion: ops that only name a composition are replaced by it, before anything is run.

use super::Rewrite;
use crate::error::Result;
use crate::graph::{Graph, Value};

/// `graph` with composite ops written out, and `roots` in it.
///
/// # Errors
/// What building the composition finds wrong.
pub fn expand(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in graph.nodes().iter().enumerate() {
        if !node.op.is_composite() {
            rewrite.copy(at, node)?;
            continue;
        }
        let inputs = rewrite.map(&node.inputs);
        rewrite.graph.set_label(&node.label);
        let results = node.op.decompose(&mut rewrite.graph, &inputs)?.unwrap_or_default();
        for (output, value) in (0..).zip(results) {
            rewrite.values.insert(Value { node: at as u32, output }, value);
        }
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}
