//! Schedules as the facade describes them.

use crate::error::{Result, convert};
use crate::traced::NativeTraced;
use napi_derive::napi;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::train::schedule::own::Own;
use ridgeline_engine::train::schedule::{self, Schedule};
use std::sync::Arc;

/// A learning rate as a function of the step.
#[napi]
pub struct NativeSchedule {
    pub(crate) schedule: Arc<dyn Schedule>,
}

#[napi]
impl NativeSchedule {
    /// A schedule from its JSON configuration.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: String) -> Result<NativeSchedule> {
        let with = Attributes::parse(&config).map_err(convert)?;
        Ok(NativeSchedule { schedule: schedule::parse(&with).map_err(convert)? })
    }

    /// A schedule of one's own, from the steps made before, a scalar, to the learning rate.
    #[napi(factory, catch_unwind)]
    pub fn traced(of: &NativeTraced) -> Result<NativeSchedule> {
        Ok(NativeSchedule { schedule: Arc::new(Own::new(&of.traced).map_err(convert)?) })
    }

    /// The learning rate of the step that `steps` others came before.
    #[napi(catch_unwind)]
    pub fn at(&self, steps: f64) -> f64 {
        self.schedule.at(steps as u64)
    }
}
