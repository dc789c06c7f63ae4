//! The gradient of a scan: a scan the other way. Its step computes that of forward again, from the values before it,
//! and goes back through it; the gradients of what all steps read add up on the way.

use super::Part;
use super::scan::Scan;
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

        // The inputs of its step, and outside what they begin with.
        let mut back = Rewrite::of(&step);
        let (mut outer, mut count) = (Vec::new(), 0);
        let mut take = |back: &mut Rewrite, of: &TensorType, from: Value| {
            outer.push(from);
            count += 1;
            back.graph.input(count - 1, &format!("in_{count}"), of.clone())
        };
        let mut inner = Vec::with_capacity(types.len());
        let mut behind = Vec::new();
        for &i in &moved {
            let start = match b.gradients[i] {
                Some(gradient) => gradient,
                None => b.graph.zeros(&types[i])?,
            };
            behind.push(take(&mut back, &types[i], start)?);
        }
        let mut totals = Vec::new();
        for &i in &sums {
            let start = b.graph.zeros(&types[i])?;
            totals.push(take(&mut back, &types[i], start)?);
        }
        // What each step saw: all values before it, as sequences, and its slices.
        let seen = b.outputs[given..].iter().chain(&b.inputs[carried..]).zip(&types);
        for (&value, of) in seen.clone().take(fixed) {
            inner.push(take(&mut back, of, value)?);
        }
        let mut seeds = Vec::new();
        for &i in &told {
            let of = step.value_type(results[i]).clone();
            let Some(gradient) = b.gradients[i] else { continue };
            seeds.push((results[i], take(&mut back, &of, gradient)?));
        }
        for (&value, of) in seen.skip(fixed) {
            inner.push(take(&mut back, of, value)?);
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
        let targets: Vec<usize> = moved.iter().chain(&sums).chain(&slices).copied().collect();
        let at: Vec<Value> = targets.iter().map(|&i| inner[i]).collect();
        let graph = &mut back.graph;
        let found = vector_jacobian(graph, &seeds, &at)?;
        let mut back_results = Vec::with_capacity(targets.len());
        for (place, (&i, gradient)) in targets.iter().zip(found).enumerate() {
            let total = place.checked_sub(moved.len()).and_then(|at| totals.get(at)).copied();
            back_results.push(match (gradient, total) {
                (Some(gradient), total) => graph.plus(total, gradient)?,
                (None, Some(total)) => total,
                (None, None) => graph.zeros(&types[i])?,
            });
        }
        let op = Scan {
            step: Part { graph: Arc::new(back.graph), results: back_results },
            carried: moved.len() + sums.len(),
            sequences: fixed + told.len(),
            length: self.length.clone(),
            reverse: !self.reverse,
        };
        let outputs = b.graph.apply(Arc::new(op), &outer)?;
        let mut gradients = vec![None; types.len()];
        for (&i, &value) in targets.iter().zip(&outputs) {
            gradients[i] = Some(value);
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
