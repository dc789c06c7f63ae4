//! Constraints behind updates: against Keras' formulas, for every layout and choice of axes, and in
//! the strand of the update where the norm lies inside a chunk.

mod common;

use common::{noise, tensor, variable};
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::autodiff::gradients;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::ops::constrain::Constraint;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::ops::update::sgd::Sgd;
use ridgeline_engine::plan::{Plan, Rows};
use ridgeline_engine::run::crew::Crew;
use ridgeline_engine::run::workspace::Workspace;
use ridgeline_engine::step::Step;
use ridgeline_engine::train::optimizer::{Clip, Optimizer};
use ridgeline_engine::train::schedule::Constant;
use ridgeline_engine::train::trainable::{NO_PENALTY, Trainable};
use ridgeline_engine::variable::Variable;
use std::sync::Arc;

const RATE: f32 = 0.25;

fn parsed(json: &str, shape: &[usize]) -> Constraint {
    Constraint::parse(&Attributes::parse(json).unwrap(), shape).unwrap()
}

/// A step of gradient descent on `Σ w·c`, then the constraint.
fn plan(weight: &Arc<Variable>, constraint: &Constraint) -> Plan {
    let mut graph = Graph::new();
    let w = graph.weight(weight).unwrap();
    let c = graph.constant(tensor(weight.shape(), 2)).unwrap();
    let product = graph.mul(w, c).unwrap();
    let loss = graph.reduce(Kind::Sum, product, None, false).unwrap();
    let found = gradients(&mut graph, loss, &[w]).unwrap();
    update(&mut graph, weight, constraint, &found);
    Plan::compile(&graph, &[], &[], Rows::Picked).unwrap()
}

fn update(
    graph: &mut Graph,
    weight: &Arc<Variable>,
    constraint: &Constraint,
    found: &[Option<Value>],
) {
    let rule = Arc::new(Sgd { momentum: 0.0, nesterov: false });
    let optimizer = Optimizer {
        rule: Some(rule),
        learning_rate: Arc::new(Constant(f64::from(RATE))),
        clip: Clip::None,
        accumulation: None,
        averages: None,
    };
    let mut trainable = Trainable::new(Arc::clone(weight), NO_PENALTY);
    trainable.constraint = Some(constraint.clone());
    optimizer.updates(graph, &[trainable], found).unwrap();
}

/// The index of the group that element `at` belongs to: its index with 0 along `axes`.
fn group(shape: &[usize], axes: &[usize], mut at: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for axis in (0..shape.len()).rev() {
        index[axis] = if axes.contains(&axis) { 0 } else { at % shape[axis] };
        at /= shape[axis];
    }
    index
}

fn naive(shape: &[usize], constraint: &Constraint, w: &[f32]) -> Vec<f64> {
    let Constraint::Norm { bounds, axes } = constraint else {
        return w.iter().map(|&w| f64::from(w.max(0.0))).collect();
    };
    let groups: Vec<_> = (0..w.len()).map(|at| group(shape, axes, at)).collect();
    groups
        .iter()
        .zip(w)
        .map(|(of, &x)| {
            let members = groups.iter().zip(w).filter(|(other, _)| *other == of);
            let norm = members.map(|(_, &w)| f64::from(w).powi(2)).sum::<f64>().sqrt();
            let [min, max, rate] = [bounds.min, bounds.max, bounds.rate].map(f64::from);
            let wanted = rate * norm.clamp(min, max) + (1.0 - rate) * norm;
            f64::from(x) * wanted / (1e-7 + norm)
        })
        .collect()
}

#[test]
fn updates_are_followed_by_constraints() {
    // Narrow matrices lie in row-major order, the others in panels.
    let shapes: [&[usize]; 6] = [&[70], &[5, 3], &[7, 40], &[33, 90], &[3, 4, 5], &[2, 3, 40]];
    for shape in shapes {
        let rank = shape.len();
        let all: Vec<usize> = (0..rank).collect();
        let mut constraints = vec![
            parsed(r#"{"name":"nonNeg"}"#, shape),
            parsed(r#"{"name":"maxNorm","maxValue":1.5,"axis":0}"#, shape),
            parsed(r#"{"name":"maxNorm","maxValue":1.5,"axis":-1}"#, shape),
            parsed(&format!(r#"{{"name":"maxNorm","maxValue":2,"axis":{all:?}}}"#), shape),
            parsed(r#"{"name":"unitNorm","axis":0}"#, shape),
            parsed(
                r#"{"name":"minMaxNorm","minValue":2,"maxValue":3,"rate":0.25,"axis":0}"#,
                shape,
            ),
            parsed(
                r#"{"name":"minMaxNorm","minValue":2,"maxValue":3,"rate":0.25,"axis":-1}"#,
                shape,
            ),
        ];
        if rank == 3 {
            constraints.push(parsed(r#"{"name":"maxNorm","maxValue":1,"axis":[0,1]}"#, shape));
            constraints.push(parsed(r#"{"name":"maxNorm","maxValue":1,"axis":[2,0]}"#, shape));
        }
        for constraint in constraints {
            let weight = variable("w", shape, 1);
            let count = shape.iter().product();
            let pairs = noise(count, 1).into_iter().zip(noise(count, 2));
            let updated: Vec<f32> = pairs.map(|(w, c)| w - RATE * c).collect();
            let mut workspace = Workspace::new(Arc::new(plan(&weight, &constraint))).unwrap();
            let step = Step { learning_rate: RATE, ..Step::default() };
            workspace.run(&mut Crew::new(2).unwrap(), &step).unwrap();
            let expected = naive(shape, &constraint, &updated);
            for (at, (&got, want)) in
                weight.read().unwrap().as_f32().iter().zip(expected).enumerate()
            {
                let off = (f64::from(got) - want).abs();
                assert!(off < 1e-6, "{shape:?} {constraint:?}: {got} for {want} at {at}");
            }
        }
    }
}

/// The strands of tasks, by their ops.
fn strands(plan: &Plan) -> Vec<Vec<&str>> {
    let of = plan.phases.iter().flat_map(|phase| &phase.strands);
    of.map(|s| s.tasks.iter().map(|&t| plan.tasks[t].op).collect()).collect()
}

#[test]
fn a_constraint_joins_the_strand_of_its_update() {
    let weight = variable("w", &[300, 256], 1);
    let plan = |constraint: &str| {
        let mut graph = Graph::new();
        let w = graph.weight(&weight).unwrap();
        let x = graph.constant(tensor(&[64, 300], 3)).unwrap();
        let y = graph.linear(x, w, None).unwrap();
        let loss = graph.reduce(Kind::Sum, y, None, false).unwrap();
        let found = gradients(&mut graph, loss, &[w]).unwrap();
        update(&mut graph, &weight, &parsed(constraint, &[300, 256]), &found);
        Plan::compile(&graph, &[], &[], Rows::Picked).unwrap()
    };
    for (constraint, name) in [
        (r#"{"name":"nonNeg"}"#, "nonNeg"),
        (r#"{"name":"maxNorm","maxValue":2,"axis":0}"#, "norm"),
    ] {
        let plan = plan(constraint);
        let all = strands(&plan);
        let at = all.iter().position(|ops| *ops == ["matmul", "sgd", name]);
        let at = at.unwrap_or_else(|| panic!("{all:?}"));
        let strand = plan.phases.iter().flat_map(|phase| &phase.strands).nth(at).unwrap();
        assert!(strand.by_cols && strand.chunks > 1, "{all:?}");
    }
    // A norm over what chunks divide waits for all of them.
    let plan = plan(r#"{"name":"maxNorm","maxValue":2,"axis":1}"#);
    assert_eq!(strands(&plan).last().unwrap(), &["norm"]);
}

#[test]
fn unknown_constraints_are_errors() {
    let error = |json: &str| {
        Constraint::parse(&Attributes::parse(json).unwrap(), &[2, 3]).unwrap_err().message
    };
    assert_eq!(error(r#"{"name":"maxnorm"}"#), "there is no constraint 'maxnorm'");
    assert_eq!(
        error(r#"{"name":"maxNorm","maxValue":2,"axis":"rows"}"#),
        r#"axis must be an integer or a list of integers, received "rows""#
    );
    assert!(error(r#"{"name":"maxNorm","maxValue":2,"axis":2}"#).contains("axis must be between"));
}
