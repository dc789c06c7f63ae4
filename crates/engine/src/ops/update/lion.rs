//! Lion (Chen et al. 2023): steps of one size, in the direction of a momentum's sign.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, lion};
use std::sync::Arc;

/// Its name in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("lion", |with| {
    Ok(Arc::new(Lion { beta1: with.number("beta1")?, beta2: with.number("beta2")? }))
})];

/// See the module documentation.
#[derive(Debug)]
pub struct Lion {
    /// Share of the momentum in the direction.
    pub beta1: f64,
    /// Decay of the momentum.
    pub beta2: f64,
}

impl Rule for Lion {
    fn name(&self) -> &'static str {
        "lion"
    }
    fn slots(&self) -> &'static [&'static str] {
        &["momentum"]
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        _: u64,
        w: &mut [f32],
        g: &[f32],
        [m, ..]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        let both = |beta: f64| [beta as f32, (1.0 - beta) as f32];
        lion(isa, common, both(self.beta1), both(self.beta2), w, g, m)
    }
}
