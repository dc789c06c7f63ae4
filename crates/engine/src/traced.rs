//! Functions that the facade traced: graphs of their own, taken in by a training step where it needs what they give,
//! such as an update or a constraint of a user's own.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::leaf::{Input, Weight};
use crate::passes::expand::expand;
use std::collections::HashMap;
use std::sync::Arc;

/// See the module documentation.
#[derive(Debug)]
pub struct Traced {
    graph: Graph,
    outputs: Vec<Value>,
}

impl Traced {
    /// The function from the inputs of `graph`, in the order of their numbers, to `outputs`.
    ///
    /// # Errors
    /// What writing out a composition finds wrong.
    pub fn new(graph: &Graph, outputs: &[Value]) -> Result<Traced> {
        let (graph, outputs) = expand(graph, outputs)?;
        Ok(Traced { graph, outputs })
    }

    /// What it gives for `inputs`, which are values of `into`.
    ///
    /// # Errors
    /// `ERR_SHAPE` where an input has another shape than it was traced for.
    pub fn call(&self, into: &mut Graph, inputs: &[Value]) -> Result<Vec<Value>> {
        let mut values: HashMap<Value, Value> = HashMap::new();
        for (at, node) in self.graph.nodes().iter().enumerate() {
            let found = if let Some(input) = node.op.downcast::<Input>() {
                vec![inputs[input.index]]
            } else if let Some(weight) = node.op.downcast::<Weight>() {
                vec![into.weight(&weight.variable)?]
            } else {
                let inputs: Vec<Value> = node.inputs.iter().map(|value| values[value]).collect();
                into.apply(Arc::clone(&node.op), &inputs)?
            };
            for (output, value) in (0..).zip(found) {
                values.insert(Value { node: at as u32, output }, value);
            }
        }
        Ok(self.outputs.iter().map(|value| values[value]).collect())
    }
}
