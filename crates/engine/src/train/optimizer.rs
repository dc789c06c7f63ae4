//! Optimizers: what all of them share around the rule that tells them apart (`ops/update/`).
//!
//! The order of one step is Keras': clip, weight decay, update, moving average, constraint.

use super::schedule::{self, Schedule};
use crate::attributes::Attributes;
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::average::{Average, Overwrite};
use crate::ops::clip::{AddPenalty, Norm, PartialNorms};
use crate::ops::constrain::{Constrain, Constraint};
use crate::ops::reduce::Kind;
use crate::ops::update::Update;
use crate::ops::update::rule::{self, Rule};
use crate::tensor::DType;
use crate::variable::Variable;
use ridgeline_kernels::unary::Unary;
use ridgeline_kernels::update::Penalty;
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
    /// Its formula.
    pub rule: Arc<dyn Rule>,
    /// The learning rate of every step.
    pub learning_rate: Arc<dyn Schedule>,
    /// Weight decay, 0 for none.
    pub weight_decay: f32,
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

/// A variable that is trained.
#[derive(Clone, Debug)]
pub struct Trainable {
    /// The variable.
    pub variable: Arc<Variable>,
    /// Factors of the penalty on it.
    pub penalty: Penalty,
    /// What it must obey after an update.
    pub constraint: Option<Constraint>,
    /// The optimizer's state for it, in the order of [`Optimizer::slots`].
    pub slots: Vec<Arc<Variable>>,
    /// True if the optimizer's weight decay takes from it.
    pub decays: bool,
}

impl Optimizer {
    /// The optimizer of a configuration: the rule called `name` with its arguments,
    /// `learningRate`, a number or a schedule with its own `name`, and `weightDecay`, `clipNorm`,
    /// `clipValue`, `globalClipNorm` and `gradientAccumulationSteps`, null or missing for none.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for an unknown name or bad arguments.
    pub fn parse(with: &Attributes) -> Result<Optimizer> {
        let rule = rule::parse(with)?;
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
        let weight_decay = bound("weightDecay")?.unwrap_or(0.0);
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
        if averages.is_some() && accumulation.is_some() {
            return Err(Error::argument(format!("useEma and {STEPS} exclude each other")));
        }
        Ok(Optimizer { rule, learning_rate, weight_decay, clip, accumulation, averages })
    }

    /// Names of the state that each weight needs.
    pub fn slots(&self) -> Vec<&'static str> {
        let accumulator = self.accumulation.map(|_| ACCUMULATOR);
        let average = self.averages.map(|_| AVERAGE);
        self.rule.slots().iter().copied().chain(accumulator).chain(average).collect()
    }

    /// The sum of a weight's gradients: its last slot, where they accumulate.
    pub(super) fn accumulator<'a>(&self, of: &'a Trainable) -> &'a Arc<Variable> {
        &of.slots[self.rule.slots().len()]
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
    fn averaged(&self, graph: &mut Graph, of: &Trainable, updated: Value) -> Result<Value> {
        let Some(Averages { momentum, overwrite }) = self.averages else { return Ok(updated) };
        let variable = of.slots.last().expect("the average is a slot");
        let average = Average { variable: Arc::clone(variable), momentum };
        let average = graph.apply(Arc::new(average), &[updated])?[0];
        let Some(every) = overwrite else { return Ok(updated) };
        let overwrite = Overwrite { variable: Arc::clone(&of.variable), every };
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
        let by_norm = matches!(self.clip, Clip::Norm(_) | Clip::GlobalNorm(_));
        let share = self.accumulation.map(|n| graph.scalar(1.0 / n as f32)).transpose()?;
        let mut full = Vec::with_capacity(trainables.len());
        for (trainable, gradient) in trainables.iter().zip(gradients) {
            let gradient = match gradient {
                Some(gradient) => *gradient,
                None if trainable.penalty == NO_PENALTY => continue,
                None => {
                    let weight = graph.weight(&trainable.variable)?;
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
            let mut inputs = vec![gradient];
            inputs.extend(factor);
            let update = Update {
                variable: Arc::clone(&trainable.variable),
                slots: trainable.slots[..self.rule.slots().len()].to_vec(),
                rule: Arc::clone(&self.rule),
                weight_decay: if trainable.decays { self.weight_decay } else { 0.0 },
                penalty: trainable.penalty,
                penalty_applied: by_norm,
                clip: if let Clip::Value(bound) = self.clip { Some(bound) } else { None },
                scaled: factor.is_some(),
            };
            let updated = graph.apply(Arc::new(update), &inputs)?;
            let averaged = self.averaged(graph, trainable, updated[0])?;
            trainable.constrain(graph, averaged)?;
            if let Some(&partial) = updated.get(1) {
                let sum = graph.reduce(Kind::Sum, partial, None, false)?;
                penalty = Some(graph.plus(penalty, sum)?);
            }
        }
        Ok(penalty)
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

/// No penalty.
pub const NO_PENALTY: Penalty = Penalty { l1: 0.0, l2: 0.0 };

impl Trainable {
    /// Makes the variable, as it is in `weight`, obey its constraint, if there is one.
    pub(super) fn constrain(&self, graph: &mut Graph, weight: Value) -> Result<()> {
        if let Some(constraint) = self.constraint.clone() {
            let variable = Arc::clone(&self.variable);
            graph.one(Constrain { variable, constraint }, &[weight])?;
        }
        Ok(())
    }

    /// `l1·Σ|w| + l2·Σw²`, if there is a penalty.
    pub(super) fn penalty_value(&self, graph: &mut Graph) -> Result<Option<Value>> {
        let Penalty { l1, l2 } = self.penalty;
        let mut total = None;
        for (factor, of_each) in [(l1, Unary::Abs), (l2, Unary::Square)] {
            if factor == 0.0 {
                continue;
            }
            let weight = graph.weight(&self.variable)?;
            let each = graph.unary(of_each, weight)?;
            let sum = graph.reduce(Kind::Sum, each, None, false)?;
            let factor = graph.scalar(factor)?;
            let penalty = graph.mul(sum, factor)?;
            total = Some(graph.plus(total, penalty)?);
        }
        Ok(total)
    }

    /// `g + l1·sign(w) + 2·l2·w`.
    fn add_penalty_gradient(&self, graph: &mut Graph, gradient: Value) -> Result<Value> {
        if self.penalty == NO_PENALTY {
            return Ok(gradient);
        }
        let weight = graph.weight(&self.variable)?;
        let variable = Arc::clone(&self.variable);
        graph.one(AddPenalty { variable, penalty: self.penalty }, &[gradient, weight])
    }
}
