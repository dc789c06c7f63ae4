//! Rules: the formulas of optimizers, with the state each needs.

use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{Common, adam, momentum, rmsprop, sgd};

/// An update formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// `w ← w − lr·g`, or with momentum `v ← μv − lr·g; w ← w + v` (Nesterov: `w + μv − lr·g`).
    Sgd {
        /// μ, 0 for none.
        momentum: f32,
        /// Looks ahead along the velocity.
        nesterov: bool,
    },
    /// Divides by a running root mean square, `ε` inside the root (Hinton 2012).
    RmsProp {
        /// Decay of the mean square.
        rho: f64,
        /// Momentum of the scaled gradient, 0 for none.
        momentum: f32,
        /// Added under the root.
        epsilon: f32,
        /// Subtracts the squared mean gradient.
        centered: bool,
    },
    /// Adam (Kingma & Ba 2015) with `ε` outside the root and unscaled, as Keras has it.
    Adam {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the root.
        epsilon: f32,
        /// Divides by the largest second moment so far.
        amsgrad: bool,
    },
}

impl Rule {
    /// Name of the op in profiles.
    pub fn name(&self) -> &'static str {
        match self {
            Rule::Sgd { .. } => "sgd",
            Rule::RmsProp { .. } => "rmsprop",
            Rule::Adam { .. } => "adam",
        }
    }

    /// Names of the slots each variable needs.
    pub fn slots(&self) -> &'static [&'static str] {
        match *self {
            Rule::Sgd { momentum: 0.0, .. } => &[],
            Rule::Sgd { .. } => &["momentum"],
            Rule::RmsProp { momentum, centered, .. } => match (centered, momentum != 0.0) {
                (false, false) => &["velocity"],
                (true, false) => &["velocity", "average_gradient"],
                (false, true) => &["velocity", "momentum"],
                (true, true) => &["velocity", "average_gradient", "momentum"],
            },
            Rule::Adam { amsgrad: false, .. } => &["momentum", "velocity"],
            Rule::Adam { amsgrad: true, .. } => &["momentum", "velocity", "velocity_hat"],
        }
    }

    /// Updates a block of weights; `updates` is the number of updates made before. Returns the
    /// penalty of the weights before this one.
    pub(crate) fn apply(
        &self,
        isa: Isa,
        c: &Common,
        updates: u64,
        w: &mut [f32],
        g: &[f32],
        slots: &mut [&mut [f32]; 3],
    ) -> f32 {
        let [a, b, d] = slots;
        match *self {
            Rule::Sgd { momentum: 0.0, .. } => sgd(isa, c, w, g),
            Rule::Sgd { momentum: mu, nesterov } => momentum(isa, c, mu, nesterov, w, g, a),
            Rule::RmsProp { rho, momentum, epsilon, centered } => {
                let (mean, velocity): (&mut [f32], &mut [f32]) =
                    if centered { (b, d) } else { (d, b) };
                rmsprop(isa, c, rho, momentum, epsilon, centered, w, g, a, mean, velocity)
            }
            Rule::Adam { beta1, beta2, epsilon, amsgrad } => {
                let t = (updates + 1) as f64;
                let correction = (1.0 - beta2.powf(t)).sqrt() / (1.0 - beta1.powf(t));
                let alpha = (f64::from(c.learning_rate) * correction) as f32;
                let hat = amsgrad.then_some(&mut **d);
                adam(isa, c, beta1, beta2, epsilon, alpha, w, g, a, b, hat)
            }
        }
    }
}
