//! Programs of element-wise ops: results in the place of operands, sums that never reach memory, random numbers that are drawn
//! where they are used. Nobody may tell by the numbers.

mod common;

use common::{noise, variable};
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::autodiff::gradients;
use ridgeline_engine::data::Data;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::dropout::Dropout;
use ridgeline_engine::ops::random::Random;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::passes::absorb::absorb;
use ridgeline_engine::passes::expand::expand;
use ridgeline_engine::passes::optimized;
use ridgeline_engine::plan::instruction::Distribution;
use ridgeline_engine::plan::{Plan, Rows};
use ridgeline_engine::run::crew::Crew;
use ridgeline_engine::run::workspace::Workspace;
use ridgeline_engine::shape::Shape;
use ridgeline_engine::step::Step;
use ridgeline_engine::tensor::{Tensor, TensorType};
use ridgeline_engine::variable::Variable;
use ridgeline_kernels::unary::Unary;
use std::sync::Arc;

/// Numbers of elements, narrow and wide, of whole units of columns and of others.
const SHAPES: [[usize; 2]; 7] =
    [[1, 40], [3, 32], [200, 33], [70, 100], [130, 512], [9, 1000], [65, 4100]];

fn input(graph: &mut Graph, shape: &[usize]) -> Value {
    graph.input(0, "x", TensorType::f32(Shape::of(shape))).unwrap()
}

fn scale(graph: &mut Graph, x: Value, by: f32) -> Value {
    let by = graph.scalar(by).unwrap();
    graph.mul(x, by).unwrap()
}

/// Runs a graph as it is planned for training; its outputs, and the words of its arena.
fn run(graph: &Graph, outputs: &[Value], x: &Tensor, threads: usize) -> (Vec<Vec<f32>>, usize) {
    let (graph, outputs) = optimized(graph, outputs).unwrap();
    let plan = Plan::compile(&graph, &outputs, &[], Rows::Picked).unwrap();
    let words = plan.arena_words;
    let mut workspace = Workspace::new(Arc::new(plan)).unwrap();
    let mut crew = Crew::new(threads).unwrap();
    let data: Data = vec![Arc::new(x.clone())];
    let batch = (0..x.shape[0] as u32).collect();
    let feeds = ridgeline_engine::data::feeds(&data);
    let step = Step { seed: 3, feeds, batch, ..Step::default() };
    workspace.run(&mut crew, &step).unwrap();
    let floats =
        |i| workspace.output(i).unwrap().words.iter().map(|&word| f32::from_bits(word)).collect();
    ((0..outputs.len()).map(floats).collect(), words)
}

fn of_noise(shape: [usize; 2]) -> Tensor {
    Tensor::f32(&shape, &noise(shape[0] * shape[1], 5)).unwrap()
}

#[test]
fn sums_are_those_of_the_numbers_for_any_threads() {
    for shape in SHAPES {
        let x = of_noise(shape);
        for kind in [Kind::Sum, Kind::Mean] {
            let mut graph = Graph::new();
            let of = input(&mut graph, &shape);
            let halved = scale(&mut graph, of, 0.5);
            let squares = graph.unary(Unary::Square, halved).unwrap();
            let total = graph.reduce(kind, squares, None, false).unwrap();
            let totals: Vec<f32> =
                [1, 2, 5].map(|threads| run(&graph, &[total], &x, threads).0[0][0]).to_vec();
            assert!(totals.iter().all(|total| *total == totals[0]), "{shape:?}: {totals:?}");
            let each = noise(shape[0] * shape[1], 5);
            let exact: f64 = each.iter().map(|&x| (0.5 * f64::from(x)).powi(2)).sum();
            let exact = if kind == Kind::Mean { exact / each.len() as f64 } else { exact };
            let error = (f64::from(totals[0]) / exact - 1.0).abs();
            assert!(error < 1e-6, "{shape:?}: {} rather than {exact}", totals[0]);
        }
    }
}

#[test]
fn what_is_added_up_never_reaches_memory() {
    let shape = [64, 2048];
    let mut graph = Graph::new();
    let x = input(&mut graph, &shape);
    let squares = graph.unary(Unary::Square, x).unwrap();
    let total = graph.reduce(Kind::Sum, squares, None, false).unwrap();
    let (_, words) = run(&graph, &[total], &of_noise(shape), 2);
    // The batch's rows, and a number for each unit of columns.
    assert!(words < 64 * 2048 * 5 / 4, "{words}");
    // Wanted as well, it is there.
    let (both, _) = run(&graph, &[total, squares], &of_noise(shape), 2);
    assert_eq!(both[1].len(), 64 * 2048);
    let sum: f64 = both[1].iter().map(|&x| f64::from(x)).sum();
    assert!((f64::from(both[0][0]) / sum - 1.0).abs() < 1e-6);
}

#[test]
fn a_result_takes_the_place_of_what_nobody_reads_any_more() {
    let shape = [64, 256];
    let mut graph = Graph::new();
    let x = input(&mut graph, &shape);
    let last = (0..6).fold(x, |x, stream| {
        let y = graph.unary(Unary::Tanh, x).unwrap();
        graph.one(Dropout { rate: 0.5, stream, relu: false }, &[y]).unwrap()
    });
    let (_, words) = run(&graph, &[last], &of_noise(shape), 2);
    // The batch's rows, in the place of which all results are one after the other but the last, which is wanted, and the
    // bits of each dropout.
    assert!(words < 9 * 64 * 256 / 4, "{words}");
}

#[test]
fn the_inputs_part_of_gates_the_gates_and_their_gradients_take_one_place() {
    let (batch, time, features, units) = (16, 64, 4, 64);
    let mut graph = Graph::new();
    let x = input(&mut graph, &[batch, time * features]);
    let x = graph.reshape(x, &Shape::of(&[batch, time, features])).unwrap();
    let weight = |graph: &mut Graph, name: &str, rows: usize, seed: u32| {
        graph.weight(&variable(name, &[rows, 4 * units], seed)).unwrap()
    };
    let kernels = [weight(&mut graph, "w", features, 1), weight(&mut graph, "u", units, 2)];
    let with = r#"{"activation":"tanh","recurrentActivation":"sigmoid","reverse":false,"aligned":false,"biased":false,
        "stated":false,"masked":false,"inputDropped":false,"dropped":false}"#;
    let with = Attributes::parse(with).unwrap();
    let y = graph.call("lstm", &[x, kernels[0], kernels[1]], &with).unwrap()[0];
    let squares = graph.unary(Unary::Square, y).unwrap();
    let loss = graph.reduce(Kind::Sum, squares, None, false).unwrap();
    let (mut graph, roots) = expand(&graph, &[&[loss][..], &kernels].concat()).unwrap();
    let found = gradients(&mut graph, roots[0], &roots[1..]).unwrap();
    let wanted = [roots[0], found[0].unwrap(), found[1].unwrap()];
    let (_, words) = run(&graph, &wanted, &of_noise([batch, time * features]), 2);
    let gates = batch * time * 4 * units;
    // Beside them four matrices of a number for each unit: the outputs, the states before, the cells and a gradient.
    assert!(words < 9 * gates / 4, "{words} and {gates}");
}

#[test]
fn dropout_of_a_relu_is_one_op_with_bits_for_both() {
    for shape in SHAPES {
        let found = [false, true].map(|absorbed| {
            let mut graph = Graph::new();
            let x = input(&mut graph, &shape);
            let y = graph.unary(Unary::Relu, x).unwrap();
            let y = graph.one(Dropout { rate: 0.5, stream: 3, relu: false }, &[y]).unwrap();
            let twice = graph.unary(Unary::Square, y).unwrap();
            let loss = graph.reduce(Kind::Sum, twice, None, false).unwrap();
            let roots = [y, loss, x];
            let (mut graph, roots) = match absorbed {
                true => absorb(&graph, &roots).unwrap(),
                false => (graph, roots.to_vec()),
            };
            let dx = gradients(&mut graph, roots[1], &roots[2..]).unwrap()[0].unwrap();
            // Neither has backward anything of a ReLU, then: the result is not read for it.
            let names: Vec<_> = graph.nodes().iter().map(|node| node.op.name()).collect();
            assert!(names.contains(&"maskedScale"), "{names:?}");
            let of_relu = |name: &&&str| ["relu", "greater", "where"].contains(*name);
            assert_eq!(names.iter().filter(of_relu).count() == 0, absorbed, "{names:?}");
            run(&graph, &[roots[0], dx], &of_noise(shape), 2).0
        });
        assert_eq!(found[0], found[1], "{shape:?}");
        let kept = found[0][0].iter().filter(|&&y| y > 0.0).count();
        assert!(kept * 10 > shape[0] * shape[1], "{shape:?}: {kept}");
    }
}

#[test]
fn what_is_read_later_stays_as_it_is() {
    for shape in SHAPES {
        let x = of_noise(shape);
        let mut graph = Graph::new();
        let of = input(&mut graph, &shape);
        let y = graph.unary(Unary::Exp, of).unwrap();
        let sums = graph.reduce(Kind::Mean, y, Some(&[0]), true).unwrap();
        let z = graph.sub(y, sums).unwrap();
        let largest = graph.reduce(Kind::Max, z, Some(&[1]), true).unwrap();
        // Reads y and z again, when z could have been written over y.
        let both = graph.mul(y, z).unwrap();
        let last = graph.sub(both, largest).unwrap();
        let (found, _) = run(&graph, &[last], &x, 2);
        let [rows, cols] = shape;
        let y: Vec<f64> = noise(rows * cols, 5).iter().map(|&x| f64::from(x).exp()).collect();
        let mean = |c: usize| (0..rows).map(|r| y[r * cols + c]).sum::<f64>() / rows as f64;
        let means: Vec<f64> = (0..cols).map(mean).collect();
        for r in 0..rows {
            let row = &y[r * cols..][..cols];
            let z: Vec<f64> = row.iter().zip(&means).map(|(y, mean)| y - mean).collect();
            let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            for c in 0..cols {
                let (found, exact) = (f64::from(found[0][r * cols + c]), row[c] * z[c] - largest);
                assert!((found - exact).abs() < 1e-5, "{shape:?} {r} {c}: {found}, not {exact}");
            }
        }
    }
}

#[test]
fn random_numbers_are_the_same_wherever_they_are_drawn() {
    for shape in SHAPES {
        let x = of_noise(shape);
        let mut graph = Graph::new();
        let of = input(&mut graph, &shape);
        let draw = |graph: &mut Graph| {
            let (distribution, shape) = (Distribution::Normal, Shape::of(&shape));
            graph.one(Random { distribution, stream: 9, shape }, &[]).unwrap()
        };
        let drawn = draw(&mut graph);
        let (alone, _) = run(&graph, &[drawn], &x, 1);
        // In a program, behind a task that is cut by columns, and added up.
        let more = draw(&mut graph);
        let scaled = scale(&mut graph, more, 0.25);
        let sums = graph.reduce(Kind::Mean, of, Some(&[0]), true).unwrap();
        let shifted = graph.sub(of, sums).unwrap();
        let noisy = graph.add(shifted, scaled).unwrap();
        let again = draw(&mut graph);
        let squares = graph.unary(Unary::Square, again).unwrap();
        let total = graph.reduce(Kind::Sum, squares, None, false).unwrap();
        for threads in [1, 4] {
            let (found, _) = run(&graph, &[noisy, shifted, total], &x, threads);
            for ((noisy, shifted), drawn) in found[0].iter().zip(&found[1]).zip(&alone[0]) {
                assert_eq!(*noisy, shifted + 0.25 * drawn, "{shape:?}");
            }
            let exact: f64 = alone[0].iter().map(|&x| f64::from(x).powi(2)).sum();
            assert!((f64::from(found[2][0]) / exact - 1.0).abs() < 1e-6, "{shape:?}");
        }
    }
}

/// Numbers of a linear congruential generator.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// A graph of so many steps over matrices of `shape`, each of values made before; all of them.
fn any_graph(shape: [usize; 2], steps: usize, dice: &mut Dice) -> (Graph, Vec<Value>) {
    let [rows, cols] = shape;
    let mut graph = Graph::new();
    let g = &mut graph;
    let mut all = vec![input(g, &shape)];
    // A wider product takes longer than all else together.
    let square = (cols <= 1024).then(|| common::variable("square", &[cols, cols], 7));
    for stream in 0..steps as u32 {
        // What was made last is used most, and nothing of it later.
        let mut pick = || all[all.len() - 1 - dice.below(all.len().min(4))];
        let (a, b) = (pick(), pick());
        let kinds = [Unary::Tanh, Unary::Sigmoid, Unary::Relu, Unary::Neg, Unary::Abs];
        let next = match dice.below(14) {
            kind @ 0..5 => g.unary(kinds[kind], a),
            5 => g.add(a, b),
            6 => g.mul(a, b),
            7 => g.sub(a, b),
            8 => {
                let mean = g.reduce(Kind::Mean, a, Some(&[dice.below(2) as i64]), true).unwrap();
                g.sub(b, mean)
            }
            9 => g.one(Dropout { rate: 0.3, stream, relu: false }, &[a]),
            10 => {
                let scores = g.softmax(a).unwrap();
                g.add(scores, b)
            }
            11 => match &square {
                Some(square) => {
                    let kernel = g.weight(square).unwrap();
                    let product = g.linear(a, kernel, None).unwrap();
                    g.unary(Unary::Tanh, product)
                }
                None => g.unary(Unary::Sigmoid, a),
            },
            // The same memory under another shape.
            12 => {
                let long = g.reshape(a, &Shape::of(&[cols, rows])).unwrap();
                let bent = g.unary(Unary::Tanh, long).unwrap();
                g.reshape(bent, &Shape::of(&shape))
            }
            _ => {
                let (distribution, shape) = (Distribution::Uniform, Shape::of(&shape));
                let drawn = g.one(Random { distribution, stream, shape }, &[]).unwrap();
                g.add(a, drawn)
            }
        };
        all.push(next.unwrap());
    }
    (graph, all)
}

#[test]
fn what_is_wanted_is_the_same_whether_all_is_wanted_or_little() {
    let mut dice = Dice(1);
    for round in 0..150 {
        let shape = SHAPES[round % SHAPES.len()];
        let (graph, all) = any_graph(shape, 3 + round % 20, &mut dice);
        let x = of_noise(shape);
        // Every value stays where it was made.
        let (whole, _) = run(&graph, &all, &x, 2);
        let some = [all[all.len() - 1], all[dice.below(all.len())]];
        for wanted in [&some[..1], &some[..]] {
            let (found, _) = run(&graph, wanted, &x, 1 + dice.below(4));
            for (value, found) in wanted.iter().zip(found) {
                let at = all.iter().position(|other| other == value).unwrap();
                let same = whole[at].iter().zip(&found).all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "value {at} of graph {round}, {shape:?}");
            }
        }
    }
}

#[test]
fn operands_that_serve_some_rows_are_not_repeated() {
    let cases: [(&[usize], &[usize]); 9] = [
        (&[40, 60, 128], &[40, 1, 128]),
        (&[40, 60, 128], &[1, 60, 128]),
        (&[40, 60, 128], &[60, 128]),
        (&[8, 5, 7, 33], &[1, 5, 1, 33]),
        (&[8, 5, 7, 33], &[8, 5, 1, 33]),
        (&[8, 5, 7, 33], &[5, 7, 33]),
        // Not of axes that follow each other, or of one column: repeated before.
        (&[8, 5, 7, 33], &[8, 1, 7, 33]),
        (&[8, 5, 7, 33], &[8, 1, 1, 1]),
        (&[70, 3, 1500], &[70, 1, 1500]),
    ];
    for (shape, operand) in cases {
        let size: usize = shape.iter().product();
        let x = Tensor::f32(shape, &noise(size, 5)).unwrap();
        let few = common::tensor(operand, 6);
        let mut graph = Graph::new();
        let of = input(&mut graph, shape);
        // A variable, for of constants the whole would be one.
        let with = graph.weight(&Variable::new("few", &few).unwrap()).unwrap();
        let product = graph.mul(of, with).unwrap();
        let (found, _) = run(&graph, &[product], &x, 3);
        let place = |mut at: usize| {
            let (mut from, mut stride) = (0, 1);
            for (axis, &dim) in shape.iter().enumerate().rev() {
                let own = (axis + operand.len()).checked_sub(shape.len()).map_or(1, |i| operand[i]);
                from += if own == 1 { 0 } else { at % dim * stride };
                (at, stride) = (at / dim, stride * own);
            }
            from
        };
        let few = few.as_f32();
        for (i, (found, x)) in found[0].iter().zip(noise(size, 5)).enumerate() {
            assert_eq!(*found, x * few[place(i)], "{shape:?} by {operand:?}, element {i}");
        }
        let (graph, outputs) = optimized(&graph, &[product]).unwrap();
        let plan = Plan::compile(&graph, &outputs, &[], Rows::Picked).unwrap();
        let tasks = plan.tasks.iter().filter(|task| task.op.contains("mul")).count();
        let is_repeated = operand[operand.len() - 1] == 1 || operand == [8, 1, 7, 33];
        assert_eq!(tasks, 1 + usize::from(is_repeated), "{shape:?} by {operand:?}");
    }
}
