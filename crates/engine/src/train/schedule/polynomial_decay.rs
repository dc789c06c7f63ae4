//! Polynomial decay: `(initial − end) · (1 − step / steps)^power + end`, and `end` from `steps` on; or,
//! in cycles, with the first multiple of `steps` that is not below the step in their place.

use super::{Schedule, ScheduleEntry};
use crate::attributes::Attributes;
use crate::error::Result;
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry = ("polynomialDecay", parse);

/// See the module documentation.
#[derive(Debug)]
struct PolynomialDecay {
    initial: f64,
    decay_steps: f64,
    end: f64,
    power: f64,
    cycle: bool,
}

fn parse(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    Ok(Arc::new(PolynomialDecay {
        initial: with.number("initialLearningRate")?,
        decay_steps: with.number("decaySteps")?,
        end: with.number("endLearningRate")?,
        power: with.number("power")?,
        cycle: with.flag("cycle")?,
    }))
}

impl Schedule for PolynomialDecay {
    fn at(&self, steps: u64) -> f64 {
        let step = steps as f64;
        let share = match self.cycle {
            true => step / (self.decay_steps * (step / self.decay_steps).ceil().max(1.0)),
            false => step.min(self.decay_steps) / self.decay_steps,
        };
        (self.initial - self.end) * (1.0 - share).powf(self.power) + self.end
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    fn json(power: f64, cycle: bool) -> String {
        format!(
            r#"{{"name":"polynomialDecay","initialLearningRate":0.5,"decaySteps":10,
            "endLearningRate":0.1,"power":{power},"cycle":{cycle}}}"#
        )
    }

    #[test]
    fn it_ends_at_its_end() {
        check(&json(1.0, false), &[(0, 0.5), (5, 0.3), (10, 0.1), (11, 0.1), (1000, 0.1)]);
        check(&json(2.0, false), &[(0, 0.5), (5, 0.2), (10, 0.1)]);
    }

    #[test]
    fn cycles_grow_longer() {
        let rates = [(0, 0.5), (5, 0.3), (10, 0.1), (15, 0.2), (20, 0.1), (25, 0.1 + 0.4 / 6.0)];
        check(&json(1.0, true), &rates);
    }
}
