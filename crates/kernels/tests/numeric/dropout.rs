//! Mask bits and their application.

use crate::support::{Padded, key, noise};
use proptest::prelude::*;
use ridgeline_kernels::Isa;
use ridgeline_kernels::dropout::{Mask, MaskMut, Rate, apply, draw, dropout};
use ridgeline_kernels::rng::{Key, philox};

/// The definition of a mask bit.
fn bit(key: Key, rate: Rate, words_per_row: usize, row: usize, col: usize) -> bool {
    let group = (row * words_per_row + col / 32) as u32 * 4;
    let (word, lane, half) = (col % 32 / 8, col % 8 / 2, col % 2);
    let counter = [group + lane as u32, key.stream, key.step, key.time];
    let x = philox::<7>(counter, [key.seed as u32, (key.seed >> 32) as u32])[word];
    (x >> (16 * half)) & 0xffff >= rate.threshold
}

fn expected_words(key: Key, rate: Rate, rows: usize, cols: usize) -> Vec<u32> {
    let words = cols.div_ceil(32);
    let mut mask = vec![0; rows * words];
    for r in 0..rows {
        for c in 0..cols {
            mask[r * words + c / 32] |= u32::from(bit(key, rate, words, r, c)) << (c % 32);
        }
    }
    mask
}

#[test]
fn bits_are_the_same_everywhere_and_as_defined() {
    let rate = Rate::new(0.3);
    let shapes =
        [(1, 1), (1, 40), (2, 32), (5, 64), (3, 100), (130, 32), (7, 300), (1, 3000), (70, 65)];
    for (rows, cols) in shapes {
        let expected = expected_words(key(1), rate, rows, cols);
        let words = cols.div_ceil(32);
        for isa in Isa::available() {
            let mut mask = vec![u32::MAX; rows * words];
            draw(isa, key(1), rate, 0, words, MaskMut::new(&mut mask, rows, words, 0, cols));
            assert_eq!(mask, expected, "{rows}x{cols} on {}", isa.name());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn bits_do_not_depend_on_how_rows_and_columns_are_cut(
        (rows, cols) in (1usize..40, 1usize..400),
        row_cut in 0.0f64..1.0,
        word_cut in 0.0f64..1.0,
    ) {
        let (rate, words) = (Rate::new(0.5), cols.div_ceil(32));
        let expected = expected_words(key(2), rate, rows, cols);
        let row_cut = (row_cut * rows as f64) as usize;
        let word_cut = (word_cut * words as f64) as usize;
        for isa in Isa::available() {
            let mut mask = vec![0; rows * words];
            for rows in [0..row_cut, row_cut..rows] {
                for (first, last) in [(0, word_cut), (word_cut, words)] {
                    let part = &mut mask[rows.start * words..];
                    let part_cols = cols.min(last * 32) - first * 32;
                    let part = MaskMut::new(part, rows.len(), words, first, part_cols);
                    draw(isa, key(2), rate, rows.start, words, part);
                }
            }
            prop_assert_eq!(&mask, &expected);
        }
    }
}

#[test]
fn the_share_of_dropped_elements_is_the_rate() {
    for rate in [0.0, 0.1, 0.25, 0.5, 0.9, 1.0] {
        let (rows, cols) = (512, 512);
        let mut mask = vec![0; rows * 16];
        let isa = Isa::available().next().unwrap_or(Isa::PORTABLE);
        let view = MaskMut::new(&mut mask, rows, 16, 0, cols);
        draw(isa, key(3), Rate::new(rate), 0, 16, view);
        let kept: u32 = mask.iter().map(|word| word.count_ones()).sum();
        let dropped = 1.0 - f64::from(kept) / (rows * cols) as f64;
        assert!((dropped - f64::from(rate)).abs() < 0.004, "{dropped} instead of {rate}");
        // Neighbouring bits and neighbouring words are not correlated.
        if rate == 0.5 {
            for (a, b) in [(1, 0), (2, 0), (16, 0), (0, 1), (0, 16)] {
                let equal: u32 = (0..mask.len() - 16)
                    .map(|i| !(mask[i] ^ (mask[i + b] >> a | mask[i + b] << (31 & (32 - a)))))
                    .map(u32::count_ones)
                    .sum();
                let share = f64::from(equal) / (32 * (mask.len() - 16)) as f64;
                assert!(b == 0 && a == 0 || (share - 0.5).abs() < 0.005, "{a} {b}: {share}");
            }
        }
    }
}

#[test]
fn drawing_and_applying_agree_and_leave_the_padding_alone() {
    let rate = Rate::new(0.4);
    for (rows, cols) in [(1, 1), (3, 31), (4, 32), (5, 33), (67, 70), (2, 500)] {
        let values = noise(4, rows * cols);
        let x = Padded::new(rows, cols, &values);
        let words = cols.div_ceil(32);
        for isa in Isa::available() {
            let mut mask = vec![0; rows * words];
            let mut y = Padded::empty(rows, cols);
            let view = MaskMut::new(&mut mask, rows, words, 0, cols);
            dropout(isa, key(5), rate, false, 0, words, Some(x.tile()), y.tile_mut(), view);
            assert_eq!(mask, expected_words(key(5), rate, rows, cols));
            let none = f32::NEG_INFINITY;
            let expected = |floor: f32| -> Vec<f32> {
                let one = |i: usize| match bit(key(5), rate, words, i / cols, i % cols) {
                    true => values[i].max(floor) * rate.scale,
                    false => 0.0,
                };
                (0..rows * cols).map(one).collect()
            };
            assert_eq!(y.values(), expected(none), "{rows}x{cols} on {}", isa.name());
            let mut again = Padded::empty(rows, cols);
            let view = Mask::new(&mask, rows, words, 0, cols);
            apply(isa, view, rate.scale, Some(x.tile()), again.tile_mut());
            assert_eq!(again.values(), expected(none));
            // In place, and of a ReLU.
            let mut own = Padded::new(rows, cols, &values);
            apply(isa, view, rate.scale, None, own.tile_mut());
            assert_eq!(own.values(), expected(none));
            let mut own = Padded::new(rows, cols, &values);
            let view = MaskMut::new(&mut mask, rows, words, 0, cols);
            dropout(isa, key(5), rate, true, 0, words, None, own.tile_mut(), view);
            assert_eq!(own.values(), expected(0.0), "{rows}x{cols} on {}", isa.name());
            let mut kept = expected_words(key(5), rate, rows, cols);
            for i in (0..rows * cols).filter(|&i| values[i] <= 0.0) {
                kept[i / cols * words + i % cols / 32] &= !(1 << (i % cols % 32));
            }
            assert_eq!(mask, kept, "what was kept of a ReLU is above 0");
        }
    }
}

#[test]
fn rate_one_gives_zeros() {
    let x = vec![1.0; 32 * 4096];
    let (mut y, mut mask) = (vec![9.0; x.len()], vec![0; 4096]);
    for isa in Isa::available() {
        let x = ridgeline_kernels::Tile::matrix(&x, 4096, 32);
        let to = ridgeline_kernels::TileMut::new(&mut y, 4096, 32, 32);
        let view = MaskMut::new(&mut mask, 4096, 1, 0, 32);
        dropout(isa, key(6), Rate::new(1.0), false, 0, 1, Some(x), to, view);
        assert!(y.iter().all(|&y| y == 0.0));
    }
}
