//! Gradient accumulation against a computation by hand in f64: a linear model, its gradients summed
//! over three steps, then clipped, decayed and applied as Keras does.

mod common;

use common::{noise, options, tensor, trainer_of};
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::data::Data;
use ridgeline_engine::graph::Graph;
use ridgeline_engine::ops::constrain::Constraint;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::run::crew::Crew;
use ridgeline_engine::shape::{Dim, Shape};
use ridgeline_engine::tensor::{Tensor, TensorType};
use ridgeline_engine::train::counters::Counters;
use ridgeline_engine::train::fit::FitOptions;
use ridgeline_engine::train::optimizer::Optimizer;
use ridgeline_engine::train::trainable::Trainable;
use ridgeline_engine::train::trainer::Trainer;
use ridgeline_engine::variable::Variable;
use ridgeline_kernels::unary::Unary;
use ridgeline_kernels::update::Penalty;
use std::sync::Arc;

/// Features, outputs (so that the kernel stands in panels), rows of a batch, and batches.
const K: usize = 5;
const N: usize = 40;
const ROWS: usize = 4;
const BATCHES: usize = 7;
const RATE: f64 = 0.1;
const EVERY: usize = 3;

/// What differs from case to case.
#[derive(Clone, Copy)]
struct Case {
    config: &'static str,
    penalty: Penalty,
    decay: f64,
    clip_value: f64,
    clip_norm: f64,
    adam: bool,
    non_negative: bool,
}

const PLAIN: Case = Case {
    config: r#"{"name":"sgd","learningRate":0.1,"momentum":0,"nesterov":false,"gradientAccumulationSteps":3}"#,
    penalty: Penalty { l1: 0.0, l2: 0.0 },
    decay: 0.0,
    clip_value: f64::INFINITY,
    clip_norm: f64::INFINITY,
    adam: false,
    non_negative: false,
};

const PENALTY: Penalty = Penalty { l1: 0.01, l2: 0.02 };

const CASES: [Case; 4] = [
    Case { non_negative: true, ..PLAIN },
    Case {
        config: r#"{"name":"sgd","learningRate":0.1,"momentum":0,"nesterov":false,"weightDecay":0.5,
            "clipValue":0.02,"gradientAccumulationSteps":3}"#,
        penalty: PENALTY,
        decay: 0.5,
        clip_value: 0.02,
        ..PLAIN
    },
    Case {
        config: r#"{"name":"sgd","learningRate":0.1,"momentum":0,"nesterov":false,"globalClipNorm":0.1,
            "gradientAccumulationSteps":3}"#,
        penalty: PENALTY,
        clip_norm: 0.1,
        ..PLAIN
    },
    Case {
        config: r#"{"name":"adam","learningRate":0.1,"beta1":0.9,"beta2":0.999,"epsilon":1e-7,"amsgrad":false,
            "gradientAccumulationSteps":3}"#,
        penalty: PENALTY,
        adam: true,
        ..PLAIN
    },
];

/// A trainer of `mean (x·w + b − y)²`, and data of seven batches.
fn trainer(case: &Case) -> (Trainer, Data) {
    let mut graph = Graph::new();
    let batch = graph.symbol("batch");
    let rows = |width: usize| TensorType::f32(Shape(vec![Dim::symbol(batch), width.into()]));
    let (x, y) = (graph.input(0, "x", rows(K)).unwrap(), graph.input(1, "y", rows(N)).unwrap());
    let variables =
        [common::variable("dense/kernel", &[K, N], 1), common::variable("dense/bias", &[N], 2)];
    let [w, b] = [0, 1].map(|i| graph.weight(&variables[i]).unwrap());
    let z = graph.linear(x, w, Some(b)).unwrap();
    let off = graph.sub(z, y).unwrap();
    let square = graph.unary(Unary::Square, off).unwrap();
    let loss = graph.reduce(Kind::Mean, square, None, false).unwrap();
    let optimizer = Optimizer::parse(&Attributes::parse(case.config).unwrap()).unwrap();
    let trainable = |(i, variable): (usize, &Arc<Variable>)| {
        let penalty = if i == 0 { case.penalty } else { Penalty::default() };
        Trainable {
            constraint: (i == 0 && case.non_negative).then_some(Constraint::NonNeg),
            slots: optimizer.new_slots(variable).unwrap(),
            weight_decay: if case.config.contains("weightDecay") { 0.5 } else { 0.0 },
            ..Trainable::new(Arc::clone(variable), penalty)
        }
    };
    let trainables: Vec<Trainable> = variables.iter().enumerate().map(trainable).collect();
    let trainer = trainer_of(&graph, loss, &optimizer, trainables, 1);
    let data = [tensor(&[ROWS * BATCHES, K], 3), tensor(&[ROWS * BATCHES, N], 4)];
    (trainer, data.map(Arc::new).to_vec())
}

/// The rows of batch `i`.
fn piece(data: &Data, i: usize) -> Data {
    let rows = |of: &Arc<Tensor>| {
        let width = of.shape[1];
        let words = of.words[i * ROWS * width..(i + 1) * ROWS * width].to_vec();
        Arc::new(Tensor::new(&[ROWS, width], of.dtype, words).unwrap())
    };
    data.iter().map(rows).collect()
}

/// Loss, gradient of the kernel and gradient of the bias for a batch.
fn gradients(data: &Data, w: &[f64], b: &[f64]) -> (f64, Vec<f64>) {
    let (x, y) = (data[0].as_f32(), data[1].as_f32());
    let (mut loss, mut found) = (0.0, vec![0.0; K * N + N]);
    for r in 0..ROWS {
        for j in 0..N {
            let at = |k: usize| f64::from(x[r * K + k]);
            let z = (0..K).map(|k| at(k) * w[k * N + j]).sum::<f64>() + b[j];
            let off = z - f64::from(y[r * N + j]);
            let slope = 2.0 * off / (ROWS * N) as f64;
            loss += off * off / (ROWS * N) as f64;
            (0..K).for_each(|k| found[k * N + j] += slope * at(k));
            found[K * N + j] += slope;
        }
    }
    (loss, found)
}

/// Parameters, first and second moments by hand.
struct Hand {
    parameters: Vec<f64>,
    moments: Vec<[f64; 2]>,
    updates: i32,
}

impl Hand {
    fn penalty(&self, of: Penalty) -> f64 {
        let [l1, l2] = [of.l1, of.l2].map(f64::from);
        self.parameters[..K * N].iter().map(|w| l1 * w.abs() + l2 * w * w).sum()
    }

    fn update(&mut self, case: &Case, mut g: Vec<f64>) {
        let [l1, l2] = [case.penalty.l1, case.penalty.l2].map(f64::from);
        for (g, w) in g.iter_mut().zip(&self.parameters).take(K * N) {
            *g += l1 * if *w == 0.0 { 0.0 } else { w.signum() } + 2.0 * l2 * w;
        }
        let norm = g.iter().map(|g| g * g).sum::<f64>().sqrt();
        let factor = if norm > case.clip_norm { case.clip_norm / norm } else { 1.0 };
        self.updates += 1;
        let t = self.updates;
        let alpha = RATE * (1.0 - 0.999f64.powi(t)).sqrt() / (1.0 - 0.9f64.powi(t));
        for ((w, g), [m, v]) in self.parameters.iter_mut().zip(g).zip(&mut self.moments) {
            let g = (g * factor).clamp(-case.clip_value, case.clip_value);
            *w -= RATE * case.decay * *w;
            *m += (g - *m) * (1.0 - 0.9);
            *v += (g * g - *v) * (1.0 - 0.999);
            *w -= if case.adam { alpha * *m / (v.sqrt() + 1e-7) } else { RATE * g };
        }
    }

    /// Keras constrains after every batch, whether it updated or not.
    fn constrain(&mut self, case: &Case) {
        if case.non_negative {
            self.parameters[..K * N].iter_mut().for_each(|w| *w = w.max(0.0));
        }
    }
}

#[track_caller]
fn close(got: f64, want: f64, what: &str) {
    assert!((got - want).abs() < 2e-6, "{what}: {got} for {want}");
}

#[test]
fn every_third_step_updates_with_the_mean_gradient() {
    for case in CASES {
        let (trainer, data) = trainer(&case);
        let mut crew = Crew::new(2).unwrap();
        let wide = |x: Vec<f32>| x.into_iter().map(f64::from);
        let mut hand = Hand {
            parameters: wide(noise(K * N, 1)).chain(wide(noise(N, 2))).collect(),
            moments: vec![[0.0; 2]; K * N + N],
            updates: 0,
        };
        let mut sum = vec![0.0; K * N + N];
        for i in 0..BATCHES {
            let batch = piece(&data, i);
            let logs = trainer.train_on_batch(&batch, None, &mut crew).unwrap();
            let (w, b) = hand.parameters.split_at(K * N);
            let (loss, found) = gradients(&batch, w, b);
            let penalty = hand.penalty(case.penalty);
            close(logs[0], loss + penalty, case.config);
            close(logs[1], penalty, case.config);
            sum.iter_mut().zip(found).for_each(|(sum, g)| *sum += g);
            if (i + 1) % EVERY == 0 {
                hand.update(&case, sum.iter().map(|sum| sum / EVERY as f64).collect());
                sum.fill(0.0);
            }
            hand.constrain(&case);
            let of = |get: &dyn Fn(&Trainable) -> Tensor| -> Vec<f64> {
                trainer.trainables.iter().flat_map(|t| wide(get(t).as_f32().to_vec())).collect()
            };
            for (got, want) in of(&|t| t.variable.read().unwrap()).iter().zip(&hand.parameters) {
                close(*got, *want, case.config);
            }
            // It was written with its first values, then by every update and by every constraint.
            let constraints = if case.non_negative { i + 1 } else { 0 };
            let version = (1 + (i + 1) / EVERY + constraints) as u64;
            assert_eq!(trainer.trainables[0].variable.version(), version, "after step {i}");
            // The accumulators are slots, and zero behind an update.
            for (got, want) in of(&|t| t.slots.last().unwrap().read().unwrap()).iter().zip(&sum) {
                close(*got, *want, case.config);
                assert!(*want != 0.0 || *got == 0.0);
            }
        }
        let Counters { steps, updates, .. } = *trainer.counters.lock();
        assert_eq!((steps, updates), (BATCHES as u64, (BATCHES / EVERY) as u64));
    }
}

#[test]
fn a_fit_accumulates_as_single_steps_do() {
    let (by_steps, data) = trainer(&CASES[3]);
    let mut crew = Crew::alone().unwrap();
    for i in 0..BATCHES {
        by_steps.train_on_batch(&piece(&data, i), None, &mut crew).unwrap();
    }
    let (by_fit, data) = trainer(&CASES[3]);
    let options = FitOptions { batch_size: ROWS, shuffle: None, ..options(2, 1) };
    by_fit
        .fit(&data, None, None, &options, &Default::default(), &mut common::Silent::default())
        .unwrap();
    for (a, b) in by_steps.trainables.iter().zip(&by_fit.trainables) {
        assert_eq!(a.variable.read().unwrap(), b.variable.read().unwrap());
        assert_eq!(
            a.slots.last().unwrap().read().unwrap(),
            b.slots.last().unwrap().read().unwrap()
        );
    }
    assert_eq!(by_fit.counters.lock().updates, 2);
}

#[test]
fn a_schedule_counts_steps_without_an_update_too() {
    const SCHEDULED: Case = Case {
        config: r#"{"name":"sgd","momentum":0,"nesterov":false,"gradientAccumulationSteps":3,
            "learningRate":{"name":"piecewiseConstantDecay","boundaries":[1,4],"values":[1,0.25,0.5]}}"#,
        ..PLAIN
    };
    let (scheduled, data) = trainer(&SCHEDULED);
    let (told, _) = trainer(&PLAIN);
    let mut crew = Crew::alone().unwrap();
    // The updates come with the steps 2 and 5.
    for (i, rate) in [9.0, 9.0, 0.25, 9.0, 9.0, 0.5, 9.0].into_iter().enumerate() {
        scheduled.train_on_batch(&piece(&data, i), None, &mut crew).unwrap();
        told.train_on_batch(&piece(&data, i), Some(rate), &mut crew).unwrap();
    }
    for (a, b) in scheduled.trainables.iter().zip(&told.trainables) {
        assert_eq!(a.variable.read().unwrap(), b.variable.read().unwrap());
    }
}

#[test]
fn slots_and_phases_say_so() {
    let (trainer, data) = trainer(&CASES[1]);
    let names: Vec<String> =
        trainer.trainables.iter().flat_map(|t| &t.slots).map(|slot| slot.name()).collect();
    assert_eq!(names, ["dense/kernel/gradient_accumulator", "dense/bias/gradient_accumulator"]);
    let before = *trainer.counters.lock();
    let mut crew = Crew::alone().unwrap();
    let phases = trainer.profile(&piece(&data, 0), None, 4, &mut crew).unwrap();
    let tasks: String = phases.iter().map(|(tasks, _)| format!("{tasks};")).collect();
    for task in ["accumulate", "sgd", "clear"] {
        assert!(tasks.contains(task), "{tasks}");
    }
    // The kernel's accumulator is cleared in the strand that used it.
    assert!(tasks.contains("[sgd, clear]"), "{tasks}");
    assert_eq!(*trainer.counters.lock(), before);
}

#[test]
fn accumulation_takes_two_steps_or_more() {
    let parse = |n: &str| {
        let config = format!(
            r#"{{"name":"sgd","learningRate":0.1,"momentum":0,"nesterov":false,"gradientAccumulationSteps":{n}}}"#
        );
        Optimizer::parse(&Attributes::parse(&config).unwrap())
    };
    assert_eq!(parse("null").unwrap().accumulation, None);
    assert_eq!(parse("2").unwrap().accumulation, Some(2));
    let message = "gradientAccumulationSteps must be an integer ≥ 2, received 1";
    assert_eq!(parse("1").unwrap_err().message, message);
    assert!(parse("2.5").is_err());
}
