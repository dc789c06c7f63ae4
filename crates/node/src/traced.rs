//! Functions that the facade traced, for native code to take in.

use crate::error::{Result, convert};
use crate::graph::NativeGraph;
use napi_derive::napi;
use ridgeline_engine::traced::Traced;
use std::sync::Arc;

/// A function of the inputs of a graph.
#[napi]
pub struct NativeTraced {
    pub(crate) traced: Arc<Traced>,
}

#[napi]
impl NativeTraced {
    /// The function from the inputs of `graph`, in order, to `outputs`.
    #[napi(constructor, catch_unwind)]
    pub fn new(graph: &NativeGraph, outputs: Vec<f64>) -> Result<NativeTraced> {
        let graph = graph.graph.lock();
        let outputs = NativeGraph::checked(&graph, &outputs)?;
        Ok(NativeTraced { traced: Arc::new(Traced::new(&graph, &outputs).map_err(convert)?) })
    }
}
