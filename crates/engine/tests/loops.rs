//! Scans against the same steps written out: values and gradients, forwards and backwards, for any number of steps.

mod common;

use common::{tensor, variable};
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::autodiff::gradients;
use ridgeline_engine::eval::evaluate;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::loops::Part;
use ridgeline_engine::ops::loops::scan::Scan;
use ridgeline_engine::ops::loops::while_loop::While;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::passes::optimized;
use ridgeline_engine::plan::{Plan, Rows};
use ridgeline_engine::shape::Dim;
use ridgeline_engine::tensor::{Tensor, TensorType};
use ridgeline_kernels::compare::Compare;
use ridgeline_kernels::unary::Unary;
use std::sync::Arc;

const FEATURES: usize = 4;
const UNITS: usize = 5;

/// A step: `h' = tanh(x·W + h·U + s)`, `s' = s·c + mean h'`; it gives h'·x₀ and s'. Of x, h, s, W, U, c.
fn step(g: &mut Graph, of: [Value; 6]) -> [Value; 4] {
    let [x, h, s, w, u, c] = of;
    let (a, b) = (g.linear(x, w, None).unwrap(), g.linear(h, u, None).unwrap());
    let sum = g.add(a, b).unwrap();
    let sum = g.add(sum, s).unwrap();
    let next = g.unary(Unary::Tanh, sum).unwrap();
    let mean = g.reduce(Kind::Mean, next, Some(&[1]), true).unwrap();
    let faded = g.mul(s, c).unwrap();
    let s = g.add(faded, mean).unwrap();
    let first = Attributes::parse(r#"{"axis":1,"start":0,"end":1}"#).unwrap();
    let first = g.call("slice", &[x], &first).unwrap()[0];
    let y = g.mul(next, first).unwrap();
    [next, s, y, s]
}

/// Constants: sequences, h, s, W, U and c.
fn given(g: &mut Graph, length: usize, rows: usize) -> [Value; 6] {
    let shapes: [&[usize]; 6] = [
        &[length, rows, FEATURES],
        &[rows, UNITS],
        &[rows, 1],
        &[FEATURES, UNITS],
        &[UNITS, UNITS],
        &[1],
    ];
    let seeds = [1, 2, 3, 4, 5, 6];
    std::array::from_fn(|i| g.constant(tensor(shapes[i], seeds[i])).unwrap())
}

/// The same as variables, of which nothing is computed ahead.
fn held(g: &mut Graph, length: usize, rows: usize) -> [Value; 6] {
    let constants = given(g, length, rows);
    constants.map(|of| {
        let shape = g.value_type(of).shape.bind(&[]);
        g.weight(&variable("v", &shape, 1)).unwrap()
    })
}

fn f32(shape: &[usize]) -> TensorType {
    TensorType::f32(ridgeline_engine::shape::Shape::of(shape))
}

/// The last h and s and both sequences, by a scan.
fn scanned(g: &mut Graph, of: [Value; 6], length: usize, reverse: bool) -> Vec<Value> {
    let [xs, h, s, w, u, c] = of;
    let mut body = g.emptied();
    let rows = g.value_type(h).shape.bind(&[])[0];
    let shapes: [&[usize]; 6] =
        [&[rows, UNITS], &[rows, 1], &[rows, FEATURES], &[FEATURES, UNITS], &[UNITS, UNITS], &[1]];
    let inputs: Vec<Value> = shapes
        .iter()
        .enumerate()
        .map(|(i, shape)| body.input(i, &format!("i{i}"), f32(shape)).unwrap())
        .collect();
    let [h_in, s_in, x_in, w_in, u_in, c_in] = inputs[..] else { unreachable!() };
    let results = step(&mut body, [x_in, h_in, s_in, w_in, u_in, c_in]).to_vec();
    let scan = Scan {
        step: Part { graph: Arc::new(body), results },
        carried: 2,
        sequences: 1,
        length: Dim::from(length),
        reverse,
    };
    scan.through(g, &[h, s, xs, w, u, c]).unwrap()[..4].to_vec()
}

/// The same, written out.
fn written_out(g: &mut Graph, of: [Value; 6], length: usize, reverse: bool) -> Vec<Value> {
    let [xs, mut h, mut s, w, u, c] = of;
    let mut outputs: Vec<Option<[Value; 2]>> = vec![None; length];
    for turn in 0..length {
        let time = if reverse { length - 1 - turn } else { turn };
        let with = format!(r#"{{"axis":0,"start":{time},"end":{}}}"#, time + 1);
        let x = g.call("slice", &[xs], &Attributes::parse(&with).unwrap()).unwrap()[0];
        let squeeze = Attributes::parse(r#"{"axis":0}"#).unwrap();
        let x = g.call("squeeze", &[x], &squeeze).unwrap()[0];
        let [next, sum, y, z] = step(g, [x, h, s, w, u, c]);
        (h, s) = (next, sum);
        let both = [y, z].map(|of| g.call("expandDims", &[of], &squeeze).unwrap()[0]);
        outputs[time] = Some(both);
    }
    let join = Attributes::parse(r#"{"axis":0}"#).unwrap();
    let mut sequence = |i: usize| {
        let parts: Vec<Value> = outputs.iter().map(|of| of.unwrap()[i]).collect();
        g.call("concat", &parts, &join).unwrap()[0]
    };
    let [ys, zs] = [sequence(0), sequence(1)];
    vec![h, s, ys, zs]
}

type Make = fn(&mut Graph, [Value; 6], usize, bool) -> Vec<Value>;

/// Values, and gradients of a sum of all of them with weights.
fn results(make: Make, length: usize, reverse: bool, rows: usize) -> Vec<Tensor> {
    let mut g = Graph::new();
    let of = given(&mut g, length, rows);
    let outputs = make(&mut g, of, length, reverse);
    let mut loss = g.scalar(0.0).unwrap();
    for (seed, &output) in (20..).zip(&outputs) {
        let shape = g.value_type(output).shape.bind(&[]);
        let weights = g.constant(tensor(&shape, seed)).unwrap();
        let product = g.mul(output, weights).unwrap();
        let sum = g.reduce(Kind::Sum, product, None, false).unwrap();
        loss = g.add(loss, sum).unwrap();
    }
    let found = gradients(&mut g, loss, &of).unwrap();
    let wanted: Vec<Value> = outputs.into_iter().chain(found.into_iter().flatten()).collect();
    evaluate(&g, &wanted).unwrap()
}

#[test]
fn a_scan_is_its_steps_one_after_the_other() {
    // So many rows go through all turns by themselves.
    for (length, rows) in [(1, 3), (2, 3), (7, 3), (1, 40), (7, 40)] {
        for reverse in [false, true] {
            let of = |make| results(make, length, reverse, rows);
            let (a, b) = (of(scanned), of(written_out));
            assert_eq!(a.len(), 10);
            for (i, (a, b)) in a.iter().zip(&b).enumerate() {
                assert_eq!(a.shape, b.shape);
                for (x, y) in a.as_f32().iter().zip(b.as_f32()) {
                    let near = (x - y).abs() <= 1e-5 + 1e-5 * y.abs();
                    assert!(near, "length {length}, rows {rows}, reverse {reverse}, {i}: {x}, {y}");
                }
            }
        }
    }
}

#[test]
fn products_of_slices_are_made_ahead() {
    let mut g = Graph::new();
    let of = held(&mut g, 5, 3);
    scanned(&mut g, of, 5, false);
    let outside = |name: &str| g.nodes().iter().filter(|node| node.op.name() == name).count();
    assert_eq!((outside("linear"), outside("scan")), (1, 1));
    let scan = g.nodes().iter().find_map(|node| node.op.downcast::<Scan>()).unwrap();
    let inside = scan.step.graph.nodes().iter().filter(|node| node.op.name() == "linear").count();
    // Of x a column is read as well.
    assert_eq!((inside, scan.sequences), (1, 2));
}

/// Turns of few rows wait for each other, and share the work of each; many rows go through all turns, back too.
#[test]
fn many_rows_do_not_wait_for_each_other() {
    for (rows, waits) in [(3, true), (40, false)] {
        let mut g = Graph::new();
        let of = held(&mut g, 5, rows);
        let outputs = scanned(&mut g, of, 5, false);
        let loss = g.reduce(Kind::Sum, outputs[2], None, false).unwrap();
        let found = gradients(&mut g, loss, &of[3..5]).unwrap();
        let wanted: Vec<Value> = found.into_iter().flatten().collect();
        let (g, wanted) = optimized(&g, &wanted).unwrap();
        let plan = Plan::compile(&g, &wanted, &[], Rows::InOrder).unwrap();
        let strands = plan.phases.iter().flat_map(|phase| &phase.strands);
        let alone = strands.filter(|strand| strand.turns.is_some()).count();
        assert_eq!((plan.loops.len(), alone), if waits { (2, 0) } else { (0, 2) }, "{rows} rows");
    }
}

#[test]
fn no_step_leaves_everything_as_it_was() {
    let mut g = Graph::new();
    let of = given(&mut g, 0, 3);
    let outputs = scanned(&mut g, of, 0, false);
    let wanted = [&outputs[..], &of[1..3]].concat();
    let found = evaluate(&g, &wanted).unwrap();
    assert_eq!((&found[0], &found[1]), (&found[4], &found[5]));
    assert_eq!(found[2].shape, [0, 3, UNITS]);
}

#[test]
fn values_keep_their_type_from_step_to_step() {
    let mut g = Graph::new();
    let x = g.constant(tensor(&[2, 3], 1)).unwrap();
    let mut body = g.emptied();
    let input = body.input(0, "h", f32(&[2, 3])).unwrap();
    let wrong = body.reduce(Kind::Sum, input, Some(&[1]), true).unwrap();
    let scan = Scan {
        step: Part { graph: Arc::new(body), results: vec![wrong] },
        carried: 1,
        sequences: 0,
        length: Dim::from(2),
        reverse: false,
    };
    let error = g.apply(Arc::new(scan), &[x]).unwrap_err();
    assert!(error.message.contains("before a step and"), "{}", error.message);
}

/// x doubled until its first element reaches a limit, which both graphs read, and how often.
fn doubled(first: f32, limit: f32, most: usize) -> Vec<Tensor> {
    let mut g = Graph::new();
    let (x, n) = (Tensor::f32(&[2], &[first, 1.0]).unwrap(), Tensor::scalar(0.0));
    let limit = g.constant(Tensor::scalar(limit)).unwrap();
    let of = [x, n].map(|tensor| g.constant(tensor).unwrap());
    let shapes: [&[usize]; 3] = [&[2], &[], &[]];
    let part = |g: &Graph| {
        let mut part = g.emptied();
        let inputs: Vec<Value> =
            (0..3).map(|i| part.input(i, &format!("i{i}"), f32(shapes[i])).unwrap()).collect();
        (part, inputs)
    };
    let (mut condition, inputs) = part(&g);
    let with = Attributes::parse(r#"{"axis":0,"start":0,"end":1}"#).unwrap();
    let head = condition.call("slice", &[inputs[0]], &with).unwrap()[0];
    let head = condition.reduce(Kind::Max, head, None, false).unwrap();
    let holds = condition.compare(Compare::Less, head, inputs[2]).unwrap();
    let (mut step, inputs) = part(&g);
    let twice = step.add(inputs[0], inputs[0]).unwrap();
    let one = step.scalar(1.0).unwrap();
    let count = step.add(inputs[1], one).unwrap();
    let of_loop = While {
        condition: Part { graph: Arc::new(condition), results: vec![holds] },
        step: Part { graph: Arc::new(step), results: vec![twice, count] },
        most,
    };
    let outputs = g.apply(Arc::new(of_loop), &[of[0], of[1], limit]).unwrap();
    evaluate(&g, &outputs).unwrap()
}

#[test]
fn a_loop_ends_when_its_condition_does() {
    for (first, limit, most, expected, count) in [
        (1.0, 100.0, usize::MAX, [128.0, 128.0], 7.0),
        (1.0, 100.0, 3, [8.0, 8.0], 3.0),
        (200.0, 100.0, usize::MAX, [200.0, 1.0], 0.0),
        (1.0, 100.0, 0, [1.0, 1.0], 0.0),
    ] {
        let found = doubled(first, limit, most);
        assert_eq!((found[0].as_f32(), found[1].as_f32()), (&expected[..], &[count][..]));
    }
}
