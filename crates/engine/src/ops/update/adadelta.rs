//! Adadelta (Zeiler 2012): steps as long as those before, whatever the gradient's unit.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, adadelta};
use std::sync::Arc;

/// Its name in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("adadelta", |with| {
    Ok(Arc::new(Adadelta { rho: with.number("rho")?, epsilon: with.number("epsilon")? as f32 }))
})];

/// See the module documentation.
#[derive(Debug)]
pub struct Adadelta {
    /// Decay of both averages.
    pub rho: f64,
    /// Added under the roots.
    pub epsilon: f32,
}

impl Rule for Adadelta {
    fn name(&self) -> &'static str {
        "adadelta"
    }
    fn slots(&self) -> &'static [&'static str] {
        &["accumulated_grad", "accumulated_delta_var"]
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        _: u64,
        w: &mut [f32],
        g: &[f32],
        [squares, steps, ..]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        let rho = [self.rho as f32, (1.0 - self.rho) as f32];
        adadelta(isa, common, rho, self.epsilon, w, g, squares, steps)
    }
}
