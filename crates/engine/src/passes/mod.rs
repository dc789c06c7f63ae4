//! Rewrites of a graph that keep what it computes.
//!
//! Before differentiation: `expand` (ops that name a composition) and `absorb` (activation into
//! products, activation and dropout into batch normalization). After it: `fold` (constants), `narrow` (operands that need no repeating), `rows` (updates of tables), `dead` (unused nodes), `thin`
//! (products behind a mask), `fuse` (element-wise neighbours into block programs). For prediction:
//! `merge` (normalizations into products), `pick` (rows of a table's product in the place of products of its rows), `hoist`
//! (what depends on weights alone, once).

pub mod absorb;
pub mod dead;
pub mod expand;
pub mod fold;
pub mod fuse;
pub mod hoist;
pub mod merge;
pub mod narrow;
pub mod pick;
pub mod rows;
pub mod thin;

use crate::error::Result;
use crate::graph::{Graph, Node, Value};
use crate::op::Op;
use std::collections::HashMap;
use std::sync::Arc;

/// The passes of a graph that is about to be planned.
///
/// # Errors
/// What constant folding finds wrong.
pub fn optimize(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let (graph, roots) = dead::remove_dead(graph, roots)?;
    let (graph, roots) = fold::fold_constants(&graph, &roots)?;
    let (graph, roots) = narrow::narrow(&graph, &roots)?;
    let (graph, roots) = rows::rows(&graph, &roots)?;
    let (graph, roots) = dead::remove_dead(&graph, &roots)?;
    let (graph, roots) = thin::thin(&graph, &roots)?;
    fuse::fuse(&graph, &roots)
}

/// `graph` as it is planned: written out, absorbed and optimized.
///
/// # Errors
/// What a pass finds wrong.
pub fn optimized(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let (graph, roots) = expand::expand(graph, roots)?;
    let (graph, roots) = absorb::absorb(&graph, &roots)?;
    optimize(&graph, &roots)
}

/// A graph under reconstruction: old values and what became of them.
pub(crate) struct Rewrite {
    pub graph: Graph,
    pub values: HashMap<Value, Value>,
}

impl Rewrite {
    pub fn of(graph: &Graph) -> Rewrite {
        Rewrite { graph: graph.emptied(), values: HashMap::new() }
    }
    /// The new values of old ones.
    pub fn map(&self, old: &[Value]) -> Vec<Value> {
        old.iter().map(|v| self.values[v]).collect()
    }
    /// Copies a node as it is.
    pub fn copy(&mut self, at: usize, node: &Node) -> Result<()> {
        self.replace(at, node, node.op.clone(), &node.inputs)
    }
    /// Puts `op` of the old values `inputs` in the place of a node, output for output.
    pub fn replace(
        &mut self,
        at: usize,
        node: &Node,
        op: Arc<dyn Op>,
        inputs: &[Value],
    ) -> Result<()> {
        let inputs = self.map(inputs);
        let new = self.graph.apply_labelled(op, &inputs, node.label.clone())?;
        for (output, value) in (0..).zip(new) {
            self.values.insert(Value { node: at as u32, output }, value);
        }
        Ok(())
    }
}

/// For each node: how many nodes and roots use one of its outputs.
pub(crate) fn uses(graph: &Graph, roots: &[Value]) -> Vec<usize> {
    let mut uses = vec![0; graph.nodes().len()];
    let of_nodes = graph.nodes().iter().flat_map(|node| &node.inputs);
    for value in of_nodes.chain(roots) {
        uses[value.node as usize] += 1;
    }
    uses
}
