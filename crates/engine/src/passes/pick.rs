//! Picking from products: rows that are picked from a table and multiplied are picked from the table's product,
//! `T[i]·W + b = (T·W + b)[i]`.
//!
//! For inference, where table and weight stay as they are: `hoist` has the product computed once. Each of its numbers is the sum
//! that it was, in the same order.

use super::Rewrite;
use super::hoist::fixed;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::gather::Gather;
use crate::ops::linear::Linear;
use crate::shape::Shape;

/// Multiplications of a table's product above which one call would notice that it makes it.
const MAX_WORK: usize = 1 << 30;
/// Elements of one above which it takes too much memory: 32 MiB.
const MAX_ELEMENTS: usize = 1 << 23;

/// A table whose product is picked from.
pub struct Pick {
    /// Its rows.
    pub rows: usize,
    /// The shape of the indices.
    pub indices: Shape,
}

/// `graph` with such products, `outputs` in it, and the tables.
///
/// # Errors
/// None in practice.
pub fn pick(graph: &Graph, outputs: &[Value]) -> Result<(Graph, Vec<Value>, Vec<Pick>)> {
    let fixed = fixed(graph);
    let mut rewrite = Rewrite::of(graph);
    let mut picks = Vec::new();
    for (at, node) in graph.nodes().iter().enumerate() {
        let Some((table, indices)) = picked(graph, &fixed, at) else {
            rewrite.copy(at, node)?;
            continue;
        };
        let gather = graph.node(node.inputs[0]);
        let operands = rewrite.map(&[&[table], &node.inputs[1..]].concat());
        let g = &mut rewrite.graph;
        let product = g.apply_labelled(node.op.clone(), &operands, node.label.clone())?;
        let of = [product[0], rewrite.values[&indices]];
        let y = rewrite.graph.apply_labelled(gather.op.clone(), &of, gather.label.clone())?;
        rewrite.values.insert(Value { node: at as u32, output: 0 }, y[0]);
        let rows = graph.value_type(table).shape.0[0].known().unwrap_or(0);
        picks.push(Pick { rows, indices: graph.value_type(indices).shape.clone() });
    }
    let outputs = rewrite.map(outputs);
    Ok((rewrite.graph, outputs, picks))
}

/// Table and indices of the product that a node is, if it is one, given which nodes are `fixed`.
fn picked(graph: &Graph, fixed: &[bool], at: usize) -> Option<(Value, Value)> {
    let node = &graph.nodes()[at];
    node.op.downcast::<Linear>()?;
    let gather = graph.node(node.inputs[0]);
    let picks_rows = gather.op.downcast::<Gather>().is_some_and(|of| of.axis == 0);
    let &[table, indices] = gather.inputs.as_slice() else { return None };
    let mut operands = [table].into_iter().chain(node.inputs[1..].iter().copied());
    if !picks_rows || fixed[at] || !operands.all(|of| fixed[of.node as usize]) {
        return None;
    }
    let sizes = |value: Value| graph.value_type(value).shape.bind(&[]);
    let (table_sizes, kernel) = (sizes(table), sizes(node.inputs[1]));
    let &[rows, inner] = table_sizes.as_slice() else { return None };
    let elements = rows.saturating_mul(kernel[1]);
    let fits = elements <= MAX_ELEMENTS && elements.saturating_mul(inner) <= MAX_WORK;
    fits.then_some((table, indices))
}
