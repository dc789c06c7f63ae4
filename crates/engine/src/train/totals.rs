//! Totals of an epoch, and its logs.
//!
//! Logs are Keras': running means over the epoch, weighted by the rows of each batch, of losses
//! taken before each update; metrics are totals divided by weights.

use crate::run::workspace::Workspace;

/// See the module documentation.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub(super) rows: f64,
    pub(super) loss: f64,
    pub(super) penalty: f64,
    metrics: Vec<(f64, f64)>,
}

impl Totals {
    /// Nothing yet of so many metrics.
    pub fn new(metrics: usize) -> Totals {
        Totals { metrics: vec![(0.0, 0.0); metrics], ..Totals::default() }
    }
    /// Adds what a step over `rows` rows put out, in the order of `Objective::outputs`.
    pub(super) fn add(&mut self, workspace: &Workspace, rows: usize) {
        let scalar = |i: usize| f64::from(f32::from_bits(workspace.output_words(i)[0]));
        self.rows += rows as f64;
        self.loss += scalar(0) * rows as f64;
        self.penalty += scalar(1) * rows as f64;
        for (i, (total, weight)) in self.metrics.iter_mut().enumerate() {
            *total += scalar(2 + 2 * i);
            *weight += scalar(3 + 2 * i);
        }
    }
    /// Loss, its penalty part, then the metrics.
    pub fn logs(&self) -> Vec<f64> {
        let mean = |x: f64, n: f64| if n == 0.0 { 0.0 } else { x / n };
        let (loss, penalty) = (mean(self.loss, self.rows), mean(self.penalty, self.rows));
        let metrics = self.metrics.iter().map(|&(total, weight)| mean(total, weight));
        [loss + penalty, penalty].into_iter().chain(metrics).collect()
    }
}
