//! A form of a model's prediction: the program that computes its outputs, and the copies of weights that it reads.

use super::copies::Copies;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::passes::hoist::{Hoisted, hoist};
use crate::plan::Rows;
use crate::program::Program;

/// See the module documentation.
pub struct Form {
    pub program: Program,
    pub copies: Copies,
}

impl Form {
    /// That of `outputs` of `graph`.
    ///
    /// # Errors
    /// What a pass finds wrong; `ERR_MEMORY` when copies cannot be allocated.
    pub fn new(graph: &Graph, outputs: &[Value]) -> Result<Form> {
        let Hoisted { rest, roots, preparation, sources, copies } = hoist(graph, outputs)?;
        Ok(Form {
            program: Program::of(&rest, &roots, Rows::InOrder)?,
            copies: Copies::new(&preparation, sources, copies)?,
        })
    }

    /// Gives back the memory of all workspaces.
    pub fn close(&self) {
        self.program.close();
        self.copies.close();
    }
}
