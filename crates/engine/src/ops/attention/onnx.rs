//! Attention as ONNX's products and softmax: it has no node of its own before opset 23, and these run everywhere.

use super::Attention;
use crate::error::Result;
use crate::onnx::{Attribute, Exporter};

impl Attention {
    /// Writes the products of all heads, which become an axis before the queries.
    pub(super) fn write(&self, e: &mut Exporter) -> Result<()> {
        let head = |e: &mut Exporter, i: usize, order: [i64; 4]| -> Result<String> {
            let wide = e.input_type(i).shape.last().known().unwrap_or(0);
            let sizes = e.ints(&[0, 0, self.heads as i64, (wide / self.heads) as i64])?;
            let apart = e.step("Reshape", &[e.input(i), sizes])?;
            e.step_with("Transpose", &[apart], vec![("perm", Attribute::Ints(order.to_vec()))])
        };
        let q = head(e, 0, [0, 2, 1, 3])?;
        let k = head(e, 1, [0, 2, 3, 1])?;
        let v = head(e, 2, [0, 2, 1, 3])?;
        let factor = e.float(self.scale)?;
        let q = e.step("Mul", &[q, factor])?;
        let mut scores = e.step("MatMul", &[q, k])?;
        let mut sees = None;
        if self.masked {
            let axis = e.ints(&[1])?;
            let mask = e.step("Unsqueeze", &[e.input(3), axis])?;
            let zero = e.float(0.0)?;
            sees = Some(e.step("Greater", &[mask, zero])?);
        }
        if self.causal {
            let until = self.until(e, &scores)?;
            sees = Some(match sees {
                Some(sees) => e.step("And", &[sees, until])?,
                None => until,
            });
        }
        let softmax = |e: &mut Exporter, scores: String| {
            e.step_with("Softmax", &[scores], vec![("axis", Attribute::Int(-1))])
        };
        let mut p = match &sees {
            None => softmax(e, scores)?,
            Some(sees) => {
                let unseen = e.float(-1e9)?;
                scores = e.step("Where", &[sees.clone(), scores, unseen])?;
                softmax(e, scores)?
            }
        };
        if let Some(sees) = sees {
            let zero = e.float(0.0)?;
            p = e.step("Where", &[sees, p, zero])?;
        }
        let y = e.step("MatMul", &[p, v])?;
        let perm = vec![("perm", Attribute::Ints(vec![0, 2, 1, 3]))];
        let y = e.step_with("Transpose", &[y], perm)?;
        let wide = e.input_type(2).shape.last().known().unwrap_or(0);
        let sizes = e.ints(&[0, 0, wide as i64])?;
        e.finish("Reshape", &[y, sizes])
    }

    /// Which keys stand at or before each query, `[queries, keys]`, from the sizes of the scores.
    fn until(&self, e: &mut Exporter, scores: &str) -> Result<String> {
        let shape = e.step("Shape", &[scores.to_owned()])?;
        let (zero, one) = (e.int(0)?, e.int(1)?);
        let mut ranges = Vec::new();
        for axis in [2, 3] {
            let at = e.int(axis)?;
            let size = e.step("Gather", &[shape.clone(), at])?;
            ranges.push(e.step("Range", &[zero.clone(), size, one.clone()])?);
        }
        let axis = e.ints(&[1])?;
        let queries = e.step("Unsqueeze", &[ranges[0].clone(), axis])?;
        e.step("GreaterOrEqual", &[queries, ranges[1].clone()])
    }
}
