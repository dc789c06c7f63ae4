//! Initial values of weights, by Keras' formulas, drawn from (seed, stream).
//!
//! Fans: the last two axes are in and out, the axes before them the receptive field.

use crate::attributes::Attributes;
use crate::error::{Error, Result};
use crate::memory::zeros;
use crate::tensor::{DType, Tensor, count};
use ridgeline_kernels::rng::{Key, fill_normal, fill_truncated_normal, fill_uniform};

/// σ of a normal truncated at ±2σ, relative to the untruncated one.
const TRUNCATED_STD: f32 = 0.879_625_7;

fn fans(shape: &[usize]) -> (f64, f64) {
    match shape {
        [] => (1.0, 1.0),
        [n] => (*n as f64, *n as f64),
        [field @ .., input, output] => {
            let field: usize = field.iter().product();
            ((field * input) as f64, (field * output) as f64)
        }
    }
}

/// Values of `shape` by the initializer called `kind`.
///
/// # Errors
/// `ERR_ARGUMENT` for an unknown kind or parameters that do not fit the shape, `ERR_MEMORY` when
/// the values cannot be allocated.
pub fn initialize(
    kind: &str,
    with: &Attributes,
    shape: &[usize],
    seed: u64,
    stream: u32,
) -> Result<Tensor> {
    let mut words: Vec<u32> = zeros(count(shape)?)?;
    let values: &mut [f32] = bytemuck::cast_slice_mut(&mut words);
    let key = Key { seed, stream, step: 0, time: 1 };
    match kind {
        "constant" => values.fill(with.number("value")? as f32),
        "randomUniform" => {
            let (low, high) = (with.number("minval")? as f32, with.number("maxval")? as f32);
            fill_uniform(key, low, high, values);
        }
        "randomNormal" => {
            let (mean, std) = (with.number("mean")? as f32, with.number("stddev")? as f32);
            fill_normal(key, mean, std, values);
        }
        "truncatedNormal" => {
            let (mean, std) = (with.number("mean")? as f32, with.number("stddev")? as f32);
            fill_truncated_normal(key, mean, std, values);
        }
        "varianceScaling" => {
            let (fan_in, fan_out) = fans(shape);
            let fan = match with.text("mode")? {
                "fanIn" => fan_in,
                "fanOut" => fan_out,
                _ => (fan_in + fan_out) / 2.0,
            };
            let variance = with.number("scale")? / fan.max(1.0);
            match with.text("distribution")? {
                "uniform" => {
                    let limit = (3.0 * variance).sqrt() as f32;
                    fill_uniform(key, -limit, limit, values);
                }
                "untruncatedNormal" => fill_normal(key, 0.0, variance.sqrt() as f32, values),
                _ => {
                    let std = variance.sqrt() as f32 / TRUNCATED_STD;
                    fill_truncated_normal(key, 0.0, std, values);
                }
            }
        }
        "orthogonal" => orthogonal(key, with.number("gain")?, shape, values)?,
        "identity" => {
            let &[rows, cols] = shape else {
                return Err(Error::argument(format!(
                    "the identity initializer expects a matrix, received shape {shape:?}"
                )));
            };
            let gain = with.number("gain")? as f32;
            (0..rows.min(cols)).for_each(|i| values[i * cols + i] = gain);
        }
        _ => return Err(Error::argument(format!("there is no initializer '{kind}'"))),
    }
    Tensor::new(shape, DType::F32, words)
}

/// The dot product, in as many sums as a vector has lanes: one sum waits for each addition.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (head, tail) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = head.remainder().iter().zip(tail.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in head.zip(tail) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// A random (semi-)orthogonal matrix: Gram–Schmidt, twice for accuracy, of normal vectors
/// (Saxe et al. 2014). All axes but the last are rows.
fn orthogonal(key: Key, gain: f64, shape: &[usize], out: &mut [f32]) -> Result<()> {
    let &[.., cols] = shape else {
        return Err(Error::argument("the orthogonal initializer expects rank 2 or more"));
    };
    if shape.len() < 2 {
        return Err(Error::argument(format!(
            "the orthogonal initializer expects rank 2 or more, received shape {shape:?}"
        )));
    }
    let rows = out.len() / cols.max(1);
    let (few, many) = (rows.min(cols), rows.max(cols));
    let mut normal: Vec<f32> = zeros(few * many)?;
    fill_normal(key, 0.0, 1.0, &mut normal);
    // `few` orthonormal vectors of length `many`.
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(few);
    for chunk in normal.chunks_exact(many.max(1)) {
        let mut v: Vec<f64> = chunk.iter().map(|&x| f64::from(x)).collect();
        for _ in 0..2 {
            for b in &basis {
                let dot = dot(&v, b);
                v.iter_mut().zip(b).for_each(|(x, y)| *x -= dot * y);
            }
        }
        let norm = dot(&v, &v).sqrt();
        v.iter_mut().for_each(|x| *x /= norm);
        basis.push(v);
    }
    for (i, vector) in basis.iter().enumerate() {
        for (j, x) in vector.iter().enumerate() {
            let at = if rows <= cols { i * cols + j } else { j * cols + i };
            out[at] = (gain * x) as f32;
        }
    }
    Ok(())
}
