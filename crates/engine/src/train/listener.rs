//! The listener: whoever follows a run, hears of its epochs and batches, and has a say.

use crate::error::Result;
use crate::step::Cancelled;

/// What a run tells its listener.
#[derive(Clone, Debug)]
pub struct Report {
    /// The epoch, counted from 0.
    pub epoch: usize,
    /// The batch, for reports at the end of one.
    pub batch: Option<usize>,
    /// Loss, penalty and sums so far.
    pub logs: Vec<f64>,
    /// The same for the validation data, at the end of an epoch.
    pub validation: Option<Vec<f64>>,
}

/// What the listener answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// Ends training now.
    pub stop: bool,
    /// Another learning rate from now on, in place of a schedule too.
    pub learning_rate: Option<f64>,
}

/// Whoever follows a run; called on the run's thread.
pub trait Listener {
    /// The end of an epoch, or of a batch where asked for.
    ///
    /// # Errors
    /// Whatever ends the run.
    fn report(&mut self, report: Report) -> Result<Verdict>;
    /// The end of the last epoch, after which there is nothing to decide.
    fn finish(&mut self, report: Report);
    /// Whether the run is to end: at the next batch, or in a loop before anything of a batch is written.
    fn cancelled(&self) -> &Cancelled;
    /// A batch is done; must be quick.
    fn progress(&self, epoch: usize, batch: usize, batches: usize, loss: f64);
}
