//! Cross-entropy from logits, with the probabilities kept for its gradient.

mod dense;
mod sigmoid;
mod sparse;

pub use dense::{softmax_cross_entropy, softmax_cross_entropy_backward};
pub use sigmoid::{sigmoid_cross_entropy, sigmoid_cross_entropy_backward};
pub use sparse::{sparse_softmax_cross_entropy, sparse_softmax_cross_entropy_backward};
