//! Views of bit masks: one bit per element of a matrix, 1 = kept.
//!
//! Column c of a row is bit c mod 32 of word c / 32, so a row of the full matrix takes
//! ⌈columns / 32⌉ words. A view covers the columns from 32 · `first_word` on; threads that own
//! different word columns of one mask hold disjoint views.

use std::marker::PhantomData;

/// Words reached by a view of this geometry, counted from word 0 of its first row.
const fn extent(rows: usize, row_stride: usize, first_word: usize, cols: usize) -> usize {
    if rows == 0 || cols == 0 {
        0
    } else {
        (rows - 1) * row_stride + first_word + cols.div_ceil(32)
    }
}

/// A read-only view: word `(r, w)` is at `r * row_stride + first_word + w`.
#[derive(Clone, Copy, Debug)]
pub struct Mask<'a> {
    ptr: *const u32,
    rows: usize,
    row_stride: usize,
    first_word: usize,
    cols: usize,
    owner: PhantomData<&'a [u32]>,
}

// SAFETY: a mask is a shared borrow of u32 values.
unsafe impl Send for Mask<'_> {}
// SAFETY: a mask is a shared borrow of u32 values.
unsafe impl Sync for Mask<'_> {}

impl<'a> Mask<'a> {
    /// A view of `data`, which starts at word 0 of the view's first row.
    ///
    /// # Panics
    /// When the view reaches past the end of `data`.
    pub fn new(
        data: &'a [u32],
        rows: usize,
        row_stride: usize,
        first_word: usize,
        cols: usize,
    ) -> Self {
        assert!(extent(rows, row_stride, first_word, cols) <= data.len(), "mask outside its slice");
        Mask { ptr: data.as_ptr(), rows, row_stride, first_word, cols, owner: PhantomData }
    }

    /// A view of memory the caller vouches for; `ptr` is word 0 of the first row.
    ///
    /// # Safety
    /// Every word of the view is readable, and nobody writes it, for `'a`.
    pub const unsafe fn from_raw(
        ptr: *const u32,
        rows: usize,
        row_stride: usize,
        first_word: usize,
        cols: usize,
    ) -> Self {
        Mask { ptr, rows, row_stride, first_word, cols, owner: PhantomData }
    }

    /// Number of rows.
    pub const fn rows(self) -> usize {
        self.rows
    }
    /// Number of columns of the view.
    pub const fn cols(self) -> usize {
        self.cols
    }
    /// Words from one row to the next.
    pub const fn row_stride(self) -> usize {
        self.row_stride
    }
    /// Bits that are set in row `row`.
    ///
    /// # Panics
    /// When there is no such row.
    pub fn count(self, row: usize) -> usize {
        assert!(row < self.rows, "row {row} of {}", self.rows);
        let words = self.cols.div_ceil(32);
        let last = u32::MAX >> (words * 32 - self.cols);
        let word = |w: usize| {
            // SAFETY: the word is one of the view's.
            let word = unsafe { self.word(row, w) };
            if w + 1 == words { word & last } else { word }
        };
        (0..words).map(|w| word(w).count_ones() as usize).sum()
    }
    /// Word `word` of row `row`.
    ///
    /// # Safety
    /// The view has this row and this word of a row.
    #[inline(always)]
    pub(crate) unsafe fn word(self, row: usize, word: usize) -> u32 {
        debug_assert!(row < self.rows && word < self.cols.div_ceil(32));
        // SAFETY: the word is part of the view.
        unsafe { *self.first_ptr().add(row * self.row_stride + word) }
    }
    /// The address of the view's first word.
    pub(crate) const fn first_ptr(self) -> *const u32 {
        self.ptr.wrapping_add(self.first_word)
    }
}

/// A writable view: word `(r, w)` is at `r * row_stride + first_word + w`.
#[derive(Debug)]
pub struct MaskMut<'a> {
    ptr: *mut u32,
    rows: usize,
    row_stride: usize,
    first_word: usize,
    cols: usize,
    owner: PhantomData<&'a mut [u32]>,
}

// SAFETY: a writable mask is an exclusive borrow of u32 values.
unsafe impl Send for MaskMut<'_> {}

impl<'a> MaskMut<'a> {
    /// A writable view of `data`, which starts at word 0 of the view's first row.
    ///
    /// # Panics
    /// When the view reaches past the end of `data`.
    pub fn new(
        data: &'a mut [u32],
        rows: usize,
        row_stride: usize,
        first_word: usize,
        cols: usize,
    ) -> Self {
        assert!(extent(rows, row_stride, first_word, cols) <= data.len(), "mask outside its slice");
        MaskMut { ptr: data.as_mut_ptr(), rows, row_stride, first_word, cols, owner: PhantomData }
    }

    /// A writable view of memory the caller vouches for; `ptr` is word 0 of the first row.
    ///
    /// # Safety
    /// Every word of the view is writable, and nobody else touches it, for `'a`.
    pub const unsafe fn from_raw(
        ptr: *mut u32,
        rows: usize,
        row_stride: usize,
        first_word: usize,
        cols: usize,
    ) -> Self {
        MaskMut { ptr, rows, row_stride, first_word, cols, owner: PhantomData }
    }

    /// Number of rows.
    pub const fn rows(&self) -> usize {
        self.rows
    }
    /// Number of columns of the view.
    pub const fn cols(&self) -> usize {
        self.cols
    }
    /// Words from one row to the next.
    pub const fn row_stride(&self) -> usize {
        self.row_stride
    }
    /// Words of a full row before the view.
    pub const fn first_word(&self) -> usize {
        self.first_word
    }
    /// Writes word `word` of row `row`.
    ///
    /// # Safety
    /// The view has this row and this word of a row.
    #[inline(always)]
    pub(crate) unsafe fn set_word(&mut self, row: usize, word: usize, bits: u32) {
        debug_assert!(row < self.rows && word < self.cols.div_ceil(32));
        // SAFETY: the word is part of the view.
        unsafe { *self.ptr.add(row * self.row_stride + self.first_word + word) = bits }
    }
}
