//! A schedule of a user's own: a function of ops, compiled once and computed before every step.

use super::Schedule;
use crate::error::Result;
use crate::graph::Graph;
use crate::ops::step_number::StepNumber;
use crate::program::Program;
use crate::run::lent;
use crate::run::workspace::Workspace;
use crate::step::Step;
use crate::traced::Traced;
use parking_lot::Mutex;

/// See the module documentation.
pub struct Own {
    workspace: Mutex<Workspace>,
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("Own")
    }
}

impl Own {
    /// The schedule of a function from the steps made before, a scalar, to the learning rate.
    ///
    /// # Errors
    /// What compiling it finds wrong.
    pub fn new(of: &Traced) -> Result<Own> {
        let mut graph = Graph::new();
        let steps = graph.one(StepNumber::UpdatesBefore, &[])?;
        let rate = of.call(&mut graph, &[steps])?;
        let workspace = Program::new(&graph, &rate)?.take(&[])?;
        Ok(Own { workspace: Mutex::new(workspace) })
    }
}

impl Schedule for Own {
    fn at(&self, steps: u64) -> f64 {
        let mut workspace = self.workspace.lock();
        // Random numbers are those of the step, too.
        let step = Step { index: steps as u32, updates: steps, ..Step::default() };
        let mut run = || {
            workspace.run(&mut *lent::crew(1)?, &step)?;
            workspace.output(0)
        };
        // What cannot be computed is no number.
        run().map_or(f64::NAN, |rate| f64::from(rate.as_f32()[0]))
    }
}
