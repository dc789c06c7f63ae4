//! Axis permutation of 4-byte elements.
//!
//! Axes of extent 1 vanish and axes that stay neighbours become one. What is left either copies
//! contiguous runs or transposes a plane, in blocks of 8 × 8 so that both sides move whole parts
//! of cache lines.

/// The most axes a tensor may have.
pub const MAX_RANK: usize = 8;

/// The side of a transposition block.
const BLOCK: usize = 8;

/// One axis of the result.
#[derive(Clone, Copy, Default)]
struct Axis {
    extent: usize,
    /// Elements from one index to the next in x and in y.
    from: usize,
    to: usize,
}

/// Axis `i` of `y` is axis `permutation[i]` of `x`, which has the shape `shape`.
///
/// # Panics
/// When the rank is above [`MAX_RANK`], `permutation` is not a permutation of the axes, or a
/// length is not the shape's.
pub fn permute(x: &[u32], shape: &[usize], permutation: &[usize], y: &mut [u32]) {
    let rank = shape.len();
    assert!(rank <= MAX_RANK && permutation.len() == rank, "permute: ranks differ or above 8");
    let axes_seen = permutation.iter().fold(0u32, |seen, &axis| seen | 1 << axis.min(31));
    assert_eq!(axes_seen, (1 << rank) - 1, "permute: not a permutation");
    let size: usize = shape.iter().product();
    assert!(x.len() == size && y.len() == size, "permute: lengths differ from the shape");
    if size == 0 {
        return;
    }
    let mut storage = [Axis::default(); MAX_RANK];
    let axes = result_axes(shape, permutation, &mut storage);
    let Some((&last, outer)) = axes.split_last() else {
        y.copy_from_slice(x);
        return;
    };
    if last.from == 1 {
        each_offset(outer, |from, to| {
            y[to..to + last.extent].copy_from_slice(&x[from..from + last.extent]);
        });
        return;
    }
    // x's own last axis is somewhere among the outer ones: those two span the plane.
    let mut others = [Axis::default(); MAX_RANK];
    let (mut rows, mut count) = (last, 0);
    for &axis in outer {
        if axis.from == 1 {
            rows = axis;
        } else {
            others[count] = axis;
            count += 1;
        }
    }
    each_offset(&others[..count], |from, to| transpose(&x[from..], &mut y[to..], rows, last));
}

/// The axes of the result from the outermost, without those of extent 1 and with neighbours
/// merged.
fn result_axes<'a>(
    shape: &[usize],
    permutation: &[usize],
    storage: &'a mut [Axis; MAX_RANK],
) -> &'a [Axis] {
    let mut strides = [1; MAX_RANK];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i];
    }
    let mut count = 0;
    for &p in permutation.iter().filter(|&&p| shape[p] != 1) {
        let axis = Axis { extent: shape[p], from: strides[p], to: 0 };
        if count > 0 && storage[count - 1].from == axis.extent * axis.from {
            let merged = &mut storage[count - 1];
            *merged = Axis { extent: merged.extent * axis.extent, ..axis };
        } else {
            storage[count] = axis;
            count += 1;
        }
    }
    let axes = &mut storage[..count];
    let mut stride = 1;
    for axis in axes.iter_mut().rev() {
        axis.to = stride;
        stride *= axis.extent;
    }
    axes
}

/// Calls `visit` with the offsets in x and y of every index of `axes`.
fn each_offset(axes: &[Axis], mut visit: impl FnMut(usize, usize)) {
    let mut index = [0; MAX_RANK];
    let (mut from, mut to) = (0, 0);
    loop {
        visit(from, to);
        let mut i = axes.len();
        loop {
            if i == 0 {
                return;
            }
            i -= 1;
            let axis = axes[i];
            index[i] += 1;
            from += axis.from;
            to += axis.to;
            if index[i] < axis.extent {
                break;
            }
            from -= axis.extent * axis.from;
            to -= axis.extent * axis.to;
            index[i] = 0;
        }
    }
}

/// Transposes a plane: `rows` is contiguous in x, `cols` in y.
fn transpose(x: &[u32], y: &mut [u32], rows: Axis, cols: Axis) {
    for r in (0..rows.extent).step_by(BLOCK) {
        for c in (0..cols.extent).step_by(BLOCK) {
            if r + BLOCK <= rows.extent && c + BLOCK <= cols.extent {
                let mut block = [[0; BLOCK]; BLOCK];
                for j in 0..BLOCK {
                    let start = (c + j) * cols.from + r;
                    let line = &x[start..start + BLOCK];
                    for (row, &element) in block.iter_mut().zip(line) {
                        row[j] = element;
                    }
                }
                for (i, row) in block.iter().enumerate() {
                    let start = (r + i) * rows.to + c;
                    y[start..start + BLOCK].copy_from_slice(row);
                }
            } else {
                for i in r..rows.extent.min(r + BLOCK) {
                    for j in c..cols.extent.min(c + BLOCK) {
                        y[i * rows.to + j] = x[j * cols.from + i];
                    }
                }
            }
        }
    }
}
