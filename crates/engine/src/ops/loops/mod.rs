//! Loops: graphs of one step that are gone through again and again.

mod gradient;
mod lift;
mod onnx;
pub mod scan;
mod sums;
mod taken;
mod unroll;
pub mod while_loop;

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::leaf::Input;
use crate::passes::optimized;
use crate::tensor::TensorType;
use std::sync::Arc;

/// A graph with inputs by number, and what it gives.
#[derive(Clone, Debug)]
pub struct Part {
    /// The graph.
    pub graph: Arc<Graph>,
    /// Its results.
    pub results: Vec<Value>,
}

impl Part {
    /// The type of input `i`.
    fn taken(&self, i: usize) -> Option<&TensorType> {
        let inputs = self.graph.nodes().iter().filter_map(|node| node.op.downcast::<Input>());
        inputs.filter(|input| input.index == i).map(|input| &input.of).next()
    }

    /// The types of the results.
    fn given(&self) -> Vec<&TensorType> {
        self.results.iter().map(|&value| self.graph.value_type(value)).collect()
    }

    /// The graph as it is planned, and the results in it.
    fn optimized(&self) -> Result<(Graph, Vec<Value>)> {
        optimized(&self.graph, &self.results)
    }

    /// True if the results follow from the inputs.
    fn is_pure(&self) -> bool {
        let is_input = |op: &dyn crate::op::Op| op.downcast::<Input>().is_some();
        self.graph.nodes().iter().all(|node| node.op.is_pure() || is_input(&*node.op))
    }
}
