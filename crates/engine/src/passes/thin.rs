//! Thinning: a product whose result passes nothing but a mask is computed where the mask has bits.
//!
//! Backward of a dense layer behind batch normalization with ReLU: of dz·Wᵀ the normalization uses
//! what its ReLU and dropout let through, be it scaled before, by the factors of a noise.

use super::{Rewrite, uses};
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::batch_norm::BatchNormGradient;
use crate::ops::binary::BinaryOp;
use crate::ops::masked_matmul::MaskedMatMul;
use crate::ops::matmul::MatMul;
use ridgeline_kernels::binary::Binary;
use std::collections::HashMap;
use std::sync::Arc;

/// Inner size of a product up to which hardly any mask has so few bits that it pays.
const SHORT: usize = 48;

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
        let bits = node.inputs[4];
        let Some(product) = product(graph, &uses, node.inputs[0]) else { continue };
        let of_rows = nodes[product].op.downcast::<MatMul>().is_some_and(|of| {
            let right = graph.value_type(nodes[product].inputs[1]);
            !of.transpose_a
                && of.transpose_b
                && nodes[product].outputs[0].shape.rank() == 2
                && right.shape.last().known().is_some_and(|k| k > SHORT)
        });
        if gradient.relu && of_rows && (bits.node as usize) < product {
            masks.insert(product, bits);
        }
    }
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in nodes.iter().enumerate() {
        let Some(&bits) = masks.get(&at) else {
            rewrite.copy(at, node)?;
            continue;
        };
        let inputs = [node.inputs[0], node.inputs[1], bits];
        rewrite.replace(at, node, Arc::new(MaskedMatMul), &inputs)?;
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}

/// The product that is all of a value, or a factor of it of the same shape, and of no other use.
fn product(graph: &Graph, uses: &[usize], of: Value) -> Option<usize> {
    let at = of.node as usize;
    let node = &graph.nodes()[at];
    if uses[at] != 1 {
        return None;
    }
    if node.op.downcast::<MatMul>().is_some() {
        return Some(at);
    }
    node.op.downcast::<BinaryOp>().filter(|op| op.kind == Binary::Mul)?;
    let is_whole = |v: &&Value| graph.value_type(**v).shape == node.outputs[0].shape;
    node.inputs.iter().filter(is_whole).find_map(|&v| product(graph, uses, v))
}
