//! Matrix products on the last two axes, batched and with transposes.

use super::call::{Entry, built};
use super::product::{NS_PER_FMA, floats, gemm_scratch, product};
use crate::error::{Error, Result};
use crate::graph::Value;
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::TensorType;
use ridgeline_kernels::gemm::{Finish, Start, gemm};
use ridgeline_kernels::{Tile, TileMut};

/// Its name in the registry.
pub(super) const ENTRIES: &[Entry] = &[("matmul", |call| {
    built(MatMul {
        transpose_a: call.with.flag("transposeA")?,
        transpose_b: call.with.flag("transposeB")?,
    })
})];

/// `y = a·b` on the last two axes, each optionally transposed, leading axes broadcast.
#[derive(Debug)]
pub struct MatMul {
    /// True to use `aᵀ`.
    pub transpose_a: bool,
    /// True to use `bᵀ`.
    pub transpose_b: bool,
}

impl MatMul {
    /// (rows, inner, columns) of the product of two matrices.
    fn sizes<T: Clone>(&self, a: [&T; 2], b: [&T; 2]) -> ([T; 2], [T; 2]) {
        let swap =
            |x: [&T; 2], t: bool| if t { [x[1].clone(), x[0].clone()] } else { x.map(T::clone) };
        (swap(a, self.transpose_a), swap(b, self.transpose_b))
    }
}

fn last_two<T>(dims: &[T]) -> [&T; 2] {
    [&dims[dims.len() - 2], &dims[dims.len() - 1]]
}

impl Op for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        floats("matmul", inputs)?;
        let (a, b) = (&inputs[0].shape, &inputs[1].shape);
        let fail = || Error::shape(format!("matmul: shapes {a} and {b} do not fit"));
        if a.rank() < 2 || b.rank() < 2 {
            return Err(Error::shape(format!(
                "matmul expects rank 2 or more, received {a} and {b}"
            )));
        }
        let (x, y) = self.sizes(last_two(&a.0), last_two(&b.0));
        if x[1] != y[0] {
            return Err(fail());
        }
        let batch = |s: &Shape| Shape(s.0[..s.rank() - 2].to_vec());
        let mut shape = batch(a).broadcast(&batch(b)).map_err(|_| fail())?;
        shape.0.extend([x[0].clone(), y[1].clone()]);
        Ok(vec![TensorType::f32(shape)])
    }

    fn agreed_shapes(&self, inputs: &[&TensorType]) -> Option<Vec<Shape>> {
        let [a, b] = inputs else { return None };
        let [a, mut to] = [a.shape.clone(), b.shape.clone()];
        let (rank, other) = (to.rank(), a.rank());
        if rank < 2 || other < 2 {
            return None;
        }
        to.0[if self.transpose_b { rank - 1 } else { rank - 2 }] =
            a.0[if self.transpose_a { other - 2 } else { other - 1 }].clone();
        for back in 3..=rank.min(other) {
            to.0[rank - back] = a.0[other - back].clone();
        }
        Some(vec![a, to])
    }

    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (a, b, dy) = (rule.inputs[0], rule.inputs[1], rule.dy()?);
        let (ta, tb) = (self.transpose_a, self.transpose_b);
        let (needs_a, needs_b) = (rule.needs[0], rule.needs[1]);
        let g = &mut *rule.graph;
        let mut product = |x: Value, tx: bool, y: Value, ty: bool, like: Value| -> Result<Value> {
            let full = g.one(MatMul { transpose_a: tx, transpose_b: ty }, &[x, y])?;
            g.sum_to(full, like)
        };
        // da = dy·bᵀ, db = aᵀ·dy, each transposed again where the operand was.
        let da = match (needs_a, ta) {
            (false, _) => None,
            (true, false) => Some(product(dy, false, b, !tb, a)?),
            (true, true) => Some(product(b, tb, dy, true, a)?),
        };
        let db = match (needs_b, tb) {
            (false, _) => None,
            (true, false) => Some(product(a, !ta, dy, false, b)?),
            (true, true) => Some(product(dy, true, a, ta, b)?),
        };
        Ok(vec![da, db])
    }

    fn takes_spread(&self, inputs: &[&TensorType]) -> bool {
        inputs.iter().all(|t| t.shape.rank() == 2)
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let (a, b) = (lower.stored(0)?, lower.stored(1)?);
        if a.shape.len() == 2 && b.shape.len() == 2 {
            let a = lower.matrix_input(0)?;
            let y = lower.preferred_output(0);
            return product(
                lower,
                &a,
                self.transpose_a,
                &b,
                self.transpose_b,
                None,
                Finish::Plain,
                &y,
            );
        }
        self.batched(lower)
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let mut operands = Vec::new();
        for (i, transposed) in [self.transpose_a, self.transpose_b].into_iter().enumerate() {
            let mut operand = e.input(i);
            if transposed {
                let rank = e.input_type(i).shape.rank() as i64;
                let mut order: Vec<i64> = (0..rank).collect();
                order.swap(rank as usize - 2, rank as usize - 1);
                operand =
                    e.step_with("Transpose", &[operand], vec![("perm", Attribute::Ints(order))])?;
            }
            operands.push(operand);
        }
        e.finish("MatMul", &operands)
    }
}

impl MatMul {
    /// One product per index of the leading axes; those are the rows of the task.
    fn batched(&self, lower: &mut Lower) -> Result<()> {
        let (a, b) = (lower.input(0)?, lower.input(1)?);
        let y = lower.output(0);
        let (ta, tb) = (self.transpose_a, self.transpose_b);
        let (a_size, b_size): ([usize; 2], [usize; 2]) =
            (last_two(&a.shape).map(|&d| d), last_two(&b.shape).map(|&d| d));
        let (x, z) = self.sizes([&a_size[0], &a_size[1]], [&b_size[0], &b_size[1]]);
        let (m, k, n) = (x[0], x[1], z[1]);
        let batch = y.shape[..y.shape.len() - 2].to_vec();
        let count: usize = batch.iter().product();
        let (a_at, b_at) = (matrix_index(&a.shape, &batch), matrix_index(&b.shape, &batch));
        lower
            .task(count, m * n)
            .split(Axes::ROWS)
            .cost(k as f64 * NS_PER_FMA)
            .read(a.whole())
            .read(b.whole())
            .write(y.view(count, m * n).along(Axes::ROWS))
            .scratch(gemm_scratch(m, n, k))
            .run(move |f| {
                let (a, b) = (f.floats(0), f.floats(1));
                for (i, out) in f.rows().zip(f.floats_mut(0).chunks_exact_mut((m * n).max(1))) {
                    let a = &a[a_at[i] * a_size[0] * a_size[1]..];
                    let b = &b[b_at[i] * b_size[0] * b_size[1]..];
                    let a = oriented(Tile::matrix(a, a_size[0], a_size[1]), ta);
                    let b = oriented(Tile::matrix(b, b_size[0], b_size[1]), tb);
                    gemm(f.isa, a, b, TileMut::new(out, m, n, n), Start::Zero, f.scratch());
                }
            });
        Ok(())
    }
}

fn oriented(tile: Tile, transposed: bool) -> Tile {
    if transposed { tile.transposed() } else { tile }
}

/// For each index of `batch`: which matrix of an operand of `shape` it uses.
fn matrix_index(shape: &[usize], batch: &[usize]) -> Vec<usize> {
    let own = &shape[..shape.len() - 2];
    let missing = batch.len() - own.len();
    let count: usize = batch.iter().product();
    (0..count)
        .map(|mut index| {
            let (mut at, mut stride) = (0, 1);
            for i in (0..batch.len()).rev() {
                let position = index % batch[i];
                index /= batch[i];
                if i >= missing {
                    let size = own[i - missing];
                    at += if size == 1 { 0 } else { position * stride };
                    stride *= size;
                }
            }
            at
        })
        .collect()
}
