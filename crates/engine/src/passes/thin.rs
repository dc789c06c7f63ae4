//! Thinning: a product whose result passes nothing but a mask is computed where the mask has bits.
//!
//! Backward of a dense layer behind batch normalization with ReLU: of dz·Wᵀ the normalization uses
//! what its ReLU and dropout let through.

use super::{Rewrite, uses};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::batch_norm::BatchNormGradient;
use crate::ops::masked_matmul::MaskedMatMul;
use crate::ops::matmul::MatMul;
use std::collections::HashMap;
use std::sync::Arc;

/// `graph` with such products thinned, and `roots` in it.
///
/// # Errors
/// None in practice.
pub fn thin(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let nodes = graph.nodes();
    let uses = uses(graph, roots);
    // For each product: the bits of its only user.
    let mut masks: HashMap<usize, Value> = HashMap::new();
    for node in nodes {
        let Some(gradient) = node.op.downcast::<BatchNormGradient>() else { continue };
        let product = node.inputs[0].node as usize;
        let is_thin = nodes[product].op.downcast::<MatMul>().is_some_and(|of| {
            !of.transpose_a && of.transpose_b && graph.value_type(node.inputs[0]).shape.rank() == 2
        });
        let bits = node.inputs[4];
        if gradient.relu && uses[product] == 1 && is_thin && (bits.node as usize) < product {
            masks.insert(product, bits);
        }
    }
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in nodes.iter().enumerate() {
        let Some(&bits) = masks.get(&at) else {
            rewrite.copy(at, node)?;
            continue;
        };
        let inputs = rewrite.map(&[node.inputs[0], node.inputs[1], bits]);
        let new =
            rewrite.graph.apply_labelled(Arc::new(MaskedMatMul), &inputs, node.label.clone())?;
        rewrite.values.insert(Value { node: at as u32, output: 0 }, new[0]);
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}
