//! Inverse time decay: `initial / (1 + rate · step / steps)`, the quotient whole on a staircase.

use super::{Schedule, ScheduleEntry, periods};
use crate::attributes::Attributes;
use crate::error::Result;
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry = ("inverseTimeDecay", parse);

/// See the module documentation.
#[derive(Debug)]
struct InverseTimeDecay {
    initial: f64,
    decay_steps: f64,
    decay_rate: f64,
    staircase: bool,
}

fn parse(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    Ok(Arc::new(InverseTimeDecay {
        initial: with.number("initialLearningRate")?,
        decay_steps: with.number("decaySteps")?,
        decay_rate: with.number("decayRate")?,
        staircase: with.flag("staircase")?,
    }))
}

impl Schedule for InverseTimeDecay {
    fn at(&self, steps: u64) -> f64 {
        let passed = periods(steps, self.decay_steps, self.staircase);
        self.initial / (1.0 + self.decay_rate * passed)
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
