//! Gradient descent: `w ← w − lr·g`, or with momentum (Polyak 1964) `v ← μv − lr·g; w ← w + v`,
//! Nesterov's (1983) `w + μv − lr·g`.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, momentum, sgd};
use std::sync::Arc;

/// Its names in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("sgd", |with| {
    let momentum = with.number("momentum")? as f32;
    Ok(Arc::new(Sgd { momentum, nesterov: with.flag("nesterov")? }))
})];

/// See the module documentation.
#[derive(Debug)]
pub struct Sgd {
    /// μ, 0 for none.
    pub momentum: f32,
    /// Looks ahead along the velocity.
    pub nesterov: bool,
}

impl Rule for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }
    fn slots(&self) -> &'static [&'static str] {
        if self.momentum == 0.0 { &[] } else { &["momentum"] }
    }
    fn leaves_alone(&self) -> bool {
        self.momentum == 0.0
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        _: u64,
        w: &mut [f32],
        g: &[f32],
        [velocity, ..]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        if self.momentum == 0.0 {
            return sgd(isa, common, w, g);
        }
        momentum(isa, common, self.momentum, self.nesterov, w, g, velocity)
    }
}
