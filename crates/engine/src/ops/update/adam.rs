//! Adam (Kingma & Ba 2015) with `ε` outside the root and unscaled, as Keras has it, and AMSGrad
//! (Reddi et al. 2018). AdamW (Loshchilov & Hutter 2019) is the same rule: weight decay is none of
//! a rule's business.

use super::rule::{MAX_SLOTS, Rule, RuleEntry};
use crate::attributes::Attributes;
use crate::error::Result;
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, adam};
use std::cell::Cell;
use std::sync::Arc;

/// Its names in the registry.
pub(super) const ENTRIES: &[RuleEntry] = &[("adam", parse), ("adamW", parse)];

/// See the module documentation.
#[derive(Debug)]
pub struct Adam {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root.
    pub epsilon: f32,
    /// Divides by the largest second moment so far.
    pub amsgrad: bool,
}

fn parse(with: &Attributes) -> Result<Arc<dyn Rule>> {
    Ok(Arc::new(Adam {
        beta1: with.number("beta1")?,
        beta2: with.number("beta2")?,
        epsilon: with.number("epsilon")? as f32,
        amsgrad: with.flag("amsgrad")?,
    }))
}

impl Rule for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }
    fn slots(&self) -> &'static [&'static str] {
        match self.amsgrad {
            false => &["momentum", "velocity"],
            true => &["momentum", "velocity", "velocity_hat"],
        }
    }
    fn apply(
        &self,
        isa: Isa,
        common: &Common,
        updates: u64,
        w: &mut [f32],
        g: &[f32],
        [m, v, largest]: &mut [&mut [f32]; MAX_SLOTS],
    ) -> f32 {
        let &Adam { beta1, beta2, epsilon, amsgrad } = self;
        let alpha = (f64::from(common.learning_rate) * correction([beta1, beta2], updates)) as f32;
        let largest = amsgrad.then_some(&mut **largest);
        adam(isa, common, beta1, beta2, epsilon, alpha, w, g, m, v, largest)
    }
}

/// `√(1 − β₂ᵗ) / (1 − β₁ᵗ)` of the update behind so many. All weights of a step ask for the same, and powers take longer than
/// a small weight's update: each thread keeps its last.
fn correction(betas: [f64; 2], updates: u64) -> f64 {
    thread_local!(static LAST: Cell<([f64; 2], u64, f64)> = const { Cell::new(([0.0; 2], 0, 1.0)) });
    let (of, at, last) = LAST.get();
    if (of, at) == (betas, updates) {
        return last;
    }
    let t = (updates + 1) as f64;
    let [beta1, beta2] = betas;
    let found = (1.0 - beta2.powf(t)).sqrt() / (1.0 - beta1.powf(t));
    LAST.set((betas, updates, found));
    found
}
