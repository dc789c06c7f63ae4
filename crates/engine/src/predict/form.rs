//! A form: a program that reads copies of weights, and what makes those, all of one moment.

use super::copies::Copies;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::passes::hoist::{Hoisted, hoist};
use crate::plan::Rows;
use crate::program::Program;
use crate::variable::Variable;
use std::sync::Arc;

/// What forms are made of.
pub struct Outline {
    /// The graph.
    pub graph: Graph,
    /// What is wanted of it.
    pub outputs: Vec<Value>,
    /// Weights of which copies are kept, whatever the graph does with them.
    pub kept: Vec<Value>,
    /// How the rows come.
    pub rows: Rows,
}

/// See the module documentation.
pub struct Form {
    /// The program.
    pub program: Program,
    pub(super) copies: Copies,
    /// The copies of weights that are kept.
    pub kept: Vec<Arc<Variable>>,
    /// Number of outputs.
    pub outputs: usize,
}

impl Form {
    /// One of an outline; its copies are not made yet.
    ///
    /// # Errors
    /// What a pass finds wrong; `ERR_MEMORY` when copies cannot be allocated.
    pub(super) fn new(of: &Outline) -> Result<Form> {
        let Hoisted { rest, roots, preparation, sources, copies, kept } =
            hoist(&of.graph, &of.outputs, &of.kept)?;
        Ok(Form {
            program: Program::of(&rest, &roots, of.rows)?,
            copies: Copies::new(&preparation, sources, copies)?,
            kept,
            outputs: of.outputs.len(),
        })
    }

    /// Gives back the memory of all workspaces.
    pub(super) fn close(&self) {
        self.program.close();
        self.copies.close();
    }
}
