//! Dropout (Srivastava et al. 2014), inverted: kept values grow by 1/(1−rate).
//!
//! The mask is one bit an element, drawn by a counter-based generator keyed by (seed, stream,
//! step, element): the same bits for any number of threads. Backward reuses the bits; where a ReLU is
//! part of it they say what both let through, so that the result need not be read for it.

use super::call::{Call, Entry, built};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use ridgeline_kernels::Tile;
use ridgeline_kernels::dropout::{self as kernels, Rate};

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("dropout", |call| {
        let (rate, stream) = drawn(call)?;
        built(Dropout { rate, stream, relu: false })
    }),
    ("dropoutMask", |call| {
        let (rate, stream) = drawn(call)?;
        built(DropoutMask { rate, stream, shape: call.kept_shape()? })
    }),
];

/// The rate and the random stream of a call.
fn drawn(call: &Call) -> Result<(f32, u32)> {
    let rate = call.with.number("rate")?;
    match (0.0..1.0).contains(&rate) {
        true => Ok((rate as f32, call.size("stream")? as u32)),
        false => Err(Error::argument(format!("rate must be in [0, 1), received {rate}"))),
    }
}

/// Dropout with a mask of the input's shape; outputs are the result and the mask.
#[derive(Debug)]
pub struct Dropout {
    /// Probability of zeroing an element.
    pub rate: f32,
    /// Number of the random stream.
    pub stream: u32,
    /// True to apply ReLU ahead of it.
    pub relu: bool,
}

impl Op for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        if x.dtype != DType::F32 {
            return Err(Error::dtype(format!("dropout expects float32, received {}", x.dtype)));
        }
        Ok(vec![x.clone(), TensorType { shape: x.shape.clone(), dtype: DType::Bits }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (mask, dy) = (b.outputs[1], b.dy()?);
        let scale = Rate::new(self.rate).scale;
        Ok(vec![Some(b.graph.one(MaskedScale { scale }, &[dy, mask])?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (rate, stream) = (Rate::new(self.rate), self.stream);
        let relu = self.relu;
        let x = lower.input(0)?;
        let (y, mask) = (lower.output(0), lower.output(1));
        let words = x.last().div_ceil(32);
        lower
            .task(x.leading(), x.last())
            .split(Axes::BOTH)
            .cost(0.6)
            .read(x.matrix().along(Axes::BOTH))
            .write(y.matrix().along(Axes::BOTH))
            .write(mask.bits(Axes::BOTH))
            .may_overwrite(0)
            .run(move |f| {
                let (first, key) = (f.rows().start, f.key(stream));
                let (x, y, mask) = (f.tile_apart(0), f.tile_mut(0), f.mask_mut(1));
                kernels::dropout(f.isa, key, rate, relu, first, words, x, y, mask);
            });
        Ok(())
    }
    fn is_pure(&self) -> bool {
        false
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// `x · scale` where the bit is set, else 0: dropout's gradient, linear in `x`.
#[derive(Debug)]
pub struct MaskedScale {
    /// The factor.
    pub scale: f32,
}

impl Op for MaskedScale {
    fn name(&self) -> &'static str {
        "maskedScale"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![inputs[0].clone()])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (mask, dy) = (b.inputs[1], b.dy()?);
        Ok(vec![Some(b.graph.one(MaskedScale { scale: self.scale }, &[dy, mask])?), None])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let scale = self.scale;
        let (x, mask) = (lower.input(0)?, lower.input(1)?);
        let y = lower.output(0);
        lower
            .task(x.leading(), x.last())
            .split(Axes::BOTH)
            .cost(0.25)
            .read(x.matrix().along(Axes::BOTH))
            .read(mask.bits(Axes::BOTH))
            .write(y.matrix().along(Axes::BOTH))
            .may_overwrite(0)
            .run(move |f| kernels::apply(f.isa, f.mask(1), scale, f.tile_apart(0), f.tile_mut(0)));
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

/// A tensor of 0 and 1/(1−rate): dropout whose mask is broadcast over some axes.
#[derive(Debug)]
pub struct DropoutMask {
    /// Probability of a zero.
    pub rate: f32,
    /// Number of the random stream.
    pub stream: u32,
    /// Shape of the mask.
    pub shape: Shape,
}

impl Op for DropoutMask {
    fn name(&self) -> &'static str {
        "dropoutMask"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(self.shape.clone())])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.nothing()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (rate, stream) = (Rate::new(self.rate), self.stream);
        let y = lower.output(0);
        let (rows, cols) = (y.leading(), y.last());
        let bits = lower.temporary(&y.shape, DType::Bits, Layout::Plain);
        lower
            .task(rows, cols)
            .split(Axes::ROWS)
            .cost(0.6)
            .scratch(cols)
            .write(y.matrix().along(Axes::ROWS))
            .write(bits.bits(Axes::ROWS))
            .run(move |f| {
                let (key, words) = (f.key(stream), cols.div_ceil(32));
                // Ones in, kept ones scaled out: every row is the same row of ones.
                let ones = &mut f.scratch()[..cols];
                ones.fill(1.0);
                let (first, count) = (f.rows().start, f.rows().len());
                let x = Some(Tile::new(ones, count, cols, 0, 1));
                let (y, mask) = (f.tile_mut(0), f.mask_mut(1));
                kernels::dropout(f.isa, key, rate, false, first, words, x, y, mask);
            });
        Ok(())
    }
    fn is_pure(&self) -> bool {
        false
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
