//! Products of slices with what all steps read become one product of whole sequences, ahead of the loop: as native
//! recurrent layers have it.

use super::Part;
use super::scan::Scan;
use super::taken::{Role, Taken};
use crate::error::Result;
use crate::graph::{Graph, Node, Value};
use crate::ops::leaf::Input;
use crate::ops::linear::Linear;
use crate::ops::matmul::MatMul;
use crate::passes::{Rewrite, uses};
use std::sync::Arc;

impl Scan {
    /// Adds the scan to `graph`, with such products ahead of it.
    ///
    /// # Errors
    /// As building a graph.
    pub fn through(self, graph: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        // Sequences of several sources are taken to be equally long until data comes.
        let agreed = graph.agreed(&self, inputs)?;
        let inputs = agreed.as_deref().unwrap_or(inputs);
        let step = &*self.step.graph;
        let lifted: Vec<usize> =
            (0..step.nodes().len()).filter(|&at| self.lifts(&step.nodes()[at])).collect();
        let types: Option<Vec<_>> =
            (0..inputs.len()).map(|i| self.step.taken(i).cloned()).collect();
        let Some(types) = types.filter(|_| !lifted.is_empty()) else {
            return graph.apply(Arc::new(self), inputs);
        };
        let mut left = uses(step, &self.step.results);
        for &at in &lifted {
            left[step.nodes()[at].inputs[0].node as usize] -= 1;
        }
        let is_left = |i: usize| {
            let node = |node: &Node| node.op.downcast::<Input>().is_some_and(|of| of.index == i);
            step.nodes().iter().position(node).is_none_or(|at| left[at] > 0)
        };
        let mut rewrite = Rewrite::of(step);
        let mut taken = Taken::default();
        let mut own = vec![None; inputs.len()];
        for (i, (of, &from)) in types.iter().zip(inputs).enumerate() {
            let role = self.role(i);
            if role != Role::Sequence || is_left(i) {
                own[i] = Some(taken.take(&mut rewrite.graph, role, of, from)?);
            }
        }
        let mut sequences =
            own[self.carried..self.carried + self.sequences].iter().flatten().count();
        for (at, node) in step.nodes().iter().enumerate() {
            let value = Value { node: at as u32, output: 0 };
            if let Some(input) = node.op.downcast::<Input>() {
                if let Some(new) = own[input.index] {
                    rewrite.values.insert(value, new);
                }
            } else if lifted.contains(&at) {
                let outside = |v: &Value| Some(inputs[step.node(*v).op.downcast::<Input>()?.index]);
                let of: Vec<Value> = node.inputs.iter().filter_map(outside).collect();
                let all = graph.one(Linear { relu: false }, &of)?;
                let slice =
                    taken.take(&mut rewrite.graph, Role::Sequence, &node.outputs[0], all)?;
                rewrite.values.insert(value, slice);
                sequences += 1;
            } else {
                rewrite.copy(at, node)?;
            }
        }
        let results = rewrite.map(&self.step.results);
        let (step, results, inputs) = taken.numbered(&rewrite.graph, &results)?;
        let step = Part { graph: Arc::new(step), results };
        graph.apply(Arc::new(Scan { step, sequences, ..self }), &inputs)
    }

    fn role(&self, input: usize) -> Role {
        match input.checked_sub(self.carried) {
            None => Role::Carried,
            Some(i) if i < self.sequences => Role::Sequence,
            Some(_) => Role::Fixed,
        }
    }

    /// True for a product of a slice with what all steps read.
    fn lifts(&self, node: &Node) -> bool {
        let step = &*self.step.graph;
        let plain = node.op.downcast::<Linear>().is_some_and(|of| !of.relu)
            || node.op.downcast::<MatMul>().is_some_and(|of| !of.transpose_a && !of.transpose_b);
        let is = |v: &Value, wanted: Role| {
            let input = step.node(*v).op.downcast::<Input>();
            input.is_some_and(|of| self.role(of.index) == wanted)
        };
        let [x, others @ ..] = &node.inputs[..] else { return false };
        let matrices = node.inputs.iter().take(2).all(|&v| step.value_type(v).shape.rank() == 2);
        plain && matrices && is(x, Role::Sequence) && others.iter().all(|v| is(v, Role::Fixed))
    }
}
