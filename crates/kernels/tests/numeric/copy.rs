//! Copies of data, and what they say of it.

use crate::support::noise;
use ridgeline_kernels::Isa;
use ridgeline_kernels::copy::{copy_finite, copy_words};
use std::mem::MaybeUninit;

/// Lengths around every width, and around the one from which on a copy goes past the caches.
const SIZES: [usize; 12] =
    [0, 1, 15, 16, 17, 63, 64, 65, 1000, (1 << 18) - 1, 1 << 18, (1 << 18) + 77];

/// Copies `x` to a place `offset` elements into a buffer, and checks the copy.
fn copied(isa: Isa, x: &[f32], offset: usize) -> bool {
    let mut memory = vec![MaybeUninit::new(7u32); offset + x.len() + 1];
    let to = &mut memory[offset..offset + x.len()];
    let finite = copy_finite(isa, x, to);
    // SAFETY: all of it was initialized when it was made.
    let read = |i: usize| unsafe { memory[i].assume_init() };
    assert!((0..x.len()).all(|i| read(offset + i) == x[i].to_bits()), "{} at {offset}", x.len());
    assert!((0..offset).all(|i| read(i) == 7), "before {offset}");
    assert_eq!(read(offset + x.len()), 7, "after {} at {offset}", x.len());
    finite
}

#[test]
fn a_copy_is_the_same_and_any_infinity_or_nan_is_found() {
    for isa in Isa::available() {
        for n in SIZES {
            let mut x = noise(4, n);
            for offset in [0, 1, 5, 16] {
                assert!(copied(isa, &x, offset), "{n} at {offset}");
            }
            for i in (0..n).step_by(n / 7 + 1).chain(n.checked_sub(1)) {
                for bad in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN] {
                    let good = std::mem::replace(&mut x[i], bad);
                    assert!(!copied(isa, &x, 3), "{bad} at {i} of {n}");
                    x[i] = good;
                }
            }
        }
        assert!(copied(isa, &[f32::MAX, f32::MAX, -f32::MAX], 0));
    }
}

#[test]
fn words_are_copied_as_they_are() {
    // Of a signaling NaN too, and nothing past the end.
    for isa in Isa::available() {
        for n in SIZES {
            let x: Vec<u32> = (0..n as u32).map(|i| 0x7f80_0001 ^ i.rotate_left(16)).collect();
            let mut to = vec![7; n + 1];
            copy_words(isa, &x, &mut to[..n]);
            assert_eq!(to[..n], x, "{n} on {}", isa.name());
            assert_eq!(to[n], 7, "after {n}");
        }
    }
}
