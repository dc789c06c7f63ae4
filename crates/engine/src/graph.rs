//! A graph: a pure function from inputs and weights to outputs, built node by node.
//!
//! Nodes stand in topological order because a node can only use values that exist. Types are
//! inferred when a node is added, so an ill-typed graph cannot be built.

use crate::error::{Error, Result};
use crate::op::Op;
use crate::shape::Symbol;
use crate::tensor::TensorType;
use std::sync::Arc;

/// Axes a tensor may have: kernels count them on their stack.
const MOST_AXES: usize = 8;

/// One output of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value {
    /// Index of the node.
    pub node: u32,
    /// Which of its outputs.
    pub output: u32,
}

/// An operation applied to values.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is computed.
    pub op: Arc<dyn Op>,
    /// From what.
    pub inputs: Vec<Value>,
    /// Into what.
    pub outputs: Vec<TensorType>,
    /// Path of the layer it was traced in, for names and errors.
    pub label: Arc<str>,
}

/// See the module documentation.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Vec<Node>,
    symbols: Vec<String>,
    label: Arc<str>,
}

impl Default for Graph {
    fn default() -> Self {
        Graph { nodes: Vec::new(), symbols: Vec::new(), label: Arc::from("") }
    }
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Graph::default()
    }

    /// The unknown size called `name`: the same symbol for the same name.
    pub fn symbol(&mut self, name: &str) -> Symbol {
        let at = self.symbols.iter().position(|s| s == name).unwrap_or_else(|| {
            self.symbols.push(name.to_owned());
            self.symbols.len() - 1
        });
        Symbol(at as u16)
    }

    /// Names of the symbols, in order.
    pub fn symbols(&self) -> &[String] {
        &self.symbols
    }

    /// Nodes added from now on belong to the layer at `path`.
    pub fn set_label(&mut self, path: &str) {
        if *self.label != *path {
            self.label = Arc::from(path);
        }
    }

    /// An empty graph with the same symbols: what a pass rewrites into.
    pub fn emptied(&self) -> Graph {
        Graph { nodes: Vec::new(), symbols: self.symbols.clone(), label: Arc::from("") }
    }

    /// All nodes, in topological order.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node that computes `value`.
    pub fn node(&self, value: Value) -> &Node {
        &self.nodes[value.node as usize]
    }

    /// The type of `value`.
    pub fn value_type(&self, value: Value) -> &TensorType {
        &self.node(value).outputs[value.output as usize]
    }

    /// Applies `op`, with all its outputs.
    ///
    /// # Errors
    /// Whatever the op's shape rule finds wrong, attributed to the current layer.
    pub fn apply(&mut self, op: Arc<dyn Op>, inputs: &[Value]) -> Result<Vec<Value>> {
        let label = Arc::clone(&self.label);
        self.apply_labelled(op, inputs, label)
    }

    /// Applies `op` on behalf of the layer `label`.
    ///
    /// # Errors
    /// As [`Graph::apply`].
    pub fn apply_labelled(
        &mut self,
        op: Arc<dyn Op>,
        inputs: &[Value],
        label: Arc<str>,
    ) -> Result<Vec<Value>> {
        let types: Vec<&TensorType> = inputs.iter().map(|&v| self.value_type(v)).collect();
        let outputs = op.infer(&types).map_err(|error| error.in_layer(&label))?;
        if let Some(of) = outputs.iter().find(|of| of.shape.rank() > MOST_AXES) {
            let error = Error::shape(format!(
                "{}: a tensor has at most {MOST_AXES} axes, received {}",
                op.name(),
                of.shape
            ));
            return Err(error.in_layer(&label));
        }
        for of in &outputs {
            of.shape.size().map_err(|error| error.in_layer(&label))?;
        }
        let node = self.nodes.len() as u32;
        let values = (0..outputs.len() as u32).map(|output| Value { node, output }).collect();
        self.nodes.push(Node { op, inputs: inputs.to_vec(), outputs, label });
        Ok(values)
    }

    /// Applies an op and returns its first output.
    ///
    /// # Errors
    /// As [`Graph::apply`].
    pub fn one(&mut self, op: impl Op, inputs: &[Value]) -> Result<Value> {
        Ok(self.apply(Arc::new(op), inputs)?[0])
    }
}
