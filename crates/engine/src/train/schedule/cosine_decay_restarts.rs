//! Cosine decay with warm restarts (Loshchilov & Hutter 2017, "SGDR"):
//! `initial · ((1 − alpha) · mᵢ · ½(1 + cos(π · share)) + alpha)`, where `share` of period `i` has passed,
//! which lasts `first · tᵢ` steps with `tᵢ = t_mul^i` and starts as high as `mᵢ = m_mul^i` says.

use super::{Schedule, ScheduleEntry, half_wave};
use crate::attributes::Attributes;
use crate::error::Result;
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry = ("cosineDecayRestarts", parse);

/// See the module documentation.
#[derive(Debug)]
struct CosineDecayRestarts {
    initial: f64,
    first_decay_steps: f64,
    t_mul: f64,
    m_mul: f64,
    alpha: f64,
}

fn parse(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    Ok(Arc::new(CosineDecayRestarts {
        initial: with.number("initialLearningRate")?,
        first_decay_steps: with.number("firstDecaySteps")?,
        t_mul: with.number("tMul")?,
        m_mul: with.number("mMul")?,
        alpha: with.number("alpha")?,
    }))
}

impl CosineDecayRestarts {
    /// The period that stands where `passed` first periods would have passed, and the share of it
    /// that has.
    fn period(&self, passed: f64) -> (f64, f64) {
        let t = self.t_mul;
        if t == 1.0 {
            return (passed.floor(), passed.fract());
        }
        let share = |i: f64| (passed - (1.0 - t.powf(i)) / (1.0 - t)) / t.powf(i);
        let i = ((1.0 - passed * (1.0 - t)).ln() / t.ln()).floor();
        // The quotient of logarithms of a power of `t` may round to below the exponent, and a
        // restart would come a step late.
        if share(i + 1.0) >= 0.0 { (i + 1.0, share(i + 1.0)) } else { (i, share(i)) }
    }
}

impl Schedule for CosineDecayRestarts {
    fn at(&self, steps: u64) -> f64 {
        let (i, share) = self.period(steps as f64 / self.first_decay_steps);
        let wave = self.m_mul.powf(i) * half_wave(share);
        self.initial * ((1.0 - self.alpha) * wave + self.alpha)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    fn json(t: f64, m: f64, alpha: f64) -> String {
        format!(
            r#"{{"name":"cosineDecayRestarts","initialLearningRate":0.5,"firstDecaySteps":10,
            "tMul":{t},"mMul":{m},"alpha":{alpha}}}"#
        )
    }

    #[test]
    fn periods_of_one_length_repeat() {
        check(&json(1.0, 1.0, 0.0), &[(0, 0.5), (5, 0.25), (10, 0.5), (15, 0.25), (995, 0.25)]);
    }

    #[test]
    fn periods_grow_longer_and_lower() {
        let rates = [(0, 0.5), (5, 0.3), (10, 0.3), (20, 0.2), (30, 0.2), (50, 0.15), (70, 0.15)];
        check(&json(2.0, 0.5, 0.2), &rates);
    }

    #[test]
    fn a_restart_is_not_late() {
        // ln 243 / ln 3 is 4.999… in f64.
        check(&json(3.0, 1.0, 0.0), &[(1210, 0.5), (10, 0.5), (40, 0.5), (130, 0.5), (400, 0.5)]);
    }
}
