//! Moments of data: mean and biased variance of each cell along some axes, in two passes in double
//! precision.

use crate::error::Result;
use crate::memory::zeros;

/// Mean and variance of `x` for each index along `axes`, ascending, in row-major order; all other axes
/// are averaged over.
///
/// # Errors
/// `ERR_MEMORY`.
pub fn moments(x: &[f32], shape: &[usize], axes: &[usize]) -> Result<(Vec<f64>, Vec<f64>)> {
    let cells: usize = axes.iter().map(|&axis| shape[axis]).product();
    let width = shape.last().copied().unwrap_or(1);
    // The cells of a row are adjacent, or all one.
    let (leading, step) = match axes.split_last() {
        Some((&last, leading)) if last + 1 == shape.len() => (leading, 1),
        _ => (axes, 0),
    };
    let first = |row: usize| {
        let place = |cell: usize, &axis: &usize| {
            let stride: usize = shape[axis + 1..].iter().product::<usize>() / width.max(1);
            cell * shape[axis] + row / stride % shape[axis]
        };
        leading.iter().fold(0, place) * if step == 1 { width } else { 1 }
    };
    let count = (x.len() / cells.max(1)) as f64;
    let mut mean: Vec<f64> = zeros(cells)?;
    let mut variance: Vec<f64> = zeros(cells)?;
    let rows = || x.chunks_exact(width.max(1)).enumerate();
    for (row, values) in rows() {
        let sums = &mut mean[first(row)..];
        for (i, &value) in values.iter().enumerate() {
            sums[i * step] += f64::from(value);
        }
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    for (row, values) in rows() {
        let cell = first(row);
        let (mean, sums) = (&mean[cell..], &mut variance[cell..]);
        for (i, &value) in values.iter().enumerate() {
            let difference = f64::from(value) - mean[i * step];
            sums[i * step] += difference * difference;
        }
    }
    variance.iter_mut().for_each(|sum| *sum /= count);
    Ok((mean, variance))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_in_any_place() {
        // [2, 3, 2]: 0..12
        let x: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let mean = |axes: &[usize]| moments(&x, &[2, 3, 2], axes).unwrap().0;
        assert_eq!(mean(&[]), [5.5]);
        assert_eq!(mean(&[2]), [5.0, 6.0]);
        assert_eq!(mean(&[1]), [3.5, 5.5, 7.5]);
        assert_eq!(mean(&[0]), [2.5, 8.5]);
        assert_eq!(mean(&[0, 2]), [2.0, 3.0, 8.0, 9.0]);
        assert_eq!(mean(&[1, 2]), [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(moments(&x, &[2, 3, 2], &[0]).unwrap().1, [35.0 / 12.0; 2]);
    }
}
