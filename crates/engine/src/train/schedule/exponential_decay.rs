//! Exponential decay: `initial · rate^(step / steps)`, the exponent whole on a staircase.

use super::{Schedule, ScheduleEntry, periods};
use crate::attributes::Attributes;
use crate::error::Result;
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry = ("exponentialDecay", parse);

/// See the module documentation.
#[derive(Debug)]
struct ExponentialDecay {
    initial: f64,
    decay_steps: f64,
    decay_rate: f64,
    staircase: bool,
}

fn parse(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    Ok(Arc::new(ExponentialDecay {
        initial: with.number("initialLearningRate")?,
        decay_steps: with.number("decaySteps")?,
        decay_rate: with.number("decayRate")?,
        staircase: with.flag("staircase")?,
    }))
}

impl Schedule for ExponentialDecay {
    fn at(&self, steps: u64) -> f64 {
        self.initial * self.decay_rate.powf(periods(steps, self.decay_steps, self.staircase))
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
