//! Rows: the gradient of a table that goes nowhere but into its update stays the rows that were picked.

use super::{Rewrite, uses};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::gather::Scatter;
use crate::ops::update::Update;
use std::sync::Arc;

/// `graph` with such updates by rows, and `roots` in it.
///
/// # Errors
/// None in practice.
pub fn rows(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let uses = uses(graph, roots);
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in graph.nodes().iter().enumerate() {
        let found = node.op.downcast::<Update>().and_then(|update| {
            let from = node.inputs[0].node as usize;
            let scatter = graph.nodes()[from].op.downcast::<Scatter>()?;
            let is_table = scatter.axis == 0 && update.variable.shape().len() == 2;
            let fits = is_table && uses[from] == 1 && !update.by_rows;
            fits.then_some((update, from, scatter.strict))
        });
        let Some((update, from, strict)) = found else {
            rewrite.copy(at, node)?;
            continue;
        };
        let mut inputs = graph.nodes()[from].inputs.clone();
        inputs.extend(&node.inputs[1..]);
        let update = Update { by_rows: true, strict, ..update.clone() };
        let inputs = rewrite.map(&inputs);
        // What is wrong with the numbers of rows is told of the layer that picked them.
        let label = graph.nodes()[from].label.clone();
        let new = rewrite.graph.apply_labelled(Arc::new(update), &inputs, label)?;
        for (output, value) in (0..).zip(new) {
            rewrite.values.insert(Value { node: at as u32, output }, value);
        }
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}
