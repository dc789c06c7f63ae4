//! Losses from logits and their gradients.

use crate::support::{Padded, SIZES, all_close, close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::cross_entropy::{
    sigmoid_cross_entropy, sigmoid_cross_entropy_backward, softmax_cross_entropy,
    softmax_cross_entropy_backward, sparse_softmax_cross_entropy,
    sparse_softmax_cross_entropy_backward,
};

/// log Σ e^z in f64.
fn log_sum_exp(z: &[f32]) -> f64 {
    let max = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let max = f64::from(max);
    max + z.iter().map(|&z| (f64::from(z) - max).exp()).sum::<f64>().ln()
}

fn dense(rows: usize, cols: usize, labels: &[f32], smoothing: f32) {
    let mut z = noise(1, rows * cols);
    z.iter_mut().for_each(|z| *z *= 5.0);
    let dloss = noise(2, rows);
    let (mut losses, mut gradients) = (Vec::new(), Vec::new());
    for r in 0..rows {
        let (z, y) = (&z[r * cols..][..cols], &labels[r * cols..][..cols]);
        let lse = log_sum_exp(z);
        let s = f64::from(smoothing);
        let y: Vec<f64> = y.iter().map(|&y| f64::from(y) * (1.0 - s) + s / cols as f64).collect();
        losses.push(y.iter().zip(z).map(|(y, &z)| y * (lse - f64::from(z))).sum::<f64>());
        let total: f64 = y.iter().sum();
        for (y, &z) in y.iter().zip(z) {
            gradients.push(f64::from(dloss[r]) * ((f64::from(z) - lse).exp() * total - y));
        }
    }
    let (z, labels) = (Padded::new(rows, cols, &z), Padded::new(rows, cols, labels));
    for isa in Isa::available() {
        let (mut loss, mut p) = (vec![0.0; rows], Padded::empty(rows, cols));
        let mut dz = Padded::empty(rows, cols);
        softmax_cross_entropy(isa, z.tile(), labels.tile(), smoothing, &mut loss, p.tile_mut());
        all_close(&loss, &losses, 2e-6, 1e-5, "loss");
        softmax_cross_entropy_backward(
            isa,
            p.tile(),
            labels.tile(),
            smoothing,
            &dloss,
            dz.tile_mut(),
        );
        all_close(&dz.values(), &gradients, 2e-6, 3e-6 * cols as f64, "dlogits");
    }
}

#[test]
fn dense_labels_smoothed_or_not_and_not_normalised() {
    for (rows, cols) in [(1, 1), (3, 10), (4, 31), (2, 65), (37, 4)] {
        let one_hot: Vec<f32> =
            (0..rows * cols).map(|i| f32::from(u8::from(i % cols == i / cols % cols))).collect();
        let any: Vec<f32> = noise(3, rows * cols).iter().map(|y| y.abs()).collect();
        for smoothing in [0.0, 0.1] {
            dense(rows, cols, &one_hot, smoothing);
            dense(rows, cols, &any, smoothing);
        }
    }
}

#[test]
fn sparse_labels_equal_one_hot_ones() {
    for (rows, cols) in [(9, 21), (37, 2), (16, 8), (33, 10)] {
        sparse(rows, cols);
    }
}

fn sparse(rows: usize, cols: usize) {
    let z = noise(4, rows * cols);
    let labels: Vec<i32> = (0..rows as i32).map(|r| (r * 5) % cols as i32).collect();
    let mut one_hot = vec![0.0; rows * cols];
    labels.iter().enumerate().for_each(|(r, &l)| one_hot[r * cols + l as usize] = 1.0);
    let dloss = noise(5, rows);
    let (z, one_hot) = (Padded::new(rows, cols, &z), Padded::new(rows, cols, &one_hot));
    for isa in Isa::available() {
        let (mut a, mut b) = (vec![0.0; rows], vec![0.0; rows]);
        let (mut p, mut q) = (Padded::empty(rows, cols), Padded::empty(rows, cols));
        softmax_cross_entropy(isa, z.tile(), one_hot.tile(), 0.0, &mut a, p.tile_mut());
        sparse_softmax_cross_entropy(isa, z.tile(), &labels, &mut b, q.tile_mut());
        let wide = |x: &[f32]| x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
        all_close(&b, &wide(&a), 1e-6, 1e-6, "loss");
        assert_eq!(p.values(), q.values());
        let (mut dz, mut dw) = (Padded::empty(rows, cols), Padded::empty(rows, cols));
        let (p, y) = (p.tile(), one_hot.tile());
        softmax_cross_entropy_backward(isa, p, y, 0.0, &dloss, dz.tile_mut());
        sparse_softmax_cross_entropy_backward(isa, p, &labels, &dloss, dw.tile_mut());
        all_close(&dw.values(), &wide(&dz.values()), 1e-6, 1e-6, "dlogits");
    }
}

#[test]
fn a_masked_class_without_label_costs_nothing() {
    let (z, y) = ([1.0, f32::NEG_INFINITY, 2.0], [1.0, 0.0, 0.0]);
    for isa in Isa::available() {
        let (mut loss, mut p) = ([0.0], [0.0; 3]);
        softmax_cross_entropy(
            isa,
            ridgeline_kernels::Tile::matrix(&z, 1, 3),
            ridgeline_kernels::Tile::matrix(&y, 1, 3),
            0.0,
            &mut loss,
            ridgeline_kernels::TileMut::new(&mut p, 1, 3, 3),
        );
        close(loss[0], 1.0 + (1.0f64).exp().ln_1p() - 1.0, 1e-6, 0.0, "loss");
        assert_eq!(p[1], 0.0);
    }
}

#[test]
#[should_panic(expected = "class 3 of 3")]
fn a_label_that_is_no_class_is_refused() {
    let z = [0.0; 3];
    let logits = ridgeline_kernels::Tile::matrix(&z, 1, 3);
    let mut p = [0.0; 3];
    let p = ridgeline_kernels::TileMut::new(&mut p, 1, 3, 3);
    sparse_softmax_cross_entropy(Isa::PORTABLE, logits, &[3], &mut [0.0], p);
}

#[test]
fn sigmoid_loss_is_stable_at_both_ends() {
    for isa in Isa::available() {
        for n in SIZES {
            let mut z = noise(6, n);
            z.iter_mut().enumerate().for_each(|(i, z)| *z *= [1.0, 30.0, 200.0][i % 3]);
            let y: Vec<f32> = noise(7, n).iter().map(|y| y.abs().min(1.0).round()).collect();
            let dloss = noise(8, n);
            let (mut loss, mut dz) = (vec![0.0; n], vec![0.0; n]);
            sigmoid_cross_entropy(isa, &z, &y, &mut loss);
            sigmoid_cross_entropy_backward(isa, &z, &y, &dloss, &mut dz);
            for i in 0..n {
                let (z, y) = (f64::from(z[i]), f64::from(y[i]));
                let expected = z.max(0.0) - z * y + (-z.abs()).exp().ln_1p();
                close(loss[i], expected, 1e-6, 2e-5, "loss");
                let expected = f64::from(dloss[i]) * (1.0 / (1.0 + (-z).exp()) - y);
                close(dz[i], expected, 1e-6, 1e-6, "dlogits");
            }
        }
    }
}
