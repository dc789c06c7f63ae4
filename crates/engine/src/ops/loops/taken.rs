//! The inputs of a scan's step while it is built, numbered by what they are to the scan in the end.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::leaf::Input;
use crate::passes::Rewrite;
use crate::tensor::TensorType;

/// What an input of the step is to the scan; in this order they are numbered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Carried,
    Sequence,
    Fixed,
}

/// Inputs of the step, and outside what they begin with, or are.
#[derive(Default)]
pub(super) struct Taken(Vec<(Role, Value)>);

impl Taken {
    /// One more of them.
    pub(super) fn take(
        &mut self,
        graph: &mut Graph,
        role: Role,
        of: &TensorType,
        from: Value,
    ) -> Result<Value> {
        self.0.push((role, from));
        let index = self.0.len() - 1;
        graph.input(index, &format!("in_{index}"), of.clone())
    }

    /// The sequence outside of which a value of the step is a slice.
    pub(super) fn sequence(&self, graph: &Graph, value: Value) -> Option<Value> {
        let input = graph.node(value).op.downcast::<Input>()?;
        let (role, from) = self.0[input.index];
        (role == Role::Sequence).then_some(from)
    }

    /// The step with its inputs numbered by their roles, its results, and what the inputs are outside.
    pub(super) fn numbered(
        &self,
        step: &Graph,
        results: &[Value],
    ) -> Result<(Graph, Vec<Value>, Vec<Value>)> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|&i| self.0[i].0);
        let mut rewrite = Rewrite::of(step);
        for (at, node) in step.nodes().iter().enumerate() {
            let Some(input) = node.op.downcast::<Input>() else {
                rewrite.copy(at, node)?;
                continue;
            };
            let number = order.iter().position(|&i| i == input.index).unwrap_or_default();
            let value = rewrite.graph.input(number, &input.name, input.of.clone())?;
            rewrite.values.insert(Value { node: at as u32, output: 0 }, value);
        }
        let outer = order.iter().map(|&i| self.0[i].1).collect();
        let results = rewrite.map(results);
        Ok((rewrite.graph, results, outer))
    }
}
