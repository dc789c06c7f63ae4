//! Schedules: learning rates as functions of the step, and the table of them by name.
//!
//! A schedule is one file here: its arguments and its formula, Keras 3's unless it says otherwise, in f64 where Keras rounds
//! to f32 on the way. It gets the training steps made before, Keras' `iterations`: where gradients
//! accumulate, each of them counts, also those without an update. A number is a schedule that never
//! changes.

pub mod assigned;
mod cosine_decay;
mod cosine_decay_restarts;
mod exponential_decay;
mod inverse_time_decay;
mod one_cycle;
pub mod own;
mod piecewise_constant_decay;
mod polynomial_decay;

use crate::attributes::Attributes;
use crate::error::{Error, Result};
use serde_json::Value as Json;
use std::f64::consts::PI;
use std::fmt::Debug;
use std::sync::Arc;

/// A learning rate as a function of the step.
pub trait Schedule: Debug + Send + Sync {
    /// The learning rate of the step that `steps` others came before.
    fn at(&self, steps: u64) -> f64;
}

/// The same learning rate for every step.
#[derive(Debug)]
pub struct Constant(pub f64);

impl Schedule for Constant {
    fn at(&self, _: u64) -> f64 {
        self.0
    }
}

/// A name and how its schedule comes of arguments.
type ScheduleEntry = (&'static str, fn(&Attributes) -> Result<Arc<dyn Schedule>>);

/// The table: one entry of each file.
const ENTRIES: &[ScheduleEntry] = &[
    cosine_decay::ENTRY,
    cosine_decay_restarts::ENTRY,
    exponential_decay::ENTRY,
    inverse_time_decay::ENTRY,
    one_cycle::ENTRY,
    piecewise_constant_decay::ENTRY,
    polynomial_decay::ENTRY,
];

/// The schedule that the argument `name` asks for, with its own arguments.
///
/// # Errors
/// `ERR_ARGUMENT` for an unknown name or bad arguments.
pub fn parse(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    let name = with.text("name")?;
    let found = ENTRIES.iter().find(|(of, _)| *of == name);
    let (_, build) =
        found.ok_or_else(|| Error::argument(format!("there is no schedule '{name}'")))?;
    build(with)
}

/// The argument `learningRate` of an optimizer: a number, or a schedule with its arguments.
///
/// # Errors
/// As [`parse`].
pub fn learning_rate(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    const NAME: &str = "learningRate";
    match with.0.get(NAME) {
        Some(Json::Object(schedule)) => parse(&Attributes(schedule.clone())),
        _ => Ok(Arc::new(Constant(with.number(NAME)?))),
    }
}

/// A decay by one rate every so many steps, all at once on a staircase.
#[derive(Debug)]
struct Decay {
    initial: f64,
    steps: f64,
    rate: f64,
    staircase: bool,
}

impl Decay {
    fn parse(with: &Attributes) -> Result<Decay> {
        Ok(Decay {
            initial: with.number("initialLearningRate")?,
            steps: with.number("decaySteps")?,
            rate: with.number("decayRate")?,
            staircase: with.flag("staircase")?,
        })
    }

    /// How many times the steps of a decay have passed.
    fn times(&self, steps: u64) -> f64 {
        let passed = steps as f64 / self.steps;
        if self.staircase { passed.floor() } else { passed }
    }
}

/// Half a wave of a cosine: from 1 where a `share` of 0 has passed to 0 where all has.
fn half_wave(share: f64) -> f64 {
    0.5 * (1.0 + (PI * share).cos())
}

#[cfg(test)]
mod tests {
    use super::{learning_rate, parse};
    use crate::attributes::Attributes;
    use crate::error::Code;

    /// Checks the learning rates of some steps of a schedule, given as JSON.
    pub(super) fn check(json: &str, rates: &[(u64, f64)]) {
        let schedule = parse(&Attributes::parse(json).unwrap()).unwrap();
        for &(step, rate) in rates {
            let got = schedule.at(step);
            assert!((got - rate).abs() <= 1e-12, "{json} at {step}: {got} instead of {rate}");
        }
    }

    #[test]
    fn a_number_is_the_rate_of_every_step() {
        let rate = learning_rate(&Attributes::parse(r#"{"learningRate":0.25}"#).unwrap()).unwrap();
        assert_eq!([0, 1, u64::MAX].map(|step| rate.at(step)), [0.25; 3]);
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for (json, says) in [
            ("{}", "learningRate is missing; expected a number"),
            (r#"{"learningRate":"fast"}"#, "learningRate must be a number, received \"fast\""),
            (r#"{"learningRate":{}}"#, "name is missing; expected a string"),
            (r#"{"learningRate":{"name":"sgd"}}"#, "there is no schedule 'sgd'"),
            (
                r#"{"learningRate":{"name":"exponentialDecay"}}"#,
                "initialLearningRate is missing; expected a number",
            ),
        ] {
            let error = learning_rate(&Attributes::parse(json).unwrap()).unwrap_err();
            assert_eq!((error.code, &*error.message), (Code::Argument, says));
        }
    }
}
