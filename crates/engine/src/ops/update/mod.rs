//! Updates: an optimizer's step on one variable, with its penalty, right where the gradient is.
//!
//! The update reads its variable before it writes it, so it also sums the penalty of the weights
//! the step started from, block by block in a fixed order.

pub mod adadelta;
pub mod adagrad;
pub mod adam;
pub mod adamax;
pub mod ftrl;
pub mod lion;
pub mod nadam;
pub mod registry;
pub mod rmsprop;
mod rows;
pub mod rule;
pub mod sgd;

use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::Home;
use crate::plan::frame::Frame;
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, UNIT, View};
use crate::shape::Shape;
use crate::step::Turn;
use crate::tensor::TensorType;
use crate::variable::{Layout, Variable};
use ridgeline_kernels::update::{Common, Penalty};
use rows::Table;
use rule::{MAX_SLOTS, Rule};
use std::sync::Arc;

/// Elements updated at a time, so that the rounding of their penalty's sum stays small.
const BLOCK: usize = 8192;

/// Applies an optimizer to a variable. Inputs: the gradient, or where it is `by_rows` the rows that were picked from the
/// table and their indices, and, if `scaled`, a factor of it; outputs: the new weight, which is the variable's memory and what constraints and other followers
/// go on from, and, if there is a penalty, its partial sums over the weights before the update.
#[derive(Clone, Debug)]
pub struct Update {
    /// The variable.
    pub variable: Arc<Variable>,
    /// The optimizer's state for it.
    pub slots: Vec<Arc<Variable>>,
    /// The optimizer's formula.
    pub rule: Arc<dyn Rule>,
    /// Weight decay, 0 for none.
    pub weight_decay: f32,
    /// Factors of the penalty on the weights.
    pub penalty: Penalty,
    /// True when the gradient already contains the penalty's.
    pub penalty_applied: bool,
    /// Bound of each element of the gradient.
    pub clip: Option<f32>,
    /// True with a factor.
    pub scaled: bool,
    /// True where the gradient is rows of a table.
    pub by_rows: bool,
    /// Negative numbers of rows are errors.
    pub strict: bool,
    /// The learning rate that it takes, if not the first optimizer's.
    pub rate: Option<usize>,
    /// Which of the step's updates of the weight it is.
    pub turn: Turn,
}

impl Update {
    fn penalized(&self) -> bool {
        self.penalty.l1 != 0.0 || self.penalty.l2 != 0.0
    }
    /// Number of partial sums: one per unit of columns, or one in all.
    fn pieces(&self) -> usize {
        match self.variable.layout() {
            Layout::Panels(_) => self.variable.cols().div_ceil(UNIT),
            _ => 1,
        }
    }
}

impl Op for Update {
    fn name(&self) -> &'static str {
        self.rule.name()
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        let mut outputs = vec![TensorType::f32(Shape::of(self.variable.shape()))];
        let partial = TensorType::f32(Shape::of(&[self.pieces()]));
        outputs.extend(self.penalized().then_some(partial));
        Ok(outputs)
    }

    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn effect(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let factor = if self.scaled { Some(lower.input(lower.input_count() - 1)?) } else { None };
        let weight = lower.resident(Home::Variable(Arc::clone(&self.variable)));
        lower.alias(0, &weight);
        let slots: Vec<_> =
            self.slots.iter().map(|s| lower.resident(Home::Variable(Arc::clone(s)))).collect();
        let partial = if self.penalized() { Some(lower.output(1)) } else { None };
        let panels = weight.layout != Layout::Plain;
        let (rows, cols) = weight.adjacent();
        let split = if panels { Axes::COLS } else { Axes::NONE };
        let view = |buffer: &Buffer| buffer.view(rows, cols).along(split);
        let (reads, source, scratch) = match self.by_rows {
            true => self.rows(lower, split)?,
            false => {
                let whole = lower.in_layout(0, self.variable.layout())?;
                (vec![view(&whole)], Source::Whole, 0)
            }
        };
        let mut task =
            lower.task(rows, cols).split(split).cost(0.6).scratch(scratch).write(view(&weight));
        for read in reads {
            task = task.read(read);
        }
        for slot in &slots {
            task = task.write(view(slot));
        }
        if let Some(partial) = &partial {
            task = task.write(View { unit: UNIT, ..partial.row() }.along(split));
        }
        if let Some(factor) = factor {
            task = task.read(factor.whole());
        }
        let work = Work {
            rule: Arc::clone(&self.rule),
            weight_decay: self.weight_decay,
            penalty: self.penalty,
            penalty_applied: self.penalty_applied,
            clip: self.clip,
            scaled: self.scaled,
            source,
            rate: self.rate,
            turn: self.turn,
            slots: slots.len(),
            partial: partial.is_some(),
            piece: if panels { rows * UNIT } else { rows * cols },
        };
        task.run(move |f| work.run(f));
        Ok(())
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// Where the gradient comes from.
#[derive(Clone, Copy)]
enum Source {
    /// It stands as the weight does.
    Whole,
    /// It is made block by block.
    Rows(Table),
}

/// What the task needs of the op.
struct Work {
    rule: Arc<dyn Rule>,
    weight_decay: f32,
    penalty: Penalty,
    penalty_applied: bool,
    clip: Option<f32>,
    scaled: bool,
    source: Source,
    rate: Option<usize>,
    turn: Turn,
    slots: usize,
    partial: bool,
    piece: usize,
}

impl Work {
    /// Whether a weight with a gradient of 0 stays as it is, and nobody has to see it.
    fn leaves_alone(&self) -> bool {
        self.rule.leaves_alone() && self.weight_decay == 0.0 && !self.partial
    }

    fn run(&self, f: &Frame) {
        let common = Common {
            learning_rate: f.step.rate(self.rate),
            weight_decay: self.weight_decay,
            penalty: self.penalty,
            penalty_applied: self.penalty_applied,
            scale: if self.scaled { f.floats(f.read_count() - 1)[0] } else { 1.0 },
            clip: self.clip,
        };
        let updates = self.turn.updates(f.step.updates);
        let weight = f.floats_mut(0);
        let mut slots: [&mut [f32]; MAX_SLOTS] = Default::default();
        for (i, slot) in slots.iter_mut().take(self.slots).enumerate() {
            *slot = f.floats_mut(1 + i);
        }
        let partials: &mut [f32] =
            if self.partial { f.floats_mut(1 + self.slots) } else { &mut [] };
        if let Source::Rows(table) = self.source
            && self.leaves_alone()
        {
            return table.each_row(f, weight.len(), |words, gradient| {
                let mut none = Default::default();
                self.rule.apply(f.isa, &common, updates, &mut weight[words], gradient, &mut none);
            });
        }
        let mut at = 0;
        while at < weight.len() {
            // Partial sums end with their unit, whatever the part.
            let piece_end = (at / self.piece + 1) * self.piece;
            let end = (at + BLOCK).min(piece_end).min(weight.len());
            let range = at..end;
            let mut block = slots.each_mut().map(|slot| match slot.is_empty() {
                true => &mut slot[..],
                false => &mut slot[range.clone()],
            });
            let gradient = match self.source {
                Source::Whole => &f.floats(0)[range.clone()],
                Source::Rows(table) => table.block(f, range.clone()),
            };
            let weight = &mut weight[range];
            let penalty = self.rule.apply(f.isa, &common, updates, weight, gradient, &mut block);
            if self.partial {
                let partial = &mut partials[at / self.piece];
                *partial = if at % self.piece == 0 { penalty } else { *partial + penalty };
            }
            at = end;
        }
    }
}
