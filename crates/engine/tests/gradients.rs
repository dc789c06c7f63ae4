//! Every differentiable op against central differences, each input by itself.
//!
//! f32 forward values carry about 1e-7 relative error, so with a step of 1e-2 the difference
//! quotient is good to about 1e-4 plus the curvature: the tolerance is 1 % + 2e-3.

mod common;

use common::{noise, positive, tensor};
use ridgeline_engine::Result;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::autodiff::gradients;
use ridgeline_engine::eval::evaluate;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::batch_norm::{BatchNorm, BatchNormInference};
use ridgeline_engine::ops::concat::{Concat, Pad};
use ridgeline_engine::ops::cross_entropy::{SigmoidCrossEntropy, SoftmaxCrossEntropy};
use ridgeline_engine::ops::flip::Flip;
use ridgeline_engine::ops::gather::Gather;
use ridgeline_engine::ops::layer_norm::LayerNorm;
use ridgeline_engine::ops::matmul::MatMul;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::ops::softmax::Softmax;
use ridgeline_engine::ops::{binary, unary};
use ridgeline_engine::passes::expand::expand;
use ridgeline_engine::shape::Shape;
use ridgeline_engine::tensor::{DType, Tensor};
use ridgeline_kernels::unary::Unary;

type Build = dyn Fn(&mut Graph, &[Value]) -> Result<Value>;

/// Σ y·c of the op for given inputs, in f64 from the f32 results, and its gradients.
fn value_and_gradients(
    inputs: &[Tensor],
    build: &Build,
    with_gradients: bool,
) -> (f64, Vec<Option<Vec<f32>>>) {
    let mut graph = Graph::new();
    let values: Vec<Value> =
        inputs.iter().map(|tensor| graph.constant(tensor.clone()).unwrap()).collect();
    let y = build(&mut graph, &values).unwrap();
    let size = graph.value_type(y).shape.size().unwrap().known().unwrap();
    let shape = graph.value_type(y).shape.clone();
    let weights = noise(size, 77);
    let flat = Tensor::f32(&[size], &weights).unwrap();
    let weights_value = graph.constant(flat).unwrap();
    let cotangent = graph.reshape(weights_value, &shape).unwrap();
    let product = graph.mul(y, cotangent).unwrap();
    let loss = graph.reduce(Kind::Sum, product, None, false).unwrap();
    let found = match with_gradients {
        true => {
            let (expanded, roots) = expand(&graph, &[&[loss, y][..], &values].concat()).unwrap();
            graph = expanded;
            let found = gradients(&mut graph, roots[0], &roots[2..]).unwrap();
            let present: Vec<Value> = found.iter().flatten().copied().collect();
            let mut tensors = evaluate(&graph, &present).unwrap().into_iter();
            found.iter().map(|g| g.map(|_| tensors.next().unwrap().as_f32().to_vec())).collect()
        }
        false => Vec::new(),
    };
    let (graph, roots) = match with_gradients {
        true => return (0.0, found),
        false => expand(&graph, &[y]).unwrap(),
    };
    let y = evaluate(&graph, &roots).unwrap().remove(0);
    let sum = y.as_f32().iter().zip(&weights).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
    (sum, found)
}

fn check(name: &str, inputs: &[Tensor], build: &Build) {
    const STEP: f32 = 1e-2;
    let (_, found) = value_and_gradients(inputs, build, true);
    for (i, gradient) in found.iter().enumerate().filter(|&(i, _)| inputs[i].dtype == DType::F32) {
        let Some(gradient) = gradient else { continue };
        for (element, &got) in gradient.iter().enumerate() {
            let shifted = |by: f32| {
                let mut inputs = inputs.to_vec();
                let x = f32::from_bits(inputs[i].words[element]) + by;
                inputs[i].words[element] = x.to_bits();
                value_and_gradients(&inputs, build, false).0
            };
            let expected = (shifted(STEP) - shifted(-STEP)) / f64::from(2.0 * STEP);
            let got = f64::from(got);
            assert!(
                (got - expected).abs() <= 0.01 * expected.abs() + 2e-3,
                "{name}: input {i}, element {element}: {got} instead of {expected}"
            );
        }
    }
    assert!(found.iter().any(Option::is_some), "{name}: no input has a gradient");
}

#[test]
fn unary_functions() {
    for (name, kind) in unary::NAMES {
        if !matches!(kind, Unary::Sign | Unary::Floor) {
            check(name, &[positive(&[3, 5], 1)], &move |g, x| g.unary(kind, x[0]));
        }
    }
}

#[test]
fn arithmetic_with_broadcasting() {
    for (name, kind) in binary::NAMES {
        let build = move |g: &mut Graph, x: &[Value]| g.one(binary::BinaryOp { kind }, x);
        check(name, &[positive(&[4, 3], 1), positive(&[3], 9)], &build);
        check(name, &[positive(&[4, 1], 2), positive(&[1, 3], 8)], &build);
        check(name, &[positive(&[2, 1, 3], 3), positive(&[4, 1], 7)], &build);
    }
}

/// Values that differ by far more than the step, so that no extreme changes hands.
fn distinct(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|i| (i * 7 % count) as f32 * 0.1).collect();
    Tensor::f32(shape, &values).unwrap()
}

#[test]
fn reductions() {
    for kind in [Kind::Sum, Kind::Mean, Kind::Max, Kind::Min] {
        for axes in [None, Some(vec![0]), Some(vec![1]), Some(vec![-1]), Some(vec![0, 2])] {
            let name = format!("{kind:?} over {axes:?}");
            check(&name, &[distinct(&[2, 3, 5])], &move |g, x| {
                g.reduce(kind, x[0], axes.as_deref(), false)
            });
        }
    }
}

#[test]
fn shapes_and_pieces() {
    check("reshape", &[tensor(&[2, 6], 1)], &|g, x| g.reshape(x[0], &Shape::of(&[3, 4])));
    check("transpose", &[tensor(&[2, 3, 4], 1)], &|g, x| g.transpose(x[0], &[2, 0, 1]));
    check("broadcastTo", &[tensor(&[3, 1], 1)], &|g, x| g.broadcast(x[0], &Shape::of(&[2, 3, 4])));
    check("concat", &[tensor(&[2, 3], 1), tensor(&[2, 2], 2)], &|g, x| {
        g.one(Concat { axis: 1 }, x)
    });
    check("flip", &[tensor(&[2, 5], 1)], &|g, x| g.one(Flip { axis: 1 }, x));
    check("slice", &[tensor(&[2, 5], 1)], &|g, x| g.slice(x[0], 1, 1, 3));
    check("pad", &[tensor(&[2, 3], 1)], &|g, x| {
        g.one(Pad { axis: 0, before: 1.into(), after: 2.into() }, x)
    });
    let picks = Tensor::new(&[4], DType::I32, vec![2, 0, 2, 1]).unwrap();
    check("gather", &[tensor(&[3, 2], 1), picks], &|g, x| {
        g.one(Gather { axis: 0, strict: false }, x)
    });
}

#[test]
fn products() {
    let linear: &Build = &|g, x| g.linear(x[0], x[1], x.get(2).copied());
    check("linear", &[tensor(&[5, 4], 1), tensor(&[4, 3], 2), tensor(&[3], 3)], linear);
    check("linear of rank 3", &[tensor(&[2, 3, 4], 1), tensor(&[4, 2], 2)], linear);
    for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
        let op =
            move |g: &mut Graph, x: &[Value]| g.one(MatMul { transpose_a: ta, transpose_b: tb }, x);
        let a: &[usize] = if ta { &[4, 3] } else { &[3, 4] };
        let b: &[usize] = if tb { &[2, 4] } else { &[4, 2] };
        check(&format!("matmul {ta} {tb}"), &[tensor(a, 1), tensor(b, 2)], &op);
        let batched = [[2].as_slice(), a].concat();
        check(&format!("batched matmul {ta} {tb}"), &[tensor(&batched, 3), tensor(b, 4)], &op);
    }
}

#[test]
fn normalizations() {
    let norm =
        |scale, center| BatchNorm { epsilon: 1e-3, scale, center, relu: false, dropout: None };
    let inputs = [tensor(&[8, 3], 1), positive(&[3], 2), tensor(&[3], 3)];
    check("batchNorm", &inputs, &move |g, x| g.one(norm(true, true), x));
    check("batchNorm without γ", &[inputs[0].clone(), inputs[2].clone()], &move |g, x| {
        g.one(norm(false, true), x)
    });
    let statistics = [tensor(&[3], 4), positive(&[3], 5)];
    check("batchNormInference", &[&inputs[..], &statistics].concat(), &|g, x| {
        g.one(BatchNormInference { epsilon: 1e-3, axis: 1 }, x)
    });
    let inputs = [tensor(&[4, 6], 1), positive(&[6], 2), tensor(&[6], 3)];
    check("layerNorm", &inputs, &|g, x| {
        g.one(LayerNorm { epsilon: 1e-3, scale: true, center: true }, x)
    });
}

#[test]
fn softmax_and_losses() {
    for log in [false, true] {
        check("softmax", &[tensor(&[3, 5], 1)], &move |g, x| g.one(Softmax { log }, x));
    }
    check("softmaxCrossEntropy", &[tensor(&[4, 3], 1), positive(&[4, 3], 2)], &|g, x| {
        g.one(SoftmaxCrossEntropy { sparse: false, smoothing: 0.1 }, x)
    });
    let classes = Tensor::new(&[4], DType::I32, vec![2, 0, 1, 1]).unwrap();
    check("sparse softmaxCrossEntropy", &[tensor(&[4, 3], 1), classes], &|g, x| {
        g.one(SoftmaxCrossEntropy { sparse: true, smoothing: 0.0 }, x)
    });
    check("sigmoidCrossEntropy", &[tensor(&[4, 2], 1), positive(&[4, 2], 2)], &|g, x| {
        g.one(SigmoidCrossEntropy::LOSS, x)
    });
}

/// Every cell with everything a recurrent layer may be given, and with nothing; both ways, and of all
/// outputs.
#[test]
fn recurrent_layers() {
    let (batch, time, features, units) = (3, 4, 2, 3);
    let cells = [("lstm", 4, 2, ""), ("simpleRnn", 1, 1, "")];
    let resets = [("gru", 3, 1, r#""resetAfter":true,"#), ("gru", 3, 1, r#""resetAfter":false,"#)];
    for (name, gates, states, own) in cells.into_iter().chain(resets) {
        for (reverse, full) in [(false, true), (true, true), (false, false)] {
            let kernel = |rows: usize, seed| tensor(&[rows, gates * units], seed);
            let x = tensor(&[batch, time, features], 1);
            let mut inputs = vec![x, kernel(features, 2), kernel(units, 3)];
            if full {
                let rows = if own.contains("true") { vec![2] } else { vec![] };
                inputs.push(tensor(&[rows, vec![gates * units]].concat(), 4));
                inputs.extend((0..states).map(|i| tensor(&[batch, units], 5 + i)));
                let valid = vec![1, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0];
                inputs.push(Tensor::new(&[batch, time], DType::Bool, valid).unwrap());
                inputs.push(positive(&[batch, gates, features], 8));
                inputs.push(positive(&[batch, gates * units], 9));
            }
            let with = format!(
                r#"{{{own}"activation":"tanh","recurrentActivation":"sigmoid","reverse":{reverse},
                "aligned":{full},"biased":{full},"stated":{full},"masked":{full},"inputDropped":{full},
                "dropped":{full}}}"#
            );
            check(&format!("{name} {own} {reverse} {full}"), &inputs, &move |g, x| {
                let with = Attributes::parse(&with)?;
                let outputs = g.call(name, x, &with)?;
                let mut flat = Vec::new();
                for y in outputs {
                    let size = g.value_type(y).shape.size()?;
                    flat.push(g.reshape(y, &Shape(vec![size]))?);
                }
                g.one(Concat { axis: 0 }, &flat)
            });
        }
    }
}

/// Heads, masks of all shapes, the causal one, keys of another number and values of another size.
#[test]
fn attention() {
    let masks = [
        None,
        Some((vec![2, 1, 5], vec![1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])),
        Some((
            vec![1, 3, 5],
            vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0],
        )),
    ];
    let each = masks.into_iter().flat_map(|mask| {
        [(false, 0.0), (true, 0.0), (false, 0.4), (true, 0.4)]
            .map(|(causal, rate)| (mask.clone(), causal, rate))
    });
    for (mask, causal, rate) in each {
        let mut inputs = vec![tensor(&[2, 3, 4], 1), tensor(&[2, 5, 4], 2), tensor(&[2, 5, 6], 3)];
        let masked = mask.is_some();
        inputs.extend(mask.map(|(shape, values)| Tensor::f32(&shape, &values).unwrap()));
        let with = format!(
            r#"{{"heads":2,"scale":0.7,"causal":{causal},"masked":{masked},"rate":{rate},"stream":3}}"#
        );
        check(&format!("attention {with}"), &inputs[..], &move |g, x| {
            // The mask is not differentiated.
            Ok(g.call("attention", x, &Attributes::parse(&with)?)?[0])
        });
    }
}

/// Values come into attention's result by the shares that dropout let through, so ∂/∂v·v is the result again where backward
/// lets through the same: few keys, whose bits are kept, and many, for which they are drawn again.
#[test]
fn attention_drops_the_same_on_the_way_back() {
    for (queries, keys) in [(7, 40), (130, 512), (140, 513), (5, 1000)] {
        for causal in [false, true] {
            let (q, k) = (tensor(&[2, queries, 8], 1), tensor(&[2, keys, 8], 2));
            let v = tensor(&[2, keys, 6], 3);
            let mut graph = Graph::new();
            let inputs = [q, k, v.clone()].map(|tensor| graph.constant(tensor).unwrap());
            let with = format!(
                r#"{{"heads":2,"scale":0.7,"causal":{causal},"masked":false,"rate":0.5,"stream":3}}"#
            );
            let y =
                graph.call("attention", &inputs, &Attributes::parse(&with).unwrap()).unwrap()[0];
            let loss = graph.reduce(Kind::Sum, y, None, false).unwrap();
            let dv = gradients(&mut graph, loss, &inputs[2..]).unwrap()[0].unwrap();
            let found = evaluate(&graph, &[y, dv]).unwrap();
            let sum: f64 = found[0].as_f32().iter().map(|&y| f64::from(y)).sum();
            let back: f64 = found[1]
                .as_f32()
                .iter()
                .zip(v.as_f32())
                .map(|(&d, &v)| f64::from(d) * f64::from(v))
                .sum();
            assert!((sum - back).abs() < 1e-3, "{queries} and {keys}, {causal}: {sum} and {back}");
            // Something was dropped, for every row of all shares would sum to 1.
            let rows: f64 = found[1].as_f32().iter().map(|&d| f64::from(d)).sum();
            assert!((rows / 6.0 - (2 * queries) as f64).abs() > 1e-3, "{rows}");
        }
    }
}
