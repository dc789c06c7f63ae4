//! Rules: what tells one optimizer from another.
//!
//! A rule is one file here: its arguments, the state each weight needs, and its formula, whose
//! arithmetic is in the kernels. What all optimizers share stands in `train/optimizer.rs`.

use crate::attributes::Attributes;
use crate::error::Result;
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::Common;
use std::fmt::Debug;
use std::sync::Arc;

/// Slots a rule has at most.
pub const MAX_SLOTS: usize = 3;

/// The formula of an optimizer with its parameters.
pub trait Rule: Debug + Send + Sync {
    /// Name of the op in profiles.
    fn name(&self) -> &'static str;

    /// Names of the slots each weight needs, in the order [`Rule::apply`] takes them.
    fn slots(&self) -> &'static [&'static str];

    /// Whether a weight whose gradient is 0 stays as it is. Default false.
    fn leaves_alone(&self) -> bool {
        false
    }

    /// Updates a block of weights `w` from gradients `g`; `updates` is the number of updates made
    /// before, and slots that the rule does not have are empty. Returns the penalty of the weights
    /// before this update.
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        updates: u64,
        w: &mut [f32],
        g: &[f32],
        slots: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32;
}

/// A name and how its rule comes of arguments.
pub(super) type RuleEntry = (&'static str, fn(&Attributes) -> Result<Arc<dyn Rule>>);
