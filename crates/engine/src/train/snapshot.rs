//! A snapshot: a copy of variables to come back to, such as the best weights so far.

use crate::error::{Error, Result};
use crate::variable::Variable;
use std::sync::Arc;

/// See the module documentation.
pub struct Snapshot {
    variables: Vec<Arc<Variable>>,
    copies: Vec<Arc<Variable>>,
}

impl Snapshot {
    /// Memory for copies of `variables`, and a first copy.
    ///
    /// # Errors
    /// `ERR_MEMORY` when there is not enough.
    pub fn new(variables: Vec<Arc<Variable>>) -> Result<Snapshot> {
        let copies = variables.iter().map(|v| Variable::zeros(&v.name(), v.shape(), v.dtype()));
        let copies = copies.collect::<Result<_>>()?;
        let mut snapshot = Snapshot { variables, copies };
        snapshot.take();
        Ok(snapshot)
    }
    /// Copies that were taken earlier.
    ///
    /// # Errors
    /// `ERR_SHAPE` when they are not of these variables.
    pub fn of(variables: Vec<Arc<Variable>>, copies: Vec<Arc<Variable>>) -> Result<Snapshot> {
        let alike = variables.iter().zip(&copies).all(|(variable, copy)| {
            (variable.shape(), variable.dtype()) == (copy.shape(), copy.dtype())
        });
        if alike && variables.len() == copies.len() {
            return Ok(Snapshot { variables, copies });
        }
        Err(Error::shape("the copies are those of other weights"))
    }
    /// The copies.
    pub fn copies(&self) -> &[Arc<Variable>] {
        &self.copies
    }
    /// Copies the variables as they are now.
    pub fn take(&mut self) {
        self.variables.iter().zip(&self.copies).for_each(|(from, to)| to.copy_from(from));
    }
    /// Puts the copies back.
    pub fn restore(&self) {
        self.variables.iter().zip(&self.copies).for_each(|(to, from)| to.copy_from(from));
    }
}
