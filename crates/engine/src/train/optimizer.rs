//! Optimizers: what all of them share around the rule that tells them apart (`ops/update/`).
//!
//! The order of one step is Keras': clip, weight decay, update, moving average, constraint.

use super::schedule::{self, Schedule};
use super::trainable::{NO_PENALTY, Trainable};
use crate::attributes::Attributes;
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::assign::Assign;
use crate::ops::average::{Average, Overwrite};
use crate::ops::clip::{Norm, PartialNorms};
use crate::ops::reduce::Kind;
use crate::ops::step_number::StepNumber;
use crate::ops::update::Update;
use crate::ops::update::registry;
use crate::ops::update::rule::Rule;
use crate::tensor::DType;
use crate::variable::Variable;
use std::sync::Arc;

/// How gradients are bounded before an update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Not at all.
    None,
    /// Each element to ± the value.
    Value(f32),
    /// Each variable's gradient to this Euclidean norm.
    Norm(f32),
    /// All gradients together to this Euclidean norm.
    GlobalNorm(f32),
}

/// An optimizer.
#[derive(Clone, Debug)]
pub struct Optimizer {
    /// Its formula; none where each weight brings an update of its own.
    pub rule: Option<Arc<dyn Rule>>,
    /// The learning rate of every step.
    pub learning_rate: Arc<dyn Schedule>,
    /// How gradients are bounded.
    pub clip: Clip,
    /// Steps whose gradients make up one update, if more than one do.
    pub accumulation: Option<u64>,
    /// The moving averages of the weights that are kept, if any are.
    pub averages: Option<Averages>,
}

/// Moving averages of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Averages {
    /// Share of an average that stays at an update.
    pub momentum: f32,
    /// Updates after which the weights take their averages over, again and again, if they do.
    pub overwrite: Option<u64>,
}

/// The argument of [`Optimizer::accumulation`].
const STEPS: &str = "gradientAccumulationSteps";
/// The slot that gradients are summed in.
const ACCUMULATOR: &str = "gradient_accumulator";
/// The slot of a moving average.
const AVERAGE: &str = "average";

impl Optimizer {
    /// The optimizer of a configuration: the rule called `name` with its arguments, none without a name;
    /// `learningRate`, a number or a schedule with its own `name`, and `clipNorm`,
    /// `clipValue`, `globalClipNorm` and `gradientAccumulationSteps`, null or missing for none.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for an unknown name or bad arguments.
    pub fn parse(with: &Attributes) -> Result<Optimizer> {
        let rule = with.0.contains_key("name").then(|| registry::parse(with)).transpose()?;
        let learning_rate = schedule::learning_rate(with)?;
        let bound = |name: &str| Ok(with.optional_number(name)?.map(|bound| bound as f32));
        let clip = match (bound("clipNorm")?, bound("clipValue")?, bound("globalClipNorm")?) {
            (Some(c), None, None) => Clip::Norm(c),
            (None, Some(c), None) => Clip::Value(c),
            (None, None, Some(c)) => Clip::GlobalNorm(c),
            (None, None, None) => Clip::None,
            _ => {
                return Err(Error::argument(
                    "at most one of clipNorm, clipValue and globalClipNorm may be set",
                ));
            }
        };
        let accumulation = match with.optional_integer(STEPS)? {
            None => None,
            Some(n) if n >= 2 => Some(n as u64),
            Some(n) => {
                return Err(Error::argument(format!(
                    "{STEPS} must be an integer ≥ 2, received {n}"
                )));
            }
        };
        let averages = match with.optional_number("emaMomentum")? {
            Some(momentum) if with.flag("useEma")? => {
                let overwrite = with.optional_integer("emaOverwriteFrequency")?;
                let overwrite = overwrite.map(|every| every.max(1) as u64);
                Some(Averages { momentum: momentum as f32, overwrite })
            }
            _ => None,
        };
        Ok(Optimizer { rule, learning_rate, clip, accumulation, averages })
    }

    /// Names of the state that each weight needs.
    pub fn slots(&self) -> Vec<&'static str> {
        let accumulator = self.accumulation.map(|_| ACCUMULATOR);
        let average = self.averages.map(|_| AVERAGE);
        let of_rule = self.rule.as_ref().map_or(&[][..], |rule| rule.slots());
        of_rule.iter().copied().chain(accumulator).chain(average).collect()
    }

    /// The sum of a weight's gradients, where they accumulate: its last slot but for the average.
    pub(super) fn accumulator<'a>(&self, of: &'a Trainable) -> &'a Arc<Variable> {
        debug_assert!(self.accumulation.is_some());
        let behind = 1 + usize::from(self.averages.is_some());
        &of.slots[of.slots.len() - behind]
    }

    /// True if averages or constraints follow weights in steps that do not update them too.
    pub(super) fn follows_every_step(&self, trainables: &[Trainable]) -> bool {
        let follows = self.averages.is_some() || trainables.iter().any(Trainable::is_constrained);
        self.accumulation.is_some() && follows
    }

    /// The state a variable needs, as zeros; an average begins with the variable.
    ///
    /// # Errors
    /// `ERR_MEMORY` when it cannot be allocated.
    pub fn new_slots(&self, variable: &Variable) -> Result<Vec<Arc<Variable>>> {
        let new = |slot: &str| {
            let name = format!("{}/{slot}", variable.name());
            match slot {
                AVERAGE => Variable::new(&name, &variable.read()?),
                _ => Variable::zeros(&name, variable.shape(), DType::F32),
            }
        };
        self.slots().into_iter().map(new).collect()
    }

    /// The weight behind its update, once its average has followed it.
    pub(super) fn averaged(
        &self,
        graph: &mut Graph,
        of: &Trainable,
        updated: Value,
    ) -> Result<Value> {
        let Some(Averages { momentum, overwrite }) = self.averages else { return Ok(updated) };
        let variable = of.slots.last().expect("the average is a slot");
        let average = Average { variable: Arc::clone(variable), momentum, turn: of.turn };
        let average = graph.apply(Arc::new(average), &[updated])?[0];
        let Some(every) = overwrite else { return Ok(updated) };
        let overwrite = Overwrite { variable: Arc::clone(&of.variable), every, turn: of.turn };
        Ok(graph.apply(Arc::new(overwrite), &[updated, average])?[0])
    }

    /// Adds the updates to `graph`, none where the loss depends on no variable; returns the penalty of
    /// the weights before them, if any. Where they accumulate, `gradients` are sums of as many.
    ///
    /// # Errors
    /// As building a graph.
    pub fn updates(
        &self,
        graph: &mut Graph,
        trainables: &[Trainable],
        gradients: &[Option<Value>],
    ) -> Result<Option<Value>> {
        let by_norm = self.by_norm();
        let share = self.accumulation.map(|n| graph.scalar(1.0 / n as f32)).transpose()?;
        let mut full = Vec::with_capacity(trainables.len());
        for (trainable, gradient) in trainables.iter().zip(gradients) {
            let gradient = match gradient {
                Some(gradient) => *gradient,
                None if trainable.penalty == NO_PENALTY => continue,
                None => {
                    let weight = trainable.weight(graph)?;
                    graph.zeros_like(weight)?
                }
            };
            // A norm needs the whole gradient first; else the update makes it on the way.
            let gradient = match (by_norm, share) {
                (false, _) => gradient,
                (true, None) => trainable.add_penalty_gradient(graph, gradient)?,
                (true, Some(share)) => {
                    let mean = graph.mul(gradient, share)?;
                    trainable.add_penalty_gradient(graph, mean)?
                }
            };
            full.push((trainable, gradient));
        }
        if full.is_empty() {
            return Ok(None);
        }
        let factors = match self.clip {
            Clip::Norm(bound) => factors(graph, &full, bound, false)?,
            Clip::GlobalNorm(bound) => factors(graph, &full, bound, true)?,
            Clip::None | Clip::Value(_) => vec![share; full.len()],
        };
        let mut penalty = None;
        for ((trainable, gradient), factor) in full.into_iter().zip(factors) {
            let (updated, of_weight) = match &self.rule {
                Some(rule) => self.by_rule(graph, rule, trainable, gradient, factor)?,
                None => self.by_own(graph, trainable, gradient, factor)?,
            };
            if !self.follows_every_step(trainables) {
                let averaged = self.averaged(graph, trainable, updated)?;
                trainable.constrain(graph, averaged)?;
            }
            if let Some(of_weight) = of_weight {
                penalty = Some(graph.plus(penalty, of_weight)?);
            }
        }
        Ok(penalty)
    }

    /// True if gradients have their penalties before they come to an update.
    fn by_norm(&self) -> bool {
        matches!(self.clip, Clip::Norm(_) | Clip::GlobalNorm(_))
    }

    /// The bound of each element of a gradient.
    fn bound(&self) -> Option<f32> {
        if let Clip::Value(bound) = self.clip { Some(bound) } else { None }
    }

    /// Updates a weight by a rule; the weight then, and its penalty before, if there is one.
    fn by_rule(
        &self,
        graph: &mut Graph,
        rule: &Arc<dyn Rule>,
        of: &Trainable,
        gradient: Value,
        factor: Option<Value>,
    ) -> Result<(Value, Option<Value>)> {
        let mut inputs = vec![gradient];
        inputs.extend(factor);
        let update = Update {
            variable: Arc::clone(&of.variable),
            slots: of.slots[..rule.slots().len()].to_vec(),
            rule: Arc::clone(rule),
            weight_decay: of.weight_decay,
            penalty: of.penalty,
            penalty_applied: self.by_norm(),
            clip: self.bound(),
            scaled: factor.is_some(),
            by_rows: false,
            strict: false,
            rate: of.rate,
            turn: of.turn,
        };
        let updated = graph.apply(Arc::new(update), &inputs)?;
        let sum = |&partial: &Value| graph.reduce(Kind::Sum, partial, None, false);
        Ok((updated[0], updated.get(1).map(sum).transpose()?))
    }

    /// As [`Optimizer::by_rule`], by the weight's own update.
    fn by_own(
        &self,
        graph: &mut Graph,
        of: &Trainable,
        mut gradient: Value,
        factor: Option<Value>,
    ) -> Result<(Value, Option<Value>)> {
        let update = of.update.as_ref();
        let update = update.ok_or_else(|| Error::native("an optimizer without a formula"))?;
        let penalty = of.penalty_value(graph)?;
        if let Some(factor) = factor {
            gradient = graph.mul(gradient, factor)?;
        }
        if !self.by_norm() {
            gradient = of.add_penalty_gradient(graph, gradient)?;
        }
        if let Some(bound) = self.bound() {
            let [low, high] = [graph.scalar(-bound)?, graph.scalar(bound)?];
            let below = graph.minimum(gradient, high)?;
            gradient = graph.maximum(below, low)?;
        }
        let mut weight = of.weight(graph)?;
        let rate = graph.one(StepNumber::LearningRate(of.rate), &[])?;
        if of.weight_decay != 0.0 {
            let decay = graph.scalar(of.weight_decay)?;
            let share = graph.mul(rate, decay)?;
            let taken = graph.mul(weight, share)?;
            weight = graph.sub(weight, taken)?;
        }
        let slots = &of.slots[..of.slots.len() - self.slots().len()];
        let mut inputs = vec![weight, gradient, rate, graph.one(StepNumber::Update(of.turn), &[])?];
        for slot in slots {
            inputs.push(graph.weight(slot)?);
        }
        let next = update.call(graph, &inputs)?;
        let variables = std::iter::once(&of.variable).chain(slots);
        let mut stored = Vec::with_capacity(next.len());
        for (variable, next) in variables.zip(next) {
            stored.push(graph.one(Assign { variable: Arc::clone(variable) }, &[next])?);
        }
        Ok((stored[0], penalty))
    }
}

/// The clip factor of each gradient: `c / max(norm, c)`, NaN where the norm is; the norm is of all
/// gradients `together`, or of each.
fn factors(
    graph: &mut Graph,
    full: &[(&Trainable, Value)],
    bound: f32,
    together: bool,
) -> Result<Vec<Option<Value>>> {
    let parts = |&(trainable, gradient): &(&Trainable, Value)| {
        let variable = Arc::clone(&trainable.variable);
        graph.one(PartialNorms { variable }, &[gradient])
    };
    let parts = full.iter().map(parts).collect::<Result<Vec<Value>>>()?;
    let norms = if together {
        vec![graph.one(Norm, &parts)?; parts.len()]
    } else {
        parts.iter().map(|&part| graph.one(Norm, &[part])).collect::<Result<_>>()?
    };
    let bound = graph.scalar(bound)?;
    let factor = |norm: Value| {
        let larger = graph.maximum(norm, bound)?;
        graph.div(bound, larger).map(Some)
    };
    norms.into_iter().map(factor).collect()
}
