//! The gradient of a table as the rows that were picked from it: the table of its sums is never written.
//!
//! Picks are put in the order of their rows ahead. Where a rule leaves alone what has no gradient, only rows that were
//! picked are touched; else every block of the table gets its gradient in scratch, right before its update. (Replaying the
//! updates that a row has missed when it is next read would save memory traffic alone: a step of Adam takes as long to
//! compute as its numbers take to pass by, and has to be computed for every row and step in the end.)

use super::{BLOCK, Update};
use crate::error::Result;
use crate::ops::gather::Sizes;
use crate::plan::Frame;
use crate::plan::lower::Lower;
use crate::plan::view::{Axes, View};
use crate::tensor::DType;
use crate::variable::Layout;
use ridgeline_kernels::Tile;
use ridgeline_kernels::scatter::{add_rows, group_rows};
use ridgeline_kernels::tile::dense;
use std::ops::Range;

/// How a table stands in memory: panels one after the other, of as many floats in each row.
#[derive(Clone, Copy)]
pub(super) struct Table {
    rows: usize,
    width: usize,
}

impl Update {
    /// What its task reads, how the table stands, and words of scratch. Puts the picks in order.
    pub(super) fn rows(
        &self,
        lower: &mut Lower,
        split: Axes,
    ) -> Result<(Vec<View>, super::Source, usize)> {
        let (dy, indices) = (lower.input(0)?, lower.input(1)?);
        let shape = self.variable.shape();
        let sizes = Sizes::of(shape, 0, indices.size(), self.strict);
        let (picks, table) = (indices.size(), shape[0]);
        let order = lower.temporary(&[2, picks], DType::I32, Layout::Plain);
        lower
            .task(1, picks)
            .cost(8.0)
            .scratch(2 * picks)
            .read(indices.whole())
            .write(order.whole())
            .run(move |f| {
                let (rows, order) = f.words_mut(0).split_at_mut(picks);
                for (pick, row) in rows.iter_mut().enumerate() {
                    *row = sizes.row(f, f.ints(0), pick) as u32;
                }
                group_rows(rows, order, bytemuck::cast_slice_mut(f.scratch()), table);
            });
        let inner = self.variable.cols();
        let width = match self.variable.layout() {
            Layout::Panels(width) => width,
            _ => inner.max(1),
        };
        let reads = vec![dy.view(picks, inner).along(split), order.whole()];
        let block = BLOCK.max(width);
        Ok((reads, super::Source::Rows(Table { rows: table, width }), block))
    }
}

impl Table {
    /// The rows that were picked, and which picks they are.
    fn order<'a>(f: &Frame<'a>) -> (&'a [u32], &'a [u32]) {
        let order = f.words(1);
        order.split_at(order.len() / 2)
    }

    /// The columns of the picks in a panel of the part.
    fn columns<'a>(self, f: &Frame<'a>, panel: usize) -> Tile<'a> {
        let dy = f.tile(0);
        let end = ((panel + 1) * self.width).min(dy.cols());
        dy.part(0..dy.rows(), panel * self.width..end)
    }

    /// The gradient of some words of the part, which begin and end with rows.
    pub(super) fn block<'a>(self, f: &Frame<'a>, words: Range<usize>) -> &'a [f32] {
        let Table { rows: table, width } = self;
        let (rows, picks) = Table::order(f);
        let gradient = &mut f.scratch()[..words.len()];
        gradient.fill(0.0);
        let mut at = words.start;
        while at < words.end {
            let (panel, first) = (at / (table * width), at / width % table);
            let end = words.end.min((panel + 1) * table * width);
            let last = first + (end - at) / width;
            let here = rows.partition_point(|&row| (row as usize) < first)
                ..rows.partition_point(|&row| (row as usize) < last);
            let dy = self.columns(f, panel);
            let to = &mut gradient[at - words.start..end - words.start];
            let mut to = dense(to, last - first);
            let to = to.columns(0..dy.cols());
            add_rows(f.isa, dy, &rows[here.clone()], &picks[here], first, to);
            at = end;
        }
        gradient
    }

    /// Each row that was picked: its words in the part, which has so many, and its gradient.
    pub(super) fn each_row(
        self,
        f: &Frame,
        words: usize,
        mut update: impl FnMut(Range<usize>, &[f32]),
    ) {
        let Table { rows: table, width } = self;
        let (rows, picks) = Table::order(f);
        let gradient = &mut f.scratch()[..width];
        for panel in 0..words / (table * width).max(1) {
            let dy = self.columns(f, panel);
            let mut at = 0;
            while let Some(&row) = rows.get(at) {
                let end = at + rows[at..].iter().take_while(|&&of| of == row).count();
                gradient.fill(0.0);
                let mut to = dense(gradient, 1);
                let to = to.columns(0..dy.cols());
                add_rows(f.isa, dy, &rows[at..end], &picks[at..end], row as usize, to);
                let start = (panel * table + row as usize) * width;
                update(start..start + width, gradient);
                at = end;
            }
        }
    }
}
