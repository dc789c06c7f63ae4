//! A variable: the memory of one weight, statistic or optimizer slot.
//!
//! It belongs to whoever created it (a layer, an optimizer) and is shared by every program that
//! uses it. Whatever its rank, it is a matrix of all leading axes by the last one. That is stored as
//! GEMM reads it, in column panels, so that a step packs no weight, and weight gradient and
//! optimizer walk adjacent memory; readers and writers outside a program see row-major order. What
//! is derived from a variable is good for one version of it.

use crate::error::{Error, Result};
use crate::memory::reserve;
use crate::tensor::{DType, Tensor, count};
use crate::words::Words;
use parking_lot::RwLock;
use ridgeline_kernels::Isa;
use ridgeline_kernels::gemm::panel_width;
use ridgeline_kernels::update::{self, Penalty};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How the elements of a buffer stand in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Row-major, dense.
    Plain,
    /// A matrix cut into panels of so many columns: each panel dense, one after the other, zeros
    /// past the last column. The layout of `ridgeline_kernels::gemm::Packed`.
    Panels(usize),
    /// Row-major, a row so many words after the one before it.
    Spread(usize),
}

impl Layout {
    /// The layout of a variable: panels for a matrix that fills half of one or more.
    fn of(isa: Isa, shape: &[usize], dtype: DType) -> Layout {
        let width = panel_width(isa);
        match shape {
            [_, .., cols] if dtype == DType::F32 && 2 * cols >= width => Layout::Panels(width),
            _ => Layout::Plain,
        }
    }

    /// Words that a matrix takes.
    pub(crate) fn words(self, rows: usize, cols: usize) -> usize {
        match self {
            Layout::Plain => rows * cols,
            Layout::Panels(width) => rows * cols.next_multiple_of(width),
            Layout::Spread(stride) => rows * stride,
        }
    }

    /// The layout that serves work on columns of a matrix of so many: rows a power of two apart
    /// would all meet in a few sets of the near caches.
    pub(crate) fn for_columns(cols: usize) -> Layout {
        const COLLIDING: usize = 128;
        const LINE: usize = 16;
        match cols {
            0 => Layout::Plain,
            _ if cols.is_multiple_of(COLLIDING) => Layout::Spread(cols + LINE),
            _ => Layout::Plain,
        }
    }
}

/// See the module documentation.
#[derive(Debug)]
pub struct Variable {
    id: u64,
    name: RwLock<String>,
    shape: Vec<usize>,
    dtype: DType,
    layout: Layout,
    version: AtomicU64,
    pub(crate) words: Arc<RwLock<Words>>,
}

impl Variable {
    /// A variable holding `initial`.
    ///
    /// # Errors
    /// `ERR_MEMORY` when it cannot be allocated.
    pub fn new(name: &str, initial: &Tensor) -> Result<Arc<Variable>> {
        let variable = Variable::zeros(name, &initial.shape, initial.dtype)?;
        variable.write(initial)?;
        Ok(variable)
    }

    /// A variable of zeros.
    ///
    /// # Errors
    /// `ERR_SHAPE` or `ERR_MEMORY` when it is too large.
    pub fn zeros(name: &str, shape: &[usize], dtype: DType) -> Result<Arc<Variable>> {
        let isa = Isa::current().map_err(Error::argument)?;
        Variable::laid_out(name, shape, dtype, Layout::of(isa, shape, dtype))
    }

    /// As [`Variable::zeros`], each row in one piece: for what is read row by row.
    ///
    /// # Errors
    /// As [`Variable::zeros`].
    pub fn rows_apart(name: &str, shape: &[usize], dtype: DType) -> Result<Arc<Variable>> {
        Variable::laid_out(name, shape, dtype, Layout::Plain)
    }

    fn laid_out(
        name: &str,
        shape: &[usize],
        dtype: DType,
        layout: Layout,
    ) -> Result<Arc<Variable>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        count(shape)?;
        let (rows, cols) = matrix(shape);
        let words = match layout {
            Layout::Panels(width) => count(&[rows, cols.next_multiple_of(width)])?,
            _ => rows * cols,
        };
        Ok(Arc::new(Variable {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            name: RwLock::new(name.to_owned()),
            shape: shape.to_vec(),
            dtype,
            layout,
            version: AtomicU64::new(0),
            words: Arc::new(RwLock::new(Words::zeroed(words)?)),
        }))
    }

    /// Order in which several variables are locked, so that no two runs wait for each other.
    pub fn id(&self) -> u64 {
        self.id
    }
    /// Path of the variable, such as `dense/kernel`.
    pub fn name(&self) -> String {
        self.name.read().clone()
    }
    /// Gives it another path, once the model it belongs to is known.
    pub fn rename(&self, name: &str) {
        name.clone_into(&mut self.name.write());
    }
    /// Its sizes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }
    /// Its element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }
    /// How it stands in memory.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Rows of it as a matrix: the product of all axes but the last.
    pub fn rows(&self) -> usize {
        matrix(&self.shape).0
    }
    /// Columns of it as a matrix: the last axis.
    pub fn cols(&self) -> usize {
        matrix(&self.shape).1
    }
    /// A number that grows with every write. Whoever asks for it before reading the contents has
    /// them as they were then, or later.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
    /// Says that the contents have been written.
    pub(crate) fn written(&self) {
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Bytes of its memory.
    pub fn bytes(&self) -> usize {
        self.layout.words(self.rows(), self.cols()) * size_of::<u32>()
    }

    /// The penalty on the contents, summed in storage order.
    pub(crate) fn penalty(&self, isa: Isa, penalty: &Penalty) -> f64 {
        let words = self.words.read();
        let blocks = words.as_slice().chunks(4096);
        blocks.map(|b| f64::from(update::penalty(isa, penalty, bytemuck::cast_slice(b)))).sum()
    }

    /// A copy in row-major order, taken between two training steps.
    ///
    /// # Errors
    /// `ERR_MEMORY` when there is none for it.
    pub fn read(&self) -> Result<Tensor> {
        self.copy(self.words.read().as_slice())
    }

    /// A copy of `words`, which are the contents, in row-major order.
    pub(crate) fn copy(&self, words: &[u32]) -> Result<Tensor> {
        let (rows, cols) = matrix(&self.shape);
        let mut plain = reserve(rows * cols)?;
        match self.layout {
            Layout::Panels(width) => {
                plain.resize(rows * cols, 0);
                from_panels(words, rows, cols, width, 0..rows, &mut plain);
            }
            _ => plain.extend_from_slice(words),
        }
        Ok(Tensor { shape: self.shape.clone(), dtype: self.dtype, words: plain })
    }

    /// Replaces the contents, between two training steps.
    ///
    /// # Errors
    /// `ERR_SHAPE` or `ERR_DTYPE` when `value` does not fit.
    pub fn write(&self, value: &Tensor) -> Result<()> {
        self.check(value)?;
        self.put(value, &mut self.words.write());
        Ok(())
    }

    /// Whether `value` can be the contents.
    pub(crate) fn check(&self, value: &Tensor) -> Result<()> {
        if value.shape != self.shape {
            return Err(Error::shape(format!(
                "weight '{}' has shape {:?}, received {:?}",
                self.name(),
                self.shape,
                value.shape
            )));
        }
        if value.dtype != self.dtype {
            return Err(Error::dtype(format!(
                "weight '{}' is {}, received {}",
                self.name(),
                self.dtype,
                value.dtype
            )));
        }
        Ok(())
    }

    /// Puts a value that fits into `words`, which are the contents.
    pub(crate) fn put(&self, value: &Tensor, words: &mut Words) {
        match self.layout {
            Layout::Panels(width) => {
                let (rows, cols) = matrix(&self.shape);
                to_panels(&value.words, rows, cols, width, words.as_mut_slice());
            }
            _ => words.as_mut_slice().copy_from_slice(&value.words),
        }
        self.written();
    }
}

/// Rows and columns of a shape: all axes but the last, and the last.
fn matrix(shape: &[usize]) -> (usize, usize) {
    let (&cols, leading) = shape.split_last().unwrap_or((&1, &[]));
    (leading.iter().product(), cols)
}

/// Row-major to panels of `width` columns.
pub(crate) fn to_panels(plain: &[u32], rows: usize, cols: usize, width: usize, out: &mut [u32]) {
    for (panel, first) in out.chunks_exact_mut((rows * width).max(1)).zip((0..cols).step_by(width))
    {
        let some = width.min(cols - first);
        for (r, row) in panel.chunks_exact_mut(width).enumerate() {
            row[..some].copy_from_slice(&plain[r * cols + first..][..some]);
            row[some..].fill(0);
        }
    }
}

/// Some rows of `rows` in panels of `width` columns to row-major.
pub(crate) fn from_panels(
    panels: &[u32],
    rows: usize,
    cols: usize,
    width: usize,
    some_rows: Range<usize>,
    out: &mut [u32],
) {
    for (panel, first) in panels.chunks_exact((rows * width).max(1)).zip((0..cols).step_by(width)) {
        let some = width.min(cols - first);
        let panel = &panel[some_rows.start * width..some_rows.end * width];
        for (r, row) in panel.chunks_exact(width).enumerate() {
            out[r * cols + first..][..some].copy_from_slice(&row[..some]);
        }
    }
}

/// Some rows of those that lie `stride` apart to rows that do not.
pub(crate) fn from_spread(
    spread: &[u32],
    cols: usize,
    stride: usize,
    some_rows: Range<usize>,
    out: &mut [u32],
) {
    let rows = spread[some_rows.start * stride..].chunks(stride);
    for (row, out) in rows.zip(out.chunks_exact_mut(cols)) {
        out.copy_from_slice(&row[..cols]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_comes_back_in_row_major_order() {
        let values: Vec<f32> = (0..3 * 70).map(|i| i as f32).collect();
        let tensor = Tensor::f32(&[3, 70], &values).unwrap();
        let variable = Variable::new("w", &tensor).unwrap();
        assert_eq!(variable.read().unwrap(), tensor);
        let Layout::Panels(width) = variable.layout() else { panic!("a matrix in panels") };
        // Row 1 of the first panel follows its row 0, and zeros the last column.
        let words = variable.words.read();
        assert_eq!(f32::from_bits(words.as_slice()[width]), 70.0);
        assert_eq!(words.as_slice().len(), 3 * 70usize.next_multiple_of(width));
        assert_eq!(words.as_slice().last(), Some(&0));
    }

    #[test]
    fn any_rank_is_a_matrix_with_a_version() {
        let values: Vec<f32> = (0..2 * 3 * 70).map(|i| i as f32).collect();
        let tensor = Tensor::f32(&[2, 3, 70], &values).unwrap();
        let variable = Variable::zeros("w", &[2, 3, 70], DType::F32).unwrap();
        assert!(matches!(variable.layout(), Layout::Panels(_)));
        assert_eq!((variable.rows(), variable.cols(), variable.version()), (6, 70, 0));
        variable.write(&tensor).unwrap();
        assert_eq!((variable.read().unwrap(), variable.version()), (tensor, 1));
        let scalar = Variable::new("s", &Tensor::scalar(2.0)).unwrap();
        assert_eq!((scalar.rows(), scalar.cols(), scalar.bytes()), (1, 1, 4));
    }

    #[test]
    fn some_rows_come_out_alone() {
        let (rows, cols) = (7, 70usize);
        let plain: Vec<u32> = (0..490).collect();
        let part = &plain[2 * cols..5 * cols];
        let mut out = vec![0; part.len()];
        for width in [4, 16, 32] {
            let mut panels = vec![9; rows * cols.next_multiple_of(width)];
            to_panels(&plain, rows, cols, width, &mut panels);
            from_panels(&panels, rows, cols, width, 2..5, &mut out);
            assert_eq!(out, part, "{width}");
        }
        let spread: Vec<u32> =
            plain.chunks(cols).flat_map(|row| [row, &[9; 16]].concat()).collect();
        out.fill(0);
        from_spread(&spread, cols, cols + 16, 2..5, &mut out);
        assert_eq!(out, part);
    }
}
