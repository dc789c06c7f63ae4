//! Inverse time decay: `initial / (1 + rate · step / steps)`, the quotient whole on a staircase.

use super::{Decay, Schedule, ScheduleEntry};
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry =
    ("inverseTimeDecay", |with| Ok(Arc::new(InverseTimeDecay(Decay::parse(with)?))));

/// See the module documentation.
#[derive(Debug)]
struct InverseTimeDecay(Decay);

impl Schedule for InverseTimeDecay {
    fn at(&self, steps: u64) -> f64 {
        self.0.initial / (1.0 + self.0.rate * self.0.times(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn it_follows_its_formula() {
        let json = |staircase| {
            format!(
                r#"{{"name":"inverseTimeDecay","initialLearningRate":0.5,"decaySteps":4,
                "decayRate":2,"staircase":{staircase}}}"#
            )
        };
        check(&json(false), &[(0, 0.5), (2, 0.25), (4, 0.5 / 3.0), (6, 0.125)]);
        check(&json(true), &[(0, 0.5), (3, 0.5), (4, 0.5 / 3.0), (7, 0.5 / 3.0), (8, 0.1)]);
    }
}
