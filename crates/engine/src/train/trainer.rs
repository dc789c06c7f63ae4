//! A trainer: a model's training and validation programs, its weights and its counters.

use super::counters::Counters;
use super::data::{Data, feeds, rows};
use super::evaluation::evaluate;
use super::optimizer::Trainable;
use super::program::Program;
use super::totals::Totals;
use crate::error::Result;
use crate::run::crew::Crew;
use crate::step::Step;
use parking_lot::Mutex;
use std::sync::Arc;

/// See the module documentation.
pub struct Trainer {
    /// The training step.
    pub training: Program,
    /// The evaluation step for validation data.
    pub validation: Option<Arc<Program>>,
    /// What is trained.
    pub trainables: Vec<Trainable>,
    /// Number of metrics.
    pub metrics: usize,
    /// Key of all random streams.
    pub seed: u64,
    /// Where training stands.
    pub counters: Arc<Mutex<Counters>>,
}

impl Trainer {
    /// One update on `data`; loss, penalty and metrics of the batch before it.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn train_on_batch(
        &self,
        data: &Data,
        learning_rate: f64,
        crew: &mut Crew,
    ) -> Result<Vec<f64>> {
        let n = rows(data);
        let bindings = self.training.bind(data, n)?;
        let mut workspace = self.training.take(&bindings)?;
        let mut counters = self.counters.lock();
        let step = Step {
            seed: self.seed,
            index: counters.steps as u32,
            learning_rate: learning_rate as f32,
            updates: counters.updates,
            feeds: feeds(data),
            batch: (0..n as u32).collect(),
        };
        workspace.run(crew, &step)?;
        counters.steps += 1;
        counters.updates += 1;
        let mut totals = Totals::new(self.metrics);
        totals.add(&workspace, n);
        self.training.give(bindings, workspace);
        Ok(totals.logs())
    }

    /// Loss, penalty and metrics of `program` over all rows of `data`.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn evaluate(
        &self,
        program: &Program,
        data: &Data,
        batch_size: usize,
        crew: &mut Crew,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Vec<f64>> {
        evaluate(
            program,
            data,
            batch_size,
            self.metrics,
            &self.trainables,
            self.seed,
            crew,
            cancelled,
        )
    }
}
