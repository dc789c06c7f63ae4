//! Rows added where they were picked.

use crate::support::{Padded, all_close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::scatter::scatter_add;

#[test]
fn rows_are_added_at_their_indices() {
    // Twice the same row, from the end, and two groups of rows of the table.
    let (axis, indices) = (5, [3, -1, 3, 0]);
    for cols in [1, 7, 16, 33] {
        let dy = noise(1, 2 * indices.len() * cols);
        let mut expected = vec![0.0; 2 * axis * cols];
        for (row, values) in dy.chunks(cols).enumerate() {
            let index = indices[row % indices.len()];
            let at = (row / indices.len()) * axis
                + (index + if index < 0 { axis as i32 } else { 0 }) as usize;
            for (to, x) in expected[at * cols..(at + 1) * cols].iter_mut().zip(values) {
                *to += f64::from(*x);
            }
        }
        let dy = Padded::new(2 * indices.len(), cols, &dy);
        for isa in Isa::available() {
            let mut dx = Padded::empty(2 * axis, cols);
            scatter_add(isa, dy.tile(), &indices, axis, dx.tile_mut());
            all_close(&dx.values(), &expected, 1e-6, 1e-6, "scatter_add");
        }
    }
}

#[test]
#[should_panic(expected = "an index outside the axis")]
fn an_index_outside_is_refused() {
    let dy = Padded::new(1, 3, &[1.0; 3]);
    let mut dx = Padded::empty(2, 3);
    scatter_add(Isa::available().next().unwrap(), dy.tile(), &[2], 2, dx.tile_mut());
}
