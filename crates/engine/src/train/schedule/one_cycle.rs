//! One cycle (Smith & Topin 2018), by PyTorch's formula: up half a wave from `top / div` to `top` in the
//! first share of the steps, and down half a wave to `top / div / final_div`, where it stays.

use super::{Schedule, ScheduleEntry, half_wave};
use crate::attributes::Attributes;
use crate::error::Result;
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry = ("oneCycle", parse);

/// See the module documentation.
#[derive(Debug)]
struct OneCycle {
    first: f64,
    top: f64,
    last: f64,
    /// Step of the top; below 0 where the rise is shorter than a step.
    rise: f64,
    end: f64,
}

fn parse(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    let top = with.number("maxLearningRate")?;
    let steps = with.number("totalSteps")?;
    let first = top / with.number("divFactor")?;
    Ok(Arc::new(OneCycle {
        first,
        top,
        last: first / with.number("finalDivFactor")?,
        rise: with.number("pctStart")? * steps - 1.0,
        end: steps - 1.0,
    }))
}

impl Schedule for OneCycle {
    fn at(&self, steps: u64) -> f64 {
        let step = (steps as f64).min(self.end);
        let between = |from: f64, to: f64, share: f64| to + (from - to) * half_wave(share);
        if step < self.rise {
            between(self.first, self.top, step / self.rise)
        } else if self.rise < self.end {
            between(self.top, self.last, (step - self.rise) / (self.end - self.rise))
        } else {
            self.top
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    fn json(steps: u64, share: f64) -> String {
        format!(
            r#"{{"name":"oneCycle","maxLearningRate":1,"totalSteps":{steps},"pctStart":{share},
            "divFactor":10,"finalDivFactor":2}}"#
        )
    }

    #[test]
    fn it_rises_falls_and_stays() {
        check(
            &json(21, 11.0 / 21.0),
            &[(0, 0.1), (5, 0.55), (10, 1.0), (15, 0.525), (20, 0.05), (21, 0.05), (9999, 0.05)],
        );
    }

    #[test]
    fn without_a_rise_or_a_fall() {
        check(&json(5, 0.2), &[(0, 1.0), (4, 0.05)]);
        check(&json(5, 1.0), &[(0, 0.1), (4, 1.0), (9, 1.0)]);
        check(&json(1, 0.0), &[(0, 0.05), (1, 0.05)]);
        check(&json(1, 1.0), &[(0, 1.0)]);
    }
}
