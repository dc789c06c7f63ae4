//! Floats that start on a cache line, as the engine's buffers do.

use std::ops::{Deref, DerefMut};

/// A vector whose first element starts a cache line.
pub(crate) struct Aligned {
    data: Vec<f32>,
    skip: usize,
}

impl Aligned {
    /// `len` values.
    pub(crate) fn new(len: usize, value: impl FnMut(usize) -> f32) -> Self {
        let mut data = vec![0.0; len + 15];
        let skip = data.as_ptr().align_offset(64);
        data.truncate(skip + len);
        data[skip..].iter_mut().zip((0..len).map(value)).for_each(|(x, v)| *x = v);
        Aligned { data, skip }
    }
}

impl Deref for Aligned {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.data[self.skip..]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data[self.skip..]
    }
}
