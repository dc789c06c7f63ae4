//! The gradient of a scan: a scan the other way. Its step computes that of forward again, from the values before it,
//! and goes back through it. The gradients of what all steps read add up on the way, or behind it (`sums.rs`).

use super::Part;
use super::scan::Scan;
use super::sums::sum_over_steps;
use super::taken::{Role, Taken};
use crate::autodiff::vector_jacobian;
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::op::Backward;
use crate::ops::broadcast::Broadcast;
use crate::ops::leaf::Input;
use crate::passes::Rewrite;
use crate::passes::expand::expand;
use crate::tensor::{DType, TensorType};
use std::sync::Arc;

impl Scan {
    pub(super) fn differentiate(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (step, results) = expand(&self.step.graph, &self.step.results)?;
        let types: Vec<TensorType> = (0..b.inputs.len())
            .map(|i| {
                self.step.taken(i).cloned().ok_or_else(|| Error::native("an input is not there"))
            })
            .collect::<Result<_>>()?;
        let (carried, given) = (self.carried, results.len());
        let fixed = carried + self.sequences;
        if b.gradients[given..].iter().any(Option::is_some) {
            return Err(Error::argument("a gradient of a gradient of a scan cannot be had"));
        }
        let is_float = |i: &usize| types[*i].dtype == DType::F32;
        let sums: Vec<usize> =
            (fixed..types.len()).filter(|i| b.needs[*i] && is_float(i)).collect();
        let moved: Vec<usize> = (0..carried).filter(is_float).collect();
        let slices: Vec<usize> = (carried..fixed).filter(|i| b.needs[*i] && is_float(i)).collect();
        let told: Vec<usize> = (carried..given).filter(|i| b.gradients[*i].is_some()).collect();

        let mut back = Rewrite::of(&step);
        let mut taken = Taken::default();
        let mut behind = Vec::new();
        for &i in &moved {
            let start = match b.gradients[i] {
                Some(gradient) => gradient,
                None => b.graph.zeros(&types[i])?,
            };
            behind.push(taken.take(&mut back.graph, Role::Carried, &types[i], start)?);
        }
        // What each step saw: all values before it, as sequences, its slices, and what all read.
        let mut inner = Vec::with_capacity(types.len());
        for (i, (&value, of)) in
            b.outputs[given..].iter().chain(&b.inputs[carried..]).zip(&types).enumerate()
        {
            let role = if i < fixed { Role::Sequence } else { Role::Fixed };
            inner.push(taken.take(&mut back.graph, role, of, value)?);
        }
        let mut seeds = Vec::new();
        for &i in &told {
            let of = step.value_type(results[i]).clone();
            let Some(gradient) = b.gradients[i] else { continue };
            let seed = taken.take(&mut back.graph, Role::Sequence, &of, gradient)?;
            seeds.push((results[i], seed));
        }

        for (at, node) in step.nodes().iter().enumerate() {
            match node.op.downcast::<Input>() {
                Some(input) => {
                    let value = Value { node: at as u32, output: 0 };
                    back.values.insert(value, inner[input.index]);
                }
                None => back.copy(at, node)?,
            }
        }
        seeds.extend(moved.iter().zip(&behind).map(|(&i, &value)| (results[i], value)));
        let seeds: Vec<(Value, Value)> =
            seeds.iter().map(|&(of, seed)| (back.values[&of], seed)).collect();
        let targets: Vec<usize> = moved.iter().chain(&slices).chain(&sums).copied().collect();
        let at: Vec<Value> = targets.iter().map(|&i| inner[i]).collect();
        let graph = &mut back.graph;
        let mut found = vector_jacobian(graph, &seeds, &at)?.into_iter();
        let mut each = |graph: &mut Graph, of: &[usize]| -> Result<Vec<Value>> {
            let pairs = of.iter().zip(found.by_ref());
            pairs.map(|(&i, found)| found.map_or_else(|| graph.zeros(&types[i]), Ok)).collect()
        };
        let (mut carry, mut tell) = (each(graph, &moved)?, each(graph, &slices)?);
        // Sums over the steps go from step to step, unless they can be made of all steps at once behind it.
        let (mut added, mut carried_sums) = (Vec::new(), Vec::new());
        for (&i, gradient) in sums.iter().zip(found) {
            let Some(gradient) = gradient else { continue };
            match sum_over_steps(graph, gradient) {
                Some(sum) => {
                    for value in sum.values() {
                        let is_sequence = taken.sequence(graph, value).is_some();
                        if !is_sequence && !tell.contains(&value) {
                            tell.push(value);
                        }
                    }
                    added.push((i, sum));
                }
                None => {
                    let start = b.graph.zeros(&types[i])?;
                    let total = taken.take(graph, Role::Carried, &types[i], start)?;
                    carry.push(graph.plus(Some(total), gradient)?);
                    carried_sums.push(i);
                }
            }
        }
        let (numbered, back_results, outer) =
            taken.numbered(&back.graph, &[&carry[..], &tell].concat())?;
        let op = Scan {
            step: Part { graph: Arc::new(numbered), results: back_results },
            carried: carry.len(),
            sequences: fixed + told.len(),
            length: self.length.clone(),
            reverse: !self.reverse,
        };
        let outputs = b.graph.apply(Arc::new(op), &outer)?;
        let (last, sequences) = outputs.split_at(carry.len());
        let mut gradients = vec![None; types.len()];
        let of_last = moved.iter().chain(&carried_sums).zip(last);
        for (&i, &value) in of_last.chain(slices.iter().zip(sequences)) {
            gradients[i] = Some(value);
        }
        let sequence = |value: Value| {
            let told = || tell.iter().position(|of| *of == value).map(|at| sequences[at]);
            taken.sequence(&back.graph, value).or_else(told)
        };
        for (i, sum) in added {
            gradients[i] = Some(sum.of_all(b.graph, &types[i].shape, sequence)?);
        }
        Ok(gradients)
    }
}

impl Graph {
    /// Zeros of a type.
    fn zeros(&mut self, of: &TensorType) -> Result<Value> {
        let zero = self.scalar(0.0)?;
        self.one(Broadcast { shape: of.shape.clone() }, &[zero])
    }
}
