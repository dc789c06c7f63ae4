//! Optimizers as the facade describes them.

use crate::error::{Result, convert};
use crate::schedule::NativeSchedule;
use crate::variable::NativeVariable;
use napi::Env;
use napi_derive::napi;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::train::optimizer::Optimizer;
use ridgeline_engine::train::schedule::Schedule;
use ridgeline_engine::train::schedule::assigned::Assigned;
use std::sync::Arc;

/// An optimizer's formula and bounds.
#[napi]
pub struct NativeOptimizer {
    pub(crate) optimizer: Optimizer,
    rate: Arc<Assigned>,
}

#[napi]
impl NativeOptimizer {
    /// An optimizer from its JSON configuration, with a schedule in the place of its learning rate if there is one.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: String, schedule: Option<&NativeSchedule>) -> Result<NativeOptimizer> {
        let with = Attributes::parse(&config).map_err(convert)?;
        let mut optimizer = Optimizer::parse(&with).map_err(convert)?;
        let own = schedule.map(|of| Arc::clone(&of.schedule));
        let rate = Arc::new(Assigned::new(own.unwrap_or(optimizer.learning_rate)));
        optimizer.learning_rate = Arc::clone(&rate) as Arc<dyn Schedule>;
        Ok(NativeOptimizer { optimizer, rate })
    }

    /// Takes a learning rate for every step from now on, of a run under way too.
    #[napi(catch_unwind)]
    pub fn assign_rate(&self, rate: f64) {
        self.rate.assign(rate);
    }

    /// Names of the state it keeps for each weight.
    #[napi(getter)]
    pub fn slot_names(&self) -> Vec<String> {
        self.optimizer.slots().into_iter().map(str::to_owned).collect()
    }

    /// New state for a weight.
    #[napi(catch_unwind)]
    pub fn slots(&self, env: Env, of: &NativeVariable) -> Result<Vec<NativeVariable>> {
        let slots = self.optimizer.new_slots(&of.variable).map_err(convert)?;
        slots.into_iter().map(|variable| NativeVariable::accounted(env, variable)).collect()
    }
}
