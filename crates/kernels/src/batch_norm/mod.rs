//! Batch normalization over the rows of a column block (channels last), with ReLU and dropout.
//!
//! y = γ (x − μ) / √(σ² + ε) + β per column, σ² the biased variance as in Keras.

mod backward;
mod forward;
mod inference;

pub use backward::backward;
pub use forward::{Epilogue, forward};
pub use inference::apply;

/// Whether every slice has one number per column.
fn per_column(cols: usize, slices: &[&[f32]]) -> bool {
    slices.iter().all(|slice| slice.len() == cols)
}
