//! Gradients of tables as rows: the bits of the update of the whole table, and no table in the plan.

mod common;

use common::variable;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::gather::Scatter;
use ridgeline_engine::passes::optimized;
use ridgeline_engine::plan::{Plan, Rows};
use ridgeline_engine::run::crew::Crew;
use ridgeline_engine::run::workspace::Workspace;
use ridgeline_engine::shape::Shape;
use ridgeline_engine::step::Step;
use ridgeline_engine::tensor::{DType, Tensor};
use ridgeline_engine::train::optimizer::Optimizer;
use ridgeline_engine::train::trainable::{NO_PENALTY, Trainable};
use ridgeline_engine::variable::Variable;
use ridgeline_kernels::update::Penalty;
use std::sync::Arc;

const ROWS: usize = 700;
const PICKS: [i32; 9] = [3, 699, 3, 0, -1, 256, 255, 3, 0];

/// The plan of an update by picked rows, which is one of the whole table where that is wanted too.
fn plan(of: &Trainable, optimizer: &Optimizer, whole: bool) -> Plan {
    let cols = of.variable.shape()[1];
    let mut graph = Graph::new();
    let picks = PICKS.iter().map(|&pick| pick as u32).collect();
    let picks = graph.constant(Tensor::new(&[9], DType::I32, picks).unwrap()).unwrap();
    // Of constants the table would be one, made ahead.
    let dy = graph.weight(&variable("dy", &[9, cols], 2)).unwrap();
    let op = Scatter { axis: 0, shape: Shape::of(&[ROWS, cols]), strict: false };
    let gradient = graph.one(op, &[dy, picks]).unwrap();
    let found = [Some(gradient)];
    optimizer.updates(&mut graph, std::slice::from_ref(of), &found).unwrap();
    let outputs: Vec<Value> = whole.then_some(gradient).into_iter().collect();
    let (graph, outputs) = optimized(&graph, &outputs).unwrap();
    Plan::compile(&graph, &outputs, &[], Rows::Picked).unwrap()
}

fn trained(with: &str, penalty: Penalty, decay: f32, cols: usize, whole: bool) -> Vec<Tensor> {
    let optimizer = Optimizer::parse(&Attributes::parse(with).unwrap()).unwrap();
    let table = variable("table", &[ROWS, cols], 1);
    let mut of = Trainable::new(Arc::clone(&table), penalty);
    of.slots = optimizer.new_slots(&table).unwrap();
    of.weight_decay = decay;
    let plan = plan(&of, &optimizer, whole);
    let has_scatter = plan.tasks.iter().any(|task| task.op == "scatterAdd");
    assert_eq!(has_scatter, whole);
    let mut workspace = Workspace::new(Arc::new(plan)).unwrap();
    let mut crew = Crew::new(2).unwrap();
    for updates in 0..3 {
        let step = Step { learning_rate: 0.1, updates, ..Step::default() };
        workspace.run(&mut crew, &step).unwrap();
    }
    let read = |of: &Arc<Variable>| of.read().unwrap();
    [&table].into_iter().chain(&of.slots).map(read).collect()
}

#[test]
fn rows_give_the_bits_of_the_table() {
    let sgd = r#""name":"sgd","nesterov":false,"momentum""#;
    let adam = r#""name":"adam","beta1":0.9,"beta2":0.999,"epsilon":1e-7,"amsgrad":false"#;
    let some = Penalty { l1: 0.01, l2: 0.1 };
    for cols in [3, 32, 70] {
        for (with, penalty, decay) in [
            (format!("{{{sgd}:0,\"learningRate\":0.1}}"), NO_PENALTY, 0.0),
            (format!("{{{sgd}:0,\"learningRate\":0.1,\"clipValue\":0.3}}"), NO_PENALTY, 0.0),
            (format!("{{{sgd}:0,\"learningRate\":0.1}}"), some, 0.0),
            (format!("{{{sgd}:0,\"learningRate\":0.1}}"), NO_PENALTY, 0.5),
            (format!("{{{sgd}:0.9,\"learningRate\":0.1}}"), NO_PENALTY, 0.0),
            (format!("{{{adam},\"learningRate\":0.1}}"), some, 0.1),
            (
                format!("{{{adam},\"learningRate\":0.1,\"useEma\":true,\"emaMomentum\":0.9}}"),
                NO_PENALTY,
                0.0,
            ),
        ] {
            let of = |whole| trained(&with, penalty, decay, cols, whole);
            let words =
                |all: Vec<Tensor>| all.iter().map(|of| of.words.clone()).collect::<Vec<_>>();
            assert_eq!(words(of(false)), words(of(true)), "{with} {penalty:?} {decay} {cols}");
        }
    }
}

/// Every row that was picked moves, and no other.
#[test]
fn gradient_descent_touches_the_rows_that_were_picked() {
    let with = r#"{"name":"sgd","nesterov":false,"momentum":0,"learningRate":0.1}"#;
    let optimizer = Optimizer::parse(&Attributes::parse(with).unwrap()).unwrap();
    let table = variable("table", &[ROWS, 40], 1);
    let before = table.read().unwrap();
    let of = Trainable::new(Arc::clone(&table), NO_PENALTY);
    let mut workspace = Workspace::new(Arc::new(plan(&of, &optimizer, false))).unwrap();
    let step = Step { learning_rate: 0.1, ..Step::default() };
    workspace.run(&mut Crew::new(1).unwrap(), &step).unwrap();
    let after = table.read().unwrap();
    for (row, (before, after)) in before.words.chunks(40).zip(after.words.chunks(40)).enumerate() {
        let picked =
            PICKS.iter().any(|&pick| (pick as i64).rem_euclid(ROWS as i64) as usize == row);
        assert_eq!(before != after, picked, "row {row}");
    }
}
