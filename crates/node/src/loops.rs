//! Loops: graphs of one step, and the ops that go through them.

use crate::error::{Result, convert, fail};
use crate::graph::{NativeGraph, NativeValue};
use napi_derive::napi;
use parking_lot::Mutex;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::loops::Part;
use ridgeline_engine::ops::loops::scan::Scan;
use ridgeline_engine::ops::loops::while_loop::While;
use ridgeline_engine::shape::{Dim, Shape};
use ridgeline_engine::tensor::TensorType;
use std::sync::Arc;

/// Outputs that a node may have: handles count them in eight bits.
const MOST_OUTPUTS: usize = 255;

impl NativeGraph {
    /// The graph of a step as it is now, and its results.
    fn part(&self, results: &[f64], around: &Graph) -> Result<Part> {
        let graph = self.graph.lock();
        if !around.symbols().starts_with(graph.symbols()) {
            return Err(fail("ERR_SHAPE", "a step of a loop makes an unknown size of its own"));
        }
        let results = Self::checked(&graph, results)?;
        Ok(Part { graph: Arc::new(graph.clone()), results })
    }

    /// What a loop gives.
    fn given(graph: &Graph, values: Vec<Value>) -> Result<Vec<NativeValue>> {
        if values.len() > MOST_OUTPUTS {
            return Err(fail("ERR_ARGUMENT", "a loop has too many values"));
        }
        Ok(values.into_iter().map(|value| Self::describe(graph, value)).collect())
    }
}

#[napi]
impl NativeGraph {
    /// An empty graph for a step of a loop in this one: unknown sizes are the same.
    #[napi(catch_unwind)]
    pub fn step(&self) -> NativeGraph {
        NativeGraph { graph: Arc::new(Mutex::new(self.graph.lock().emptied())) }
    }

    /// Adds an input of the type of a value in the graph around, or with `slice` of its slices along the first axis.
    #[napi(catch_unwind)]
    pub fn input_of(
        &self,
        index: u32,
        around: &NativeGraph,
        id: f64,
        slice: bool,
    ) -> Result<NativeValue> {
        let of = {
            let around = around.graph.lock();
            let value = Self::checked(&around, &[id])?[0];
            around.value_type(value).clone()
        };
        let first = usize::from(slice);
        if of.shape.rank() < first {
            return Err(fail("ERR_SHAPE", "a sequence must have a first axis, received a scalar"));
        }
        let of = TensorType { shape: Shape(of.shape.0[first..].to_vec()), ..of };
        let mut graph = self.graph.lock();
        let value = graph.input(index as usize, &format!("in_{index}"), of).map_err(convert)?;
        Ok(Self::describe(&graph, value))
    }

    /// A scan: the first `carried` of the inputs go from step to step, the next `sequences` are gone through, the
    /// others are what the step reads. `length` counts where there are no sequences.
    #[napi(catch_unwind)]
    pub fn scan(
        &self,
        step: &NativeGraph,
        results: Vec<f64>,
        inputs: Vec<f64>,
        carried: u32,
        sequences: u32,
        length: u32,
        reverse: bool,
    ) -> Result<Vec<NativeValue>> {
        let mut graph = self.graph.lock();
        let step = step.part(&results, &graph)?;
        let (carried, sequences) = (carried as usize, sequences as usize);
        let first = inputs.get(carried).filter(|_| sequences > 0);
        let length = match first {
            Some(&id) => {
                let of = Self::checked(&graph, &[id])?[0];
                graph.value_type(of).shape.0.first().cloned().unwrap_or(Dim::ONE)
            }
            None => Dim::from(length as usize),
        };
        let inputs = Self::checked(&graph, &inputs)?;
        let scan = Scan { step, carried, sequences, length, reverse };
        let values = scan.through(&mut graph, &inputs).map_err(convert)?;
        Self::given(&graph, values)
    }

    /// A loop that goes on while a condition holds, `most` steps at most: the first of the inputs, as many as there are
    /// results, go from step to step.
    #[napi(catch_unwind)]
    pub fn while_loop(
        &self,
        condition: &NativeGraph,
        holds: f64,
        step: &NativeGraph,
        results: Vec<f64>,
        inputs: Vec<f64>,
        most: u32,
    ) -> Result<Vec<NativeValue>> {
        let mut graph = self.graph.lock();
        let condition = condition.part(&[holds], &graph)?;
        let step = step.part(&results, &graph)?;
        let inputs = Self::checked(&graph, &inputs)?;
        let op = While { condition, step, most: most as usize };
        let values = graph.apply(Arc::new(op), &inputs).map_err(convert)?;
        Self::given(&graph, values)
    }
}
