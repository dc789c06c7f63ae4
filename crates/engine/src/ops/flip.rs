//! Flip: the elements of an axis in the opposite order.

use super::call::{Entry, built};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::tensor::TensorType;

/// Its name in the registry.
pub(super) const ENTRIES: &[Entry] = &[("flip", |call| built(Flip { axis: call.axis()? }))];

/// `y[…, i, …] = x[…, n − 1 − i, …]`.
#[derive(Debug)]
pub struct Flip {
    /// The axis.
    pub axis: usize,
}

impl Op for Flip {
    fn name(&self) -> &'static str {
        "flip"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let dy = b.dy()?;
        Ok(vec![Some(b.graph.one(Flip { axis: self.axis }, &[dy])?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (x, y) = (lower.input(0)?, lower.output(0));
        let inner: usize = x.shape[self.axis + 1..].iter().product();
        let whole = x.shape[self.axis] * inner;
        let rows: usize = x.shape[..self.axis].iter().product();
        lower
            .task(rows, whole)
            .split(Axes::ROWS)
            .read(x.view(rows, whole).along(Axes::ROWS))
            .write(y.view(rows, whole).along(Axes::ROWS))
            .run(move |f| {
                let rows = f.words(0).chunks_exact(whole.max(1));
                for (x, y) in rows.zip(f.words_mut(0).chunks_exact_mut(whole.max(1))) {
                    let pieces = y.chunks_exact_mut(inner.max(1));
                    for (from, to) in x.chunks_exact(inner.max(1)).rev().zip(pieces) {
                        to.copy_from_slice(from);
                    }
                }
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let ends = [-1, i64::MIN, self.axis as i64, -1];
        let mut inputs = vec![e.input(0)];
        for value in ends {
            inputs.push(e.ints(&[value])?);
        }
        e.finish("Slice", &inputs)
    }
}
