//! Matrix products: `linear` (a layer's x·W + b) and the batched `matmul` with transposes.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::ops::reduce::Kind;
use crate::plan::Rows;
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::{Axes, UNIT};
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use ridgeline_kernels::gemm::{
    Finish, PackedMut, Right, Start, gemm, gemm_before, pack, panel_width, scratch_len,
};
use ridgeline_kernels::unary::Unary;
use ridgeline_kernels::{Isa, Tile, TileMut};

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("matmul", |call| {
        built(MatMul {
            transpose_a: call.with.flag("transposeA")?,
            transpose_b: call.with.flag("transposeB")?,
        })
    }),
    ("linear", |_| built(Linear { relu: false })),
];

/// Nanoseconds of one core for a multiply-add, for cutting chunks.
pub(super) const NS_PER_FMA: f64 = 0.02;
/// Nanoseconds to bring an element of b, which with few rows take longer than its multiply-adds.
const NS_PER_LOAD: f64 = 0.12;
/// Rows of a batch from which on those that are cut by rows read weights no more often than others
/// read rows.
const MANY_ROWS: usize = 256;
/// Rows, such as all steps of all samples, that are cut rather than columns where the other operand is small.
const TALL: usize = 1024;
/// Elements of an operand that stays in a near cache beside what meets it.
const SMALL: usize = 1 << 16;
/// Rows of a chunk that use a weight well.
const GRAIN: usize = 32;
/// Columns of a chunk that use well what is summed over many rows, which comes from far.
const BROAD: usize = 64;
/// Columns of a product from which on a transposed left operand is copied first: its columns are then streams to every
/// chunk, which takes an eighth less (measured on Zen 3). Fewer columns would not pay for the copy.
const WIDE: usize = 1024;

fn floats(name: &str, inputs: &[&TensorType]) -> Result<()> {
    match inputs.iter().find(|t| t.dtype != DType::F32) {
        Some(t) => Err(Error::dtype(format!("{name} expects float32, received {}", t.dtype))),
        None => Ok(()),
    }
}

/// `y = x·W (+ b)`: x `[…, k]`, W `[k, n]`, b `[n]`, y `[…, n]`. It may carry the ReLU that follows
/// it: then y is written once.
#[derive(Debug)]
pub struct Linear {
    /// True to apply ReLU behind it.
    pub relu: bool,
}

impl Op for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        floats("linear", inputs)?;
        let (x, w) = (inputs[0], inputs[1]);
        let fits = x.shape.rank() >= 1
            && w.shape.rank() == 2
            && x.shape.last() == w.shape.0[0]
            && inputs.get(2).is_none_or(|b| b.shape.0 == w.shape.0[1..]);
        if !fits {
            return Err(Error::shape(format!(
                "linear: input {} does not fit kernel {}",
                x.shape, w.shape
            )));
        }
        let mut shape = x.shape.clone();
        *shape.0.last_mut().expect("rank ≥ 1") = w.shape.0[1].clone();
        Ok(vec![TensorType::f32(shape)])
    }

    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let (x, w, y, dy) = (b.inputs[0], b.inputs[1], b.outputs[0], b.dy()?);
        let g = &mut *b.graph;
        let dy = if self.relu { g.through_relu(y, dy)? } else { dy };
        let rows = |g: &mut Graph, x: Value| -> Result<Value> {
            let shape = g.value_type(x).shape.clone();
            let leading = Shape(shape.0[..shape.rank() - 1].to_vec()).size()?;
            g.reshape(x, &Shape(vec![leading, shape.last()]))
        };
        let (flat_x, flat_dy) = (rows(g, x)?, rows(g, dy)?);
        let mut gradients = vec![None; b.inputs.len()];
        if b.needs[0] {
            let dx = g.one(MatMul { transpose_a: false, transpose_b: true }, &[flat_dy, w])?;
            gradients[0] = Some(g.reshape(dx, &g.value_type(x).shape.clone())?);
        }
        if b.needs[1] {
            let product = MatMul { transpose_a: true, transpose_b: false };
            gradients[1] = Some(g.one(product, &[flat_x, flat_dy])?);
        }
        if b.needs.get(2) == Some(&true) {
            gradients[2] = Some(g.reduce(Kind::Sum, flat_dy, Some(&[0]), false)?);
        }
        Ok(gradients)
    }

    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let product = g.one(MatMul { transpose_a: false, transpose_b: false }, &inputs[..2])?;
        let y = inputs.get(2).map_or(Ok(product), |&bias| g.add(product, bias))?;
        Ok(Some(vec![if self.relu { g.unary(Unary::Relu, y)? } else { y }]))
    }

    fn takes_spread(&self, _: &[&TensorType]) -> bool {
        true
    }

    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let bias = match lower.node.inputs.len() {
            3 => Some(lower.input(2)?),
            _ => None,
        };
        let (x, w) = (lower.matrix_input(0)?, lower.stored(1)?);
        let y = lower.preferred_output(0);
        let finish = if self.relu { Finish::Relu } else { Finish::Plain };
        product(lower, &x, false, &w, false, bias.as_ref(), finish, &y)
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        if self.relu {
            return e.no_form();
        }
        let has_bias = e.input_count() == 3;
        if e.input_type(0).shape.rank() == 2 {
            let mut inputs = vec![e.input(0), e.input(1)];
            inputs.extend(has_bias.then(|| e.input(2)));
            return e.finish("Gemm", &inputs);
        }
        if !has_bias {
            return e.finish("MatMul", &[e.input(0), e.input(1)]);
        }
        let product = e.step("MatMul", &[e.input(0), e.input(1)])?;
        e.finish("Add", &[product, e.input(2)])
    }
}

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

/// Columns that a chunk of a product summed over `k` rows of two matrices should have at least.
pub(super) const fn sum_grain(k: usize) -> usize {
    if k > TALL { BROAD } else { 1 }
}

/// Scratch for a GEMM of this shape on any level.
pub(super) fn gemm_scratch(m: usize, n: usize, k: usize) -> usize {
    Isa::available().map(|isa| scratch_len(isa, m, n, k)).max().unwrap_or(0)
}

/// Lowers a product of two matrices, of which `b` and `y` may stand in panels.
pub(super) fn product(
    lower: &mut Lower,
    a: &Buffer,
    transpose_a: bool,
    b: &Buffer,
    transpose_b: bool,
    bias: Option<&Buffer>,
    finish: Finish,
    y: &Buffer,
) -> Result<()> {
    let (a_rows, a_cols) = (a.leading(), a.last());
    let (m, k) = if transpose_a { (a_cols, a_rows) } else { (a_rows, a_cols) };
    let n = y.last();
    let least_cols = if transpose_a { sum_grain(k) } else { 1 };
    let (a, transpose_a) = match transpose_a && n >= WIDE {
        true => (&lower.transposed(a), false),
        false => (a, transpose_a),
    };
    let (b, transpose_b) = match b.layout {
        Layout::Panels(_) if transpose_b => (&transposed_panels(lower, b), false),
        _ => (b, transpose_b),
    };
    let [b_panels, y_panels] = [b, y].map(|of| matches!(of.layout, Layout::Panels(_)));
    // Cut by columns, a weight is read once in all and its layer's chain can follow; with fewer
    // than two units there is nothing to cut, and rows do.
    let by_cols = y_panels || n >= 2 * UNIT;
    // Far more rows than the other operand has: it stays in the near cache of whoever takes some of them.
    let is_tall = m >= TALL && k * n <= SMALL && !y_panels && !transpose_a;
    // Nothing in a prediction needs all rows at once, so many of them go through all layers together; in a loop they may
    // go through all turns.
    let is_many = lower.rows == Rows::InOrder && m >= MANY_ROWS;
    let through = (is_many || lower.is_in_loop()) && !y_panels;
    let split = match (is_tall, by_cols && !through) {
        (true, _) => Axes::ROWS,
        (_, true) => Axes::COLS,
        _ => Axes::BOTH,
    };
    let a_along = Axes { rows: !transpose_a, cols: false };
    // The columns of a transposed a are the task's rows, and the rows of a transposed b its columns,
    // which no view can say: they are read whole.
    let b_along = Axes { rows: false, cols: !transpose_b };
    let has_bias = bias.is_some();
    let mut task = lower
        .task(m, n)
        .split(split)
        .cost(k as f64 * NS_PER_FMA.max(NS_PER_LOAD / m.max(1) as f64))
        .grain(GRAIN, least_cols)
        .scratch(gemm_scratch(m, n, k))
        .fetches()
        .read(if transpose_a { a.matrix() } else { a.matrix().along(a_along) })
        .read(b.matrix().along(b_along))
        .write(y.matrix().along(split));
    if let Some(bias) = bias {
        task = task.read(bias.row());
    }
    task.run(move |f| {
        let start = if has_bias { Start::Bias(f.floats(2)) } else { Start::Zero };
        let a = match transpose_a {
            true => f.tile(0).part(0..k, f.rows()).transposed(),
            false => f.tile(0),
        };
        let b = match (b_panels, transpose_b) {
            (true, _) => Right::Packed(f.packed(1)),
            (false, false) => Right::Tile(f.tile(1)),
            (false, true) => Right::Tile(f.tile(1).part(f.cols(), 0..k).transposed()),
        };
        match y_panels {
            true => {
                gemm_before(f.isa, a, b, f.packed_mut(0), start, finish, &f.later(), f.scratch())
            }
            false => {
                gemm_before(f.isa, a, b, f.tile_mut(0), start, finish, &f.later(), f.scratch())
            }
        }
    });
    Ok(())
}

/// The transpose of a matrix in panels, in panels again. It is made ahead of the products that use
/// it, so the update of a weight need not wait for them.
fn transposed_panels(lower: &mut Lower, b: &Buffer) -> Buffer {
    let (n, k) = (b.leading(), b.last());
    let y = lower.temporary(&[k, n], b.dtype, b.layout);
    // Its columns are rows of b, which no view can say: b is read whole.
    lower
        .task(k, n)
        .split(Axes::COLS)
        .cost(0.2)
        .read(b.matrix())
        .write(y.matrix().along(Axes::COLS))
        .run(move |f| {
            let (rows, width) = (f.cols(), panel_width(f.isa));
            let to = f.floats_mut(0);
            // Panel by panel of the one, slab by slab of the other.
            for (first, panel) in f.panels(0) {
                for (slab, row) in rows.clone().step_by(width).enumerate() {
                    let rows = panel.part(row..rows.end.min(row + width), 0..panel.cols());
                    let to = &mut to[(slab * k + first) * width..];
                    let to = PackedMut::new(f.isa, to, panel.cols(), rows.rows());
                    pack(f.isa, rows.transposed(), to);
                }
            }
        });
    y
}

impl Graph {
    /// `x·W (+ b)`.
    ///
    /// # Errors
    /// `ERR_SHAPE` when they do not fit.
    pub fn linear(&mut self, x: Value, w: Value, b: Option<Value>) -> Result<Value> {
        let mut inputs = vec![x, w];
        inputs.extend(b);
        self.one(Linear { relu: false }, &inputs)
    }
}
