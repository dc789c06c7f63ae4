//! The ops: one file an op or family, and the registry that finds them by name.

pub mod assign;
pub mod attention;
pub mod average;
pub mod batch_norm;
pub mod binary;
pub mod broadcast;
pub mod call;
pub mod clip;
pub mod compare;
pub mod concat;
pub mod constrain;
pub mod cross_entropy;
pub mod cumsum;
pub mod dropout;
pub mod flip;
pub mod fused;
pub mod gather;
pub mod layer_norm;
pub mod leaf;
pub mod linear;
pub mod loops;
pub mod masked_matmul;
pub mod matmul;
mod normalize;
pub mod positions;
mod product;
pub mod random;
pub mod recurrent;
pub mod reduce;
pub mod relabel;
pub mod reshape;
pub mod softmax;
pub mod step_number;
pub mod stop_gradient;
pub mod top_k;
pub mod transpose;
mod transposed_product;
pub mod unary;
pub mod update;

use crate::attributes::Attributes;
use crate::error::{Code, Result};
use crate::graph::{Graph, Value};
use call::{Build, Call, Entry, unknown};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// What each file adds to the registry.
const ENTRIES: &[&[Entry]] = &[
    attention::ENTRIES,
    batch_norm::ENTRIES,
    binary::ENTRIES,
    broadcast::ENTRIES,
    compare::COMPARISONS,
    compare::CONNECTIVES,
    compare::ENTRIES,
    concat::ENTRIES,
    cross_entropy::ENTRIES,
    cumsum::ENTRIES,
    dropout::ENTRIES,
    flip::ENTRIES,
    gather::ENTRIES,
    layer_norm::ENTRIES,
    linear::ENTRIES,
    matmul::ENTRIES,
    positions::ENTRIES,
    random::ENTRIES,
    recurrent::ENTRIES,
    reduce::REDUCTIONS,
    reduce::ENTRIES,
    reshape::ENTRIES,
    softmax::ENTRIES,
    stop_gradient::ENTRIES,
    top_k::ENTRIES,
    transpose::ENTRIES,
    unary::ENTRIES,
];

static REGISTRY: LazyLock<HashMap<&str, Build>> =
    LazyLock::new(|| ENTRIES.iter().copied().flatten().copied().collect());

/// The names of all ops that [`Graph::call`] knows, in order.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = ENTRIES.iter().copied().flatten().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names
}

impl Graph {
    /// Applies the op called `name`.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for an unknown name; what the op's arguments or shapes make wrong, attributed
    /// to the current layer.
    pub fn call(&mut self, name: &str, inputs: &[Value], with: &Attributes) -> Result<Vec<Value>> {
        let build = REGISTRY.get(name).ok_or_else(|| unknown(name))?;
        let op = build(&Call { name, with, graph: self, inputs })?;
        match self.apply(Arc::clone(&op), inputs) {
            Err(error) if error.code == Code::Shape => match self.agreed(&*op, inputs)? {
                Some(agreed) => self.apply(op, &agreed).map_err(|_| error),
                None => Err(error),
            },
            done => done,
        }
    }
}
