//! Every coarse op against its decomposition into primitive ops: values and gradients.
//!
//! Both sides round in float32 in another order; the sizes here keep that below 1e-5 of values
//! near one.

mod common;

use common::{noise, positive, tensor};
use ridgeline_engine::autodiff::gradients;
use ridgeline_engine::eval::evaluate;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::op::Op;
use ridgeline_engine::ops::batch_norm::BatchNorm;
use ridgeline_engine::ops::cross_entropy::{SigmoidCrossEntropy, SoftmaxCrossEntropy};
use ridgeline_engine::ops::layer_norm::LayerNorm;
use ridgeline_engine::ops::linear::Linear;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::ops::softmax::Softmax;
use ridgeline_engine::passes::expand::expand;
use ridgeline_engine::tensor::{DType, Tensor};
use std::sync::Arc;

/// The first output, then the gradient of `Σ y·c` for every input, where there is one.
fn outcome(op: &Arc<dyn Op>, inputs: &[Tensor], decomposed: bool) -> Vec<Option<Tensor>> {
    let mut graph = Graph::new();
    let values: Vec<Value> = inputs.iter().map(|x| graph.constant(x.clone()).unwrap()).collect();
    let y = match decomposed {
        true => op.decompose(&mut graph, &values).unwrap().expect("a coarse op decomposes")[0],
        false => graph.apply(Arc::clone(op), &values).unwrap()[0],
    };
    let shape: Vec<usize> =
        graph.value_type(y).shape.0.iter().map(|d| d.known().unwrap()).collect();
    let cotangent = Tensor::f32(&shape, &noise(shape.iter().product(), 77)).unwrap();
    let cotangent = graph.constant(cotangent).unwrap();
    let product = graph.mul(y, cotangent).unwrap();
    let loss = graph.reduce(Kind::Sum, product, None, false).unwrap();
    let (mut graph, roots) = expand(&graph, &[&[loss, y][..], &values].concat()).unwrap();
    let found = gradients(&mut graph, roots[0], &roots[2..]).unwrap();
    let mut wanted = vec![roots[1]];
    wanted.extend(found.iter().flatten());
    let mut results = evaluate(&graph, &wanted).unwrap().into_iter();
    let first = results.next();
    std::iter::once(first).chain(found.iter().map(|g| g.and_then(|_| results.next()))).collect()
}

fn check(op: impl Op, inputs: &[Tensor]) {
    let op: Arc<dyn Op> = Arc::new(op);
    let (coarse, fine) = (outcome(&op, inputs, false), outcome(&op, inputs, true));
    for (at, (coarse, fine)) in coarse.iter().zip(&fine).enumerate() {
        // Labels have no gradient on purpose.
        let (Some(coarse), Some(fine)) = (coarse, fine) else { continue };
        assert_eq!(coarse.shape, fine.shape, "{op:?}: result {at}");
        for (i, (&a, &b)) in coarse.as_f32().iter().zip(fine.as_f32()).enumerate() {
            let off = (a - b).abs();
            assert!(off <= 1e-5 * (1.0 + b.abs()), "{op:?}: result {at}[{i}]: {a} and {b}");
        }
    }
    assert!(coarse.iter().flatten().count() > 1, "{op:?}: no gradient was compared");
}

#[test]
fn products() {
    check(Linear { relu: false }, &[tensor(&[9, 40], 1), tensor(&[40, 35], 2), tensor(&[35], 3)]);
    check(Linear { relu: true }, &[tensor(&[9, 40], 1), tensor(&[40, 70], 2), tensor(&[70], 3)]);
    check(Linear { relu: false }, &[tensor(&[2, 5, 7], 1), tensor(&[7, 3], 2)]);
}

#[test]
fn normalizations() {
    for (scale, center) in [(true, true), (true, false), (false, true), (false, false)] {
        let vectors = |n: usize| {
            let gamma = scale.then(|| positive(&[n], 2));
            gamma.into_iter().chain(center.then(|| tensor(&[n], 3))).collect::<Vec<_>>()
        };
        let layer = LayerNorm { epsilon: 1e-3, scale, center };
        check(layer, &[&[tensor(&[3, 4, 37], 1)][..], &vectors(37)].concat());
        for relu in [false, true] {
            let batch = BatchNorm { epsilon: 1e-3, scale, center, relu, dropout: None };
            check(batch.clone(), &[&[tensor(&[40, 37], 4)][..], &vectors(37)].concat());
            check(batch, &[&[tensor(&[6, 5, 9], 5)][..], &vectors(9)].concat());
        }
    }
}

#[test]
fn softmax_and_losses() {
    for log in [false, true] {
        check(Softmax { log }, &[tensor(&[2, 3, 19], 1)]);
    }
    for smoothing in [0.0, 0.2] {
        let dense = SoftmaxCrossEntropy { sparse: false, smoothing };
        check(dense, &[tensor(&[8, 10], 1), positive(&[8, 10], 2)]);
    }
    let classes = Tensor::new(&[8], DType::I32, vec![0, 9, 3, 3, 5, 1, 8, 2]).unwrap();
    check(SoftmaxCrossEntropy { sparse: true, smoothing: 0.0 }, &[tensor(&[8, 10], 1), classes]);
    check(SigmoidCrossEntropy::LOSS, &[tensor(&[8, 3], 1), positive(&[8, 3], 2)]);
}
