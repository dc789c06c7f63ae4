//! Permutations of axes, and transposes of matrices, against their definition.

use crate::support::noise;
use proptest::prelude::*;
use ridgeline_kernels::permute::permute;
use ridgeline_kernels::transposition::transpose;
use ridgeline_kernels::{Isa, Tile, TileMut};

/// The definition, one element at a time.
fn naive(x: &[u32], shape: &[usize], permutation: &[usize]) -> Vec<u32> {
    let out: Vec<usize> = permutation.iter().map(|&p| shape[p]).collect();
    (0..x.len())
        .map(|mut flat| {
            let mut index = vec![0; shape.len()];
            for (i, &extent) in out.iter().enumerate().rev() {
                index[permutation[i]] = flat % extent;
                flat /= extent;
            }
            x[index.iter().zip(shape).fold(0, |at, (&i, &extent)| at * extent + i)]
        })
        .collect()
}

fn check(shape: &[usize], permutation: &[usize]) {
    let x: Vec<u32> = (0..shape.iter().product::<usize>() as u32).collect();
    let mut y = vec![u32::MAX; x.len()];
    permute(&x, shape, permutation, &mut y);
    assert_eq!(y, naive(&x, shape, permutation), "{shape:?} {permutation:?}");
}

#[test]
fn known_layouts() {
    check(&[], &[]);
    check(&[5], &[0]);
    check(&[0, 3], &[1, 0]);
    check(&[17, 33], &[1, 0]);
    check(&[8, 64], &[1, 0]);
    check(&[2, 9, 4, 16], &[0, 2, 1, 3]);
    check(&[3, 16, 24], &[0, 2, 1]);
    check(&[2, 3, 2, 1, 2, 2, 3, 2], &[7, 6, 5, 4, 3, 2, 1, 0]);
}

#[test]
#[should_panic(expected = "not a permutation")]
fn a_repeated_axis_is_refused() {
    permute(&[0; 4], &[2, 2], &[0, 0], &mut [0; 4]);
}

#[test]
fn a_transpose_has_rows_for_columns_and_touches_nothing_else() {
    let sizes = [0, 1, 7, 8, 9, 16, 17, 31, 48];
    for isa in Isa::available() {
        for (rows, cols) in sizes.iter().flat_map(|&rows| sizes.map(|cols| (rows, cols))) {
            let (stride, to_stride) = (cols + 3, rows + 5);
            let x = noise(11, rows * stride);
            let mut y = vec![7.0; cols * to_stride];
            let from = Tile::matrix(&x, rows, stride).part(0..rows, 0..cols);
            transpose(isa, from, TileMut::new(&mut y, cols, rows, to_stride));
            for (at, &element) in y.iter().enumerate() {
                let (i, j) = (at / to_stride, at % to_stride);
                let expected = if j < rows { x[j * stride + i] } else { 7.0 };
                assert_eq!(element, expected, "{rows} by {cols}, row {i}, column {j}");
            }
        }
    }
}

proptest! {
    #[test]
    fn any_permutation(
        axes in proptest::collection::vec((1usize..12, any::<u32>()), 0..=5),
    ) {
        let shape: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let mut permutation: Vec<usize> = (0..shape.len()).collect();
        permutation.sort_by_key(|&i| axes[i].1);
        check(&shape, &permutation);
    }
}
