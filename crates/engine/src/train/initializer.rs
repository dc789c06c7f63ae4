//! Initial values of weights, by Keras' formulas, drawn from (seed, stream).
//!
//! Fans: the last two axes are in and out, the axes before them the receptive field.

use crate::attributes::Attributes;
use crate::error::{Error, Result};
use crate::memory::reserve;
use crate::run::runner::Ending;
use crate::run::turn;
use crate::tensor::{DType, Tensor};
use crate::variable::Variable;
use ridgeline_kernels::rng::{Key, fill_normal, fill_truncated_normal, fill_uniform};
use std::sync::Arc;

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

/// How the values of a weight are drawn, once the numbers that depend on its shape are known.
#[derive(Clone, Copy, Debug)]
enum Draw {
    Constant(f32),
    /// Between two numbers.
    Uniform(f32, f32),
    /// Mean and standard deviation.
    Normal(f32, f32),
    /// Mean and standard deviation before what is far out is drawn again.
    TruncatedNormal(f32, f32),
    /// Gain.
    Orthogonal(f64),
    /// Gain.
    Identity(f32),
}

impl Draw {
    /// What the initializer called `kind` draws for `shape`.
    fn parse(kind: &str, with: &Attributes, shape: &[usize]) -> Result<Draw> {
        let pair = |a: &str, b: &str| Ok((with.number(a)? as f32, with.number(b)? as f32));
        Ok(match kind {
            "constant" => Draw::Constant(with.number("value")? as f32),
            "randomUniform" => {
                let (low, high) = pair("minval", "maxval")?;
                Draw::Uniform(low, high)
            }
            "randomNormal" => {
                let (mean, std) = pair("mean", "stddev")?;
                Draw::Normal(mean, std)
            }
            "truncatedNormal" => {
                let (mean, std) = pair("mean", "stddev")?;
                Draw::TruncatedNormal(mean, std)
            }
            "varianceScaling" => {
                let (fan_in, fan_out) = match with.optional_number("fanIn")? {
                    Some(fan_in) => (fan_in, with.number("fanOut")?),
                    None => fans(shape),
                };
                let fan = match with.text("mode")? {
                    "fanIn" => fan_in,
                    "fanOut" => fan_out,
                    _ => (fan_in + fan_out) / 2.0,
                };
                let variance = with.number("scale")? / fan.max(1.0);
                let std = variance.sqrt() as f32;
                match with.text("distribution")? {
                    "uniform" => {
                        let limit = (3.0 * variance).sqrt() as f32;
                        Draw::Uniform(-limit, limit)
                    }
                    "untruncatedNormal" => Draw::Normal(0.0, std),
                    _ => Draw::TruncatedNormal(0.0, std / TRUNCATED_STD),
                }
            }
            "orthogonal" if shape.len() < 2 => {
                return Err(Error::argument(format!(
                    "the orthogonal initializer expects rank 2 or more, received shape {shape:?}"
                )));
            }
            "orthogonal" => Draw::Orthogonal(with.number("gain")?),
            "identity" if shape.len() != 2 => {
                return Err(Error::argument(format!(
                    "the identity initializer expects a matrix, received shape {shape:?}"
                )));
            }
            "identity" => Draw::Identity(with.number("gain")? as f32),
            _ => return Err(Error::argument(format!("there is no initializer '{kind}'"))),
        })
    }

    /// Memory that it takes beside the values, in numbers: that of the vectors it makes orthogonal.
    fn scratch(self, rows: usize, cols: usize) -> usize {
        if matches!(self, Draw::Orthogonal(_)) { rows * cols } else { 0 }
    }

    /// Fills a matrix of zeros with `cols` columns; `scratch` is empty, with room for what it asks for.
    fn fill(self, key: Key, cols: usize, values: &mut [f32], scratch: Vec<f64>) {
        match self {
            Draw::Constant(value) => values.fill(value),
            Draw::Uniform(low, high) => fill_uniform(key, low, high, values),
            Draw::Normal(mean, std) => fill_normal(key, mean, std, values),
            Draw::TruncatedNormal(mean, std) => fill_truncated_normal(key, mean, std, values),
            Draw::Orthogonal(gain) => orthogonal(key, gain, cols, values, scratch),
            Draw::Identity(gain) => {
                values.iter_mut().step_by(cols + 1).take(cols).for_each(|x| *x = gain);
            }
        }
    }
}

/// Elements whose values are drawn at once: a fraction of a millisecond's work.
const FEW: usize = 1 << 14;

/// A variable with values by the initializer called `kind`. Those of a large one are drawn on another
/// thread, and whoever asks for them waits.
///
/// # Errors
/// `ERR_ARGUMENT` for an unknown kind or parameters that do not fit the shape, `ERR_MEMORY` when
/// the values cannot be allocated.
pub fn variable(
    name: &str,
    shape: &[usize],
    kind: &str,
    with: &Attributes,
    seed: u64,
    stream: u32,
) -> Result<Arc<Variable>> {
    let draw = Draw::parse(kind, with, shape)?;
    let variable = Variable::zeros(name, shape, DType::F32)?;
    let key = Key { seed, stream, step: 0, time: 1 };
    let (rows, cols) = (variable.rows(), variable.cols());
    let values = || -> Result<_> {
        let (mut words, scratch) = (reserve(rows * cols)?, reserve(draw.scratch(rows, cols))?);
        let shape = shape.to_vec();
        Ok(move || {
            words.resize(rows * cols, 0u32);
            draw.fill(key, cols, bytemuck::cast_slice_mut(&mut words), scratch);
            Tensor { shape, dtype: DType::F32, words }
        })
    };
    if rows * cols > FEW {
        let (values, later) = (values()?, Arc::clone(&variable));
        // From now on, so that nobody reads what is not there yet.
        let mut words = variable.words.write_arc();
        let work = move |_| -> Ending {
            later.put(&values(), &mut words);
            Box::new(|| ())
        };
        if turn::start(1, work).is_ok() {
            return Ok(variable);
        }
    }
    variable.write(&values()?())?;
    Ok(variable)
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
fn orthogonal(key: Key, gain: f64, cols: usize, out: &mut [f32], mut basis: Vec<f64>) {
    let rows = out.len() / cols.max(1);
    // Vectors as long as the longer side, as many as the shorter one.
    let length = rows.max(cols).max(1);
    fill_normal(key, 0.0, 1.0, out);
    basis.extend(out.iter().map(|&x| f64::from(x)));
    for first in (0..basis.len()).step_by(length) {
        let (before, from) = basis.split_at_mut(first);
        let v = &mut from[..length];
        for _ in 0..2 {
            for b in before.chunks_exact(length) {
                let dot = dot(v, b);
                v.iter_mut().zip(b).for_each(|(x, y)| *x -= dot * y);
            }
        }
        let norm = dot(v, v).sqrt();
        v.iter_mut().for_each(|x| *x /= norm);
    }
    for (i, vector) in basis.chunks_exact(length).enumerate() {
        for (j, x) in vector.iter().enumerate() {
            let at = if rows <= cols { i * cols + j } else { j * cols + i };
            out[at] = (gain * x) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values(kind: &str, with: serde_json::Value, shape: &[usize]) -> Vec<f32> {
        let with = Attributes::parse(&with.to_string()).unwrap();
        variable("w", shape, kind, &with, 7, 3).unwrap().read().unwrap().into_f32()
    }

    #[test]
    fn many_values_are_those_of_few_and_there_when_they_are_read() {
        let kinds = [
            ("constant", json!({ "value": 2.5 })),
            ("randomUniform", json!({ "minval": -1, "maxval": 1 })),
            ("randomNormal", json!({ "mean": 0, "stddev": 1 })),
            ("truncatedNormal", json!({ "mean": 0, "stddev": 1 })),
        ];
        for (kind, with) in kinds {
            let many = values(kind, with.clone(), &[300, 200]);
            let few = values(kind, with, &[10, 200]);
            assert_eq!(many[..few.len()], few, "{kind}");
            assert!(many.iter().all(|&x| x != 0.0), "{kind}");
        }
    }

    #[test]
    fn orthogonal_rows_and_columns() {
        for shape in [[3, 5], [200, 150], [40, 500]] {
            let [rows, cols] = shape;
            let w = values("orthogonal", json!({ "gain": 2 }), &shape);
            let few = rows.min(cols);
            let at =
                |i: usize, k: usize| if rows <= cols { w[i * cols + k] } else { w[k * cols + i] };
            for (i, j) in [(0, 0), (0, 1), (few / 2, few / 2), (few / 2, few - 1)] {
                let dot: f32 = (0..rows.max(cols)).map(|k| at(i, k) * at(j, k)).sum();
                let expected = if i == j { 4.0 } else { 0.0 };
                assert!((dot - expected).abs() < 1e-5, "{shape:?} {i} {j}: {dot}");
            }
        }
        let identity = values("identity", json!({ "gain": 3 }), &[130, 200]);
        let expected = |i: usize| if i / 200 == i % 200 { 3.0 } else { 0.0 };
        assert!(identity.iter().enumerate().all(|(i, &x)| x == expected(i)));
        assert_eq!(values("identity", json!({ "gain": 3 }), &[3, 1]), [3.0, 0.0, 0.0]);
    }
}
