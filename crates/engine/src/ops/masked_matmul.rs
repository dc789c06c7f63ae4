//! `y = a·bᵀ` where a bit is set: the gradient that a ReLU and dropout get from the layer behind.
//!
//! What those cut off is multiplied with zero, so nobody needs it. It takes the place of a product
//! in a training step (`passes/thin.rs`), and has no gradient of its own.

use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::ops::product::{NS_PER_FMA, gemm_scratch, product};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};
use ridgeline_kernels::gemm::{Finish, Start, gemm, is_sparse, masked_product};

/// Elements of a that stay in an L2 of a MiB. It is read for every word of the mask: from farther
/// away, a third of the elements takes longer than all of a whole product (measured on Xeons).
const NEAR: usize = 192 * 1024;

/// Inputs a `[m, k]`, b `[n, k]` and bits `[m, n]`; y `[m, n]` is anything where the bit is 0. With
/// many bits or a large a it is the whole product.
#[derive(Debug)]
pub struct MaskedMatMul;

impl Op for MaskedMatMul {
    fn name(&self) -> &'static str {
        "maskedMatmul"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let (a, b, bits) = (&inputs[0].shape, &inputs[1].shape, &inputs[2].shape);
        let fits = inputs.iter().map(|of| of.dtype).eq([DType::F32, DType::F32, DType::Bits])
            && a.rank() == 2
            && b.rank() == 2
            && a.0[1] == b.0[1]
            && bits.0 == [a.0[0].clone(), b.0[0].clone()];
        match fits {
            true => Ok(vec![TensorType::f32(Shape(bits.0.clone()))]),
            false => Err(Error::shape(format!("maskedMatmul: {a} and {b} do not make {bits}"))),
        }
    }

    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }

    fn takes_spread(&self, _: &[&TensorType]) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let a = lower.matrix_input(0)?;
        let y = lower.preferred_output(0);
        if a.size() > NEAR {
            let b = lower.stored(1)?;
            return product(lower, &a, false, &b, true, None, Finish::Plain, &y);
        }
        let (b, bits) = (lower.matrix_input(1)?, lower.input(2)?);
        let (m, n, k) = (a.leading(), b.leading(), a.last());
        lower
            .task(m, n)
            .split(Axes::COLS)
            // A third of the elements, each of which takes somewhat longer than in a whole product.
            .cost(k as f64 * NS_PER_FMA * 0.6)
            .scratch(gemm_scratch(m, n, k))
            .read(a.matrix())
            // Its rows are the task's columns, which no view can say.
            .read(b.matrix())
            .read(bits.bits(Axes::COLS))
            .write(y.matrix().along(Axes::COLS))
            .run(move |f| {
                let (a, b, mask) = (f.tile(0), f.tile(1).part(f.cols(), 0..k), f.mask(2));
                match is_sparse(mask, k) {
                    true => masked_product(f.isa, a, b, mask, f.tile_mut(0)),
                    false => {
                        gemm(f.isa, a, b.transposed(), f.tile_mut(0), Start::Zero, f.scratch())
                    }
                }
            });
        Ok(())
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}
