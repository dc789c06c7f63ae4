//! Data: rows to learn from, and how a step is fed with them.

use crate::step::Feed;
use crate::tensor::Tensor;
use std::sync::Arc;

/// Rows to learn from or to evaluate on: one tensor for each input of the program.
pub type Data = Vec<Arc<Tensor>>;

/// How many rows there are.
pub fn rows(data: &Data) -> usize {
    data.first().and_then(|x| x.shape.first()).copied().unwrap_or(0)
}

/// One feed for each tensor.
pub fn feeds(data: &[Arc<Tensor>]) -> Vec<Feed> {
    data.iter()
        .map(|tensor| Feed {
            data: tensor.words.as_ptr(),
            rows: tensor.shape.first().copied().unwrap_or(1),
            width: tensor.shape.iter().skip(1).product(),
        })
        .collect()
}

/// One feed for each tensor, of the `count` rows from `start` on alone.
pub(crate) fn batch_of(data: &[Arc<Tensor>], start: usize, count: usize) -> Vec<Feed> {
    let part = |Feed { data, rows, width }: Feed| {
        assert!(start + count <= rows, "a batch outside its data");
        Feed { data: data.wrapping_add(start * width), rows: count, width }
    };
    feeds(data).into_iter().map(part).collect()
}
