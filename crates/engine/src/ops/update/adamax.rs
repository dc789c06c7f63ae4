//! Adamax (Kingma & Ba 2015): Adam with the largest gradient in the place of the second moment.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, adamax};
use std::sync::Arc;

/// Its name in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("adamax", |with| {
    Ok(Arc::new(Adamax {
        beta1: with.number("beta1")?,
        beta2: with.number("beta2")? as f32,
        epsilon: with.number("epsilon")? as f32,
    }))
})];

/// See the module documentation.
#[derive(Debug)]
pub struct Adamax {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the norm.
    pub beta2: f32,
    /// Added to the norm.
    pub epsilon: f32,
}

impl Rule for Adamax {
    fn name(&self) -> &'static str {
        "adamax"
    }
    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "norm"]
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        updates: u64,
        w: &mut [f32],
        g: &[f32],
        [m, norm, ..]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        let rest = (1.0 - self.beta1) as f32;
        let correction = (1.0 - self.beta1.powf((updates + 1) as f64)) as f32;
        adamax(isa, common, rest, self.beta2, self.epsilon, correction, w, g, m, norm)
    }
}
