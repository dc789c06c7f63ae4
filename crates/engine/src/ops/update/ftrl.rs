//! Follow the regularized leader (McMahan et al. 2013): weights from sums over all gradients, 0 where λ₁ holds them.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, FtrlConstants, ftrl};
use std::sync::Arc;

/// Its name in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("ftrl", |with| {
    Ok(Arc::new(Ftrl {
        constants: FtrlConstants {
            power: -with.number("learningRatePower")? as f32,
            initial: with.number("initialAccumulatorValue")? as f32,
            l1: with.number("l1RegularizationStrength")? as f32,
            l2: with.number("l2RegularizationStrength")? as f32,
            shrinkage: with.number("l2ShrinkageRegularizationStrength")? as f32,
            beta: with.number("beta")? as f32,
        },
    }))
})];

/// See the module documentation.
#[derive(Debug)]
pub struct Ftrl {
    /// Exponent, initial value and penalties.
    pub constants: FtrlConstants,
}

impl Rule for Ftrl {
    fn name(&self) -> &'static str {
        "ftrl"
    }
    fn slots(&self) -> &'static [&'static str] {
        &["accumulator", "linear"]
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        _: u64,
        w: &mut [f32],
        g: &[f32],
        [sum, linear, ..]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        ftrl(isa, common, &self.constants, w, g, sum, linear)
    }
}
