//! A snapshot: a copy of variables to come back to, such as the best weights so far.

use crate::error::Result;
use crate::tensor::Words;
use crate::variable::Variable;
use std::sync::Arc;

/// See the module documentation.
pub struct Snapshot {
    variables: Vec<Arc<Variable>>,
    copies: Vec<Words>,
}

impl Snapshot {
    /// Memory for copies of `variables`, and a first copy.
    ///
    /// # Errors
    /// `ERR_MEMORY` when there is not enough.
    pub fn new(variables: Vec<Arc<Variable>>) -> Result<Snapshot> {
        let size = |v: &Arc<Variable>| v.words.read().as_slice().len();
        let copies = variables.iter().map(|v| Words::zeroed(size(v))).collect::<Result<_>>()?;
        let mut snapshot = Snapshot { variables, copies };
        snapshot.take();
        Ok(snapshot)
    }
    /// Copies the variables as they are now.
    pub fn take(&mut self) {
        for (variable, copy) in self.variables.iter().zip(&mut self.copies) {
            copy.as_mut_slice().copy_from_slice(variable.words.read().as_slice());
        }
    }
    /// Puts the copies back.
    pub fn restore(&self) {
        for (variable, copy) in self.variables.iter().zip(&self.copies) {
            variable.words.write().as_mut_slice().copy_from_slice(copy.as_slice());
            variable.written();
        }
    }
}
