//! Scan: a graph of one step, gone through along the first axis of sequences, with values that go from step to step
//! (`jax.lax.scan`).
//!
//! Inputs: the values before the first step, the sequences `[length, …]`, and what all steps read. Outputs: the values
//! behind the last step, what the steps give as sequences, and, for backward, the values before each step as sequences.
//!
//! The step is lowered once. Its phases repeat; sequences are read and written where they lie (`plan/loops.rs`), and what
//! does not change from step to step is computed before the loop.

use super::Part;
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::inline::Inlined;
use crate::plan::loops::{Among, Counted, Turns};
use crate::plan::lower::{Buffer, Lower};
use crate::shape::{Dim, Shape};
use crate::tensor::TensorType;
use crate::variable::Layout;

/// See the module documentation.
#[derive(Clone, Debug)]
pub struct Scan {
    /// One step. Its inputs are the values before it, its slices of the sequences and what all steps read; its results the
    /// values behind it and what it gives.
    pub step: Part,
    /// Number of values that go from step to step.
    pub carried: usize,
    /// Number of sequences.
    pub sequences: usize,
    /// Number of steps.
    pub length: Dim,
    /// From the last step to the first; sequences stay in order.
    pub reverse: bool,
}

/// The slices of a sequence as a sequence.
fn sequence(length: &Dim, of: &TensorType) -> TensorType {
    let mut dims = vec![length.clone()];
    dims.extend(of.shape.0.iter().cloned());
    TensorType { shape: Shape(dims), dtype: of.dtype }
}

impl Scan {
    /// The type of input `i`.
    fn expected(&self, i: usize) -> Option<TensorType> {
        let taken = self.step.taken(i)?;
        let is_sequence = (self.carried..self.carried + self.sequences).contains(&i);
        Some(if is_sequence { sequence(&self.length, taken) } else { taken.clone() })
    }
}

impl Op for Scan {
    fn name(&self) -> &'static str {
        "scan"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let given = self.step.given();
        for (i, of) in inputs.iter().enumerate() {
            let Some(expected) = self.expected(i) else {
                return Err(Error::argument(format!("the step of a scan has no input {i}")));
            };
            if **of != expected {
                return Err(Error::shape(format!(
                    "scan: input {i} is {} {}, expected {} {}",
                    of.dtype, of.shape, expected.dtype, expected.shape
                )));
            }
        }
        for (i, &of) in given[..self.carried].iter().enumerate() {
            let before = inputs[i];
            if of != before {
                return Err(Error::shape(format!(
                    "scan: value {i} is {} {} before a step and {} {} behind it",
                    before.dtype, before.shape, of.dtype, of.shape
                )));
            }
        }
        let sequences = given[self.carried..].iter().chain(&given[..self.carried]);
        let sequences = sequences.map(|&of| sequence(&self.length, of));
        Ok(given[..self.carried].iter().copied().cloned().chain(sequences).collect())
    }

    fn agreed_shapes(&self, inputs: &[&TensorType]) -> Option<Vec<Shape>> {
        (0..inputs.len()).map(|i| self.expected(i).map(|of| of.shape)).collect()
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        self.differentiate(b)
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        if lower.is_in_loop() {
            return self.unrolled(lower);
        }
        let (step, results) = self.step.optimized()?;
        let length = self.length.bind(lower.bindings);
        let given = self.step.given().len();
        let mut inputs = Vec::new();
        let mut into = Vec::new();
        for i in 0..self.carried {
            let first = lower.input(i)?;
            let history = given + i;
            // Backward reads all of them; else two take turns.
            let period = if lower.is_used(history) { length + 1 } else { 2 };
            let whole = [&[period][..], &first.shape].concat();
            let whole = lower.temporary(&whole, first.dtype, Layout::Plain);
            let (before, behind) = if self.reverse { (1, 0) } else { (0, 1) };
            let [start, end] = if self.reverse { [length, 0] } else { [0, length] };
            let words = first.size();
            let mut at = |shape: &[usize], start: usize, turns: Option<Among>| -> Result<Buffer> {
                let slot = lower.plan.slot(&whole, shape.to_vec(), start, turns)?;
                Ok(Buffer { dtype: first.dtype, ..slot })
            };
            let begin = at(&first.shape, start % period * words, None)?;
            inputs.push(at(&first.shape, 0, Some(Among { shift: before, period }))?);
            into.push(at(&first.shape, 0, Some(Among { shift: behind, period }))?);
            let last = at(&first.shape, end % period * words, None)?;
            let all = [&[length][..], &first.shape].concat();
            let all = at(&all, before * words, None)?;
            lower.copy(&first, &begin);
            lower.alias(i, &last);
            if period == length + 1 {
                lower.alias(history, &all);
            }
        }
        let slice = |lower: &mut Lower, whole: &Buffer| -> Result<Buffer> {
            let turns = Some(Among { shift: 0, period: length });
            let slot = lower.plan.slot(whole, whole.shape[1..].to_vec(), 0, turns)?;
            Ok(Buffer { dtype: whole.dtype, ..slot })
        };
        for i in self.carried..lower.input_count() {
            inputs.push(if i < self.carried + self.sequences {
                let whole = lower.input(i)?;
                slice(lower, &whole)?
            } else {
                lower.stored(i)?
            });
        }
        for i in self.carried..given {
            let whole = lower.output(i);
            into.push(slice(lower, &whole)?);
        }
        let body = lower.inline(&step, &results, &inputs, &into)?;
        let turns = Turns::Counted(Counted { count: length, reverse: self.reverse });
        lower.repeat(Inlined::default(), body, turns, &|_| false);
        Ok(())
    }

    fn is_pure(&self) -> bool {
        self.step.is_pure()
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        self.export(e)
    }
}
