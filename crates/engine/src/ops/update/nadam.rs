//! Nadam (Dozat 2016): Adam with Nesterov's momentum, whose share grows: `μₜ = β₁(1 − ½·0.96ᵗ)`.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, nadam};
use std::sync::{Arc, LazyLock};

/// Its name in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("nadam", |with| {
    Ok(Arc::new(Nadam {
        beta1: with.number("beta1")?,
        beta2: with.number("beta2")?,
        epsilon: with.number("epsilon")? as f32,
    }))
})];

/// See the module documentation.
#[derive(Debug)]
pub struct Nadam {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root.
    pub epsilon: f32,
}

/// `1 − ½·0.96ᵗ`.
fn growth(t: u64) -> f64 {
    1.0 - 0.5 * 0.96f64.powf(t as f64)
}

/// Products of the growth up to each step, and so many that those behind are 1 to the last bit.
static GROWN: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let products = (1..1024).scan(1.0, |product, t| {
        *product *= growth(t);
        Some(*product)
    });
    [1.0].into_iter().chain(products).collect()
});

impl Nadam {
    /// `μ₁ · … · μₜ`.
    fn product(&self, t: u64) -> f64 {
        let grown = GROWN[usize::try_from(t).unwrap_or(usize::MAX).min(GROWN.len() - 1)];
        self.beta1.powf(t as f64) * grown
    }
}

impl Rule for Nadam {
    fn name(&self) -> &'static str {
        "nadam"
    }
    fn slots(&self) -> &'static [&'static str] {
        &["momentum", "velocity"]
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        updates: u64,
        w: &mut [f32],
        g: &[f32],
        [m, v, ..]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        let t = updates + 1;
        let share = |t: u64| self.beta1 * growth(t);
        let (now, next) = (self.product(t), self.product(t + 1));
        let parts = [
            share(t + 1) / (1.0 - next),
            (1.0 - share(t)) / (1.0 - now),
            1.0 / (1.0 - self.beta2.powf(t as f64)),
        ];
        let rest = [(1.0 - self.beta1) as f32, (1.0 - self.beta2) as f32];
        nadam(isa, common, rest, parts.map(|part| part as f32), self.epsilon, w, g, m, v)
    }
}
