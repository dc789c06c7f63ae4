//! Attention (Vaswani et al. 2017): `softmax(scale·q·kᵀ)·v` for each head, with the heads side by side
//! in the last axis, so that nothing is transposed.
//!
//! A task takes blocks of queries through all heads: scores, mask, softmax, dropout and the second
//! product stay in the near caches. Of each row the logarithm of the sum is kept; backward makes the
//! shares again. Which of them dropout let through is kept in bits, or drawn again where there are many keys.

mod gradient;
mod onnx;

use super::call::{Entry, built};
use super::product::{NS_PER_FMA, gemm_scratch};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::Frame;
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, View};
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use gradient::AttentionGradient;
use ridgeline_kernels::attention::{Sees, shares};
use ridgeline_kernels::dropout::{MaskMut, Rate, dropout};
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::tile::{dense, matrix};
use ridgeline_kernels::{Tile, TileMut};
use std::ops::Range;

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

/// Queries of a block: their scores with some hundred keys stay in the near caches.
const BLOCK: usize = 128;
/// Queries whose shares are made at a time: they stay in the nearest cache from step to step.
const STRIP: usize = 16;
/// Keys for which bits are kept: those of a query and head take no more memory than its vector then.
const KEPT: usize = 512;
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

/// Concrete sizes.
#[derive(Clone, Copy)]
struct Sizes {
    batch: usize,
    queries: usize,
    keys: usize,
    heads: usize,
    /// Of a key, and of a value, of one head.
    size: usize,
    value: usize,
}

impl Sizes {
    fn of(q: &Buffer, v: &Buffer, heads: usize) -> Sizes {
        Sizes {
            batch: q.shape[0],
            queries: q.shape[1],
            keys: v.shape[1],
            heads,
            size: q.last() / heads,
            value: v.last() / heads,
        }
    }
    /// Words of the bits of a query and head.
    fn words(&self) -> usize {
        self.keys.div_ceil(32)
    }
    /// Words of the bits that are kept of a query; none where they are drawn again.
    fn kept(&self) -> Option<usize> {
        (self.keys <= KEPT).then_some(self.heads * self.words())
    }
    /// Scratch of GEMMs of a block.
    fn products(&self) -> usize {
        let widest = self.size.max(self.value);
        let block = BLOCK.min(self.queries.max(1));
        let forward = gemm_scratch(block, self.keys.max(widest), self.keys.max(widest));
        forward.max(gemm_scratch(self.keys, widest, block))
    }
}

/// Some queries of one sample and head, and what they see.
struct Block<'a> {
    /// Sample, head and the first query.
    at: [usize; 3],
    /// Keys that any of them may see.
    keys: usize,
    sees: Sees<'a>,
}

impl Attention {
    /// The block of `rows` queries from `first` on.
    fn block<'a>(
        &self,
        of: Sizes,
        mask: Option<&Mask<'a>>,
        at: [usize; 3],
        rows: usize,
    ) -> Block<'a> {
        let [sample, _, first] = at;
        let keys = if self.causal { (first + rows).min(of.keys) } else { of.keys };
        let mask = mask.map(|mask| mask.rows(sample, first, rows));
        Block { at, keys, sees: Sees { until: self.causal.then_some(first), mask } }
    }

    /// Zeroes some of the shares of a strip, which begins with query `first` of a block, and scales up the rest; `bits` say
    /// which, row by row of so many words.
    fn dropped(
        &self,
        f: &Frame,
        of: Sizes,
        (block, first): (&Block, usize),
        p: Tile,
        to: TileMut,
        (bits, stride): (&mut [u32], usize),
    ) {
        let [sample, head, before] = block.at;
        let row = (sample * of.heads + head) * of.queries + before + first;
        let mask = MaskMut::new(bits, p.rows(), stride, 0, block.keys);
        let (key, rate) = (f.key(self.stream), Rate::new(self.rate));
        dropout(f.isa, key, rate, f32::NEG_INFINITY, row, of.words(), Some(p), to, mask);
    }
}

/// The strips of so many rows.
fn strips(rows: usize) -> impl Iterator<Item = Range<usize>> {
    (0..rows).step_by(STRIP).map(move |first| first..rows.min(first + STRIP))
}

/// A mask as it lies: one matrix for all samples or for each, of one row or of one for each query.
struct Mask<'a> {
    values: &'a [f32],
    samples: usize,
    queries: usize,
    keys: usize,
}

impl<'a> Mask<'a> {
    fn of(values: &'a [f32], shape: &[usize]) -> Mask<'a> {
        Mask { values, samples: shape[0], queries: shape[1], keys: shape[2] }
    }
    /// What the `rows` queries from `first` on see.
    fn rows(&self, sample: usize, first: usize, rows: usize) -> Tile<'a> {
        let sample = if self.samples == 1 { 0 } else { sample };
        let matrix = &self.values[sample * self.queries * self.keys..];
        let matrix = Tile::matrix(matrix, self.queries, self.keys);
        let rows = if self.queries == 1 { 0..1 } else { first..first + rows };
        matrix.part(rows, 0..self.keys)
    }
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
        let block = BLOCK.min(of.queries.max(1));
        let drops = usize::from(self.rate > 0.0);
        let scratch = block * (of.keys * (1 + drops) + of.words() * drops + 1);
        let work = of.keys as f64 * (NS_PER_FMA * (of.size + of.value) as f64 + NS_PER_SHARE);
        let mut task = lower
            .task(rows, y.last())
            .split(Axes::ROWS)
            .grain(16, 1)
            .cost(work / of.value.max(1) as f64)
            .scratch(scratch + of.products())
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

impl Attention {
    /// The rows of a part, block by block.
    fn forward(&self, f: &Frame, of: Sizes, mask: Option<&Mask>) {
        let part = f.rows();
        let (q, k, v) = (f.tile(0), f.tile(1), f.tile(2));
        let (mut y, mut logs) = (f.tile_mut(0), f.tile_mut(1));
        let drops = self.rate > 0.0;
        let mut kept = of.kept().filter(|_| drops).map(|words| (f.words_mut(2), words));
        let mut row = part.start;
        while row < part.end {
            let (sample, first) = (row / of.queries, row % of.queries);
            let rows = BLOCK.min(of.queries - first).min(part.end - row);
            let here = row - part.start..row - part.start + rows;
            for head in 0..of.heads {
                let block = self.block(of, mask, [sample, head, first], rows);
                let keys = sample * of.keys..sample * of.keys + block.keys;
                let (own, scratch) = f.scratch().split_at_mut(rows * block.keys);
                let (sums, scratch) = scratch.split_at_mut(rows);
                let (dropped, scratch) =
                    scratch.split_at_mut(if drops { rows * block.keys } else { 0 });
                let (words, scratch) =
                    scratch.split_at_mut(if drops { rows * of.words() } else { 0 });
                let columns = head * of.size..(head + 1) * of.size;
                let a = q.part(here.clone(), columns.clone());
                let b = k.part(keys.clone(), columns).transposed();
                gemm(f.isa, a, b, dense(own, rows), Start::Zero, scratch);
                let (bits, stride) = match &mut kept {
                    Some((bits, words)) => {
                        (&mut bits[here.start * *words + head * of.words()..], *words)
                    }
                    None => (bytemuck::cast_slice_mut(words), of.words()),
                };
                for strip in strips(rows) {
                    let all = strip.start * block.keys..strip.end * block.keys;
                    let own = &mut own[all.clone()];
                    let sees = block.sees.part(strip.clone());
                    let logs = &mut sums[strip.clone()];
                    shares(f.isa, dense(own, strip.len()), self.scale, sees, logs);
                    if drops {
                        let to = dense(&mut dropped[all], strip.len());
                        let bits = (&mut bits[strip.start * stride..], stride);
                        let p = matrix(own, strip.len());
                        self.dropped(f, of, (&block, strip.start), p, to, bits);
                    }
                }
                for (at, &log) in here.clone().zip(&*sums) {
                    logs.put(at, head, log);
                }
                let columns = head * of.value..(head + 1) * of.value;
                let b = v.part(keys, columns.clone());
                let mut to = y.part(here.clone(), columns);
                let p = matrix(if drops { dropped } else { own }, rows);
                gemm(f.isa, p, b, to.all(), Start::Zero, scratch);
            }
            row += rows;
        }
    }
}
