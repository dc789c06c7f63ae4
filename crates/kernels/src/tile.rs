//! Rectangular views of f32 memory: what kernels that work on part of a matrix take.
//!
//! A tile is a pointer, a size and strides. The safe constructors check a slice; `from_raw` lets
//! several threads hold disjoint columns of one buffer, which no slice can express.

use std::marker::PhantomData;
use std::ops::Range;
use std::slice::{from_raw_parts, from_raw_parts_mut};

/// A read-only view: element `(r, c)` is at `r * row_stride + c * col_stride`.
#[derive(Clone, Copy, Debug)]
pub struct Tile<'a> {
    ptr: *const f32,
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
    owner: PhantomData<&'a [f32]>,
}

// SAFETY: a tile is a shared borrow of f32 values.
unsafe impl Send for Tile<'_> {}
// SAFETY: a tile is a shared borrow of f32 values.
unsafe impl Sync for Tile<'_> {}

/// Elements a view of this geometry reaches, counted from its first one.
const fn extent(rows: usize, cols: usize, row_stride: usize, col_stride: usize) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + (cols - 1) * col_stride + 1 }
}

impl<'a> Tile<'a> {
    /// A view of `data` starting at its first element.
    ///
    /// # Panics
    /// When the view reaches past the end of `data`.
    pub fn new(
        data: &'a [f32],
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Self {
        assert!(extent(rows, cols, row_stride, col_stride) <= data.len(), "tile outside its slice");
        Tile { ptr: data.as_ptr(), rows, cols, row_stride, col_stride, owner: PhantomData }
    }

    /// A dense row-major matrix.
    ///
    /// # Panics
    /// When `data` is shorter than `rows * cols`.
    pub fn matrix(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Tile::new(data, rows, cols, cols, 1)
    }

    /// A view of memory the caller vouches for.
    ///
    /// # Safety
    /// Every element of the view is readable, and nobody writes it, for `'a`.
    pub const unsafe fn from_raw(
        ptr: *const f32,
        rows: usize,
        cols: usize,
        row_stride: usize,
        col_stride: usize,
    ) -> Self {
        Tile { ptr, rows, cols, row_stride, col_stride, owner: PhantomData }
    }

    /// The same elements with rows and columns exchanged.
    pub const fn transposed(self) -> Self {
        Tile {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// Number of rows.
    pub const fn rows(self) -> usize {
        self.rows
    }
    /// Number of columns.
    pub const fn cols(self) -> usize {
        self.cols
    }
    /// Elements from one row to the next.
    pub const fn row_stride(self) -> usize {
        self.row_stride
    }
    /// Elements from one column to the next.
    pub const fn col_stride(self) -> usize {
        self.col_stride
    }
    /// The address of element `(0, 0)`.
    pub const fn as_ptr(self) -> *const f32 {
        self.ptr
    }
    /// A rectangle of the view.
    ///
    /// # Panics
    /// When it reaches outside.
    pub fn part(self, rows: Range<usize>, cols: Range<usize>) -> Self {
        assert!(rows.end <= self.rows && cols.end <= self.cols, "a part outside its tile");
        let offset = rows.start * self.row_stride + cols.start * self.col_stride;
        Tile { ptr: self.ptr.wrapping_add(offset), rows: rows.len(), cols: cols.len(), ..self }
    }
    /// A row of a view with adjacent columns.
    ///
    /// # Safety
    /// `row < rows` and `col_stride == 1`.
    #[inline(always)]
    pub(crate) unsafe fn row(self, row: usize) -> &'a [f32] {
        debug_assert!(row < self.rows && self.col_stride == 1);
        // SAFETY: the row is part of the view; of no columns, its address does not matter.
        unsafe { from_raw_parts(self.ptr.wrapping_add(row * self.row_stride), self.cols) }
    }
}

/// A writable view with adjacent columns: element `(r, c)` is at `r * row_stride + c`.
#[derive(Debug)]
pub struct TileMut<'a> {
    ptr: *mut f32,
    rows: usize,
    cols: usize,
    row_stride: usize,
    owner: PhantomData<&'a mut [f32]>,
}

// SAFETY: a writable tile is an exclusive borrow of f32 values.
unsafe impl Send for TileMut<'_> {}

impl<'a> TileMut<'a> {
    /// A writable view of `data` starting at its first element.
    ///
    /// # Panics
    /// When the view reaches past the end of `data`.
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        assert!(extent(rows, cols, row_stride, 1) <= data.len(), "tile outside its slice");
        TileMut { ptr: data.as_mut_ptr(), rows, cols, row_stride, owner: PhantomData }
    }

    /// A writable view of memory the caller vouches for.
    ///
    /// # Safety
    /// Every element of the view is writable, and nobody else touches it, for `'a`.
    pub const unsafe fn from_raw(
        ptr: *mut f32,
        rows: usize,
        cols: usize,
        row_stride: usize,
    ) -> Self {
        TileMut { ptr, rows, cols, row_stride, owner: PhantomData }
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }
    /// Number of columns.
    pub const fn cols(&self) -> usize {
        self.cols
    }
    /// Elements from one row to the next.
    pub const fn row_stride(&self) -> usize {
        self.row_stride
    }
    /// The address of element `(0, 0)`.
    pub const fn as_mut_ptr(&mut self) -> *mut f32 {
        self.ptr
    }
    /// Some of its columns.
    ///
    /// # Panics
    /// When they reach outside.
    pub fn columns(&mut self, cols: Range<usize>) -> TileMut<'_> {
        self.part(0..self.rows, cols)
    }
    /// A rectangle of it.
    ///
    /// # Panics
    /// When it reaches outside.
    pub fn part(&mut self, rows: Range<usize>, cols: Range<usize>) -> TileMut<'_> {
        assert!(rows.end <= self.rows && cols.end <= self.cols, "a part outside its tile");
        let ptr = self.ptr.wrapping_add(rows.start * self.row_stride + cols.start);
        TileMut { ptr, rows: rows.len(), cols: cols.len(), ..*self }
    }
    /// A rectangle of it, instead of it.
    ///
    /// # Panics
    /// When it reaches outside.
    pub fn into_part(mut self, rows: Range<usize>, cols: Range<usize>) -> TileMut<'a> {
        TileMut { owner: PhantomData, ..self.part(rows, cols) }
    }
    /// Writes one element.
    ///
    /// # Panics
    /// When it is outside.
    pub fn put(&mut self, row: usize, col: usize, value: f32) {
        assert!(row < self.rows && col < self.cols, "an element outside its tile");
        // SAFETY: the element is part of the view.
        unsafe { self.ptr.add(row * self.row_stride + col).write(value) };
    }
    /// Copies all elements.
    ///
    /// # Panics
    /// When the sizes differ, or the columns of `from` are not adjacent.
    pub fn copy_from(&mut self, from: Tile) {
        let fits = (from.rows, from.cols) == (self.rows, self.cols) && from.col_stride == 1;
        assert!(fits || self.cols == 0, "a copy of another size");
        for row in 0..self.rows {
            // SAFETY: both have the row.
            unsafe { self.row_mut(row).copy_from_slice(from.row(row)) };
        }
    }
    /// Makes all elements 0.
    pub fn clear(&mut self) {
        for row in 0..self.rows {
            // SAFETY: the row is inside.
            unsafe { self.row_mut(row).fill(0.0) };
        }
    }
    /// All of it, for a shorter time.
    pub const fn all(&mut self) -> TileMut<'_> {
        TileMut { owner: PhantomData, ..*self }
    }
    /// The view, to read.
    pub const fn as_tile(&self) -> Tile<'_> {
        let TileMut { ptr, rows, cols, row_stride, .. } = *self;
        Tile { ptr, rows, cols, row_stride, col_stride: 1, owner: PhantomData }
    }
    /// A row.
    ///
    /// # Safety
    /// `row < rows`.
    #[inline(always)]
    pub(crate) unsafe fn row_mut(&mut self, row: usize) -> &mut [f32] {
        debug_assert!(row < self.rows);
        // SAFETY: the row is part of the view; of no columns, its address does not matter.
        unsafe { from_raw_parts_mut(self.ptr.wrapping_add(row * self.row_stride), self.cols) }
    }
}

/// Memory as a dense matrix of so many rows.
///
/// # Panics
/// When it is not a whole number of them.
pub fn matrix(memory: &[f32], rows: usize) -> Tile<'_> {
    Tile::matrix(memory, rows, memory.len() / rows.max(1))
}

/// As [`matrix`], to write.
///
/// # Panics
/// As [`matrix`].
pub fn dense(memory: &mut [f32], rows: usize) -> TileMut<'_> {
    let cols = memory.len() / rows.max(1);
    TileMut::new(memory, rows, cols, cols)
}
