//! The loop over epochs and batches.

use super::listener::{Listener, Report};
use super::totals::Totals;
use super::trainer::Trainer;
use crate::data::{Data, feeds, rows};
use crate::error::{Code, Result};
use crate::run::lent;
use crate::step::Step;
use parking_lot::Mutex;
use ridgeline_kernels::rng::{Key, shuffle};

/// The random stream of the order of rows.
const SHUFFLE: u32 = u32::MAX;

/// What comes in a random order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shuffle {
    /// Rows, wherever they stand.
    Rows,
    /// Whole batches, of rows that stand side by side; a smaller one stays the last.
    Batches,
}

impl Shuffle {
    /// The numbers of `order`, which are in their own, in a random one: of batches of `size` rows.
    fn apply(self, order: &mut [u32], size: usize, key: Key) {
        order.iter_mut().zip(0..).for_each(|(row, i)| *row = i);
        match self {
            Shuffle::Rows => shuffle(key, order),
            Shuffle::Batches => {
                let mut firsts: Vec<u32> = (0..(order.len() / size) as u32).collect();
                shuffle(key, &mut firsts);
                for (batch, first) in order.chunks_exact_mut(size).zip(firsts) {
                    batch.iter_mut().zip(first * size as u32..).for_each(|(row, i)| *row = i);
                }
            }
        }
    }
}

/// Options of a fit.
#[derive(Clone, Debug)]
pub struct FitOptions {
    /// Rows of a batch.
    pub batch_size: usize,
    /// Index of the epoch to end before.
    pub epochs: usize,
    /// Index of the epoch to begin with.
    pub initial_epoch: usize,
    /// Batches of it that were trained before: it was begun then, and is not counted again.
    pub initial_batch: usize,
    /// What comes in a new random order each epoch, if anything.
    pub shuffle: Option<Shuffle>,
    /// Rows of a validation batch.
    pub validation_batch_size: usize,
    /// Validates after every so many epochs.
    pub validation_frequency: usize,
    /// True to report the end of every batch.
    pub batch_reports: bool,
    /// Number of threads.
    pub threads: usize,
}

impl Trainer {
    /// Trains until the epochs are over, the listener says stop, or it is cancelled. A
    /// `learning_rate`, and each that the listener answers with, takes the schedule's place from then
    /// on. `totals` are those of the batches trained before, then of the epoch under way.
    ///
    /// # Errors
    /// `ERR_NATIVE` when a task panicked; whatever the listener returns.
    pub fn fit(
        &self,
        data: &Data,
        validation_data: Option<&Data>,
        learning_rate: Option<f64>,
        options: &FitOptions,
        totals: &Mutex<Totals>,
        listener: &mut dyn Listener,
    ) -> Result<()> {
        let mut crew = lent::crew(options.threads)?;
        let n = rows(data);
        let size = options.batch_size.min(n);
        let batches = n.div_ceil(size.max(1));
        let cancelled = listener.cancelled().clone();
        let feeds = feeds(data);
        let mut step =
            Step { seed: self.seed, feeds, cancelled: Some(cancelled.clone()), ..Step::default() };
        step.batch.reserve_exact(size);
        let mut schedule = self.schedule(learning_rate);
        let mut order: Vec<u32> = (0..n as u32).collect();
        let rest = n - (batches.max(1) - 1) * size;
        let mut whole = self.training.take(data, size)?;
        whole.plans().for_each(|plan| crew.muster(plan));
        let mut last = if rest == size { None } else { Some(self.training.take(data, rest)?) };
        'epochs: for epoch in options.initial_epoch..options.epochs {
            // An epoch that does not begin does not count: whoever goes on from here begins it.
            if cancelled.is() {
                break;
            }
            let first =
                if epoch == options.initial_epoch { options.initial_batch.min(batches) } else { 0 };
            let epoch_index = {
                let mut counters = self.counters.lock();
                counters.epochs += u64::from(first == 0);
                counters.epochs.saturating_sub(1)
            };
            if first == 0 {
                *totals.lock() = Totals::default();
            } else {
                // Whoever asks before the next batch hears of those behind.
                let loss = totals.lock().loss();
                listener.progress(epoch, first - 1, batches, loss);
            }
            if let Some(shuffle) = options.shuffle {
                let (seed, step) = (self.seed, epoch_index as u32);
                shuffle.apply(&mut order, size, Key { seed, stream: SHUFFLE, step, time: 0 });
            }
            for batch in first..batches {
                if batch > first && cancelled.is() {
                    break 'epochs;
                }
                let picked = &order[batch * size..((batch + 1) * size).min(n)];
                step.batch.clear();
                step.batch.extend_from_slice(picked);
                let memory = match &mut last {
                    Some(last) if batch + 1 == batches => last,
                    _ => &mut whole,
                };
                let made = self.training.run(
                    memory,
                    &mut crew,
                    &mut step,
                    &*schedule,
                    &self.counters,
                    None,
                );
                match made {
                    Err(error) if error.code == Code::Interrupted => {
                        // The batch was not, and neither was an epoch without one.
                        self.counters.lock().epochs -= u64::from(batch == 0);
                        break 'epochs;
                    }
                    made => made?,
                }
                let loss = totals.lock().add(memory.objective(), picked.len());
                listener.progress(epoch, batch, batches, loss);
                if options.batch_reports {
                    let logs = totals.lock().logs();
                    let report = Report { epoch, batch: Some(batch), logs, validation: None };
                    let verdict = listener.report(report)?;
                    if verdict.learning_rate.is_some() {
                        schedule = self.schedule(verdict.learning_rate);
                    }
                    // The epoch ends early, with its validation and report.
                    if verdict.stop {
                        break;
                    }
                }
            }
            let due = (epoch + 1).is_multiple_of(options.validation_frequency.max(1));
            let validation = match (&self.validation, validation_data) {
                (Some(program), Some(data)) if due => {
                    let size = options.validation_batch_size;
                    Some(self.evaluate(program, data, size, &mut crew, Some(cancelled.clone()))?)
                }
                _ => None,
            };
            if cancelled.is() {
                break;
            }
            let report = Report { epoch, batch: None, logs: totals.lock().logs(), validation };
            if epoch + 1 == options.epochs {
                listener.finish(report);
                break;
            }
            let verdict = listener.report(report)?;
            if verdict.learning_rate.is_some() {
                schedule = self.schedule(verdict.learning_rate);
            }
            if verdict.stop {
                break;
            }
        }
        [Some(whole), last].into_iter().flatten().for_each(|memory| self.training.give(memory));
        Ok(())
    }
}
