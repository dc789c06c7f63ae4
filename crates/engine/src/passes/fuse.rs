//! Fusion: element-wise neighbours of one shape become one block program.
//!
//! Nodes are taken in order. An element-wise node joins the group of its producers when they form
//! one group of the same shape; a group ends where a value is needed that is not element-wise.
//! The condition that keeps the result a topological order: a group stands where its last node
//! stood, so no node outside may use one of its values before that.

use super::Rewrite;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::fused::Fused;
use crate::plan::block::{BlockProgram, BlockStep, Source};
use crate::shape::Shape;
use std::sync::Arc;

/// Steps a program may have: its scratch stays well inside L2.
const MAX_STEPS: usize = 16;

struct Group {
    nodes: Vec<usize>,
    shape: Shape,
    open: bool,
}

/// `graph` with element-wise neighbours fused, and `roots` in it.
///
/// # Errors
/// None in practice.
pub fn fuse(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let (groups, group_of) = group(graph);
    let needed = needed(graph, roots, &group_of);
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in graph.nodes().iter().enumerate() {
        match group_of[at].map(|g| &groups[g]) {
            Some(group) if group.nodes.len() > 1 => {
                if group.nodes.last() == Some(&at) {
                    emit(graph, group, &needed, &mut rewrite)?;
                }
            }
            _ => rewrite.copy(at, node)?,
        }
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}

fn group(graph: &Graph) -> (Vec<Group>, Vec<Option<usize>>) {
    let nodes = graph.nodes();
    let mut groups: Vec<Group> = Vec::new();
    let mut group_of: Vec<Option<usize>> = vec![None; nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        let producers: Vec<usize> =
            node.inputs.iter().filter_map(|v| group_of[v.node as usize]).collect();
        let types: Vec<_> = node.inputs.iter().map(|&v| graph.value_type(v)).collect();
        let elementwise = node.outputs.len() == 1 && node.op.instruction(&types).is_some();
        let shape = node.outputs.first().map(|of| &of.shape);
        let home = producers.first().copied().filter(|&g| {
            elementwise
                && groups[g].open
                && producers.iter().all(|&p| p == g)
                && Some(&groups[g].shape) == shape
                && groups[g].nodes.len() < MAX_STEPS
        });
        // Whoever uses a group's value from outside ends the group.
        for &g in producers.iter().filter(|&&g| Some(g) != home) {
            groups[g].open = false;
        }
        if !elementwise {
            continue;
        }
        let g = home.unwrap_or_else(|| {
            let shape = shape.cloned().unwrap_or_default();
            groups.push(Group { nodes: Vec::new(), shape, open: true });
            groups.len() - 1
        });
        groups[g].nodes.push(at);
        group_of[at] = Some(g);
    }
    (groups, group_of)
}

/// For each node: whether what it gives is asked for outside its group.
fn needed(graph: &Graph, roots: &[Value], group_of: &[Option<usize>]) -> Vec<bool> {
    let mut needed = vec![false; graph.nodes().len()];
    for value in roots {
        needed[value.node as usize] = true;
    }
    for (at, node) in graph.nodes().iter().enumerate() {
        for value in &node.inputs {
            let from = value.node as usize;
            needed[from] |= group_of[at].is_none() || group_of[at] != group_of[from];
        }
    }
    needed
}

fn emit(graph: &Graph, group: &Group, needed: &[bool], rewrite: &mut Rewrite) -> Result<()> {
    let inside = |v: &Value| group.nodes.iter().position(|&n| n == v.node as usize);
    let mut inputs: Vec<Value> = Vec::new();
    let mut steps = Vec::with_capacity(group.nodes.len());
    for &at in &group.nodes {
        let node = &graph.nodes()[at];
        let types: Vec<_> = node.inputs.iter().map(|&v| graph.value_type(v)).collect();
        let Some(instruction) = node.op.instruction(&types) else { continue };
        let operands = node.inputs.iter().map(|v| match inside(v) {
            Some(step) => Source::Step(step),
            None => Source::Input(inputs.iter().position(|i| i == v).unwrap_or_else(|| {
                inputs.push(*v);
                inputs.len() - 1
            })),
        });
        steps.push(BlockStep { instruction, operands: operands.collect() });
    }
    let outputs: Vec<usize> = (0..steps.len()).filter(|&i| needed[group.nodes[i]]).collect();
    let types = outputs.iter().map(|&i| graph.nodes()[group.nodes[i]].outputs[0].clone()).collect();
    let kept: Vec<usize> = outputs.iter().map(|&i| group.nodes[i]).collect();
    let last = &graph.nodes()[*group.nodes.last().unwrap_or(&0)];
    let op = Fused { program: BlockProgram { steps, outputs }, outputs: types };
    let inputs = rewrite.map(&inputs);
    let new = rewrite.graph.apply_labelled(Arc::new(op), &inputs, last.label.clone())?;
    for (node, value) in kept.into_iter().zip(new) {
        rewrite.values.insert(Value { node: node as u32, output: 0 }, value);
    }
    Ok(())
}
