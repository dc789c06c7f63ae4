//! Cumulative sums along the last axis.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::tensor::{DType, TensorType};

/// Its name in the registry.
pub(super) const ENTRIES: &[Entry] = &[("cumsum", |_| built(Cumsum { reverse: false }))];

/// `yᵢ = Σ xⱼ` over `j ≤ i`, or over `j ≥ i` in reverse.
#[derive(Debug)]
pub struct Cumsum {
    /// Sums from the end.
    pub reverse: bool,
}

impl Op for Cumsum {
    fn name(&self) -> &'static str {
        "cumsum"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        if !matches!(x.dtype, DType::F32 | DType::I32) || x.shape.rank() == 0 {
            let expected = "cumsum expects float32 or int32 of rank 1 or more";
            return Err(Error::dtype(format!("{expected}, received {} {}", x.dtype, x.shape)));
        }
        Ok(vec![x.clone()])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let dy = b.dy()?;
        Ok(vec![Some(b.graph.one(Cumsum { reverse: !self.reverse }, &[dy])?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let reverse = self.reverse;
        let (x, y) = (lower.input(0)?, lower.output(0));
        let (rows, cols, dtype) = (x.leading(), x.last().max(1), x.dtype);
        lower
            .task(rows, x.last())
            .split(Axes::ROWS)
            .cost(1.0)
            .read(x.matrix().along(Axes::ROWS))
            .write(y.matrix().along(Axes::ROWS))
            .run(move |f| match dtype {
                DType::F32 => sums(f.floats(0), f.floats_mut(0), cols, reverse, |a, b| a + b),
                _ => sums(f.words(0), f.words_mut(0), cols, reverse, u32::wrapping_add),
            });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let last = e.ints(&[-1])?;
        let attributes = vec![("reverse", Attribute::Int(self.reverse.into()))];
        e.finish_with("CumSum", &[e.input(0), last], attributes)
    }
}

/// The sums of each row.
fn sums<T: Copy + Default>(
    x: &[T],
    y: &mut [T],
    cols: usize,
    reverse: bool,
    add: impl Fn(T, T) -> T,
) {
    for (x, y) in x.chunks_exact(cols).zip(y.chunks_exact_mut(cols)) {
        let mut sum = T::default();
        let mut next = |(x, y): (&T, &mut T)| {
            sum = add(sum, *x);
            *y = sum;
        };
        match reverse {
            true => x.iter().zip(y).rev().for_each(&mut next),
            false => x.iter().zip(y).for_each(&mut next),
        }
    }
}
