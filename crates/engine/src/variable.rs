//! A variable: the memory of one weight, statistic or optimizer slot.
//!
//! It belongs to whoever created it (a layer, an optimizer) and is shared by every program that
//! uses it. A matrix is stored in column panels, so that a GEMM, its weight gradient and the
//! optimizer all walk adjacent memory; readers and writers outside a program see row-major order.

use crate::error::{Error, Result};
use crate::tensor::{DType, Tensor, Words, count};
use parking_lot::RwLock;
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{self, Penalty};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Columns of a panel.
pub const PANEL: usize = 32;

/// How the elements of a buffer stand in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Row-major, dense.
    Plain,
    /// A matrix cut into panels of [`PANEL`] columns: each panel dense, one after the other.
    Panels,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Variable {
    id: u64,
    name: RwLock<String>,
    shape: Vec<usize>,
    dtype: DType,
    layout: Layout,
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
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Ok(Arc::new(Variable {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            name: RwLock::new(name.to_owned()),
            shape: shape.to_vec(),
            dtype,
            layout: if shape.len() == 2 { Layout::Panels } else { Layout::Plain },
            words: Arc::new(RwLock::new(Words::zeroed(count(shape)?)?)),
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

    /// The penalty on the contents, summed in storage order.
    pub(crate) fn penalty(&self, isa: Isa, penalty: &Penalty) -> f64 {
        let words = self.words.read();
        let blocks = words.as_slice().chunks(4096);
        blocks.map(|b| f64::from(update::penalty(isa, penalty, bytemuck::cast_slice(b)))).sum()
    }

    /// A copy in row-major order, taken between two training steps.
    pub fn read(&self) -> Tensor {
        let words = self.words.read();
        let mut plain = words.as_slice().to_vec();
        if self.layout == Layout::Panels {
            from_panels(words.as_slice(), self.shape[0], self.shape[1], &mut plain);
        }
        Tensor { shape: self.shape.clone(), dtype: self.dtype, words: plain }
    }

    /// Replaces the contents, between two training steps.
    ///
    /// # Errors
    /// `ERR_SHAPE` or `ERR_DTYPE` when `value` does not fit.
    pub fn write(&self, value: &Tensor) -> Result<()> {
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
        let mut words = self.words.write();
        match self.layout {
            Layout::Plain => words.as_mut_slice().copy_from_slice(&value.words),
            Layout::Panels => {
                to_panels(&value.words, self.shape[0], self.shape[1], words.as_mut_slice());
            }
        }
        Ok(())
    }
}

/// The panels of `cols` columns: for each its first column and its width.
pub fn panels(cols: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..cols).step_by(PANEL).map(move |first| (first, PANEL.min(cols - first)))
}

/// Row-major to panels.
pub fn to_panels(plain: &[u32], rows: usize, cols: usize, out: &mut [u32]) {
    for (first, width) in panels(cols) {
        for r in 0..rows {
            let at = first * rows + r * width;
            out[at..at + width].copy_from_slice(&plain[r * cols + first..][..width]);
        }
    }
}

/// Panels to row-major.
pub fn from_panels(panelled: &[u32], rows: usize, cols: usize, out: &mut [u32]) {
    for (first, width) in panels(cols) {
        for r in 0..rows {
            let at = first * rows + r * width;
            out[r * cols + first..][..width].copy_from_slice(&panelled[at..at + width]);
        }
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
        assert_eq!(variable.layout(), Layout::Panels);
        assert_eq!(variable.read(), tensor);
        // Row 1 of the first panel follows its row 0.
        assert_eq!(f32::from_bits(variable.words.read().as_slice()[32]), 70.0);
    }
}
