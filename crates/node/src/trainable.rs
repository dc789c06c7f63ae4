//! What is trained, as the facade describes it.

use crate::error::{Result, convert};
use crate::traced::NativeTraced;
use crate::variable::{NativeVariable, variables};
use napi_derive::napi;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::ops::constrain::Constraint;
use ridgeline_engine::train::trainable::Trainable;
use ridgeline_kernels::update::Penalty;
use std::sync::Arc;

/// A weight with what training does to it.
#[napi]
pub struct NativeTrainable {
    pub(crate) trainable: Trainable,
}

#[napi]
impl NativeTrainable {
    /// A weight with the factors of its penalty, and the optimizer's state for it; `constraint` is the JSON of a constraint, `projection` one of one's own, and `update` that of
    /// an optimizer of one's own.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        variable: &NativeVariable,
        l1: f64,
        l2: f64,
        slots: Vec<&NativeVariable>,
        weight_decay: f64,
        optimizer: u32,
        constraint: Option<String>,
        projection: Option<&NativeTraced>,
        update: Option<&NativeTraced>,
    ) -> Result<NativeTrainable> {
        let variable = Arc::clone(&variable.variable);
        let parse = |json: String| Constraint::parse(&Attributes::parse(&json)?, variable.shape());
        let constraint = constraint.map(parse).transpose().map_err(convert)?;
        let traced = |traced: &NativeTraced| Arc::clone(&traced.traced);
        let penalty = Penalty { l1: l1 as f32, l2: l2 as f32 };
        let trainable = Trainable {
            constraint,
            projection: projection.map(traced),
            update: update.map(traced),
            slots: variables(&slots),
            weight_decay: weight_decay as f32,
            optimizer: optimizer as usize,
            ..Trainable::new(variable, penalty)
        };
        Ok(NativeTrainable { trainable })
    }
}
