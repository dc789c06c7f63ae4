//! RMSprop: the gradient over a running root mean square, with `ε` inside the root (Hinton 2012),
//! optionally centred and with momentum.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, rmsprop};
use std::sync::Arc;

/// Its names in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("rmsprop", |with| {
    Ok(Arc::new(RmsProp {
        rho: with.number("rho")?,
        momentum: with.number("momentum")? as f32,
        epsilon: with.number("epsilon")? as f32,
        centered: with.flag("centered")?,
    }))
})];

/// See the module documentation.
#[derive(Debug)]
pub struct RmsProp {
    /// Decay of the mean square.
    pub rho: f64,
    /// Momentum of the scaled gradient, 0 for none.
    pub momentum: f32,
    /// Added under the root.
    pub epsilon: f32,
    /// Subtracts the squared mean gradient.
    pub centered: bool,
}

impl Rule for RmsProp {
    fn name(&self) -> &'static str {
        "rmsprop"
    }
    fn slots(&self) -> &'static [&'static str] {
        match (self.centered, self.momentum != 0.0) {
            (false, false) => &["velocity"],
            (true, false) => &["velocity", "average_gradient"],
            (false, true) => &["velocity", "momentum"],
            (true, true) => &["velocity", "average_gradient", "momentum"],
        }
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        _: u64,
        w: &mut [f32],
        g: &[f32],
        [square, second, third]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        let &RmsProp { rho, momentum, epsilon, centered } = self;
        let (mean, velocity) = if centered { (second, third) } else { (third, second) };
        rmsprop(isa, common, rho, momentum, epsilon, centered, w, g, square, mean, velocity)
    }
}
