//! Constant folding: a pure op of constants becomes a constant.

use super::Rewrite;
use crate::error::Result;
use crate::eval::evaluate;
use crate::graph::{Graph, Value};
use crate::ops::leaf::Constant;
use crate::tensor::count;

/// Elements above which a folded constant would cost more memory than it saves work.
const MAX_ELEMENTS: usize = 1 << 16;

/// `graph` with constant subgraphs evaluated, and `roots` in it.
///
/// # Errors
/// What evaluation finds wrong.
pub fn fold_constants(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in graph.nodes().iter().enumerate() {
        let inputs = rewrite.map(&node.inputs);
        let small = |sizes: Option<Vec<usize>>| {
            sizes.and_then(|s| count(&s).ok()).is_some_and(|n| n <= MAX_ELEMENTS)
        };
        let foldable = !inputs.is_empty()
            && node.op.is_pure()
            && inputs.iter().all(|&v| rewrite.graph.as_constant(v).is_some())
            && node.outputs.iter().all(|of| small(of.shape.0.iter().map(|d| d.known()).collect()));
        if !foldable {
            rewrite.copy(at, node)?;
            continue;
        }
        let mut piece = Graph::new();
        let mut operands = Vec::with_capacity(inputs.len());
        for value in inputs.iter().filter_map(|&v| rewrite.graph.as_constant(v).cloned()) {
            operands.push(piece.one(Constant { tensor: value }, &[])?);
        }
        let results = piece.apply_labelled(node.op.clone(), &operands, node.label.clone())?;
        for (output, tensor) in (0..).zip(evaluate(&piece, &results)?) {
            let constant = rewrite.graph.constant(tensor)?;
            rewrite.values.insert(Value { node: at as u32, output }, constant);
        }
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}
