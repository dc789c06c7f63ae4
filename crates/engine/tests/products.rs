//! Products of sizes that are cut into chunks, along rows and along columns, with every
//! combination of transposes and of operands in panels, against a naive f64 product.

mod common;

use common::{noise, variable};
use ridgeline_engine::eval::evaluate;
use ridgeline_engine::graph::Graph;
use ridgeline_engine::ops::assign::Assign;
use ridgeline_engine::ops::matmul::MatMul;
use ridgeline_engine::plan::{Plan, Rows};
use ridgeline_engine::shape::Shape;
use ridgeline_engine::tensor::{DType, Tensor};
use ridgeline_engine::variable::Variable;
use std::sync::Arc;

/// Rows, columns and inner size: one chunk, cut columns, cut rows of narrow results, odd tails, columns for whose sake a
/// left operand is transposed first, and rows for whose sake a right one is.
const SIZES: [(usize, usize, usize); 7] = [
    (3, 5, 4),
    (50, 530, 90),
    (700, 9, 300),
    (1200, 33, 70),
    (37, 150, 1),
    (130, 1030, 128),
    (1030, 9, 1030),
];

fn exact(a: &[f32], b: &[f32], (m, n, k): (usize, usize, usize), t: (bool, bool)) -> Vec<f64> {
    let at_a = |i: usize, p: usize| a[if t.0 { p * m + i } else { i * k + p }];
    let at_b = |p: usize, j: usize| b[if t.1 { j * k + p } else { p * n + j }];
    let term = |i, j, p| f64::from(at_a(i, p)) * f64::from(at_b(p, j));
    (0..m * n).map(|at| (0..k).map(|p| term(at / n, at % n, p)).sum()).collect()
}

#[test]
fn cut_products_are_exact_in_every_orientation_and_layout() {
    for (m, n, k) in SIZES {
        for t in [(false, false), (false, true), (true, false), (true, true)] {
            let a_shape = if t.0 { [k, m] } else { [m, k] };
            let b_shape = if t.1 { [n, k] } else { [k, n] };
            let (a, b) = (noise(m * k, 1), noise(k * n, 2));
            let expected = exact(&a, &b, (m, n, k), t);
            for weights in [false, true] {
                let mut graph = Graph::new();
                let (x, y) = match weights {
                    false => (
                        graph.constant(Tensor::f32(&a_shape, &a).unwrap()).unwrap(),
                        graph.constant(Tensor::f32(&b_shape, &b).unwrap()).unwrap(),
                    ),
                    true => (
                        graph.weight(&variable("a", &a_shape, 1)).unwrap(),
                        graph.weight(&variable("b", &b_shape, 2)).unwrap(),
                    ),
                };
                let op = || MatMul { transpose_a: t.0, transpose_b: t.1 };
                let plain = graph.one(op(), &[x, y]).unwrap();
                let stored = graph.one(op(), &[x, y]).unwrap();
                let to = Variable::zeros("c", &[m, n], DType::F32).unwrap();
                graph.apply(Arc::new(Assign { variable: Arc::clone(&to) }), &[stored]).unwrap();
                let plain = evaluate(&graph, &[plain]).unwrap().remove(0);
                assert_eq!(plain.words, to.read().unwrap().words, "{m}×{n}×{k} {t:?}: in panels");
                for (at, (&got, want)) in plain.as_f32().iter().zip(&expected).enumerate() {
                    // k roundings of partial sums below k in size.
                    let bound = (k * k + 1) as f64 * 1e-7;
                    let off = (f64::from(got) - want).abs();
                    assert!(off < bound, "{m}×{n}×{k} {t:?}, {weights}: {got} for {want} at {at}");
                }
            }
        }
    }
}

/// A weight of rank 3 stands in panels as the matrix that a product makes of it.
#[test]
fn a_reshaped_weight_is_multiplied_where_it_lies() {
    let weight = variable("w", &[2, 3, 40], 1);
    let mut graph = Graph::new();
    let w = graph.weight(&weight).unwrap();
    let w = graph.reshape(w, &Shape::of(&[6, 40])).unwrap();
    let x = graph.constant(Tensor::f32(&[4, 6], &noise(24, 2)).unwrap()).unwrap();
    let y = graph.linear(x, w, None).unwrap();
    let plan = Plan::compile(&graph, &[y], &[], Rows::Picked).unwrap();
    let ops: Vec<&str> = plan.tasks.iter().map(|task| task.op).collect();
    assert_eq!(ops, ["linear"], "no copy of the weight");
    let expected = exact(&noise(24, 2), &noise(240, 1), (4, 40, 6), (false, false));
    let y = evaluate(&graph, &[y]).unwrap().remove(0);
    for (got, want) in y.as_f32().iter().zip(expected) {
        assert!((f64::from(*got) - want).abs() < 1e-6, "{got} for {want}");
    }
    // Another last axis means other columns.
    let mut graph = Graph::new();
    let w = graph.weight(&weight).unwrap();
    let flat = graph.reshape(w, &Shape::of(&[240])).unwrap();
    assert_eq!(evaluate(&graph, &[flat]).unwrap()[0].words, weight.read().unwrap().words);
}
