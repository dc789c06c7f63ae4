//! Exponential decay: `initial · rate^(step / steps)`, the exponent whole on a staircase.

use super::{Decay, Schedule, ScheduleEntry};
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry =
    ("exponentialDecay", |with| Ok(Arc::new(ExponentialDecay(Decay::parse(with)?))));

/// See the module documentation.
#[derive(Debug)]
struct ExponentialDecay(Decay);

impl Schedule for ExponentialDecay {
    fn at(&self, steps: u64) -> f64 {
        self.0.initial * self.0.rate.powf(self.0.times(steps))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn it_follows_its_formula() {
        let json = |staircase| {
            format!(
                r#"{{"name":"exponentialDecay","initialLearningRate":0.5,"decaySteps":10,
                "decayRate":0.25,"staircase":{staircase}}}"#
            )
        };
        check(&json(false), &[(0, 0.5), (5, 0.25), (10, 0.125), (15, 0.0625), (1_000_000, 0.0)]);
        check(&json(true), &[(0, 0.5), (9, 0.5), (10, 0.125), (19, 0.125), (20, 0.03125)]);
    }
}
