//! Copies: what a prediction reads in the place of variables, made anew when those have changed.

use crate::error::Result;
use crate::graph::Graph;
use crate::program::Program;
use crate::run::crew::Crew;
use crate::step::Step;
use crate::variable::Variable;
use parking_lot::Mutex;
use std::sync::Arc;

/// See the module documentation.
pub struct Copies {
    /// What makes them.
    preparation: Program,
    sources: Vec<Arc<Variable>>,
    copies: Vec<Arc<Variable>>,
    /// Versions of the sources that they were made of, once they were.
    made_of: Mutex<Option<Vec<u64>>>,
}

impl Copies {
    /// The variables `copies` that `preparation` assigns from `sources`, not made yet.
    ///
    /// # Errors
    /// What a pass finds wrong.
    pub fn new(
        preparation: &Graph,
        sources: Vec<Arc<Variable>>,
        copies: Vec<Arc<Variable>>,
    ) -> Result<Copies> {
        let preparation = Program::new(preparation, &[])?;
        Ok(Copies { preparation, sources, copies, made_of: Mutex::new(None) })
    }

    /// Makes them again.
    ///
    /// # Errors
    /// `ERR_MEMORY` or `ERR_NATIVE`, from planning and running.
    pub fn refresh(&self, crew: &mut Crew) -> Result<()> {
        // Asked before they are read: at worst the copies are newer than that.
        let now = self.versions();
        let mut workspace = self.preparation.take(&[])?;
        let outcome = workspace.run(crew, &Step::default());
        self.preparation.give(Vec::new(), workspace);
        outcome?;
        *self.made_of.lock() = Some(now);
        Ok(())
    }

    /// Versions of what they are made of.
    pub fn versions(&self) -> Vec<u64> {
        self.sources.iter().map(|variable| variable.version()).collect()
    }

    /// True where they are of the versions that their sources have.
    pub fn are_current(&self) -> bool {
        self.made_of.lock().as_ref() == Some(&self.versions())
    }

    /// Bytes of their memory.
    pub fn bytes(&self) -> usize {
        self.copies.iter().map(|copy| copy.bytes()).sum()
    }

    /// Gives back the memory of what makes them.
    pub fn close(&self) {
        self.preparation.close();
    }
}
