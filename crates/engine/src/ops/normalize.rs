//! Normalization as primitive ops: what the coarse normalizations decompose into.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::ops::reduce::Kind;
use ridgeline_kernels::unary::Unary;

impl Graph {
    /// `(x − μ)/√(σ² + ε)` with mean and biased variance over `axes`, and `1/√(σ² + ε)`.
    pub(crate) fn standardize(
        &mut self,
        x: Value,
        axes: &[i64],
        epsilon: f32,
    ) -> Result<[Value; 2]> {
        let mean = self.reduce(Kind::Mean, x, Some(axes), true)?;
        let centred = self.sub(x, mean)?;
        let square = self.unary(Unary::Square, centred)?;
        let variance = self.reduce(Kind::Mean, square, Some(axes), true)?;
        let epsilon = self.scalar(epsilon)?;
        let shifted = self.add(variance, epsilon)?;
        let rstd = self.unary(Unary::Rsqrt, shifted)?;
        Ok([self.mul(centred, rstd)?, rstd])
    }

    /// `γ·(x − μ)/√(σ² + ε) + β` with mean and biased variance over `axes`; γ and β, as far as
    /// there are any, in `by`.
    pub(crate) fn normalize(
        &mut self,
        x: Value,
        axes: &[i64],
        epsilon: f32,
        by: &[Value],
        (scale, center): (bool, bool),
    ) -> Result<Value> {
        let [mut y, _] = self.standardize(x, axes, epsilon)?;
        if scale {
            y = self.mul(y, by[0])?;
        }
        if center {
            y = self.add(y, by[usize::from(scale)])?;
        }
        Ok(y)
    }
}
