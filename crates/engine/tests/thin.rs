//! Products that only a mask sees: the same gradients with fewer multiplications.

mod common;

use common::{positive, tensor, variable};
use ridgeline_engine::autodiff::gradients;
use ridgeline_engine::eval::evaluate;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::batch_norm::{BatchNorm, DropoutBehind};
use ridgeline_engine::ops::masked_matmul::MaskedMatMul;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::passes::thin::thin;
use ridgeline_engine::tensor::Tensor;

const ROWS: usize = 37;

/// Two dense layers of so many columns, the first with a batch normalization that starts from
/// `beta`, and factors behind it where that is scaled; gradients of the weights, and of what lies between the layers.
fn graph(
    [first, second]: [usize; 2],
    relu: bool,
    dropout: Option<DropoutBehind>,
    beta: f32,
    scaled: bool,
) -> (Graph, Vec<Value>, Value) {
    let mut g = Graph::new();
    // A variable stands in panels.
    let kernel = variable("kernel", &[first, second], 4);
    let kernel = g.weight(&kernel).unwrap();
    let mut constant = |tensor: Tensor| g.constant(tensor).unwrap();
    let x = constant(tensor(&[ROWS, 20], 1));
    let weights = [
        constant(tensor(&[20, first], 2)),
        constant(positive(&[first], 3)),
        constant(Tensor::f32(&[first], &vec![beta; first]).unwrap()),
        kernel,
    ];
    let factors = constant(tensor(&[ROWS, second], 5));
    let z = g.linear(x, weights[0], None).unwrap();
    let norm = BatchNorm { epsilon: 1e-3, scale: true, center: true, relu, dropout };
    let y = g.one(norm, &[z, weights[1], weights[2]]).unwrap();
    let scaling = g.constant(tensor(&[ROWS, first], 6)).unwrap();
    let behind = if scaled { g.mul(y, scaling).unwrap() } else { y };
    let out = g.linear(behind, weights[3], None).unwrap();
    let product = g.mul(out, factors).unwrap();
    let loss = g.reduce(Kind::Sum, product, None, false).unwrap();
    let found = gradients(&mut g, loss, &[&weights[..], &[y]].concat()).unwrap();
    let mut found: Vec<Value> = found.into_iter().flatten().collect();
    let of_y = found.pop().unwrap();
    (g, found, of_y)
}

/// Masked products in the graph once it is thinned, and the results of both graphs.
fn thinned(graph: &Graph, roots: &[Value]) -> (usize, Vec<Tensor>, Vec<Tensor>) {
    let (thin, thin_roots) = thin(graph, roots).unwrap();
    let masked = thin.nodes().iter().filter(|node| node.op.downcast::<MaskedMatMul>().is_some());
    (masked.count(), evaluate(graph, roots).unwrap(), evaluate(&thin, &thin_roots).unwrap())
}

#[test]
fn gradients_are_the_same() {
    let dropout = Some(DropoutBehind { rate: 0.3, stream: 7 });
    // With a large β the mask is full, and the product whole; products of short rows are not masked.
    let cases = [
        ([70, 90], None, 0.1, 1),
        ([70, 90], dropout, 0.1, 1),
        ([70, 90], None, 9.0, 1),
        ([70, 90], dropout, 9.0, 1),
        ([70, 20], dropout, 0.1, 0),
        ([256, 384], dropout, 0.1, 1),
        // The gradient that is multiplied outgrows the near caches.
        ([70, 5400], dropout, 0.1, 1),
    ];
    let scaled = [false, true].into_iter().flat_map(|scaled| cases.map(|case| (case, scaled)));
    for ((sizes, dropout, beta, expected), scaled) in scaled {
        let (graph, roots, _) = graph(sizes, true, dropout, beta, scaled);
        let (masked, whole, thin) = thinned(&graph, &roots);
        assert_eq!(masked, expected, "{sizes:?}");
        for (i, (whole, thin)) in whole.iter().zip(&thin).enumerate() {
            for (w, t) in whole.as_f32().iter().zip(thin.as_f32()) {
                // Sums in another order, of as many products as columns and then of 37 rows.
                let bound = 2e-7 * sizes[1] as f32 + 1e-5 * w.abs();
                assert!((w - t).abs() <= bound, "{sizes:?}, gradient {i}: {w} and {t}");
            }
        }
    }
}

#[test]
fn what_others_see_stays_whole() {
    let (without_relu, roots, _) =
        graph([70, 90], false, Some(DropoutBehind { rate: 0.3, stream: 7 }), 0.1, false);
    assert_eq!(thinned(&without_relu, &roots).0, 0);
    let (seen, mut roots, of_y) = graph([70, 90], true, None, 0.1, false);
    roots.push(of_y);
    let (masked, whole, thin) = thinned(&seen, &roots);
    assert_eq!(masked, 0);
    assert_eq!(whole, thin);
}
