//! The training step of an objective: forward, backward and updates.
//!
//! Where gradients accumulate, the updates are a segment of their own that runs with every n-th
//! step, as Keras has it: `g = Σg/n` over those steps, then clip, decay, update. A penalty on a weight
//! joins at the update, which is the same as joining each of the n where the weight stands still
//! meanwhile. A constraint holds after every step, and may change the weight with every one: then the penalty joins
//! each of the n. Averages of weights follow them in every step too, in a segment behind the updates.

use super::objective::Objective;
use super::optimizer::Optimizer;
use super::segment::{Rate, Segment, TrainingStep};
use super::trainable::{NO_PENALTY, Trainable};
use crate::autodiff::gradients;
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::assign::{Accumulate, Assign, Clear};
use crate::passes::absorb::absorb;
use crate::passes::expand::expand;
use crate::program::Program;
use crate::step::Turn;
use crate::variable::Variable;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a step makes small by which weights.
#[derive(Clone, Debug)]
pub struct Minimization {
    /// A scalar; penalties that are no sums over a weight are added to it.
    pub loss: Value,
    /// Indices of the weights among those that are trained.
    pub weights: Vec<usize>,
}

/// The training step of `objective`, which also stores the next values of `state`: of several of one variable the last. A
/// variable that is trained gets the gradients of all, and of what it held before. Gradients accumulate where the first
/// optimizer says so, and then there is no other.
///
/// It makes the loss small by all weights, unless `parts` say otherwise: several are made small one after the other, in
/// segments of their own, each with the weights that those before it left.
///
/// # Errors
/// `ERR_ARGUMENT` when something on the way is not differentiable, and for several parts where gradients accumulate.
pub fn training_step(
    graph: &Graph,
    objective: &Objective,
    state: &[(Arc<Variable>, Value)],
    optimizers: &[Optimizer],
    all: &[Trainable],
    parts: &[Minimization],
) -> Result<TrainingStep> {
    let whole = [Minimization { loss: objective.loss, weights: (0..all.len()).collect() }];
    let parts = if parts.is_empty() { &whole[..] } else { parts };
    let mut roots = objective.values();
    roots.extend(parts.iter().map(|part| part.loss));
    roots.extend(state.iter().map(|(_, value)| *value));
    let (graph, roots) = expand(graph, &roots)?;
    let (mut graph, roots) = absorb(&graph, &roots)?;
    let (of_objective, rest) = roots.split_at(objective.values().len());
    let (losses, next) = rest.split_at(parts.len());
    let objective = objective.with_values(of_objective);
    graph.set_label("");
    let extra = objective.penalty(&mut graph)?;
    let (optimizer, of_groups) = optimizers.split_first().expect("at least one optimizer");
    if optimizer.accumulation.is_some() && parts.len() > 1 {
        let text = "gradientAccumulationSteps and several losses made small exclude each other";
        return Err(Error::argument(text));
    }
    let own = |part: &Minimization| -> Vec<Trainable> {
        part.weights.iter().map(|&i| all[i].clone()).collect()
    };
    let later = parts.iter().zip(losses).skip(1).map(|(part, &loss)| {
        let mut graph = graph.clone();
        let total = graph.add(loss, extra)?;
        let trainables = own(part);
        let found = gradients_of_all(&mut graph, total, &trainables, &HashMap::new())?;
        graph.set_label("");
        Ok((graph, trainables, found))
    });
    let mut later = later.collect::<Result<Vec<_>>>()?;

    let total = graph.add(losses[0], extra)?;
    let mut trainables = own(&parts[0]);
    let state: Vec<(Arc<Variable>, Value)> =
        state.iter().zip(next).map(|((of, _), &value)| (Arc::clone(of), value)).collect();
    let mut held: HashMap<u64, Vec<Value>> = HashMap::new();
    for (variable, value) in &state {
        held.entry(variable.id()).or_default().push(*value);
    }
    let found = gradients_of_all(&mut graph, total, &trainables, &held)?;
    graph.set_label("");
    let mut rates: Vec<Rate> = of_groups.iter().zip(1..).map(rate_of_group).collect();
    let mut updated = vec![(&mut trainables, &found)];
    updated.extend(later.iter_mut().map(|(_, trainables, found)| (trainables, &*found)));
    take_turns(updated, optimizers, &mut rates);
    let mut of_later = None;
    let mut known: HashSet<usize> = parts[0].weights.iter().copied().collect();
    for &i in parts[1..].iter().flat_map(|part| &part.weights).filter(|&&i| known.insert(i)) {
        if let Some(penalty) = all[i].penalty_value(&mut graph)? {
            of_later = Some(graph.plus(of_later, penalty)?);
        }
    }
    let later = later.into_iter().map(|(mut graph, trainables, found)| {
        updates_of_all(optimizers, &mut graph, &trainables, &found)?;
        Ok(Segment { program: Program::new(&graph, &[])?, every: 1 })
    });
    let later = later.collect::<Result<Vec<_>>>()?;
    // A weight that a layer replaces is trained from there, as Keras has it.
    for of in &mut trainables {
        if let Some(&value) = held.get(&of.variable.id()).and_then(|values| values.last()) {
            of.start = Some(graph.one(Assign { variable: Arc::clone(&of.variable) }, &[value])?);
        }
    }
    let (on_weights, updates) = match optimizer.accumulation {
        None => (updates_of_all(optimizers, &mut graph, &trainables, &found)?, Vec::new()),
        Some(every) => {
            let program = accumulated_updates(optimizer, &trainables, &found)?;
            let penalty = accumulate(&mut graph, optimizer, &trainables, &found)?;
            let mut segments = vec![Segment { program, every }];
            if optimizer.follows_every_step(&trainables) {
                let program = followers(optimizer, &trainables, &found)?;
                segments.push(Segment { program, every: 1 });
            }
            (penalty, segments)
        }
    };
    let mut penalty = extra;
    for more in [on_weights, of_later].into_iter().flatten() {
        penalty = graph.add(penalty, more)?;
    }
    let is_trained =
        |variable: &Arc<Variable>| trainables.iter().any(|of| of.variable.id() == variable.id());
    let others: Vec<_> =
        state.iter().filter(|(variable, _)| !is_trained(variable)).cloned().collect();
    graph.store(&others)?;
    let program = Program::new(&graph, &objective.outputs(penalty))?;
    let mut segments = vec![Segment { program, every: 1 }];
    segments.extend(updates.into_iter().chain(later));
    Ok(TrainingStep::new(segments, rates))
}

/// The rate of the optimizer of that number, for the only update of a weight.
fn rate_of_group((of, optimizer): (&Optimizer, usize)) -> Rate {
    Rate { optimizer, schedule: Some(Arc::clone(&of.learning_rate)), turn: Turn::ONLY }
}

/// Tells weights of several parts which of their updates each part makes, and by which learning rate. A part makes none of a
/// weight that its loss does not depend on, unless there is a penalty.
fn take_turns(
    mut parts: Vec<(&mut Vec<Trainable>, &Vec<Option<Value>>)>,
    optimizers: &[Optimizer],
    rates: &mut Vec<Rate>,
) {
    let is_updated =
        |of: &Trainable, gradient: &Option<Value>| gradient.is_some() || of.penalty != NO_PENALTY;
    let mut counts: HashMap<u64, Turn> = HashMap::new();
    for (trainables, found) in &parts {
        for (of, _) in trainables.iter().zip(*found).filter(|(of, found)| is_updated(of, found)) {
            counts.entry(of.variable.id()).or_insert(Turn { at: 0, of: 0 }).of += 1;
        }
    }
    for (trainables, found) in &mut parts {
        let updated = trainables.iter_mut().zip(*found).filter(|(of, found)| is_updated(of, found));
        for (of, _) in updated {
            let Some(turn) = counts.get_mut(&of.variable.id()) else { continue };
            of.turn = *turn;
            of.rate = place(rates, optimizers, of.optimizer, *turn);
            turn.at += 1;
        }
    }
}

/// The place of a learning rate among the others: one that is there, or a new one; of the first optimizer's it has none where
/// updates are the only ones.
fn place(
    rates: &mut Vec<Rate>,
    optimizers: &[Optimizer],
    optimizer: usize,
    turn: Turn,
) -> Option<usize> {
    if optimizer == 0 && turn == Turn::ONLY {
        return None;
    }
    let found = rates.iter().position(|of| (of.optimizer, of.turn) == (optimizer, turn));
    Some(found.unwrap_or_else(|| {
        let schedule = (optimizer > 0).then(|| Arc::clone(&optimizers[optimizer].learning_rate));
        rates.push(Rate { optimizer, schedule, turn });
        rates.len() - 1
    }))
}

/// The gradient of each variable: of what it holds as the step begins and of all that it is said to hold then.
fn gradients_of_all(
    graph: &mut Graph,
    loss: Value,
    trainables: &[Trainable],
    held: &HashMap<u64, Vec<Value>>,
) -> Result<Vec<Option<Value>>> {
    let mut targets = Vec::new();
    let mut counts = Vec::new();
    for of in trainables {
        let before = targets.len();
        targets.push(graph.weight(&of.variable)?);
        targets.extend(held.get(&of.variable.id()).into_iter().flatten());
        counts.push(targets.len() - before);
    }
    let mut found = gradients(graph, loss, &targets)?.into_iter();
    let mut sum = |count: usize| -> Result<Option<Value>> {
        let mut each = found.by_ref().take(count).flatten();
        each.try_fold(None, |total, gradient| Ok(Some(graph.plus(total, gradient)?)))
    };
    counts.into_iter().map(&mut sum).collect()
}

/// The updates of each optimizer's own weights; the penalty of all, if any.
fn updates_of_all(
    optimizers: &[Optimizer],
    graph: &mut Graph,
    trainables: &[Trainable],
    gradients: &[Option<Value>],
) -> Result<Option<Value>> {
    let mut total = None;
    for (at, optimizer) in optimizers.iter().enumerate() {
        let own = trainables.iter().zip(gradients).filter(|(of, _)| of.optimizer == at);
        let (own, gradients): (Vec<_>, Vec<_>) = own.map(|(of, g)| (of.clone(), *g)).unzip();
        if let Some(penalty) = optimizer.updates(graph, &own, &gradients)? {
            total = Some(graph.plus(total, penalty)?);
        }
    }
    Ok(total)
}

/// Adds gradients to the accumulators; returns the penalty that the weights have, if any.
fn accumulate(
    graph: &mut Graph,
    optimizer: &Optimizer,
    trainables: &[Trainable],
    gradients: &[Option<Value>],
) -> Result<Option<Value>> {
    let mut total = None;
    for (trainable, gradient) in trainables.iter().zip(gradients) {
        if let Some(mut gradient) = *gradient {
            // A constraint changes the weight from step to step, and the gradient of its penalty with it.
            if trainable.is_constrained() {
                gradient = trainable.add_penalty_gradient(graph, gradient)?;
            }
            let variable = Arc::clone(optimizer.accumulator(trainable));
            graph.apply(Arc::new(Accumulate { variable }), &[gradient])?;
        }
        if let Some(penalty) = trainable.penalty_value(graph)? {
            total = Some(graph.plus(total, penalty)?);
        }
    }
    Ok(total)
}

/// What follows the weights with every step, updated or not: their averages, and then their constraints.
fn followers(
    optimizer: &Optimizer,
    trainables: &[Trainable],
    gradients: &[Option<Value>],
) -> Result<Program> {
    let mut graph = Graph::new();
    for (trainable, _) in trainables.iter().zip(gradients).filter(|(_, of)| of.is_some()) {
        let trainable = Trainable { start: None, ..trainable.clone() };
        let weight = trainable.weight(&mut graph)?;
        let averaged = optimizer.averaged(&mut graph, &trainable, weight)?;
        trainable.constrain(&mut graph, averaged)?;
    }
    Program::new(&graph, &[])
}

/// Updates from the accumulators, which are cleared behind them.
fn accumulated_updates(
    optimizer: &Optimizer,
    trainables: &[Trainable],
    gradients: &[Option<Value>],
) -> Result<Program> {
    let mut graph = Graph::new();
    // A program of its own finds them in the variables.
    let own = |of: &Trainable| {
        let penalty = if of.is_constrained() { NO_PENALTY } else { of.penalty };
        Trainable { start: None, penalty, ..of.clone() }
    };
    let trainables: Vec<Trainable> = trainables.iter().map(own).collect();
    let trainables = &trainables[..];
    let mut sums = Vec::with_capacity(trainables.len());
    for (trainable, gradient) in trainables.iter().zip(gradients) {
        let sum = gradient.map(|_| graph.weight(optimizer.accumulator(trainable)));
        sums.push(sum.transpose()?);
    }
    optimizer.updates(&mut graph, trainables, &sums)?;
    for (trainable, _) in trainables.iter().zip(&sums).filter(|(_, sum)| sum.is_some()) {
        let variable = Arc::clone(optimizer.accumulator(trainable));
        graph.apply(Arc::new(Clear { variable }), &[])?;
    }
    Program::new(&graph, &[])
}
