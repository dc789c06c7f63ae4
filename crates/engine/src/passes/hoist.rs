//! Hoisting: what depends on variables alone is computed apart, once for each version of them.
//!
//! The graph falls into a preparation, which assigns copies, and a rest, which reads those instead of
//! the variables. A variable that is used as it is has a copy too, so the rest sees all of them as
//! they were between two steps, and a training that goes on waits for no prediction but for the
//! making of copies. Variables that the graph writes are read as they are.

use super::Rewrite;
use crate::error::Result;
use crate::graph::{Graph, Node, Value};
use crate::ops::assign::Assign;
use crate::ops::gather::Gather;
use crate::ops::leaf::{Constant, Weight};
use crate::tensor::TensorType;
use crate::variable::Variable;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// See the module documentation.
pub struct Hoisted {
    /// What depends on inputs, and reads copies.
    pub rest: Graph,
    /// The roots in it.
    pub roots: Vec<Value>,
    /// What assigns the copies.
    pub preparation: Graph,
    /// Variables that the copies are made of, each once.
    pub sources: Vec<Arc<Variable>>,
    /// The copies.
    pub copies: Vec<Arc<Variable>>,
    /// Those of the values that were to be kept, or the variables themselves where these are written.
    pub kept: Vec<Arc<Variable>>,
}

/// Takes apart `graph`, of which `roots` are wanted, and copies of the weights `kept` beside.
///
/// # Errors
/// `ERR_MEMORY` when a copy cannot be allocated.
pub fn hoist(graph: &Graph, roots: &[Value], kept: &[Value]) -> Result<Hoisted> {
    let nodes = graph.nodes();
    let is_constant = |at: usize| nodes[at].op.downcast::<Constant>().is_some();
    let fixed = fixed(graph);
    let from_rest = nodes.iter().zip(&fixed).filter(|(_, fixed)| !**fixed);
    let crossing: HashSet<Value> = from_rest
        .flat_map(|(node, _)| &node.inputs)
        .chain(roots)
        .chain(kept)
        .copied()
        .filter(|v| fixed[v.node as usize] && !is_constant(v.node as usize))
        .collect();
    let (mut preparation, mut rest) = (Rewrite::of(graph), Rewrite::of(graph));
    let (mut sources, mut copies) = (Vec::new(), Vec::new());
    let mut copy_of: HashMap<Value, Arc<Variable>> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        if !fixed[at] || is_constant(at) {
            rest.copy(at, node)?;
        }
        if !fixed[at] {
            continue;
        }
        preparation.copy(at, node)?;
        sources.extend(node.op.downcast::<Weight>().map(|of| Arc::clone(&of.variable)));
        for (output, of) in (0..).zip(&node.outputs) {
            let value = Value { node: at as u32, output };
            if crossing.contains(&value) {
                let zeros = match is_table(graph, roots, value) {
                    true => Variable::rows_apart,
                    false => Variable::zeros,
                };
                let variable = zeros(&node.label, &sizes(of), of.dtype)?;
                rest.values.insert(value, rest.graph.weight(&variable)?);
                let made = preparation.values[&value];
                copies.push(Arc::clone(&variable));
                copy_of.insert(value, Arc::clone(&variable));
                preparation.graph.apply(Arc::new(Assign { variable }), &[made])?;
            }
        }
    }
    let roots = rest.map(roots);
    let own = |value: &Value| {
        let weight = graph.node(*value).op.downcast::<Weight>();
        copy_of.get(value).or(weight.map(|of| &of.variable)).cloned()
    };
    let kept = kept.iter().filter_map(own).collect();
    Ok(Hoisted { rest: rest.graph, roots, preparation: preparation.graph, sources, copies, kept })
}

/// Which nodes depend alone on constants and on variables that the graph does not write.
pub(super) fn fixed(graph: &Graph) -> Vec<bool> {
    let effects = graph.nodes().iter().filter_map(|node| node.op.effect());
    let written: HashSet<u64> = effects.map(|variable| variable.id()).collect();
    let mut fixed: Vec<bool> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        fixed.push(is_fixed(node, &fixed, &written));
    }
    fixed
}

/// Whether all that uses a value picks rows of it.
fn is_table(graph: &Graph, roots: &[Value], value: Value) -> bool {
    let mut users = graph.nodes().iter().filter(|node| node.inputs.contains(&value));
    let picks = |node: &Node| {
        let gather = node.op.downcast::<Gather>();
        gather.is_some_and(|of| of.axis == 0) && node.inputs[0] == value
    };
    !roots.contains(&value) && users.all(picks)
}

/// Whether a node depends alone on constants and variables that are not `written`, given which of those before it
/// do.
fn is_fixed(node: &Node, fixed: &[bool], written: &HashSet<u64>) -> bool {
    let weight = node.op.downcast::<Weight>();
    let is_leaf = weight.is_some_and(|of| !written.contains(&of.variable.id()))
        || node.op.downcast::<Constant>().is_some();
    let is_known = |of: &TensorType| of.shape.0.iter().all(|dim| dim.known().is_some());
    is_leaf
        || (node.op.is_pure()
            && !node.inputs.is_empty()
            && node.inputs.iter().all(|v| fixed[v.node as usize])
            && node.outputs.iter().all(is_known))
}

/// Sizes that are all known.
fn sizes(of: &TensorType) -> Vec<usize> {
    of.shape.bind(&[])
}
