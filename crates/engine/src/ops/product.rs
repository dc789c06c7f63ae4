//! Products of two matrices as tasks: how they are cut, and which operands are brought into another order first.

use super::transposed_product::transposed_product;
use crate::error::{Error, Result};
use crate::plan::Rows;
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, UNIT};
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use ridgeline_kernels::Isa;
use ridgeline_kernels::gemm::{
    Finish, PackedMut, Right, Start, gemm_before, pack, panel_width, scratch_len,
};

/// Nanoseconds of one core for a multiply-add, for cutting chunks.
pub(super) const NS_PER_FMA: f64 = 0.02;
/// Nanoseconds to bring an element of b, which with few rows take longer than its multiply-adds.
const NS_PER_LOAD: f64 = 0.12;
/// Rows of a batch from which on those that are cut by rows read weights no more often than others
/// read rows.
const MANY_ROWS: usize = 256;
/// Rows, such as all steps of all samples, that are cut rather than columns where the other operand is small.
const TALL: usize = 1024;
/// Elements of an operand that stays in a near cache beside what meets it.
const SMALL: usize = 1 << 16;
/// Rows of a chunk that use a weight well.
const GRAIN: usize = 32;
/// Columns of a chunk that use well what is summed over many rows, which comes from far.
const BROAD: usize = 64;
/// Columns of a chunk of a single row: several panels at once, since few sums wait for each other (a fifth of the time of
/// such a prediction).
const ONE_ROW: usize = 128;
/// Columns of a product from which on a transposed left operand is copied first: its columns are then streams to every
/// chunk, which takes an eighth less (measured on Zen 3). Fewer columns would not pay for the copy.
const WIDE: usize = 1024;
/// The same in panels, where it is summed over many rows: what lies so far apart takes a third more time without (60 to 75 %
/// of the peak rather than 82 to 92).
const WIDE_PANELS: usize = 32;

/// # Errors
/// `ERR_DTYPE` unless all operands are float32.
pub(super) fn floats(name: &str, inputs: &[&TensorType]) -> Result<()> {
    match inputs.iter().find(|t| t.dtype != DType::F32) {
        Some(t) => Err(Error::dtype(format!("{name} expects float32, received {}", t.dtype))),
        None => Ok(()),
    }
}

/// Columns that a chunk of a product summed over `k` rows of two matrices should have at least.
pub(super) const fn sum_grain(k: usize) -> usize {
    if k > TALL { BROAD } else { 1 }
}

/// Columns from which on it pays to transpose the other operand of a product summed over `k` rows.
fn wide_columns(k: usize) -> Result<usize> {
    let isa = Isa::current().map_err(Error::argument)?;
    Ok(if k > TALL { WIDE.min(WIDE_PANELS * panel_width(isa)) } else { WIDE })
}

/// Scratch for a GEMM of this shape on any level.
pub(super) fn gemm_scratch(m: usize, n: usize, k: usize) -> usize {
    Isa::available().map(|isa| scratch_len(isa, m, n, k)).max().unwrap_or(0)
}

/// Lowers a product of two matrices, of which `b` and `y` may stand in panels.
pub(super) fn product(
    lower: &mut Lower,
    a: &Buffer,
    transpose_a: bool,
    b: &Buffer,
    transpose_b: bool,
    bias: Option<&Buffer>,
    finish: Finish,
    y: &Buffer,
) -> Result<()> {
    let (a_rows, a_cols) = (a.leading(), a.last());
    let (m, k) = if transpose_a { (a_cols, a_rows) } else { (a_rows, a_cols) };
    let n = y.last();
    let least_cols = match (transpose_a, m) {
        (true, _) => sum_grain(k),
        (_, 1) => ONE_ROW,
        _ => 1,
    };
    let wide = wide_columns(k)?;
    let [b_panels, y_panels] = [b, y].map(|of| matches!(of.layout, Layout::Panels(_)));
    let is_bare = bias.is_none() && finish == Finish::Plain && !b_panels && !y_panels;
    if transpose_a && !transpose_b && is_bare && k > TALL && n < wide && m >= wide {
        transposed_product(lower, a, b, y);
        return Ok(());
    }
    let (a, transpose_a) = match transpose_a && n >= wide {
        true => (&lower.transposed(a), false),
        false => (a, transpose_a),
    };
    let (b, transpose_b) = match b.layout {
        Layout::Panels(_) if transpose_b => (&transposed_panels(lower, b), false),
        _ => (b, transpose_b),
    };
    // Cut by columns, a weight is read once in all and its layer's chain can follow; with fewer
    // than two units there is nothing to cut, and rows do.
    let by_cols = y_panels || n >= 2 * UNIT;
    // Far more rows than the other operand has: it stays in the near cache of whoever takes some of them.
    let is_tall = m >= TALL && k * n <= SMALL && !y_panels && !transpose_a;
    // Nothing in a prediction needs all rows at once, so many of them go through all layers together; in a loop they may
    // go through all turns.
    let is_many = lower.rows == Rows::InOrder && m >= MANY_ROWS;
    let through = (is_many || lower.is_in_loop()) && !y_panels;
    let split = match (is_tall, by_cols && !through) {
        (true, _) => Axes::ROWS,
        (_, true) => Axes::COLS,
        _ => Axes::BOTH,
    };
    let a_along = Axes { rows: !transpose_a, cols: false };
    // The columns of a transposed a are the task's rows, and the rows of a transposed b its columns,
    // which no view can say: they are read whole.
    let b_along = Axes { rows: false, cols: !transpose_b };
    let has_bias = bias.is_some();
    let mut task = lower
        .task(m, n)
        .split(split)
        .cost(k as f64 * NS_PER_FMA.max(NS_PER_LOAD / m.max(1) as f64))
        .grain(GRAIN, least_cols)
        .scratch(gemm_scratch(m, n, k))
        .fetches()
        .read(if transpose_a { a.matrix() } else { a.matrix().along(a_along) })
        .read(b.matrix().along(b_along))
        .write(y.matrix().along(split));
    if let Some(bias) = bias {
        task = task.read(bias.row());
    }
    task.run(move |f| {
        let start = if has_bias { Start::Bias(f.floats(2)) } else { Start::Zero };
        let a = match transpose_a {
            true => f.tile(0).part(0..k, f.rows()).transposed(),
            false => f.tile(0),
        };
        let b = match (b_panels, transpose_b) {
            (true, _) => Right::Packed(f.packed(1)),
            (false, false) => Right::Tile(f.tile(1)),
            (false, true) => Right::Tile(f.tile(1).part(f.cols(), 0..k).transposed()),
        };
        match y_panels {
            true => {
                gemm_before(f.isa, a, b, f.packed_mut(0), start, finish, &f.later(), f.scratch())
            }
            false => {
                gemm_before(f.isa, a, b, f.tile_mut(0), start, finish, &f.later(), f.scratch())
            }
        }
    });
    Ok(())
}

/// The transpose of a matrix in panels, in panels again. It is made ahead of the products that use
/// it, so the update of a weight need not wait for them.
fn transposed_panels(lower: &mut Lower, b: &Buffer) -> Buffer {
    let (n, k) = (b.leading(), b.last());
    let y = lower.temporary(&[k, n], b.dtype, b.layout);
    // Its columns are rows of b, which no view can say: b is read whole.
    lower
        .task(k, n)
        .split(Axes::COLS)
        .cost(0.2)
        .read(b.matrix())
        .write(y.matrix().along(Axes::COLS))
        .run(move |f| {
            let (rows, width) = (f.cols(), panel_width(f.isa));
            let to = f.floats_mut(0);
            // Panel by panel of the one, slab by slab of the other.
            for (first, panel) in f.panels(0) {
                for (slab, row) in rows.clone().step_by(width).enumerate() {
                    let rows = panel.part(row..rows.end.min(row + width), 0..panel.cols());
                    let to = &mut to[(slab * k + first) * width..];
                    let to = PackedMut::new(f.isa, to, panel.cols(), rows.rows());
                    pack(f.isa, rows.transposed(), to);
                }
            }
        });
    y
}
