//! Philox against its published vectors, and the distributions drawn from it.

use crate::support::key;
use ridgeline_kernels::rng::{
    below, fill_normal, fill_truncated_normal, fill_uniform, philox, shuffle,
};

const PI: ([u32; 4], [u32; 2]) =
    ([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);

/// The known-answer vectors of Random123.
#[test]
fn known_answers() {
    assert_eq!(philox::<10>([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(
        philox::<10>([u32::MAX; 4], [u32::MAX; 2]),
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    );
    assert_eq!(philox::<10>(PI.0, PI.1), [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    assert_eq!(philox::<7>([0; 4], [0; 2]), [0x5f6f_b709, 0x0d89_3f64, 0x4f12_1f81, 0x4f73_0a48]);
    assert_eq!(
        philox::<7>([u32::MAX; 4], [u32::MAX; 2]),
        [0x5207_ddc2, 0x4516_5e59, 0x4d8e_e751, 0x8c52_f662]
    );
    assert_eq!(philox::<7>(PI.0, PI.1), [0x4dfc_caba, 0x190a_87f0, 0xc473_62ba, 0xb6b5_242a]);
}

/// Mean and variance.
fn moments(x: &[f32]) -> (f64, f64) {
    let n = x.len() as f64;
    let mean = x.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
    (mean, x.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n)
}

const N: usize = 1 << 18;

#[test]
fn uniform_numbers_stay_in_their_range_and_have_its_moments() {
    let mut x = vec![0.0; N];
    fill_uniform(key(1), -2.0, 3.0, &mut x);
    assert!(x.iter().all(|x| (-2.0..3.0).contains(x)));
    let (mean, variance) = moments(&x);
    assert!((mean - 0.5).abs() < 0.015 && (variance - 25.0 / 12.0).abs() < 0.02);
    // A range of one ulp still excludes its end.
    fill_uniform(key(1), 1.0, 1.0f32.next_up(), &mut x);
    assert!(x.iter().all(|&x| x == 1.0));
}

#[test]
fn normal_numbers_have_their_moments_and_tails() {
    let mut x = vec![0.0; N];
    fill_normal(key(2), 1.0, 2.0, &mut x);
    let (mean, variance) = moments(&x);
    assert!((mean - 1.0).abs() < 0.02 && (variance - 4.0).abs() < 0.05, "{mean} {variance}");
    let outside = x.iter().filter(|&&x| (x - 1.0).abs() > 4.0).count() as f64 / N as f64;
    assert!((outside - 0.0455).abs() < 0.002, "{outside}");
}

#[test]
fn truncated_normal_numbers_stay_within_two_deviations() {
    let mut x = vec![0.0; N];
    fill_truncated_normal(key(3), 0.0, 0.5, &mut x);
    assert!(x.iter().all(|x| x.abs() <= 1.0));
    let (mean, variance) = moments(&x);
    // The deviation of the truncated distribution is 0.87962566 of the full one's.
    let expected = (0.5 * 0.879_625_66f64).powi(2);
    assert!(mean.abs() < 0.005 && (variance - expected).abs() < 0.003, "{mean} {variance}");
}

#[test]
fn a_prefix_does_not_depend_on_the_length() {
    let (mut long, mut short) = (vec![0.0; 100], vec![0.0; 37]);
    fill_normal(key(4), 0.0, 1.0, &mut long);
    fill_normal(key(4), 0.0, 1.0, &mut short);
    assert_eq!(short, long[..37]);
}

#[test]
fn bounded_numbers_are_even() {
    let mut counts = [0u32; 7];
    for i in 0..70_000 {
        counts[below(key(5), i, 7) as usize] += 1;
    }
    assert!(counts.iter().all(|count| count.abs_diff(10_000) < 500), "{counts:?}");
}

#[test]
fn a_shuffle_is_a_permutation_and_every_place_is_likely() {
    let mut places = [[0u32; 4]; 4];
    for stream in 0..8000 {
        let mut xs = [0, 1, 2, 3];
        shuffle(key(stream), &mut xs);
        for (place, &x) in xs.iter().enumerate() {
            places[x as usize][place] += 1;
        }
    }
    assert!(places.as_flattened().iter().all(|count| count.abs_diff(2000) < 250), "{places:?}");
    let mut xs: Vec<u32> = (0..1000).collect();
    shuffle(key(1), &mut xs);
    xs.sort_unstable();
    assert!(xs.iter().copied().eq(0..1000));
}
