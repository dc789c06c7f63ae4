//! A small regularized classifier, built the way the facade builds one.

#![allow(dead_code, reason = "each test binary uses a part")]

use ridgeline_engine::Result;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::data::Data;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::batch_norm::BatchNorm;
use ridgeline_engine::ops::cross_entropy::SoftmaxCrossEntropy;
use ridgeline_engine::ops::dropout::Dropout;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::ops::update::adam::Adam;
use ridgeline_engine::shape::{Dim, Shape};
use ridgeline_engine::step::Cancelled;
use ridgeline_engine::tensor::{Tensor, TensorType};
use ridgeline_engine::train::counters::Counters;
use ridgeline_engine::train::fit::{FitOptions, Shuffle};
use ridgeline_engine::train::listener::{Listener, Report, Verdict};
use ridgeline_engine::train::objective::Objective;
use ridgeline_engine::train::optimizer::{Clip, Optimizer};
use ridgeline_engine::train::schedule;
use ridgeline_engine::train::trainable::Trainable;
use ridgeline_engine::train::trainer::Trainer;
use ridgeline_engine::train::training::training_step;
use ridgeline_engine::variable::Variable;
use ridgeline_kernels::unary::Unary;
use ridgeline_kernels::update::Penalty;
use std::sync::Arc;

/// Numbers in (−1, 1) that look random and are the same everywhere.
pub fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

/// A tensor of noise.
pub fn tensor(shape: &[usize], seed: u32) -> Tensor {
    Tensor::f32(shape, &noise(shape.iter().product(), seed)).unwrap()
}

/// Values between 0.5 and 1.5: inside every domain, away from every kink.
pub fn positive(shape: &[usize], seed: u32) -> Tensor {
    let values: Vec<f32> =
        noise(shape.iter().product(), seed).iter().map(|x| 1.0 + 0.5 * x).collect();
    Tensor::f32(shape, &values).unwrap()
}

pub fn variable(name: &str, shape: &[usize], seed: u32) -> Arc<Variable> {
    let values = noise(shape.iter().product(), seed);
    Variable::new(name, &Tensor::f32(shape, &values).unwrap()).unwrap()
}

const SCHEDULE: &str =
    r#"{"name":"piecewiseConstantDecay","boundaries":[6],"values":[0.01,0.001]}"#;

/// 20 → 70 (batch norm, ReLU, dropout) → 130 (batch norm, ReLU) → 3, Adam with L2; trained on 50
/// rows in batches of 16, with a learning rate that drops on the way.
pub fn trainer() -> (Trainer, Data) {
    let mut graph = Graph::new();
    let batch = graph.symbol("batch");
    let rows = |width: usize| TensorType::f32(Shape(vec![Dim::symbol(batch), width.into()]));
    let x = graph.input(0, "x", rows(20)).unwrap();
    let y = graph.input(1, "y", rows(3)).unwrap();
    let variables = [
        variable("dense/kernel", &[20, 70], 1),
        variable("norm/gamma", &[70], 2),
        variable("norm/beta", &[70], 3),
        variable("dense_1/kernel", &[70, 130], 6),
        variable("norm_1/gamma", &[130], 7),
        variable("norm_1/beta", &[130], 8),
        variable("head/kernel", &[130, 3], 4),
        variable("head/bias", &[3], 5),
    ];
    let w: Vec<_> = variables.iter().map(|v| graph.weight(v).unwrap()).collect();
    let h = graph.linear(x, w[0], None).unwrap();
    let norm = BatchNorm { epsilon: 1e-3, scale: true, center: true, relu: false, dropout: None };
    let h = graph.one(norm.clone(), &[h, w[1], w[2]]).unwrap();
    let h = graph.unary(Unary::Relu, h).unwrap();
    let h = graph.one(Dropout { rate: 0.3, stream: 7, relu: false }, &[h]).unwrap();
    let h = graph.linear(h, w[3], None).unwrap();
    let h = graph.one(norm, &[h, w[4], w[5]]).unwrap();
    let h = graph.unary(Unary::Relu, h).unwrap();
    let z = graph.linear(h, w[6], Some(w[7])).unwrap();
    let loss = SoftmaxCrossEntropy { sparse: false, smoothing: 0.0 };
    let each = graph.one(loss, &[z, y]).unwrap();
    let loss = graph.reduce(Kind::Mean, each, None, false).unwrap();
    let optimizer = Optimizer {
        rule: Some(Arc::new(Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, amsgrad: false })),
        learning_rate: schedule::parse(&Attributes::parse(SCHEDULE).unwrap()).unwrap(),
        clip: Clip::None,
        accumulation: None,
        averages: None,
    };
    let trainables: Vec<Trainable> = variables
        .iter()
        .map(|variable| {
            let l2 = if variable.shape().len() == 2 { 1e-3 } else { 0.0 };
            Trainable {
                slots: optimizer.new_slots(variable).unwrap(),
                ..Trainable::new(Arc::clone(variable), Penalty { l1: 0.0, l2 })
            }
        })
        .collect();
    let trainer = trainer_of(&graph, loss, &optimizer, trainables, 42);
    let mut labels = vec![0.0; 150];
    (0..50).for_each(|i| labels[i * 3 + i % 3] = 1.0);
    let x = Tensor::f32(&[50, 20], &noise(1000, 9)).unwrap();
    let y = Tensor::f32(&[50, 3], &labels).unwrap();
    (trainer, vec![Arc::new(x), Arc::new(y)])
}

/// A trainer of `loss` alone.
pub fn trainer_of(
    graph: &Graph,
    loss: Value,
    optimizer: &Optimizer,
    trainables: Vec<Trainable>,
    seed: u64,
) -> Trainer {
    let objective = Objective { loss, penalties: Vec::new(), sums: Vec::new() };
    Trainer {
        training: training_step(
            graph,
            &objective,
            &[],
            std::slice::from_ref(optimizer),
            &trainables,
            &[],
        )
        .unwrap(),
        validation: None,
        learning_rate: Arc::clone(&optimizer.learning_rate),
        trainables,
        seed,
        counters: Arc::new(parking_lot::Mutex::new(Counters::default())),
    }
}

pub fn options(threads: usize, epochs: usize) -> FitOptions {
    FitOptions {
        batch_size: 16,
        epochs,
        initial_epoch: 0,
        initial_batch: 0,
        shuffle: Some(Shuffle::Rows),
        validation_batch_size: 16,
        validation_frequency: 1,
        batch_reports: false,
        threads,
    }
}

/// A listener that only says go on.
#[derive(Default)]
pub struct Silent(Cancelled);

impl Listener for Silent {
    fn report(&mut self, _: Report) -> Result<Verdict> {
        Ok(Verdict::default())
    }
    fn finish(&mut self, _: Report) {}
    fn cancelled(&self) -> &Cancelled {
        &self.0
    }
    fn progress(&self, _: usize, _: usize, _: usize, _: f64) {}
}
