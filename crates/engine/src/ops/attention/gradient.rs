//! The gradient of attention: shares are made again from scores and logarithms, strip by strip.
//!
//! With P the shares, dropped D, and dO that of the output: dV = Dᵀ·dO, dD = dO·Vᵀ, dS = scale·P·(dP − Σ dO·O),
//! dQ = dS·K, dK = dSᵀ·Q. The sum over a row of dP·P is that of dO·O, with dropout too.

use super::strip::{Ahead, Mask, STRIP, Sizes, panels, right, take};
use super::{Attention, NS_PER_SHARE};
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
use ridgeline_kernels::attention::{row_products, score_gradient};
use ridgeline_kernels::dropout::{Mask as Bits, Rate};
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::tile::{dense, matrix};
use std::ops::Range;

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
        let work = of.queries as f64 * of.keys as f64 * of.heads as f64;
        let each = NS_PER_FMA * (3 * of.size + 2 * of.value) as f64 + 2.0 * NS_PER_SHARE;
        let mut task =
            lower.task(of.batch, 1).split(Axes::ROWS).cost(work * each).scratch(scratch(of));
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

/// Scratch of a participant.
fn scratch(of: Sizes) -> usize {
    let packed = panels(of.size, of.keys) + panels(of.value, of.keys) + panels(of.keys, of.size);
    let sums = of.keys * (of.size + of.value);
    packed + sums + STRIP * (2 * of.keys + 2 + of.words()) + of.products()
}

impl Attention {
    /// The samples of a part.
    fn backward(&self, f: &Frame, of: Sizes, mask: Option<&Mask>) {
        for sample in f.rows() {
            for head in 0..of.heads {
                self.backward_head(f, of, mask, [sample, head]);
            }
        }
    }

    /// A sample and head.
    fn backward_head(&self, f: &Frame, of: Sizes, mask: Option<&Mask>, [sample, head]: [usize; 2]) {
        let (samples, local) = (f.rows().len(), sample - f.rows().start);
        let rate = (self.rate > 0.0).then(|| Rate::new(self.rate));
        let [columns, values] = of.columns(head);
        let (queries, keys) =
            (local * of.queries..(local + 1) * of.queries, local * of.keys..(local + 1) * of.keys);
        let read = |i: usize, rows: &Range<usize>, columns: &Range<usize>| {
            matrix(f.floats(i), samples * rows.len()).part(rows.clone(), columns.clone())
        };
        let write = |i: usize, rows: &Range<usize>, columns: &Range<usize>| {
            let all = dense(f.floats_mut(i), samples * rows.len());
            all.into_part(rows.clone(), columns.clone())
        };
        let (q, k) = (read(0, &queries, &columns), read(1, &keys, &columns));
        let (v, y, dy) =
            (read(2, &keys, &values), read(3, &queries, &values), read(5, &queries, &values));
        let logs = f.floats(4);
        let mut dq = write(0, &queries, &columns);
        let (mut rest, strips) = (f.scratch(), of.queries.div_ceil(STRIP));
        let kt = right(f.isa, k.transposed(), strips, &mut rest);
        let vt = right(f.isa, v.transposed(), strips, &mut rest);
        let k = right(f.isa, k, strips, &mut rest);
        let (dk, dv) = (take(&mut rest, of.keys * of.size), take(&mut rest, of.keys * of.value));
        [&mut *dk, &mut *dv].into_iter().for_each(|sums| sums.fill(0.0));
        let next = (head + 1 < of.heads).then(|| {
            let [columns, values] = of.columns(head + 1);
            [
                read(0, &queries, &columns),
                read(1, &keys, &columns),
                read(2, &keys, &values),
                read(3, &queries, &values),
                read(5, &queries, &values),
            ]
        });
        let ahead = Ahead { of: next, strips };
        for (number, strip) in self.strips(of, mask, [sample, head], 0..of.queries).enumerate() {
            let (here, count, keys) = (strip.rows.clone(), strip.rows.len(), strip.keys);
            let first = local * of.queries + here.start;
            let mut rest = &mut *rest;
            let (p, dp) = (take(&mut rest, count * keys), take(&mut rest, count * keys));
            let (log, sums) = (take(&mut rest, count), take(&mut rest, count));
            let drawn = bytemuck::cast_slice_mut(take(&mut rest, count * of.words()));
            let bits = rate.map(|rate| {
                let bits = match of.kept() {
                    Some(stride) => {
                        let words = &f.words(6)[first * stride + head * of.words()..];
                        Bits::new(words, count, stride, 0, keys)
                    }
                    None => self.drawn(f, of, &strip, drawn, of.words()),
                };
                (bits, rate.scale)
            });
            for (r, log) in log.iter_mut().enumerate() {
                *log = logs[(first + r) * of.heads + head];
            }
            let (q, dy) = (q.part(here.clone(), 0..of.size), dy.part(here.clone(), 0..of.value));
            row_products(f.isa, dy, y.part(here.clone(), 0..of.value), sums);
            ahead.fetch(number, 0..2);
            gemm(f.isa, q, kt.first(of.size, keys), dense(p, count), Start::Zero, rest);
            ahead.fetch(number, 2..4);
            gemm(f.isa, dy, vt.first(of.value, keys), dense(dp, count), Start::Zero, rest);
            let (to, scores) = (dense(dp, count), dense(p, count));
            score_gradient(f.isa, scores, self.scale, strip.sees, bits, log, sums, to);
            let (p, ds) = (matrix(p, count), matrix(dp, count));
            let (dk, dv) = (&mut dk[..keys * of.size], &mut dv[..keys * of.value]);
            ahead.fetch(number, 4..5);
            gemm(f.isa, p.transposed(), dy, dense(dv, keys), Start::Accumulate, rest);
            gemm(f.isa, ds.transposed(), q, dense(dk, keys), Start::Accumulate, rest);
            let to = dq.part(here, 0..of.size);
            gemm(f.isa, ds, k.first(keys, of.size), to, Start::Zero, rest);
        }
        write(1, &keys, &columns).copy_from(matrix(dk, of.keys));
        write(2, &keys, &values).copy_from(matrix(dv, of.keys));
    }
}
