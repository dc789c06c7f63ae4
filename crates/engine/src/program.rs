//! A program: an optimized graph with its workspaces, one for each binding of sizes in use.

use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::leaf::Input;
use crate::passes::optimized;
use crate::plan::{Plan, Rows};
use crate::run::workspace::Workspace;
use crate::tensor::{Tensor, TensorType};
use parking_lot::Mutex;
use std::sync::Arc;

/// Workspaces kept for reuse: a full and a partial batch, and one more of each.
const KEPT: usize = 4;

/// A workspace that waits to be used again, and the sizes it is for.
struct Idle {
    bindings: Vec<usize>,
    workspace: Workspace,
}

/// See the module documentation.
pub struct Program {
    graph: Graph,
    outputs: Vec<Value>,
    inputs: Vec<(String, TensorType)>,
    rows: Rows,
    /// None once it is closed.
    idle: Mutex<Option<Vec<Idle>>>,
}

impl Program {
    /// A program that computes `outputs` and carries out the effects of `graph`, for rows that are
    /// picked from the data.
    ///
    /// # Errors
    /// What a pass finds wrong.
    pub fn new(graph: &Graph, outputs: &[Value]) -> Result<Program> {
        Program::of(graph, outputs, Rows::Picked)
    }

    /// As [`Program::new`], for rows that come as `rows` says.
    ///
    /// # Errors
    /// As [`Program::new`].
    pub fn of(graph: &Graph, outputs: &[Value], rows: Rows) -> Result<Program> {
        let mut inputs: Vec<Option<(String, TensorType)>> = Vec::new();
        for input in graph.nodes().iter().filter_map(|node| node.op.downcast::<Input>()) {
            if inputs.len() <= input.index {
                inputs.resize(input.index + 1, None);
            }
            inputs[input.index] = Some((input.name.clone(), input.of.clone()));
        }
        let inputs = inputs.into_iter().collect::<Option<Vec<_>>>();
        let inputs = inputs.ok_or_else(|| Error::native("inputs are not numbered in a row"))?;
        let (graph, outputs) = optimized(graph, outputs)?;
        Ok(Program { graph, outputs, inputs, rows, idle: Mutex::new(Some(Vec::new())) })
    }

    /// Names and types of the inputs.
    pub fn inputs(&self) -> &[(String, TensorType)] {
        &self.inputs
    }

    /// Sizes of the symbols for `batch` rows of `data`.
    ///
    /// # Errors
    /// `ERR_SHAPE` or `ERR_DTYPE` naming the input that does not fit.
    pub fn bind(&self, data: &[Arc<Tensor>], batch: usize) -> Result<Vec<usize>> {
        if data.len() != self.inputs.len() {
            let (expected, received) = (self.inputs.len(), data.len());
            return Err(Error::shape(format!("expected {expected} inputs, received {received}")));
        }
        for ((name, of), tensor) in self.inputs.iter().zip(data) {
            if tensor.dtype != of.dtype {
                return Err(Error::dtype(format!(
                    "input '{name}' expects {}, received {}",
                    of.dtype, tensor.dtype
                )));
            }
        }
        let shapes: Vec<&[usize]> = data.iter().map(|tensor| &tensor.shape[..]).collect();
        self.bind_shapes(&shapes, batch)
    }

    /// Sizes of the symbols for `batch` rows of data of these shapes; those of further inputs follow from them.
    ///
    /// # Errors
    /// `ERR_SHAPE` naming the input that does not fit.
    pub fn bind_shapes(&self, shapes: &[&[usize]], batch: usize) -> Result<Vec<usize>> {
        let mut bindings: Vec<Option<usize>> = vec![None; self.graph.symbols().len()];
        for ((name, of), shape) in self.inputs.iter().zip(shapes) {
            if shape.len() != of.shape.rank() {
                return Err(unfit(name, of, shape));
            }
            for (axis, (dim, &size)) in of.shape.0.iter().zip(*shape).enumerate() {
                let size = if axis == 0 { batch } else { size };
                if let Some(symbol) = dim.as_symbol() {
                    bindings[symbol.0 as usize].get_or_insert(size);
                }
            }
        }
        let bindings: Vec<usize> = bindings.into_iter().map(|size| size.unwrap_or(1)).collect();
        for ((name, of), shape) in self.inputs.iter().zip(shapes) {
            let mut sizes = shape.to_vec();
            sizes.iter_mut().take(1).for_each(|rows| *rows = batch);
            if of.shape.bind(&bindings) != sizes {
                return Err(unfit(name, of, shape));
            }
        }
        Ok(bindings)
    }

    /// The plan for these sizes.
    ///
    /// # Errors
    /// What planning finds wrong.
    pub fn plan(&self, bindings: &[usize]) -> Result<Plan> {
        Plan::compile(&self.graph, &self.outputs, bindings, self.rows)
    }

    /// A workspace for these sizes: one that is idle, or a new one.
    ///
    /// # Errors
    /// `ERR_MEMORY` when there is not enough.
    pub fn take(&self, bindings: &[usize]) -> Result<Workspace> {
        match self.idle(bindings) {
            Some(workspace) => Ok(workspace),
            None => Workspace::new(Arc::new(self.plan(bindings)?)),
        }
    }

    /// An idle workspace for these sizes.
    pub fn idle(&self, bindings: &[usize]) -> Option<Workspace> {
        let mut idle = self.idle.lock();
        let idle = idle.as_mut()?;
        let at = idle.iter().position(|idle| idle.bindings == bindings)?;
        Some(idle.swap_remove(at).workspace)
    }

    /// Gives back the memory of all workspaces: now, or when a run that uses one returns it.
    pub fn close(&self) {
        *self.idle.lock() = None;
    }

    /// Returns a workspace for later use.
    pub fn give(&self, bindings: Vec<usize>, workspace: Workspace) {
        let mut idle = self.idle.lock();
        let Some(idle) = idle.as_mut() else { return };
        idle.push(Idle { bindings, workspace });
        if idle.len() > KEPT {
            idle.remove(0);
        }
    }
}

fn unfit(name: &str, of: &TensorType, shape: &[usize]) -> Error {
    Error::shape(format!("input '{name}' expects shape {}, received {shape:?}", of.shape))
}
