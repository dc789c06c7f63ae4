//! Attention (Vaswani et al. 2017): `softmax(scale·q·kᵀ)·v` for each head, with the heads side by side
//! in the last axis, so that nothing is transposed.
//!
//! A task takes strips of queries through scores, mask, softmax, dropout and the second product, all in the
//! near caches. Of each row the logarithm of the sum is kept; backward makes the
//! shares again. Which of them dropout let through is kept in bits, or drawn again where there are many keys.

mod forward;
mod gradient;
mod onnx;
mod strip;

use super::call::{Entry, built};
use super::product::NS_PER_FMA;
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::{Axes, View};
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use gradient::AttentionGradient;
use strip::{Mask, Sizes};

/// Its name in the registry.
pub(super) const ENTRIES: &[Entry] = &[("attention", |call| {
    built(Attention {
        heads: call.size("heads")?.max(1),
        scale: call.float("scale")?,
        causal: call.with.flag("causal")?,
        masked: call.with.flag("masked")?,
        rate: call.float("rate")?,
        stream: call.with.integer("stream")? as u32,
    })
})];

/// Nanoseconds to make a share of a score.
const NS_PER_SHARE: f64 = 0.7;

/// Inputs q `[batch, queries, heads·size]`, k `[batch, keys, heads·size]`, v `[batch, keys, heads·value size]` and,
/// if `masked`, numbers > 0 where a query sees a key, `[batch or 1, queries or 1, keys]`. Outputs y
/// `[batch, queries, heads·value size]`, and for backward the logarithm of each sum, `[batch, queries, heads]`, and with
/// a `rate` bits, `[batch, queries, heads, keys]`.
#[derive(Clone, Debug)]
struct Attention {
    heads: usize,
    scale: f32,
    /// A query sees no later key.
    causal: bool,
    masked: bool,
    /// Share of the shares that are zeroed.
    rate: f32,
    /// Number of the random stream.
    stream: u32,
}

impl Op for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        if let Some(other) = inputs.iter().find(|t| t.dtype != DType::F32) {
            return Err(Error::dtype(format!(
                "attention expects float32, received {}",
                other.dtype
            )));
        }
        let fail = || {
            let shapes: Vec<String> = inputs.iter().map(|t| t.shape.to_string()).collect();
            Error::shape(format!(
                "attention expects queries, keys and values [batch, time, heads·size], received {}",
                shapes.join(", ")
            ))
        };
        let [q, k, v, mask @ ..] = inputs else { return Err(fail()) };
        let [q, k, v] = [q, k, v].map(|t| t.shape.0.as_slice());
        let ([b, t, wide], [kb, s, kwide], [vb, vs, vwide]) = (q, k, v) else { return Err(fail()) };
        let divides = |wide: &Dim| wide.known().is_some_and(|wide| wide % self.heads == 0);
        let fits =
            b == kb && b == vb && s == vs && wide == kwide && divides(wide) && divides(vwide);
        if !fits || mask.len() != usize::from(self.masked) {
            return Err(fail());
        }
        if let [mask] = mask {
            let one = |dim: &Dim, of: &Dim| dim == of || *dim == Dim::ONE;
            let fits = matches!(mask.shape.0.as_slice(),
                [mb, mt, ms] if one(mb, b) && one(mt, t) && ms == s);
            if !fits {
                return Err(Error::shape(format!(
                    "attention expects a mask [batch, queries, keys], received {}",
                    mask.shape
                )));
            }
        }
        let like = |last: Dim| TensorType::f32(Shape(vec![b.clone(), t.clone(), last]));
        let mut outputs = vec![like(vwide.clone()), like(Dim::from(self.heads))];
        if self.rate > 0.0 {
            let shape = Shape(vec![b.clone(), t.clone(), Dim::from(self.heads), s.clone()]);
            outputs.push(TensorType { shape, dtype: DType::Bits });
        }
        Ok(outputs)
    }

    fn agreed_shapes(&self, inputs: &[&TensorType]) -> Option<Vec<Shape>> {
        let mut shapes: Vec<Shape> = inputs.iter().map(|t| t.shape.clone()).collect();
        if shapes.len() < 3 || shapes.iter().any(|shape| shape.rank() != 3) {
            return None;
        }
        let [batch, queries] = [0, 1].map(|axis| shapes[0].0[axis].clone());
        let keys = shapes[1].0[1].clone();
        for shape in &mut shapes[1..3] {
            (shape.0[0], shape.0[1]) = (batch.clone(), keys.clone());
        }
        if let Some(mask) = shapes.get_mut(3) {
            for (axis, size) in [batch, queries, keys].into_iter().enumerate() {
                if mask.0[axis].known().is_none() {
                    mask.0[axis] = size;
                }
            }
        }
        Some(shapes)
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let mut inputs = b.inputs.to_vec();
        inputs.extend([b.outputs[0], b.outputs[1], b.dy()?]);
        inputs.extend(b.outputs.get(2));
        let op = std::sync::Arc::new(AttentionGradient { of: self.clone() });
        let found = b.graph.apply(op, &inputs)?;
        let mut gradients: Vec<Option<Value>> = found.into_iter().map(Some).collect();
        gradients.resize(b.inputs.len(), None);
        Ok(gradients)
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let op = self.clone();
        let (q, k, v) = (lower.input(0)?, lower.input(1)?, lower.input(2)?);
        let mask = if self.masked { Some(lower.input(3)?) } else { None };
        let (y, logs) = (lower.output(0), lower.output(1));
        let bits = (self.rate > 0.0).then(|| lower.output(2));
        let of = Sizes::of(&q, &v, self.heads);
        let rows = of.batch * of.queries;
        let work = of.keys as f64 * (NS_PER_FMA * (of.size + of.value) as f64 + NS_PER_SHARE);
        let mut task = lower
            .task(rows, y.last())
            .split(Axes::ROWS)
            .grain(32, 1)
            .cost(work / of.value.max(1) as f64)
            .scratch(forward::scratch(of))
            .read(q.matrix().along(Axes::ROWS))
            .read(k.matrix())
            .read(v.matrix())
            .write(y.matrix().along(Axes::ROWS))
            .write(logs.matrix().along(Axes::ROWS));
        if let Some((bits, cols)) = bits.zip(of.kept()) {
            let (buffer, layout, along) = (bits.id, Layout::Plain, Axes::ROWS);
            task = task.write(View { buffer, rows, cols, layout, along, unit: 1 });
        }
        let mask_shape = mask.as_ref().map(|mask| mask.shape.clone());
        if let Some(mask) = mask {
            task = task.read(mask.whole());
        }
        task.run(move |f| {
            let mask = mask_shape.as_ref().map(|shape| Mask::of(f.floats(3), shape));
            op.forward(f, of, mask.as_ref());
        });
        Ok(())
    }

    fn is_pure(&self) -> bool {
        self.rate == 0.0
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        if self.rate > 0.0 {
            return e.no_form();
        }
        self.write(e)
    }
}
