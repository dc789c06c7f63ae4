//! Constraints: what an updated weight must obey, put into it right behind its update.
//!
//! `nonNeg` is `w·(w ≥ 0)`, `maxNorm` is `w·min(n, max) / (10⁻⁷ + n)` with `n = √Σw²` over some axes
//! (Srivastava et al. 2014, §5.1, bound columns like this beside dropout); `minMaxNorm` bounds it from
//! below too, and goes a share of the way; `unitNorm` is the case of 1 and 1. All as in Keras.

use crate::attributes::Attributes;
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::reduce::resolve_axes;
use crate::plan::Home;
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, UNIT, View};
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};
use crate::variable::{Layout, Variable};
use ridgeline_kernels::TileMut;
use ridgeline_kernels::reduce::sum_squares;
use ridgeline_kernels::update::{
    NormBounds, add_row_squares, non_negative, norm_columns, norm_factors, scale_rows,
};
use std::sync::Arc;

/// What a weight must obey.
#[derive(Clone, Debug, PartialEq)]
pub enum Constraint {
    /// No element is negative.
    NonNeg,
    /// The norm over some axes is bounded.
    Norm {
        /// The bounds.
        bounds: NormBounds,
        /// The axes, ascending.
        axes: Vec<usize>,
    },
}

impl Constraint {
    /// The constraint of a configuration, `{ "name": "nonNeg" }` or
    /// `{ "name": "maxNorm", "maxValue": 2, "axis": 0 }`, on a weight of this shape. An axis is a
    /// number or a list, negative from the back.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` for an unknown name or bad arguments.
    pub fn parse(with: &Attributes, shape: &[usize]) -> Result<Constraint> {
        let number = |name| Ok(with.number(name)? as f32);
        let bounds = match with.text("name")? {
            "nonNeg" => return Ok(Constraint::NonNeg),
            "maxNorm" => NormBounds { min: 0.0, max: number("maxValue")?, rate: 1.0 },
            "minMaxNorm" => NormBounds {
                min: number("minValue")?,
                max: number("maxValue")?,
                rate: number("rate")?,
            },
            "unitNorm" => NormBounds { min: 1.0, max: 1.0, rate: 1.0 },
            other => return Err(Error::argument(format!("there is no constraint '{other}'"))),
        };
        let axes = with.one_or_more_integers("axis")?;
        Ok(Constraint::Norm { bounds, axes: resolve_axes(&Shape::of(shape), Some(&axes))? })
    }
}

/// Holds a variable to a constraint. Input: its value once it is updated; output: its value then.
#[derive(Debug)]
pub struct Constrain {
    /// The variable.
    pub variable: Arc<Variable>,
    /// What it must obey.
    pub constraint: Constraint,
}

impl Op for Constrain {
    fn name(&self) -> &'static str {
        match self.constraint {
            Constraint::NonNeg => "nonNeg",
            Constraint::Norm { .. } => "norm",
        }
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn effect(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let weight = lower.resident(Home::Variable(Arc::clone(&self.variable)));
        if lower.stored(0)?.id != weight.id {
            return Err(Error::native("a constraint follows the update of its variable"));
        }
        lower.alias(0, &weight);
        let leading = self.variable.shape().len().saturating_sub(1);
        match &self.constraint {
            Constraint::NonNeg => clear_negative(lower, &weight),
            Constraint::Norm { bounds, axes }
                if leading > 0 && axes.iter().copied().eq(0..leading) =>
            {
                bound_columns(lower, &weight, *bounds);
            }
            Constraint::Norm { bounds, axes } => bound_groups(lower, &weight, *bounds, axes),
        }
        Ok(())
    }
}

fn clear_negative(lower: &mut Lower, weight: &Buffer) {
    let (rows, cols) = weight.adjacent();
    lower
        .task(rows, cols)
        .split(Axes::COLS)
        .cost(0.15)
        .write(weight.view(rows, cols).along(Axes::COLS))
        .run(|f| non_negative(f.isa, f.floats_mut(0)));
}

/// Bounds norms over all axes but the last: columns of the matrix, which chunks own.
fn bound_columns(lower: &mut Lower, weight: &Buffer, bounds: NormBounds) {
    let (rows, layout) = (weight.leading(), weight.layout);
    lower
        .task(rows, weight.last())
        .split(Axes::COLS)
        .cost(0.3)
        .write(weight.matrix().along(Axes::COLS))
        .run(move |f| match layout {
            Layout::Panels(width) => {
                for panel in f.floats_mut(0).chunks_exact_mut((rows * width).max(1)) {
                    norm_columns(f.isa, bounds, TileMut::new(panel, rows, width, width));
                }
            }
            _ => norm_columns(f.isa, bounds, f.tile_mut(0)),
        });
}

/// Bounds norms over rows, or several, of a matrix in panels, whose chunks own columns: each sums its own part of every
/// row, in the strand of the update; when all have, each makes the factors and takes its part.
fn bound_rows(lower: &mut Lower, weight: &Buffer, bounds: NormBounds, groups: Groups) {
    let (rows, cols) = (weight.leading(), weight.last());
    let units = cols.div_ceil(UNIT);
    // The sums of a unit are adjacent.
    let sums = lower.temporary(&[rows, units], DType::F32, Layout::Panels(1));
    let matrix = weight.matrix().along(Axes::COLS);
    lower
        .task(rows, cols)
        .split(Axes::COLS)
        .cost(0.15)
        .read(matrix)
        .write(View { unit: UNIT, ..sums.matrix() }.along(Axes::COLS))
        .run(move |f| {
            let all = f.floats_mut(0);
            all.fill(0.0);
            for (first, panel) in f.panels(0) {
                if f.cols().contains(&first) {
                    let unit = first / UNIT - f.cols().start / UNIT;
                    add_row_squares(f.isa, panel, &mut all[unit * rows..(unit + 1) * rows]);
                }
            }
        });
    lower
        .task(rows, cols)
        .split(Axes::COLS)
        .cost(0.2)
        .read(sums.matrix())
        .write(matrix)
        .scratch(rows + groups.sums)
        .run(move |f| {
            let (of_rows, of_groups) = f.scratch()[..rows + groups.sums].split_at_mut(rows);
            of_rows.fill(0.0);
            for unit in f.floats(0).chunks_exact(rows.max(1)) {
                of_rows.iter_mut().zip(unit).for_each(|(sum, of)| *sum += of);
            }
            // Each row is a group of its own, or several make one.
            if groups.sums == rows {
                norm_factors(f.isa, bounds, of_rows);
            } else {
                of_groups.fill(0.0);
                groups.of_row.iter().zip(&*of_rows).for_each(|(&at, sum)| of_groups[at] += sum);
                norm_factors(f.isa, bounds, of_groups);
                of_rows.iter_mut().zip(&groups.of_row).for_each(|(of, &at)| *of = of_groups[at]);
            }
            for (_, panel) in f.panels_mut(0) {
                scale_rows(f.isa, panel, of_rows);
            }
        });
}

/// Bounds norms over any axes, in two walks over the whole variable.
fn bound_groups(lower: &mut Lower, weight: &Buffer, bounds: NormBounds, axes: &[usize]) {
    let groups = Groups::of(&weight.shape, axes, weight.layout);
    if groups.whole_rows && matches!(weight.layout, Layout::Panels(_)) && weight.last() > UNIT {
        return bound_rows(lower, weight, bounds, groups);
    }
    lower
        .task(weight.leading(), weight.last())
        .cost(1.0)
        .write(weight.matrix())
        .scratch(groups.sums)
        .run(move |f| {
            let (w, sums) = (f.floats_mut(0), &mut f.scratch()[..groups.sums]);
            sums.fill(0.0);
            groups.each(w, |x, sum| match sum {
                Sum::Of(at) => sums[at] += sum_squares(f.isa, x),
                Sum::OfEach(at) => {
                    sums[at..].iter_mut().zip(x).for_each(|(sum, x)| *sum += *x * *x);
                }
            });
            norm_factors(f.isa, bounds, sums);
            let factors = sums;
            groups.each(w, |x, sum| match sum {
                Sum::Of(at) => x.iter_mut().for_each(|x| *x *= factors[at]),
                Sum::OfEach(at) => {
                    x.iter_mut().zip(&factors[at..]).for_each(|(x, factor)| *x *= factor);
                }
            });
        });
}

/// Which sum adjacent elements belong to.
enum Sum {
    /// One for all of them.
    Of(usize),
    /// One for each, from here on.
    OfEach(usize),
}

/// How a (leading, last) matrix falls into groups over arbitrary axes.
struct Groups {
    /// For each row: the index of its kept leading axes.
    of_row: Vec<usize>,
    cols: usize,
    layout: Layout,
    /// True when the last axis is summed too.
    whole_rows: bool,
    /// Number of sums.
    sums: usize,
}

impl Groups {
    fn of(shape: &[usize], axes: &[usize], layout: Layout) -> Groups {
        let (&cols, leading) = shape.split_last().unwrap_or((&1, &[]));
        let mut count = 1;
        // Elements of the sums from one index of a leading axis to the next; 0 where it is summed.
        let mut strides = vec![0; leading.len()];
        for (axis, stride) in strides.iter_mut().enumerate().rev() {
            if !axes.contains(&axis) {
                *stride = count;
                count *= leading[axis];
            }
        }
        let group = |mut row: usize| {
            let mut at = 0;
            for (&size, stride) in leading.iter().zip(&strides).rev() {
                at += row % size * stride;
                row /= size;
            }
            at
        };
        let whole_rows = axes.last().is_none_or(|&axis| axis + 1 == shape.len());
        Groups {
            of_row: (0..leading.iter().product()).map(group).collect(),
            cols,
            layout,
            whole_rows,
            sums: if whole_rows { count } else { count * cols },
        }
    }

    /// Calls `f` with every piece of a row that is adjacent in memory, and its sum.
    fn each(&self, w: &mut [f32], mut f: impl FnMut(&mut [f32], Sum)) {
        let width = match self.layout {
            Layout::Panels(width) => width,
            _ => self.cols.max(1),
        };
        let panels = w.chunks_exact_mut((self.of_row.len() * width).max(1));
        for (panel, first) in panels.zip((0..self.cols).step_by(width)) {
            let some = width.min(self.cols - first);
            for (row, &group) in panel.chunks_exact_mut(width).zip(&self.of_row) {
                f(
                    &mut row[..some],
                    match self.whole_rows {
                        true => Sum::Of(group),
                        false => Sum::OfEach(group * self.cols + first),
                    },
                );
            }
        }
    }
}
