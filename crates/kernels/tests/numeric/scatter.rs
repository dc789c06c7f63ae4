//! Rows added where they were picked.

use crate::support::{Padded, all_close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::scatter::{add_rows, group_rows, scatter_add};

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

#[test]
fn rows_come_in_order_and_equal_ones_as_they_were() {
    for (n, axis) in [(0, 1), (1, 1), (7, 1), (300, 5), (300, 2048), (1000, 2049), (500, 5_000_000)]
    {
        let mut rows: Vec<u32> =
            (0..n as u64).map(|i| (i * i * 2_654_435_761 % axis as u64) as u32).collect();
        let mut expected: Vec<(u32, u32)> = rows.iter().copied().zip(0..).collect();
        expected.sort();
        let (mut picks, mut spare) = (vec![9; n], vec![9; 2 * n]);
        group_rows(&mut rows, &mut picks, &mut spare, axis);
        assert_eq!(rows.into_iter().zip(picks).collect::<Vec<_>>(), expected);
    }
}

/// As many rows as there are, into a part of the table, with the bits of the whole one.
#[test]
fn rows_of_a_part_are_those_of_the_table() {
    let (axis, indices) = (9, [3, 8, 3, 0, 5, 3]);
    for cols in [1, 7, 16, 33] {
        let dy = noise(1, indices.len() * cols);
        let dy = Padded::new(indices.len(), cols, &dy);
        for isa in Isa::available() {
            let mut whole = Padded::empty(axis, cols);
            scatter_add(isa, dy.tile(), &indices, axis, whole.tile_mut());
            let mut part = Padded::new(4, cols, &vec![0.0; 4 * cols]);
            add_rows(isa, dy.tile(), &[3, 3, 3, 5], &[0, 2, 5, 4], 2, part.tile_mut());
            assert_eq!(part.values(), &whole.values()[2 * cols..6 * cols]);
        }
    }
}
