//! The cells that a recurrent layer may have, and what is known of each.

use crate::error::{Error, Result};
use ridgeline_kernels::recurrent::Activation;
use std::ops::Range;

/// What a step computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// Gates i, f, g and o; states h and c.
    Lstm,
    /// Gates z, r and the candidate.
    Gru {
        /// The reset comes after the product of the state.
        reset_after: bool,
    },
    /// One activation.
    Simple,
}

impl Cell {
    pub(super) fn name(self) -> &'static str {
        match self {
            Cell::Lstm => "lstm",
            Cell::Gru { .. } => "gru",
            Cell::Simple => "simpleRnn",
        }
    }
    pub(super) fn gates(self) -> usize {
        match self {
            Cell::Lstm => 4,
            Cell::Gru { .. } => 3,
            Cell::Simple => 1,
        }
    }
    pub(super) fn states(self) -> usize {
        if self == Cell::Lstm { 2 } else { 1 }
    }
    /// Numbers that backward needs of a step, for each unit.
    pub(super) fn saved(self) -> usize {
        if self == Cell::Simple { 1 } else { 4 }
    }
    /// Whether a step's sums of both parts become its gates where they stand. A GRU wants the state's part alone, which it
    /// resets.
    pub(super) fn sums_in_place(self) -> bool {
        self.gates() == self.saved()
    }
    /// The left operands of a step's products, of which each gate has one: the state before, and the reset one of a GRU.
    pub(super) fn operands(self) -> Vec<usize> {
        match self {
            Cell::Gru { reset_after: false } => vec![0, 0, 1],
            _ => vec![0; self.gates()],
        }
    }
    /// Gates whose products have one and the same left operand, `dropped` or not.
    pub(super) fn groups(self, dropped: bool) -> Vec<Range<usize>> {
        match self {
            _ if dropped => (0..self.gates()).map(|gate| gate..gate + 1).collect(),
            Cell::Gru { reset_after: false } => vec![0..2, 2..3],
            _ => vec![0..self.gates(); 1],
        }
    }
}

/// The activations by Keras' names.
pub(super) const ACTIVATIONS: &[(&str, Activation)] = &[
    ("linear", Activation::Linear),
    ("tanh", Activation::Tanh),
    ("sigmoid", Activation::Sigmoid),
    ("hardSigmoid", Activation::HardSigmoid),
    ("relu", Activation::Relu),
    ("elu", Activation::Elu),
    ("softsign", Activation::Softsign),
    ("softplus", Activation::Softplus),
];

/// The activation called `name`.
pub(super) fn activation(name: &str) -> Result<Activation> {
    let found = ACTIVATIONS.iter().find(|(known, _)| *known == name);
    found.map(|(_, activation)| *activation).ok_or_else(|| {
        let names: Vec<&str> = ACTIVATIONS.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        Error::argument(format!(
            "a recurrent layer's activation is one of {names}, received {name}"
        ))
    })
}
