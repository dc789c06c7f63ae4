//! Masked products against naive f64 ones.

use proptest::prelude::*;
use ridgeline_kernels::dropout::Mask;
use ridgeline_kernels::gemm::{is_sparse, masked_product};
use ridgeline_kernels::rng::{Key, fill_uniform};
use ridgeline_kernels::{Isa, Tile, TileMut};

/// `rows` × `cols` values in -1..1, rows `cols + gap` apart, NaN between them.
fn matrix(seed: u64, rows: usize, cols: usize, gap: usize) -> Vec<f32> {
    let mut values = vec![0.0; rows * cols];
    fill_uniform(Key { seed, stream: 0, step: 0, time: 0 }, -1.0, 1.0, &mut values);
    let mut apart = vec![f32::NAN; rows * (cols + gap)];
    for (to, from) in apart.chunks_mut((cols + gap).max(1)).zip(values.chunks(cols.max(1))) {
        to[..cols].copy_from_slice(from);
    }
    apart
}

/// Words of a mask of which about `share` of the bits are set, and all past the last column.
fn words(seed: u64, rows: usize, cols: usize, share: f32) -> Vec<u32> {
    let per_row = cols.div_ceil(32);
    let draws = matrix(seed, rows, per_row * 32, 0);
    let bit = |i: usize| i % (per_row * 32) >= cols || (draws[i] + 1.0) / 2.0 < share;
    let word = |w: usize| (0..32).fold(0, |word, b| word | u32::from(bit(w * 32 + b)) << b);
    (0..rows * per_row).map(word).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn agrees_with_f64_where_a_bit_is_set_and_is_zero_elsewhere(
        (m, n, k) in (0usize..30, 1usize..100, prop_oneof![0usize..40, 0usize..700]),
        (a_gap, b_gap, c_gap) in (0usize..20, 0usize..20, 0usize..20),
        share in prop_oneof![Just(0.0f32), Just(1.0), 0.0f32..1.0],
        seed in 0u64..u64::MAX - 9,
    ) {
        let a = matrix(seed, m, k, a_gap);
        let b = matrix(seed + 1, n, k, b_gap);
        let bits = words(seed + 2, m, n, share);
        let per_row = n.div_ceil(32);
        let mask = Mask::new(&bits, m, per_row, 0, n);
        let is_set = |i: usize, j: usize| bits[i * per_row + j / 32] >> (j % 32) & 1 == 1;
        for isa in Isa::available() {
            let mut c = vec![f32::NAN; m * (n + c_gap)];
            masked_product(
                isa,
                Tile::new(&a, m, k, k + a_gap, 1),
                Tile::new(&b, n, k, k + b_gap, 1),
                mask,
                TileMut::new(&mut c, m, n, n + c_gap),
            );
            for i in 0..m {
                for j in 0..n {
                    let terms = (0..k).map(|p| {
                        f64::from(a[i * (k + a_gap) + p]) * f64::from(b[j * (k + b_gap) + p])
                    });
                    let (exact, size) = match is_set(i, j) {
                        true => terms.fold((0.0, 0.0), |(s, t), x| (s + x, t + x.abs())),
                        false => (0.0, 0.0),
                    };
                    // As in a whole product; here the sum is a tree.
                    let bound = (k + 2) as f64 * f64::from(f32::EPSILON) * size;
                    let got = f64::from(c[i * (n + c_gap) + j]);
                    prop_assert!(
                        (got - exact).abs() <= bound,
                        "{} ({i}, {j}): {got} for {exact} ± {bound}", isa.name()
                    );
                }
                let beside = &c[i * (n + c_gap) + n..(i + 1) * (n + c_gap)];
                prop_assert!(beside.iter().all(|x| x.is_nan()), "{}: beside C", isa.name());
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_cuts(
        (m, words_per_row, k) in (1usize..20, 2usize..4, 1usize..300),
        seed in 0u64..u64::MAX - 9,
    ) {
        let n = words_per_row * 32 - 5;
        let (a, b) = (matrix(seed, m, k, 0), matrix(seed + 1, n, k, 0));
        let bits = words(seed + 2, m, n, 0.4);
        for isa in Isa::available() {
            let (mut whole, mut cut) = (vec![0.0; m * n], vec![0.0; m * n]);
            let mask = Mask::new(&bits, m, words_per_row, 0, n);
            let (a, b) = (Tile::matrix(&a, m, k), |from: usize, rows| Tile::matrix(&b[from * k..], rows, k));
            masked_product(isa, a, b(0, n), mask, TileMut::new(&mut whole, m, n, n));
            for w in 0..words_per_row {
                let cols = 32.min(n - w * 32);
                let mask = Mask::new(&bits, m, words_per_row, w, cols);
                let c = TileMut::new(&mut cut[w * 32..], m, cols, n);
                masked_product(isa, a, b(w * 32, cols), mask, c);
            }
            prop_assert_eq!(&whole, &cut, "{}", isa.name());
        }
    }
}

#[test]
fn few_bits_and_long_rows_are_sparse() {
    let sparse = |share, k| {
        let bits = words(1, 50, 70, share);
        is_sparse(Mask::new(&bits, 50, 3, 0, 70), k)
    };
    assert!(sparse(0.35, 256) && sparse(0.5, 256) && sparse(0.35, 64));
    assert!(!sparse(0.7, 1000) && !sparse(1.0, 256) && !sparse(0.35, 10));
}
