//! What is trained: variables, with what the facade says of each.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::assign::Assign;
use crate::ops::clip::AddPenalty;
use crate::ops::constrain::{Constrain, Constraint};
use crate::ops::reduce::Kind;
use crate::step::Turn;
use crate::traced::Traced;
use crate::variable::Variable;
use ridgeline_kernels::unary::Unary;
use ridgeline_kernels::update::Penalty;
use std::sync::Arc;

/// No penalty.
pub const NO_PENALTY: Penalty = Penalty { l1: 0.0, l2: 0.0 };

/// A variable that is trained.
#[derive(Clone, Debug)]
pub struct Trainable {
    /// The variable.
    pub variable: Arc<Variable>,
    /// Factors of the penalty on it.
    pub penalty: Penalty,
    /// Number of the optimizer that trains it.
    pub optimizer: usize,
    /// What the step has put in its place before the update, if anything.
    pub start: Option<Value>,
    /// What it must obey after an update.
    pub constraint: Option<Constraint>,
    /// A constraint of a user's own: from the weight to what it becomes.
    pub projection: Option<Arc<Traced>>,
    /// An update of a user's own, where the optimizer has no rule: from the weight, its gradient, the learning rate, the
    /// number of the update and slots to the weight and the slots behind it.
    pub update: Option<Arc<Traced>>,
    /// The optimizer's state for it: the slots of the rule or of the weight's own update, then those of [`Optimizer::slots`].
    pub slots: Vec<Arc<Variable>>,
    /// Share of it that is taken away with every update, times the learning rate; 0 for none.
    pub weight_decay: f32,
    /// Which of the step's updates of it this is.
    pub turn: Turn,
    /// The learning rate that it takes, if not the first optimizer's.
    pub rate: Option<usize>,
}

impl Trainable {
    /// A variable with a penalty and nothing else.
    pub fn new(variable: Arc<Variable>, penalty: Penalty) -> Trainable {
        Trainable {
            variable,
            penalty,
            optimizer: 0,
            start: None,
            constraint: None,
            projection: None,
            update: None,
            slots: Vec::new(),
            weight_decay: 0.0,
            turn: Turn::ONLY,
            rate: None,
        }
    }

    /// The value that the update begins with.
    pub(super) fn weight(&self, graph: &mut Graph) -> Result<Value> {
        match self.start {
            Some(start) => Ok(start),
            None => graph.weight(&self.variable),
        }
    }

    /// True if a constraint follows its updates.
    pub(super) fn is_constrained(&self) -> bool {
        self.constraint.is_some() || self.projection.is_some()
    }

    /// Makes the variable, as it is in `weight`, obey its constraint, if there is one.
    pub(super) fn constrain(&self, graph: &mut Graph, weight: Value) -> Result<()> {
        if let Some(constraint) = self.constraint.clone() {
            let variable = Arc::clone(&self.variable);
            graph.one(Constrain { variable, constraint }, &[weight])?;
        }
        if let Some(projection) = &self.projection {
            let projected = projection.call(graph, &[weight])?;
            graph.one(Assign { variable: Arc::clone(&self.variable) }, &projected)?;
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
            let weight = self.weight(graph)?;
            let each = graph.unary(of_each, weight)?;
            let sum = graph.reduce(Kind::Sum, each, None, false)?;
            let factor = graph.scalar(factor)?;
            let penalty = graph.mul(sum, factor)?;
            total = Some(graph.plus(total, penalty)?);
        }
        Ok(total)
    }

    /// `g + l1·sign(w) + 2·l2·w`.
    pub(super) fn add_penalty_gradient(&self, graph: &mut Graph, gradient: Value) -> Result<Value> {
        if self.penalty == NO_PENALTY {
            return Ok(gradient);
        }
        let weight = self.weight(graph)?;
        let variable = Arc::clone(&self.variable);
        graph.one(AddPenalty { variable, penalty: self.penalty }, &[gradient, weight])
    }
}
