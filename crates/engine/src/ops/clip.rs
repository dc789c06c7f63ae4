//! What clipping by norm asks of gradients: the penalty added to them, and their Euclidean norm.
//!
//! Both work in the layout of the weight, in the strand that makes the gradient, while it is in the near cache. The norm
//! of a part is formed in f64, so that it overflows only where it has no number in f32, and vanishes only with it.

use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::{Axes, UNIT, View};
use crate::shape::Shape;
use crate::tensor::TensorType;
use crate::variable::{Layout, Variable};
use ridgeline_kernels::Isa;
use ridgeline_kernels::reduce::sum_squares;
use ridgeline_kernels::update::{Penalty, penalty_gradient};
use std::sync::Arc;

/// `g + l1·sign(w) + 2·l2·w`. Inputs: the gradient and the weight.
#[derive(Debug)]
pub struct AddPenalty {
    /// The weight.
    pub variable: Arc<Variable>,
    /// The factors.
    pub penalty: Penalty,
}

/// Norms of the parts of a gradient, a unit of columns each, or one of all.
#[derive(Debug)]
pub struct PartialNorms {
    /// The weight that the gradient is of.
    pub variable: Arc<Variable>,
}

/// The norm of all that the inputs, vectors, are norms of.
#[derive(Debug)]
pub struct Norm;

impl Op for AddPenalty {
    fn name(&self) -> &'static str {
        "addPenalty"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[1].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn laid_out_like(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let y = lower.preferred_output(0);
        let (g, w) = (lower.in_layout(0, y.layout)?, lower.in_layout(1, y.layout)?);
        let penalty = self.penalty;
        let (rows, cols) = y.adjacent();
        let split = if y.layout == Layout::Plain { Axes::BOTH } else { Axes::COLS };
        lower
            .task(rows, cols)
            .split(split)
            .cost(0.3)
            .read(g.view(rows, cols).along(split))
            .read(w.view(rows, cols).along(split))
            .write(y.view(rows, cols).along(split))
            .run(move |f| {
                f.floats_mut(0).copy_from_slice(f.floats(0));
                penalty_gradient(f.isa, &penalty, f.floats(1), f.floats_mut(0));
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl PartialNorms {
    fn parts(&self) -> usize {
        match self.variable.layout() {
            Layout::Panels(_) => self.variable.cols().div_ceil(UNIT),
            _ => 1,
        }
    }
}

impl Op for PartialNorms {
    fn name(&self) -> &'static str {
        "partialNorms"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(Shape::of(&[self.parts()]))])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn laid_out_like(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let g = lower.in_layout(0, self.variable.layout())?;
        let y = lower.output(0);
        let panels = g.layout != Layout::Plain;
        let (rows, cols) = g.adjacent();
        let split = if panels { Axes::COLS } else { Axes::NONE };
        let part = if panels { rows * UNIT } else { rows * cols };
        lower
            .task(rows, cols)
            .split(split)
            .cost(0.15)
            .read(g.view(rows, cols).along(split))
            .write(View { unit: UNIT, ..y.row() }.along(split))
            .run(move |f| {
                let parts = f.floats(0).chunks(part.max(1));
                f.floats_mut(0).iter_mut().zip(parts).for_each(|(y, x)| *y = norm(f.isa, x));
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Op for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(Shape::of(&[]))])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let count = lower.node.inputs.len();
        let parts = (0..count).map(|i| lower.input(i)).collect::<Result<Vec<_>>>()?;
        let y = lower.output(0);
        let mut task = lower.task(1, 1).write(y.whole());
        for part in &parts {
            task = task.read(part.whole());
        }
        task.run(move |f| {
            let parts = (0..count).flat_map(|i| f.floats(i));
            let squares = parts.map(|&norm| f64::from(norm) * f64::from(norm)).sum::<f64>();
            f.floats_mut(0)[0] = squares.sqrt() as f32;
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// Elements whose squares are added in f32.
const BLOCK: usize = 2048;
/// Sums of squares between these bounds have lost nothing that matters in f32.
const SAFE: std::ops::Range<f32> = 1e-24..1e38;

/// The Euclidean norm.
fn norm(isa: Isa, x: &[f32]) -> f32 {
    let squares = |block: &[f32]| {
        let fast = sum_squares(isa, block);
        if SAFE.contains(&fast) {
            return f64::from(fast);
        }
        block.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>()
    };
    x.chunks(BLOCK).map(squares).sum::<f64>().sqrt() as f32
}

#[cfg(test)]
mod tests {
    use super::norm;
    use ridgeline_kernels::Isa;

    #[test]
    fn norms_neither_overflow_nor_vanish_before_they_must() {
        for isa in Isa::available() {
            for size in [1e-38f32, 1e-20, 1.0, 1e19, 3e37] {
                for n in [1usize, 7, 3000] {
                    let expected = f64::from(size) * (n as f64).sqrt();
                    let found = f64::from(norm(isa, &vec![size; n]));
                    if expected < f64::from(f32::MAX) {
                        assert!((found / expected - 1.0).abs() < 1e-5, "{n} of {size}: {found}");
                    } else {
                        assert!(found.is_infinite(), "{n} of {size}: {found}");
                    }
                }
            }
            assert!(norm(isa, &[1.0, f32::NAN]).is_nan());
            assert_eq!(norm(isa, &[0.0; 5000]), 0.0);
        }
    }
}
