//! Totals of an epoch, and its logs.
//!
//! Loss and penalty are Keras': running means over the epoch, weighted by the rows of each batch, of losses
//! taken before each update. What metrics are made of is added up in f64, where counts do not end at 2²⁴.

use crate::run::workspace::Workspace;

/// See the module documentation. By default it is of no batch yet.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    pub(super) rows: f64,
    loss: f64,
    pub(super) penalty: f64,
    sums: Vec<f64>,
}

impl Totals {
    /// Adds what a step over `rows` rows put out, in the order of `Objective::outputs`; the mean loss so far.
    pub(super) fn add(&mut self, workspace: &Workspace, rows: usize) -> f64 {
        let number = |word: &u32| f64::from(f32::from_bits(*word));
        let scalar = |i: usize| number(&workspace.output_words(i)[0]);
        self.rows += rows as f64;
        self.loss += scalar(0) * rows as f64;
        self.penalty += scalar(1) * rows as f64;
        let mut at = 0;
        for i in 2..workspace.output_count() {
            for x in workspace.output_words(i).iter().map(number) {
                // Those of the first batch begin them.
                match self.sums.get_mut(at) {
                    Some(sum) => *sum += x,
                    None => self.sums.push(x),
                }
                at += 1;
            }
        }
        self.loss()
    }
    /// The mean loss so far, with its penalty; 0 before the first batch.
    pub(super) fn loss(&self) -> f64 {
        if self.rows == 0.0 { 0.0 } else { (self.loss + self.penalty) / self.rows }
    }
    /// All that they are made of, for [`Totals::from`] to go on with.
    pub fn parts(&self) -> Vec<f64> {
        [self.rows, self.loss, self.penalty].into_iter().chain(self.sums.iter().copied()).collect()
    }
    /// Loss and its penalty part, then the sums; nothing but zeros before the first batch.
    pub fn logs(&self) -> Vec<f64> {
        let mean = |x: f64| if self.rows == 0.0 { 0.0 } else { x / self.rows };
        let (loss, penalty) = (mean(self.loss), mean(self.penalty));
        [loss + penalty, penalty].into_iter().chain(self.sums.iter().copied()).collect()
    }
}

impl From<&[f64]> for Totals {
    /// From their [`Totals::parts`]; where there are fewer, of no batch.
    fn from(parts: &[f64]) -> Totals {
        match *parts {
            [rows, loss, penalty, ref sums @ ..] => {
                Totals { rows, loss, penalty, sums: sums.to_vec() }
            }
            _ => Totals::default(),
        }
    }
}
