//! The gradient of attention: shares are made again from scores and logarithms, block by block.
//!
//! With P the shares, dropped D, and dO that of the output: dV = Dᵀ·dO, dD = dO·Vᵀ, dS = scale·P·(dP − Σ dO·O),
//! dQ = dS·K, dK = dSᵀ·Q. The sum over a row of dP·P is that of dO·O, with dropout too.

use super::{Attention, BLOCK, Mask, NS_PER_SHARE, STRIP, Sizes, strips};
use crate::error::Result;
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::product::NS_PER_FMA;
use crate::plan::Frame;
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, View};
use crate::tensor::TensorType;
use crate::variable::Layout;
use ridgeline_kernels::attention::{row_products, score_gradient, shares_again};
use ridgeline_kernels::dropout::{Mask as Bits, Rate, apply};
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::tile::{dense, matrix};
use ridgeline_kernels::{Tile, TileMut};

/// Inputs those of attention, its first outputs and the gradient of the first, and its bits if there are some; outputs the gradients of q, k and v.
#[derive(Debug)]
pub(super) struct AttentionGradient {
    pub of: Attention,
}

impl Op for AttentionGradient {
    fn name(&self) -> &'static str {
        "attentionGradient"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(inputs[..3].iter().map(|t| (*t).clone()).collect())
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let op = self.of.clone();
        let (q, k, v) = (lower.input(0)?, lower.input(1)?, lower.input(2)?);
        let mask = if op.masked { Some(lower.input(3)?) } else { None };
        let behind = 3 + usize::from(op.masked);
        let mut rest = Vec::new();
        for i in behind..behind + 3 {
            rest.push(lower.input(i)?);
        }
        let outputs = [lower.output(0), lower.output(1), lower.output(2)];
        let of = Sizes::of(&q, &v, op.heads);
        let samples = |buffer: &Buffer| -> View {
            buffer.view(of.batch, buffer.size() / of.batch.max(1)).along(Axes::ROWS)
        };
        let drops = usize::from(op.rate > 0.0);
        let bits = if drops > 0 { Some(lower.stored(behind + 3)?) } else { None };
        let block = BLOCK.min(of.queries.max(1));
        let scratch = block * (of.keys * (2 + drops) + 2) + STRIP * of.words() * drops;
        let work = of.queries as f64 * of.keys as f64 * of.heads as f64;
        let each = NS_PER_FMA * (3 * of.size + 2 * of.value) as f64 + 2.0 * NS_PER_SHARE;
        let mut task = lower
            .task(of.batch, 1)
            .split(Axes::ROWS)
            .cost(work * each)
            .scratch(scratch + of.products());
        for buffer in [&q, &k, &v].into_iter().chain(&rest) {
            task = task.read(samples(buffer));
        }
        for buffer in &outputs {
            task = task.write(samples(buffer));
        }
        if let Some((bits, words)) = bits.zip(of.kept()) {
            let (buffer, layout, along) = (bits.id, Layout::Plain, Axes::ROWS);
            let (rows, cols) = (of.batch, of.queries * words);
            task = task.read(View { buffer, rows, cols, layout, along, unit: 1 });
        }
        let masked = 6 + usize::from(of.kept().is_some() && drops > 0);
        let shape = mask.as_ref().map(|mask| mask.shape.clone());
        if let Some(mask) = mask {
            task = task.read(mask.whole());
        }
        task.run(move |f| {
            let mask = shape.as_ref().map(|shape| Mask::of(f.floats(masked), shape));
            op.backward(f, of, mask.as_ref());
        });
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Attention {
    /// The samples of a part.
    fn backward(&self, f: &Frame, of: Sizes, mask: Option<&Mask>) {
        let samples = f.rows();
        let (drops, rise) = (self.rate > 0.0, Rate::new(self.rate).scale);
        let read = |i: usize, rows: usize| {
            let all = f.floats(i);
            Tile::matrix(all, samples.len() * rows, all.len() / (samples.len() * rows).max(1))
        };
        let (q, k, v) = (read(0, of.queries), read(1, of.keys), read(2, of.keys));
        let (y, logs, dy) = (read(3, of.queries), f.floats(4), read(5, of.queries));
        let [dq, dk, dv] = [0, 1, 2].map(|i| f.floats_mut(i));
        [&mut *dk, &mut *dv].into_iter().for_each(|all| all.fill(0.0));
        let mut dq = TileMut::new(dq, samples.len() * of.queries, q.cols(), q.cols());
        let mut dk = TileMut::new(dk, samples.len() * of.keys, k.cols(), k.cols());
        let mut dv = TileMut::new(dv, samples.len() * of.keys, v.cols(), v.cols());
        for (local, sample) in samples.clone().enumerate() {
            for head in 0..of.heads {
                let columns = head * of.size..(head + 1) * of.size;
                let values = head * of.value..(head + 1) * of.value;
                for first in (0..of.queries).step_by(BLOCK) {
                    let rows = BLOCK.min(of.queries - first);
                    let block = self.block(of, mask, [sample, head, first], rows);
                    let here = local * of.queries + first..local * of.queries + first + rows;
                    let keys = local * of.keys..local * of.keys + block.keys;
                    let (p, rest) = f.scratch().split_at_mut(rows * block.keys);
                    let (dp, rest) = rest.split_at_mut(rows * block.keys);
                    let (log, rest) = rest.split_at_mut(rows);
                    let (sums, rest) = rest.split_at_mut(rows);
                    for (log, at) in log.iter_mut().zip(here.clone()) {
                        *log = logs[at * of.heads + head];
                    }
                    let (q, k) = (
                        q.part(here.clone(), columns.clone()),
                        k.part(keys.clone(), columns.clone()),
                    );
                    let (v, dy) = (
                        v.part(keys.clone(), values.clone()),
                        dy.part(here.clone(), values.clone()),
                    );
                    row_products(f.isa, dy, y.part(here.clone(), values.clone()), sums);
                    gemm(f.isa, q, k.transposed(), dense(p, rows), Start::Zero, rest);
                    gemm(f.isa, dy, v.transposed(), dense(dp, rows), Start::Zero, rest);
                    let (dropped, rest) =
                        rest.split_at_mut(if drops { rows * block.keys } else { 0 });
                    let (words, rest) =
                        rest.split_at_mut(if drops { STRIP * of.words() } else { 0 });
                    let words: &mut [u32] = bytemuck::cast_slice_mut(words);
                    for strip in strips(rows) {
                        let (count, keys) = (strip.len(), block.keys);
                        let all = strip.start * keys..strip.end * keys;
                        let (p, dp) = (&mut p[all.clone()], dense(&mut dp[all.clone()], count));
                        let (log, sums) = (&log[strip.clone()], &sums[strip.clone()]);
                        let sees = block.sees.part(strip.clone());
                        shares_again(f.isa, dense(p, count), self.scale, sees, log);
                        let p = matrix(p, count);
                        let kept = drops.then(|| {
                            let to = dense(&mut dropped[all], count);
                            let bits = match of.kept() {
                                Some(stride) => {
                                    let row = here.start + strip.start;
                                    let from = row * stride + head * of.words();
                                    let bits =
                                        Bits::new(&f.words(6)[from..], count, stride, 0, keys);
                                    apply(f.isa, bits, rise, Some(p), to);
                                    bits
                                }
                                None => {
                                    let drawn = (&mut *words, of.words());
                                    self.dropped(f, of, (&block, strip.start), p, to, drawn);
                                    Bits::new(words, count, of.words(), 0, keys)
                                }
                            };
                            (bits, rise)
                        });
                        score_gradient(f.isa, p, self.scale, sums, kept, dp);
                    }
                    let mut to_v = dv.part(keys.clone(), values.clone());
                    let shares = matrix(if drops { dropped } else { p }, rows);
                    gemm(f.isa, shares.transposed(), dy, to_v.all(), Start::Accumulate, rest);
                    let ds = matrix(dp, rows);
                    gemm(f.isa, ds, k, dq.part(here, columns.clone()), Start::Zero, rest);
                    gemm(
                        f.isa,
                        ds.transposed(),
                        q,
                        dk.part(keys, columns.clone()),
                        Start::Accumulate,
                        rest,
                    );
                }
            }
        }
    }
}
