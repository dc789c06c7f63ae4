//! A product `aᵀ·b` with more rows than columns, made as its transpose `bᵀ·a`: of two operands that come from far, the
//! narrower one is transposed first, and the wider one is read as it lies.

use super::product::{NS_PER_FMA, gemm_scratch, sum_grain};
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::Axes;
use ridgeline_kernels::gemm::{Start, gemm};
use ridgeline_kernels::tile::{dense, matrix};
use ridgeline_kernels::transposition::transpose;

/// Lowers `y = aᵀ·b`.
pub(super) fn transposed_product(lower: &mut Lower, a: &Buffer, b: &Buffer, y: &Buffer) {
    let (m, n, k) = (y.leading(), y.last(), a.leading());
    let b = lower.transposed(b);
    // Rows of y are columns of a, which no view can say: it is read whole.
    lower
        .task(m, n)
        .split(Axes::ROWS)
        .cost(k as f64 * NS_PER_FMA)
        .grain(sum_grain(k), 1)
        .scratch(m * n + gemm_scratch(n, m, k))
        .read(a.matrix())
        .read(b.matrix())
        .write(y.matrix().along(Axes::ROWS))
        .run(move |f| {
            let a = f.tile(0).part(0..k, f.rows());
            let (result, scratch) = f.scratch().split_at_mut(n * a.cols());
            gemm(f.isa, f.tile(1), a, dense(result, n), Start::Zero, scratch);
            transpose(f.isa, matrix(result, n), f.tile_mut(0));
        });
}
