//! Activations whose rows lie apart: the same bits as dense ones, forward and backward.

mod common;

use common::{noise, positive, tensor};
use ridgeline_engine::autodiff::gradients;
use ridgeline_engine::eval::evaluate;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::batch_norm::BatchNorm;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::plan::{Plan, Rows};
use ridgeline_engine::tensor::Tensor;

const ROWS: usize = 37;

/// Two layers of 128 and 256 columns with batch normalization; the loss, its gradients, and what
/// lies between them.
fn graph() -> (Graph, Vec<Value>, Vec<Value>) {
    let mut g = Graph::new();
    let mut constant = |tensor: Tensor| g.constant(tensor).unwrap();
    let x = constant(tensor(&[ROWS, 20], 1));
    let weights = [
        constant(tensor(&[20, 128], 2)),
        constant(tensor(&[128], 3)),
        constant(positive(&[128], 4)),
        constant(tensor(&[128], 5)),
        constant(tensor(&[128, 256], 6)),
        constant(positive(&[256], 7)),
        constant(tensor(&[256], 8)),
    ];
    let norm = || BatchNorm { epsilon: 1e-3, scale: true, center: true, relu: true, dropout: None };
    let z0 = g.linear(x, weights[0], Some(weights[1])).unwrap();
    let y0 = g.one(norm(), &[z0, weights[2], weights[3]]).unwrap();
    let z1 = g.linear(y0, weights[4], None).unwrap();
    let y1 = g.one(norm(), &[z1, weights[5], weights[6]]).unwrap();
    let factors = g.constant(Tensor::f32(&[ROWS, 256], &noise(ROWS * 256, 9)).unwrap()).unwrap();
    let product = g.mul(y1, factors).unwrap();
    let loss = g.reduce(Kind::Sum, product, None, false).unwrap();
    let between = [z0, y0, z1];
    let wanted = [&weights[..], &between].concat();
    let found = gradients(&mut g, loss, &wanted).unwrap();
    let found: Vec<Value> = found.into_iter().flatten().collect();
    let (of_weights, of_between) = found.split_at(weights.len());
    (g, of_weights.to_vec(), [&between, of_between].concat())
}

#[test]
fn rows_apart_change_no_bit() {
    let (graph, gradients, between) = graph();
    let apart = ROWS * (128 + 16);
    let spread = |outputs: &[Value]| {
        let plan = Plan::compile(&graph, outputs, &[], Rows::Picked).unwrap();
        plan.places.iter().filter(|place| place.words == apart).count()
    };
    // What is asked for as a result is dense.
    let all = [&gradients[..], &between].concat();
    assert!(spread(&gradients) > 0 && spread(&all) == 0);
    let found = evaluate(&graph, &gradients).unwrap();
    let dense = evaluate(&graph, &all).unwrap();
    for (i, (found, dense)) in found.iter().zip(&dense).enumerate() {
        assert_eq!(found.words, dense.words, "gradient {i}");
    }
}
