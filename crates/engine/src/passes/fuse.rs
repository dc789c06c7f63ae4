//! Fusion: element-wise neighbours of one shape become one block program, with the sum over all of its result if there is
//! no other use of it.
//!
//! Nodes are taken in order. An element-wise node joins the group of its producers when they form
//! one group of the same shape, apart from what comes from nothing; a group ends where a value is needed that is not element-wise.
//! The condition that keeps the result a topological order: a group stands where its last node
//! stood, so no node outside may use one of its values before that.

use super::{Rewrite, uses};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::fused::{Fused, Total};
use crate::ops::leaf::Constant;
use crate::ops::reduce::{Kind, Reduction};
use crate::plan::block::{BlockProgram, BlockStep, Source};
use crate::plan::view::UNIT;
use crate::shape::{Dim, Shape};
use crate::tensor::DType;
use std::collections::HashMap;
use std::sync::Arc;

/// Steps a program may have: its scratch stays well inside L2.
const MAX_STEPS: usize = 16;

struct Group {
    nodes: Vec<usize>,
    shape: Shape,
    open: bool,
    /// True if it reads nothing but constants: what is random begins so, and goes wherever it is used.
    rootless: bool,
    /// The reduction of all that it gives, if nothing else is asked for.
    total: Option<usize>,
}

/// `graph` with element-wise neighbours fused, and `roots` in it.
///
/// # Errors
/// None in practice.
pub fn fuse(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let (mut groups, group_of) = group(graph);
    let needed = needed(graph, roots, &group_of);
    find_totals(graph, roots, &mut groups, &group_of, &needed);
    let totals: HashMap<usize, &Group> =
        groups.iter().filter_map(|group| Some((group.total?, group))).collect();
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in graph.nodes().iter().enumerate() {
        if let Some(group) = totals.get(&at) {
            emit_total(graph, group, at, &mut rewrite)?;
            continue;
        }
        match group_of[at].map(|g| &groups[g]) {
            Some(group) if group.total.is_some() => {}
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
        let mut producers: Vec<usize> =
            node.inputs.iter().filter_map(|v| group_of[v.node as usize]).collect();
        producers.sort_unstable();
        producers.dedup();
        let types: Vec<_> = node.inputs.iter().map(|&v| graph.value_type(v)).collect();
        let elementwise = node.outputs.len() == 1 && node.op.instruction(&types).is_some();
        let shape = node.outputs.first().map(|of| &of.shape);
        let rooted = producers.iter().copied().find(|&g| !groups[g].rootless);
        let home = rooted.or(producers.first().copied()).filter(|&g| {
            let fits = |p: &usize| {
                (*p == g || groups[*p].rootless)
                    && groups[*p].open
                    && Some(&groups[*p].shape) == shape
            };
            elementwise
                && producers.iter().all(fits)
                && producers.iter().map(|&p| groups[p].nodes.len()).sum::<usize>() < MAX_STEPS
        });
        if home.is_none() {
            // Whoever uses a group's value from outside ends the group.
            producers.iter().for_each(|&g| groups[g].open = false);
        }
        if !elementwise {
            continue;
        }
        let g = home.unwrap_or_else(|| {
            let shape = shape.cloned().unwrap_or_default();
            let nodes = Vec::new();
            groups.push(Group { nodes, shape, open: true, rootless: true, total: None });
            groups.len() - 1
        });
        for p in producers.into_iter().filter(|&p| home.is_some_and(|g| g != p)) {
            let more = std::mem::take(&mut groups[p].nodes);
            more.iter().for_each(|&node| group_of[node] = home);
            groups[g].nodes.extend(more);
        }
        let is_constant = |v: &Value| nodes[v.node as usize].op.downcast::<Constant>().is_some();
        let is_own = |v: &Value| home.is_some() && group_of[v.node as usize] == home;
        groups[g].rootless &= node.inputs.iter().all(|v| is_own(v) || is_constant(v));
        groups[g].nodes.push(at);
        groups[g].nodes.sort_unstable();
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

/// Notes of each group whose only use is a sum or mean over all of it that it is one. Few columns are left alone, since what is
/// added up is a number for each unit of them; and variables, which are summed in panels.
fn find_totals(
    graph: &Graph,
    roots: &[Value],
    groups: &mut [Group],
    group_of: &[Option<usize>],
    needed: &[bool],
) {
    let uses = uses(graph, roots);
    for (at, node) in graph.nodes().iter().enumerate() {
        let Some(reduction) = node.op.downcast::<Reduction>() else { continue };
        let [of] = node.inputs[..] else { continue };
        let t = graph.value_type(of);
        let Some(g) = group_of[of.node as usize] else { continue };
        let is_whole = reduction.axes.len() == t.shape.rank()
            && matches!(reduction.kind, Kind::Sum | Kind::Mean)
            && t.dtype == DType::F32;
        let is_wide = t.shape.0.last().and_then(Dim::known).is_some_and(|cols| cols >= UNIT);
        let is_alone = uses[of.node as usize] == 1
            && groups[g].nodes.iter().all(|&n| !needed[n] || n == of.node as usize);
        let operands = || groups[g].nodes.iter().flat_map(|&n| &graph.nodes()[n].inputs);
        let of_variables = operands().any(|v| graph.nodes()[v.node as usize].op.memory().is_some());
        if is_whole && is_wide && is_alone && !of_variables {
            groups[g].total = Some(at);
        }
    }
}

/// The steps of a group and what they read.
fn steps(graph: &Graph, group: &Group) -> (Vec<BlockStep>, Vec<Value>) {
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
    (steps, inputs)
}

fn emit(graph: &Graph, group: &Group, needed: &[bool], rewrite: &mut Rewrite) -> Result<()> {
    let (steps, inputs) = steps(graph, group);
    let outputs: Vec<usize> = (0..steps.len()).filter(|&i| needed[group.nodes[i]]).collect();
    let types = outputs.iter().map(|&i| graph.nodes()[group.nodes[i]].outputs[0].clone()).collect();
    let kept: Vec<usize> = outputs.iter().map(|&i| group.nodes[i]).collect();
    let last = &graph.nodes()[*group.nodes.last().unwrap_or(&0)];
    let op = Fused { program: BlockProgram { steps, outputs }, total: None, outputs: types };
    let inputs = rewrite.map(&inputs);
    let new = rewrite.graph.apply_labelled(Arc::new(op), &inputs, last.label.clone())?;
    for (node, value) in kept.into_iter().zip(new) {
        rewrite.values.insert(Value { node: node as u32, output: 0 }, value);
    }
    Ok(())
}

/// A group and the reduction of all that it gives, which is node `at`.
fn emit_total(graph: &Graph, group: &Group, at: usize, rewrite: &mut Rewrite) -> Result<()> {
    let (steps, inputs) = steps(graph, group);
    let node = &graph.nodes()[at];
    let is_mean = node.op.downcast::<Reduction>().is_some_and(|of| of.kind == Kind::Mean);
    let total = Some(Total { of: graph.value_type(node.inputs[0]).shape.clone(), is_mean });
    let program = BlockProgram { steps, outputs: Vec::new() };
    let op = Fused { program, total, outputs: node.outputs.clone() };
    rewrite.replace(at, node, Arc::new(op), &inputs)
}
