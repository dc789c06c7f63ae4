//! Adagrad (Duchi et al. 2011): the gradient over the root of all squares so far.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, adagrad};
use std::sync::Arc;

/// Its name in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("adagrad", |with| {
    Ok(Arc::new(Adagrad {
        // Kept beside the slot, which begins with zeros.
        offset: (with.number("initialAccumulatorValue")? + with.number("epsilon")?) as f32,
    }))
})];

/// See the module documentation.
#[derive(Debug)]
pub struct Adagrad {
    /// The value that the squares begin with, and ε.
    pub offset: f32,
}

impl Rule for Adagrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }
    fn slots(&self) -> &'static [&'static str] {
        &["accumulator"]
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        _: u64,
        w: &mut [f32],
        g: &[f32],
        [sum, ..]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        adagrad(isa, common, self.offset, w, g, sum)
    }
}
