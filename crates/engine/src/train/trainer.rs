//! A trainer: a model's training step and validation program, its weights and its counters.

use super::counters::Counters;
use super::evaluation::evaluate;
use super::optimizer::Trainable;
use super::segment::TrainingStep;
use super::totals::Totals;
use crate::data::{Data, feeds, rows};
use crate::error::Result;
use crate::program::Program;
use crate::run::crew::Crew;
use crate::step::Step;
use parking_lot::Mutex;
use std::sync::Arc;

/// See the module documentation.
pub struct Trainer {
    /// The training step.
    pub training: TrainingStep,
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
    /// One step on `data`; loss, penalty and metrics of the batch before it.
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
        let mut memory = self.training.take(data, n)?;
        let mut step = Step {
            seed: self.seed,
            learning_rate: learning_rate as f32,
            feeds: feeds(data),
            batch: (0..n as u32).collect(),
            ..Step::default()
        };
        self.training.run(&mut memory, crew, &mut step, &self.counters, None)?;
        let mut totals = Totals::new(self.metrics);
        totals.add(memory.objective(), n);
        self.training.give(memory);
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
