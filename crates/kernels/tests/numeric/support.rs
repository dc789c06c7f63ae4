//! Inputs, tolerances and padded matrices for the tests.

use ridgeline_kernels::rng::{Key, fill_normal};
use ridgeline_kernels::{Tile, TileMut};

/// Sizes around every vector width and unrolling.
pub const SIZES: [usize; 16] = [0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 130, 4100];

/// A key of stream `stream`.
pub fn key(stream: u32) -> Key {
    Key { seed: 0x1234_5678_9abc_def0, stream, step: 7, time: 0 }
}

/// Standard normal numbers.
pub fn noise(stream: u32, n: usize) -> Vec<f32> {
    let mut y = vec![0.0; n];
    fill_normal(key(stream), 0.0, 1.0, &mut y);
    y
}

/// Asserts |actual − expected| ≤ relative · |expected| + absolute, NaN matching NaN.
#[track_caller]
pub fn close(actual: f32, expected: f64, relative: f64, absolute: f64, what: &str) {
    let same = f64::from(actual) == expected || actual.is_nan() && expected.is_nan();
    let error = (f64::from(actual) - expected).abs();
    assert!(
        same || error <= relative * expected.abs() + absolute,
        "{what}: {actual} instead of {expected}, off by {error:e}"
    );
}

/// [`close`] for every element.
#[track_caller]
pub fn all_close(actual: &[f32], expected: &[f64], relative: f64, absolute: f64, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}");
    for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        close(a, e, relative, absolute, &format!("{what} [{i}]"));
    }
}

/// What padding holds, and must still hold after a kernel ran.
const GUARD: f32 = 12345.0;

/// A matrix with padding after each row and around the whole.
#[derive(Clone)]
pub struct Padded {
    data: Vec<f32>,
    rows: usize,
    cols: usize,
}

const PAD: usize = 5;

impl Padded {
    pub fn new(rows: usize, cols: usize, values: &[f32]) -> Self {
        assert_eq!(values.len(), rows * cols);
        let mut data = vec![GUARD; PAD + rows * (cols + PAD)];
        for (r, row) in values.chunks(cols.max(1)).enumerate() {
            let start = PAD + r * (cols + PAD);
            data[start..start + cols].copy_from_slice(row);
        }
        Padded { data, rows, cols }
    }

    /// A matrix to be written.
    pub fn empty(rows: usize, cols: usize) -> Self {
        Padded::new(rows, cols, &vec![f32::NAN; rows * cols])
    }

    pub fn tile(&self) -> Tile<'_> {
        Tile::new(&self.data[PAD..], self.rows, self.cols, self.cols + PAD, 1)
    }

    pub fn tile_mut(&mut self) -> TileMut<'_> {
        TileMut::new(&mut self.data[PAD..], self.rows, self.cols, self.cols + PAD)
    }

    /// The elements, after checking that the padding is untouched.
    #[track_caller]
    pub fn values(&self) -> Vec<f32> {
        let (padding, rows) = self.data.split_at(PAD);
        assert!(padding.iter().all(|&x| x == GUARD), "written before the first row");
        let mut values = Vec::new();
        for row in rows.chunks(self.cols + PAD) {
            values.extend_from_slice(&row[..self.cols]);
            assert!(row[self.cols..].iter().all(|&x| x == GUARD), "written past a row");
        }
        values
    }
}
