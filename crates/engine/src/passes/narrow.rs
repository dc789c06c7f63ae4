//! Narrowing: an element-wise op takes an operand as it was before it was repeated.
//!
//! The gradient of a sum is a number in every place of a tensor. Where it meets another tensor of that shape, as it
//! does behind a square, nobody has to write it out: element-wise ops repeat their operands themselves.

use super::Rewrite;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::broadcast::Broadcast;
use crate::tensor::TensorType;

/// `graph` without repetitions that element-wise ops make themselves, and `roots` in it.
///
/// # Errors
/// As building a graph.
pub fn narrow(graph: &Graph, roots: &[Value]) -> Result<(Graph, Vec<Value>)> {
    let mut rewrite = Rewrite::of(graph);
    for (at, node) in graph.nodes().iter().enumerate() {
        let mut inputs = node.inputs.clone();
        let types = |inputs: &[Value]| -> Vec<TensorType> {
            inputs.iter().map(|&value| graph.value_type(value).clone()).collect()
        };
        let gives = |inputs: &[Value]| {
            let types = types(inputs);
            let types: Vec<&TensorType> = types.iter().collect();
            let is_elementwise = types.len() > 1 && node.op.instruction(&types).is_some();
            if is_elementwise { node.op.infer(&types).ok() } else { None }
        };
        if gives(&inputs).is_some() {
            for i in 0..inputs.len() {
                let of = graph.node(inputs[i]);
                if of.op.downcast::<Broadcast>().is_none() {
                    continue;
                }
                let mut narrower = inputs.clone();
                narrower[i] = of.inputs[0];
                if gives(&narrower).as_ref() == Some(&node.outputs) {
                    inputs = narrower;
                }
            }
        }
        rewrite.replace(at, node, node.op.clone(), &inputs)?;
    }
    let roots = rewrite.map(roots);
    Ok((rewrite.graph, roots))
}

#[cfg(test)]
mod tests {
    use super::narrow;
    use crate::graph::Graph;
    use crate::passes::dead::remove_dead;
    use crate::shape::Shape;
    use crate::tensor::Tensor;

    #[test]
    fn repetitions_are_left_to_element_wise_ops_unless_they_shape_the_result() {
        let mut graph = Graph::new();
        let x = graph.constant(Tensor::f32(&[2, 3], &[1.0; 6]).unwrap()).unwrap();
        let scalar = graph.constant(Tensor::scalar(2.0)).unwrap();
        let spread = graph.broadcast(scalar, &Shape::of(&[2, 3])).unwrap();
        let product = graph.mul(x, spread).unwrap();
        let twice = graph.add(spread, spread).unwrap();
        let names = |roots: &[_]| {
            let (graph, roots) = narrow(&graph, roots).unwrap();
            let (graph, _) = remove_dead(&graph, &roots).unwrap();
            graph.nodes().iter().map(|node| node.op.name()).collect::<Vec<_>>()
        };
        assert_eq!(names(&[product]), ["constant", "constant", "mul"]);
        assert_eq!(names(&[twice]), ["constant", "broadcastTo", "add"]);
    }
}
