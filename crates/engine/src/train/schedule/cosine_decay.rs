//! Cosine decay (Loshchilov & Hutter 2017): `top · ((1 − alpha) · ½(1 + cos(π · step / steps)) + alpha)`,
//! and `top · alpha` from `steps` on. A warmup (Goyal et al. 2017) comes first: a straight line to the
//! `top`, which is the initial rate without one.

use super::{Schedule, ScheduleEntry, half_wave};
use crate::attributes::Attributes;
use crate::error::Result;
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry = ("cosineDecay", parse);

/// See the module documentation.
#[derive(Debug)]
struct CosineDecay {
    initial: f64,
    decay_steps: f64,
    alpha: f64,
    top: f64,
    /// 0 for no warmup.
    warmup_steps: f64,
}

fn parse(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    let initial = with.number("initialLearningRate")?;
    let target = with.optional_number("warmupTarget")?;
    Ok(Arc::new(CosineDecay {
        initial,
        decay_steps: with.number("decaySteps")?,
        alpha: with.number("alpha")?,
        top: target.unwrap_or(initial),
        warmup_steps: if target.is_some() { with.number("warmupSteps")? } else { 0.0 },
    }))
}

impl Schedule for CosineDecay {
    fn at(&self, steps: u64) -> f64 {
        let step = steps as f64;
        if step < self.warmup_steps {
            return (self.top - self.initial) * (step / self.warmup_steps) + self.initial;
        }
        let share = (step - self.warmup_steps).min(self.decay_steps) / self.decay_steps;
        self.top * ((1.0 - self.alpha) * half_wave(share) + self.alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    fn json(warmup: &str) -> String {
        format!(
            r#"{{"name":"cosineDecay","initialLearningRate":0.2,"decaySteps":10,"alpha":0.5,
            "warmupSteps":4,"warmupTarget":{warmup}}}"#
        )
    }

    #[test]
    fn without_a_target_it_only_decays() {
        check(&json("null"), &[(0, 0.2), (5, 0.15), (10, 0.1), (11, 0.1), (1000, 0.1)]);
    }

    #[test]
    fn it_warms_up_to_its_target() {
        check(&json("1"), &[(0, 0.2), (2, 0.6), (4, 1.0), (9, 0.75), (14, 0.5), (15, 0.5)]);
    }
}
