//! A trainer: a model's training step and validation program, its weights and its counters.

use super::counters::Counters;
use super::evaluation::{Batches, evaluate};
use super::schedule::{Constant, Schedule};
use super::segment::TrainingStep;
use super::totals::Totals;
use super::trainable::Trainable;
use crate::data::{Data, feeds, rows};
use crate::error::Result;
use crate::program::Program;
use crate::run::crew::Crew;
use crate::step::{Cancelled, Step, inference_seed};
use parking_lot::Mutex;
use std::sync::Arc;

/// See the module documentation.
pub struct Trainer {
    /// The training step.
    pub training: TrainingStep,
    /// The evaluation step for validation data.
    pub validation: Option<Arc<Program>>,
    /// The learning rate of every step.
    pub learning_rate: Arc<dyn Schedule>,
    /// What is trained.
    pub trainables: Vec<Trainable>,
    /// Key of all random streams.
    pub seed: u64,
    /// Where training stands.
    pub counters: Arc<Mutex<Counters>>,
}

impl Trainer {
    /// The schedule of a run: a learning rate for all of its steps, or that of the trainer.
    pub(super) fn schedule(&self, learning_rate: Option<f64>) -> Arc<dyn Schedule> {
        match learning_rate {
            Some(rate) => Arc::new(Constant(rate)),
            None => Arc::clone(&self.learning_rate),
        }
    }

    /// A step that takes all rows of `data`.
    pub(super) fn step_of(&self, data: &Data) -> Step {
        let batch = (0..rows(data) as u32).collect();
        Step { seed: self.seed, feeds: feeds(data), batch, ..Step::default() }
    }

    /// One step on `data`, with another learning rate if there is one; loss, penalty and sums of
    /// the batch before it.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn train_on_batch(
        &self,
        data: &Data,
        learning_rate: Option<f64>,
        crew: &mut Crew,
    ) -> Result<Vec<f64>> {
        let mut totals = Totals::default();
        self.step(data, learning_rate, crew, None, &mut totals)?;
        Ok(totals.logs())
    }

    /// As [`Trainer::train_on_batch`], adding to totals of an epoch.
    ///
    /// # Errors
    /// As [`Trainer::fit`]; `ERR_INTERRUPTED` when it was `cancelled`, and made no step.
    pub fn step(
        &self,
        data: &Data,
        learning_rate: Option<f64>,
        crew: &mut Crew,
        cancelled: Option<Cancelled>,
        totals: &mut Totals,
    ) -> Result<()> {
        let n = rows(data);
        let mut memory = self.training.take(data, n)?;
        let mut step = Step { cancelled, ..self.step_of(data) };
        let schedule = self.schedule(learning_rate);
        self.training.run(&mut memory, crew, &mut step, &*schedule, &self.counters, None)?;
        totals.add(memory.objective(), n);
        self.training.give(memory);
        Ok(())
    }

    /// Loss, penalty and sums of `program` over all rows of `data`, at the end of an epoch.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn evaluate(
        &self,
        program: &Program,
        data: &Data,
        batch_size: usize,
        crew: &mut Crew,
        cancelled: Option<Cancelled>,
    ) -> Result<Vec<f64>> {
        let seed = inference_seed(!self.seed, self.counters.lock().epochs);
        let mut totals = Totals::default();
        let weights = self.trainables.iter().map(|of| (&of.variable, &of.penalty));
        let batches = Batches { rows: 0..rows(data), size: batch_size, first: 0 };
        evaluate(program, data, batches, weights, seed, crew, cancelled, &mut totals)?;
        Ok(totals.logs())
    }
}
