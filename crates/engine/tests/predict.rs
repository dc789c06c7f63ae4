//! Predictions: the same numbers from merged weights, new ones when weights change, and one boundary.

mod common;

use common::{positive, tensor, variable};
use ridgeline_engine::Code;
use ridgeline_engine::eval::evaluate;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::assign::Assign;
use ridgeline_engine::ops::batch_norm::BatchNormInference;
use ridgeline_engine::ops::gather::Gather;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::passes::expand::expand;
use ridgeline_engine::passes::pick::pick;
use ridgeline_engine::plan::{Plan, Rows};
use ridgeline_engine::predict::moment::Moment;
use ridgeline_engine::predict::predictor::Predictor;
use ridgeline_engine::program::Program;
use ridgeline_engine::run::crew::Crew;
use ridgeline_engine::shape::{Dim, Shape};
use ridgeline_engine::step::Step;
use ridgeline_engine::tensor::{DType, Tensor, TensorType};
use ridgeline_engine::variable::Variable;
use ridgeline_kernels::unary::Unary;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An input `[batch, …sizes]`.
fn input(g: &mut Graph, sizes: &[usize]) -> Value {
    let mut dims = vec![Dim::symbol(g.symbol("batch"))];
    dims.extend(sizes.iter().map(|&size| Dim::from(size)));
    g.input(0, "x", TensorType::f32(Shape(dims))).unwrap()
}

/// `relu(norm(x·W + b))·V`, with its variables.
fn net(g: &mut Graph, x: Value, bias: bool) -> (Value, Vec<Arc<Variable>>) {
    let wide = |name: &str, seed| Variable::new(name, &positive(&[70], seed)).unwrap();
    let (w, v) = (variable("w", &[20, 70], 1), variable("v", &[70, 3], 2));
    let vectors =
        [wide("b", 3), wide("gamma", 4), wide("beta", 5), wide("mean", 6), wide("var", 7)];
    let values: Vec<Value> = vectors.iter().map(|of| g.weight(of).unwrap()).collect();
    let (kernel, head) = (g.weight(&w).unwrap(), g.weight(&v).unwrap());
    let z = g.linear(x, kernel, bias.then_some(values[0])).unwrap();
    let axis = g.value_type(z).shape.rank() - 1;
    let norm = BatchNormInference { epsilon: 1e-3, axis };
    let y = g.one(norm, &[&[z], &values[1..]].concat()).unwrap();
    let y = g.unary(Unary::Relu, y).unwrap();
    let out = g.linear(y, head, None).unwrap();
    let mut all = vec![w, v];
    all.extend(vectors);
    (out, all)
}

/// The same net of constant rows, op by op.
fn expected(rows: &Tensor, bias: bool, from: &[Arc<Variable>]) -> Tensor {
    let mut g = Graph::new();
    let x = g.constant(rows.clone()).unwrap();
    let (y, own) = net(&mut g, x, bias);
    own.iter().zip(from).for_each(|(own, from)| own.write(&from.read().unwrap()).unwrap());
    let (g, y) = expand(&g, &[y]).unwrap();
    evaluate(&g, &y).unwrap().remove(0)
}

fn assert_close(found: &Tensor, expected: &Tensor) {
    assert_eq!(found.shape, expected.shape);
    for (a, b) in found.as_f32().iter().zip(expected.as_f32()) {
        assert!((a - b).abs() <= 1e-5 + 1e-4 * b.abs(), "{a} and {b}");
    }
}

#[test]
fn merged_weights_give_the_same_and_follow_their_sources() {
    for (sizes, bias) in [(vec![20], true), (vec![20], false), (vec![5, 20], true)] {
        let mut g = Graph::new();
        let x = input(&mut g, &sizes);
        let (y, variables) = net(&mut g, x, bias);
        let predictor = Predictor::new(&g, &[y], &[]).unwrap();
        let rows = Arc::new(tensor(&[&[300][..], &sizes].concat(), 9));
        for threads in [1, 2] {
            let mut crew = Crew::new(threads).unwrap();
            // Cut by columns, by rows, and a smaller last batch.
            for batch in [1, 7, 300] {
                let found = predictor.predict(
                    &vec![Arc::clone(&rows)],
                    batch,
                    &mut crew,
                    0,
                    0,
                    &Moment::default(),
                );
                assert_close(&found.unwrap()[0], &expected(&rows, bias, &variables));
            }
            // Another version: of a weight that is merged, and of one that is used as it is.
            for (of, seed) in [(3, 11), (1, 12)] {
                let shape = variables[of].shape().to_vec();
                variables[of].write(&positive(&shape, seed + threads as u32)).unwrap();
                let found = predictor.predict(
                    &vec![Arc::clone(&rows)],
                    300,
                    &mut crew,
                    0,
                    0,
                    &Moment::default(),
                );
                assert_close(&found.unwrap()[0], &expected(&rows, bias, &variables));
            }
        }
    }
}

#[test]
fn what_is_at_hand_and_brief_is_predicted_at_once() {
    let mut g = Graph::new();
    let x = input(&mut g, &[20]);
    let (y, variables) = net(&mut g, x, true);
    let predictor = Predictor::new(&g, &[y], &[]).unwrap();
    let mut crew = Crew::new(2).unwrap();
    let rows = |count: usize| vec![Arc::new(tensor(&[count, 20], 9))];
    let moment = Moment::default;
    let at_hand = |count, is_brief: bool| {
        let of = |_: &Plan| is_brief.then_some(count);
        predictor.predict_at_hand(&rows(count), 0, &moment(), of).unwrap()
    };
    assert!(at_hand(3, true).is_none(), "copies and plan are not made yet");
    let mut made = || predictor.predict(&rows(3), 3, &mut crew, 0, 0, &moment()).unwrap();
    let first = made();
    assert_eq!(at_hand(3, true).as_ref(), Some(&first));
    assert!(at_hand(3, false).is_none());
    assert_eq!(at_hand(3, true).as_ref(), Some(&first), "its memory was given back");
    assert!(at_hand(4, true).is_none(), "the plan of other rows is not made yet");
    let held = moment();
    let hold = predictor.predict_at_hand(&rows(3), 0, &held, |_| None);
    assert!(hold.unwrap().is_none());
    variables[0].write(&positive(&[20, 70], 30)).unwrap();
    assert!(at_hand(3, true).is_none(), "copies are of another version");
    let second = made();
    assert_ne!(first, second);
    assert_eq!(at_hand(3, true), Some(second));
    let of_before = predictor.predict_at_hand(&rows(3), 0, &held, |_| Some(1));
    assert_eq!(of_before.unwrap(), Some(first), "a call goes on with what it began with");
    let refused =
        predictor.predict_at_hand(&vec![Arc::new(tensor(&[3, 21], 9))], 0, &moment(), |_| Some(1));
    assert_eq!(refused.err().map(|error| error.code), Some(Code::Shape));
}

#[test]
fn outputs_may_be_inputs_but_not_of_another_length_than_the_batch() {
    let mut g = Graph::new();
    let x = input(&mut g, &[4]);
    let rows = Arc::new(tensor(&[2, 4], 3));
    let mut crew = Crew::alone().unwrap();
    let predictor = Predictor::new(&g, &[x, x], &[]).unwrap();
    let found = predictor
        .predict(&vec![Arc::clone(&rows)], 2, &mut crew, 0, 0, &Moment::default())
        .unwrap();
    assert_eq!(found, [(*rows).clone(), (*rows).clone()]);

    // A weight or a constant has as many rows as it has, whatever the batch.
    let weight = variable("w", &[2, 4], 1);
    for other in [g.weight(&weight).unwrap(), g.constant(tensor(&[2, 3], 2)).unwrap()] {
        let refused = Predictor::new(&g, &[x, other], &[]).err().unwrap();
        assert_eq!(refused.code, Code::Shape);
        assert!(refused.message.contains("output 1"), "{}", refused.message);
    }
}

#[test]
fn all_weights_are_of_one_boundary() {
    // A step that always leaves two variables with the sum 0.
    let pair = [0, 1].map(|i| Variable::zeros(&format!("v{i}"), &[64], DType::F32).unwrap());
    let mut g = Graph::new();
    let x = input(&mut g, &[64]);
    let first = g.reduce(ridgeline_engine::ops::reduce::Kind::Max, x, Some(&[0]), false).unwrap();
    let second = g.unary(Unary::Neg, first).unwrap();
    for (variable, value) in pair.iter().zip([first, second]) {
        g.apply(Arc::new(Assign { variable: Arc::clone(variable) }), &[value]).unwrap();
    }
    let step = Program::of(&g, &[], Rows::InOrder).unwrap();
    let mut g = Graph::new();
    let x = input(&mut g, &[64]);
    let sum = pair.iter().fold(x, |sum, variable| {
        let weight = g.weight(variable).unwrap();
        g.add(sum, weight).unwrap()
    });
    let predictor = Predictor::new(&g, &[sum], &[]).unwrap();
    let mut g = Graph::new();
    let x = input(&mut g, &[64]);
    let weight = g.weight(&pair[0]).unwrap();
    let shown = g.add(x, weight).unwrap();
    let showing = Predictor::new(&g, &[shown], &[]).unwrap();
    let zeros = Arc::new(Tensor::f32(&[3, 64], &[0.0; 192]).unwrap());
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut crew = Crew::alone().unwrap();
            for i in 1..2000 {
                let rows = vec![Arc::new(Tensor::f32(&[1, 64], &[i as f32; 64]).unwrap())];
                let bindings = step.bind(&rows, 1).unwrap();
                let mut workspace = step.take(&bindings).unwrap();
                let feeds = ridgeline_engine::data::feeds(&rows);
                workspace.run(&mut crew, &Step { feeds, ..Step::default() }).unwrap();
                step.give(bindings, workspace);
            }
            over.store(true, Ordering::Release);
        });
        // Calls of several batches, several at once: each makes copies anew while others read theirs.
        for _ in 0..2 {
            scope.spawn(|| {
                let mut crew = Crew::alone().unwrap();
                while !over.load(Ordering::Acquire) {
                    let (rows, moment) = (vec![Arc::clone(&zeros)], Moment::default());
                    let mut parts = |first| {
                        let found = showing.predict(&rows, 1, &mut crew, 0, first, &moment);
                        found.unwrap().remove(0).as_f32().to_vec()
                    };
                    let found = [parts(0), parts(3)].concat();
                    assert!(found.iter().all(|&of| of == found[0]), "batches of two boundaries");
                }
            });
        }
        let mut crew = Crew::new(2).unwrap();
        while !over.load(Ordering::Acquire) {
            let found = predictor
                .predict(&vec![Arc::clone(&zeros)], 1, &mut crew, 0, 0, &Moment::default())
                .unwrap();
            assert!(found[0].as_f32().iter().all(|&sum| sum == 0.0), "two boundaries in one");
        }
    });
}

/// Rows of a table, multiplied with two weights, one of them behind a sum.
fn picking(g: &mut Graph, inner: usize, columns: usize) -> (Value, Vec<Arc<Variable>>) {
    let batch = Dim::symbol(g.symbol("batch"));
    let of = TensorType { shape: Shape(vec![batch, Dim::from(3)]), dtype: DType::I32 };
    let indices = g.input(0, "tokens", of).unwrap();
    let table = variable("table", &[50, inner], 1);
    let kernels = [variable("w", &[inner, columns], 2), variable("v", &[inner, columns], 3)];
    let bias = variable("b", &[columns], 4);
    let rows = g.weight(&table).unwrap();
    let rows = g.one(Gather { axis: 0, strict: false }, &[rows, indices]).unwrap();
    let [w, v] = [0, 1].map(|i| g.weight(&kernels[i]).unwrap());
    let b = g.weight(&bias).unwrap();
    let more = g.add(v, w).unwrap();
    let (first, second) =
        (g.linear(rows, w, Some(b)).unwrap(), g.linear(rows, more, None).unwrap());
    let [w, v] = kernels;
    (g.add(first, second).unwrap(), vec![table, w, v, bias])
}

#[test]
fn rows_of_a_table_s_product_are_products_of_its_rows() {
    let tokens = |rows: usize| {
        let at = (0..rows * 3).map(|i| ((i * 7 % 100) as i32 - 50) as u32);
        Arc::new(Tensor::new(&[rows, 3], DType::I32, at.collect()).unwrap())
    };
    for (inner, columns) in [(8, 70), (128, 48), (600, 5)] {
        let mut g = Graph::new();
        let (y, variables) = picking(&mut g, inner, columns);
        assert_eq!(pick(&g, &[y]).unwrap().2.len(), 2);
        let predictor = Predictor::new(&g, &[y], &[]).unwrap();
        for threads in [1, 2] {
            let mut crew = Crew::new(threads).unwrap();
            for (seed, of) in variables.iter().enumerate() {
                // Few rows are multiplied, many are picked, then few are picked too.
                let mut bits = |rows: usize, batch: usize| {
                    let data = vec![tokens(rows)];
                    predictor
                        .predict(&data, batch, &mut crew, 0, 0, &Moment::default())
                        .unwrap()
                        .remove(0)
                };
                let few = bits(4, 4);
                let many = bits(100, 33);
                let same = many.as_f32()[..few.as_f32().len()] == *few.as_f32();
                assert!(same, "{inner} × {columns}: other bits");
                assert!(bits(4, 4) == few, "{inner} × {columns}: other bits");
                // An index outside the table is one in either form.
                let wrong = Arc::new(Tensor::new(&[1, 3], DType::I32, vec![0, 50, 1]).unwrap());
                let mut other = Crew::alone().unwrap();
                let refused = predictor
                    .predict(&vec![wrong], 1, &mut other, 0, 0, &Moment::default())
                    .err()
                    .unwrap();
                assert!(refused.message.contains("received 50"), "{}", refused.message);
                // Another version: rows that were not multiplied anew would be those of before.
                of.write(&positive(of.shape(), (10 * threads + seed) as u32)).unwrap();
                assert!(bits(4, 4) != few, "rows of the product of before");
            }
        }
    }
}

#[test]
fn large_products_of_tables_and_tables_that_are_written_are_left_alone() {
    let mut g = Graph::new();
    let batch = Dim::symbol(g.symbol("batch"));
    let of = TensorType { shape: Shape(vec![batch]), dtype: DType::I32 };
    let indices = g.input(0, "tokens", of).unwrap();
    let table = Variable::zeros("table", &[1 << 15, 4], DType::F32).unwrap();
    let narrow = Variable::zeros("w", &[4, 8], DType::F32).unwrap();
    let wide = Variable::zeros("w", &[4, 512], DType::F32).unwrap();
    let value = g.weight(&table).unwrap();
    let rows = g.one(Gather { axis: 0, strict: false }, &[value, indices]).unwrap();
    let [narrow, wide] = [narrow, wide].map(|of| g.weight(&of).unwrap());
    let [few, many] = [narrow, wide].map(|of| g.linear(rows, of, None).unwrap());
    assert_eq!(pick(&g, &[few]).unwrap().2.len(), 1);
    assert_eq!(pick(&g, &[many]).unwrap().2.len(), 1, "the narrow one");
    let next = g.add(value, value).unwrap();
    g.apply(Arc::new(Assign { variable: table }), &[next]).unwrap();
    assert!(pick(&g, &[few]).unwrap().2.is_empty());
}

#[test]
fn state_goes_from_batch_to_batch() {
    let mut g = Graph::new();
    let x = input(&mut g, &[2]);
    let seen = Variable::zeros("seen", &[1, 2], DType::F32).unwrap();
    let before = g.weight(&seen).unwrap();
    let after = g.add(x, before).unwrap();
    let last = g.reduce(Kind::Sum, after, Some(&[0]), true).unwrap();
    let predictor = Predictor::new(&g, &[after], &[(Arc::clone(&seen), last)]).unwrap();
    let rows = tensor(&[3, 2], 4);
    let mut crew = Crew::alone().unwrap();
    let found = predictor
        .predict(&vec![Arc::new(rows.clone())], 1, &mut crew, 0, 0, &Moment::default())
        .unwrap();
    let (x, mut sums) = (rows.as_f32(), vec![0.0; 2]);
    let expected: Vec<f32> = (0..6)
        .map(|i| {
            sums[i % 2] += x[i];
            sums[i % 2]
        })
        .collect();
    assert_eq!(found[0].as_f32(), expected);
    assert_eq!(seen.read().unwrap().as_f32(), &expected[4..]);
}
