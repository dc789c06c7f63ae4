//! Attention of some queries: scores, what they become, and the second product, strip by strip.

use super::Attention;
use super::strip::{Ahead, Mask, STRIP, Sizes, panels, right, take};
use crate::plan::Frame;
use ridgeline_kernels::attention::{powers, scale_rows};
use ridgeline_kernels::dropout::Rate;
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::tile::{dense, matrix};

/// Scratch of a participant.
pub(super) fn scratch(of: Sizes) -> usize {
    let packed = panels(of.size, of.keys) + panels(of.keys, of.value);
    packed + STRIP * (of.keys + 2 + of.words()) + of.products()
}

impl Attention {
    /// The rows of a part.
    pub(super) fn forward(&self, f: &Frame, of: Sizes, mask: Option<&Mask>) {
        let part = f.rows();
        let mut row = part.start;
        while row < part.end {
            let (sample, first) = (row / of.queries, row % of.queries);
            let end = of.queries.min(first + part.end - row);
            for head in 0..of.heads {
                self.forward_head(f, of, mask, [sample, head, first, end]);
            }
            row += end - first;
        }
    }

    /// Some queries of a sample and head.
    fn forward_head(
        &self,
        f: &Frame,
        of: Sizes,
        mask: Option<&Mask>,
        [sample, head, first, end]: [usize; 4],
    ) {
        let (q, k, v) = (f.tile(0), f.tile(1), f.tile(2));
        let (mut y, mut logs) = (f.tile_mut(0), f.tile_mut(1));
        let rate = (self.rate > 0.0).then(|| Rate::new(self.rate));
        let [columns, values] = of.columns(head);
        let keys = sample * of.keys..(sample + 1) * of.keys;
        let next = (head + 1 < of.heads).then(|| {
            let [columns, values] = of.columns(head + 1);
            let start = sample * of.queries + first - f.rows().start;
            let queries = start..start + (end - first);
            [
                q.part(queries, columns.clone()),
                k.part(keys.clone(), columns),
                v.part(keys.clone(), values),
            ]
        });
        let (mut rest, strips) = (f.scratch(), (end - first).div_ceil(STRIP));
        let ahead = Ahead { of: next, strips };
        let k = right(f.isa, k.part(keys.clone(), columns.clone()).transposed(), strips, &mut rest);
        let v = right(f.isa, v.part(keys, values.clone()), strips, &mut rest);
        for (number, strip) in self.strips(of, mask, [sample, head], first..end).enumerate() {
            let (count, keys) = (strip.rows.len(), strip.keys);
            let start = sample * of.queries + strip.rows.start - f.rows().start;
            let here = start..start + count;
            let mut rest = &mut *rest;
            let scores = take(&mut rest, count * keys);
            let (sums, factors) = (take(&mut rest, count), take(&mut rest, count));
            let drawn = bytemuck::cast_slice_mut(take(&mut rest, count * of.words()));
            let (words, stride) = match of.kept() {
                Some(stride) if rate.is_some() => {
                    (&mut f.words_mut(2)[start * stride + head * of.words()..], stride)
                }
                _ => (drawn, of.words()),
            };
            let bits = rate.map(|rate| (self.drawn(f, of, &strip, words, stride), rate.scale));
            let a = q.part(here.clone(), columns.clone());
            ahead.fetch(number, 0..2);
            gemm(f.isa, a, k.first(of.size, keys), dense(scores, count), Start::Zero, rest);
            powers(f.isa, dense(scores, count), self.scale, strip.sees, bits, sums, factors);
            for (at, &log) in here.clone().zip(&*sums) {
                logs.put(at, head, log);
            }
            ahead.fetch(number, 2..3);
            let mut to = y.part(here, values.clone());
            let v = v.first(keys, of.value);
            gemm(f.isa, matrix(scores, count), v, to.all(), Start::Zero, rest);
            scale_rows(f.isa, to, factors);
        }
    }
}
