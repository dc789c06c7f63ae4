//! Matrices in panels: the layout GEMM reads its right-hand side in, and may write its result in.
//!
//! Columns stand in panels of [`panel_width`](super::panel_width); a panel is dense, row after row, and one follows
//! the other; columns past the matrix are zeros. Weights, their gradients and optimizer slots live in
//! this layout, so a training step packs no weight.

use super::panel_width;
use crate::{Isa, Tile, TileMut};
use std::ops::Range;

/// Floats that a packed matrix takes.
pub fn packed_len(isa: Isa, rows: usize, cols: usize) -> usize {
    cols.next_multiple_of(panel_width(isa)) * rows
}

/// A packed matrix to read.
#[derive(Clone, Copy, Debug)]
pub struct Packed<'a> {
    pub(super) data: &'a [f32],
    pub(super) rows: usize,
    pub(super) cols: usize,
    width: usize,
    /// Floats from one panel to the next.
    pub(super) panel: usize,
}

impl<'a> Packed<'a> {
    /// The packed `rows` × `cols` matrix in `data`. Products run fastest when that starts on a
    /// cache line.
    ///
    /// # Panics
    /// When `data` is shorter than [`packed_len`].
    pub fn new(isa: Isa, data: &'a [f32], rows: usize, cols: usize) -> Self {
        assert!(data.len() >= packed_len(isa, rows, cols), "packed is too short");
        let width = panel_width(isa);
        Packed { data, rows, cols, width, panel: rows * width }
    }

    /// Some of its columns.
    ///
    /// # Panics
    /// When they do not start with a panel, or do not exist.
    pub fn columns(self, columns: Range<usize>) -> Self {
        assert!(columns.start <= columns.end && columns.end <= self.cols, "columns outside packed");
        assert!(columns.start.is_multiple_of(self.width), "columns start inside a panel");
        let first = columns.start / self.width * self.panel;
        Packed { data: &self.data[first..], cols: columns.len(), ..self }
    }

    /// True when it was made for `isa`'s panels.
    pub(super) fn fits(&self, isa: Isa) -> bool {
        self.width == panel_width(isa)
    }
}

/// A packed matrix to write.
#[derive(Debug)]
pub struct PackedMut<'a> {
    pub(super) data: &'a mut [f32],
    pub(super) rows: usize,
    pub(super) cols: usize,
    width: usize,
}

impl<'a> PackedMut<'a> {
    /// As [`Packed::new`].
    ///
    /// # Panics
    /// When `data` is shorter than [`packed_len`].
    pub fn new(isa: Isa, data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        assert!(data.len() >= packed_len(isa, rows, cols), "packed is too short");
        PackedMut { data, rows, cols, width: panel_width(isa) }
    }

    /// True when it was made for `isa`'s panels.
    pub(super) fn fits(&self, isa: Isa) -> bool {
        self.width == panel_width(isa)
    }
}

/// The right-hand side of a product.
#[derive(Clone, Copy, Debug)]
pub enum Right<'a> {
    /// A matrix with any strides.
    Tile(Tile<'a>),
    /// A packed one.
    Packed(Packed<'a>),
}

impl Right<'_> {
    /// Its first rows and columns.
    ///
    /// # Panics
    /// When it does not have as many.
    pub fn first(self, rows: usize, cols: usize) -> Self {
        match self {
            Right::Tile(b) => Right::Tile(b.part(0..rows, 0..cols)),
            Right::Packed(b) => {
                assert!(rows <= b.rows, "rows outside packed");
                Right::Packed(Packed { rows, ..b.columns(0..cols) })
            }
        }
    }
    pub(super) fn rows(&self) -> usize {
        match self {
            Right::Tile(b) => b.rows(),
            Right::Packed(b) => b.rows,
        }
    }
    pub(super) fn cols(&self) -> usize {
        match self {
            Right::Tile(b) => b.cols(),
            Right::Packed(b) => b.cols,
        }
    }
}

impl<'a> From<Tile<'a>> for Right<'a> {
    fn from(b: Tile<'a>) -> Self {
        Right::Tile(b)
    }
}

impl<'a> From<Packed<'a>> for Right<'a> {
    fn from(b: Packed<'a>) -> Self {
        Right::Packed(b)
    }
}

/// Where a product goes.
#[derive(Debug)]
pub enum Output<'a> {
    /// A matrix in row-major order.
    Tile(TileMut<'a>),
    /// A packed one; its padding is written with zeros.
    Packed(PackedMut<'a>),
}

impl Output<'_> {
    pub(super) fn rows(&self) -> usize {
        match self {
            Output::Tile(c) => c.rows(),
            Output::Packed(c) => c.rows,
        }
    }
    pub(super) fn cols(&self) -> usize {
        match self {
            Output::Tile(c) => c.cols(),
            Output::Packed(c) => c.cols,
        }
    }
}

impl<'a> From<TileMut<'a>> for Output<'a> {
    fn from(c: TileMut<'a>) -> Self {
        Output::Tile(c)
    }
}

impl<'a> From<PackedMut<'a>> for Output<'a> {
    fn from(c: PackedMut<'a>) -> Self {
        Output::Packed(c)
    }
}
