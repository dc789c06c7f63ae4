//! Fingerprints: whether two graphs compute the same.

use crate::graph::Graph;
use crate::ops::leaf::{Constant, Weight};
use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

impl Graph {
    /// A number that graphs share which have the same ops, with the same arguments and constants, on
    /// the same values. Weights count by their shapes and order, not by their contents.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let mut weights = HashMap::new();
        for node in self.nodes() {
            node.op.name().hash(&mut hasher);
            for input in &node.inputs {
                (input.node, input.output).hash(&mut hasher);
            }
            if let Some(weight) = node.op.downcast::<Weight>() {
                let next = weights.len();
                let place = *weights.entry(weight.variable.id()).or_insert(next);
                (place, weight.variable.shape()).hash(&mut hasher);
            } else if let Some(Constant { tensor }) = node.op.downcast::<Constant>() {
                (&tensor.shape, tensor.dtype.name(), &tensor.words).hash(&mut hasher);
            } else {
                format!("{:?}", node.op).hash(&mut hasher);
            }
        }
        hasher.finish()
    }
}
