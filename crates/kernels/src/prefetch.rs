//! Asking for memory before it is needed.
//!
//! The hardware follows a stream once it is read, and only to the end of its page: short streams
//! and long ones in many pages are better asked for.

use crate::Tile;

/// Words in a cache line.
pub(crate) const LINE: usize = 16;

/// Asks for the cache line at `p`, which need not be readable: into L1, or only into L2.
#[inline(always)]
pub(crate) fn prefetch<const L1: bool>(p: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch has no effect but on the cache, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
        if L1 {
            _mm_prefetch::<_MM_HINT_T0>(p.cast());
        } else {
            _mm_prefetch::<_MM_HINT_T1>(p.cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = p;
}

/// Asks for the lines of rows with adjacent columns, into L2.
pub fn fetch_rows(of: Tile) {
    rows(of.as_ptr(), of.row_stride(), of.rows(), of.cols());
}

/// Asks for the lines of so many rows of `cols` floats, `stride` apart, into L2; they need not be readable.
#[inline(always)]
pub(crate) fn rows(first: *const f32, stride: usize, rows: usize, cols: usize) {
    for row in 0..rows {
        for at in (0..cols).step_by(LINE) {
            prefetch::<false>(first.wrapping_add(row * stride + at));
        }
    }
}

/// Asks for all lines of `memory`, which need not be readable.
pub fn fetch(memory: *const [u32]) {
    for at in (0..memory.len()).step_by(LINE) {
        prefetch::<true>(memory.cast::<f32>().wrapping_add(at));
    }
}
