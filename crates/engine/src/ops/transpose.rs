//! Transpose: axes in another order.

use super::call::{Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::{Attribute, Exporter};
use crate::op::{Backward, Op};
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::Axes;
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;
use ridgeline_kernels::permute::permute;
use ridgeline_kernels::transposition::transpose;

/// Its names in the registry.
pub(super) const ENTRIES: &[Entry] = &[("transpose", |call| {
    let order = call.with.integers("order")?;
    let order = order.iter().map(|&i| call.shape(0)?.axis(i)).collect::<Result<_>>()?;
    built(Transpose { order })
})];

/// Axis `i` of the output is axis `order[i]` of the input.
#[derive(Debug)]
pub struct Transpose {
    /// The order.
    pub order: Vec<usize>,
}

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let x = inputs[0];
        let mut sorted = self.order.clone();
        sorted.sort_unstable();
        if sorted != (0..x.shape.rank()).collect::<Vec<_>>() {
            return Err(Error::argument(format!(
                "transpose expects every axis of {} once, received {:?}",
                x.shape, self.order
            )));
        }
        let shape = Shape(self.order.iter().map(|&i| x.shape.0[i].clone()).collect());
        Ok(vec![TensorType { shape, dtype: x.dtype }])
    }
    fn gradient(&self, b: &mut Backward) -> Result<Vec<Option<Value>>> {
        let mut inverse = vec![0; self.order.len()];
        for (to, &from) in self.order.iter().enumerate() {
            inverse[from] = to;
        }
        let dy = b.dy()?;
        Ok(vec![Some(b.graph.transpose(dy, &inverse)?)])
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let x = lower.input(0)?;
        let y = lower.output(0);
        lower.permute_into(&x, &self.order, &y);
        Ok(())
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        let order = self.order.iter().map(|&i| i as i64).collect();
        e.finish_with("Transpose", &[e.input(0)], vec![("perm", Attribute::Ints(order))])
    }
}

impl Lower<'_> {
    /// A copy of `x` with its axes in another order.
    pub(crate) fn permuted(&mut self, x: &Buffer, order: &[usize]) -> Buffer {
        let shape: Vec<usize> = order.iter().map(|&i| x.shape[i]).collect();
        let y = self.temporary(&shape, x.dtype, Layout::Plain);
        self.permute_into(x, order, &y);
        y
    }

    /// The transpose of a matrix, whose rows may lie apart.
    pub(crate) fn transposed(&mut self, x: &Buffer) -> Buffer {
        let y = self.temporary(&[x.last(), x.leading()], x.dtype, Layout::for_columns(x.leading()));
        self.transpose_into(x, &y);
        y
    }

    fn transpose_into(&mut self, x: &Buffer, y: &Buffer) {
        let (rows, cols) = (x.leading(), x.last());
        // Its rows are columns of x, which no view can say: x is read whole.
        self.task(cols, rows)
            .split(Axes::ROWS)
            .cost(0.6)
            .read(x.matrix())
            .write(y.matrix().along(Axes::ROWS))
            .run(move |f| transpose(f.isa, f.tile(0).part(0..rows, f.rows()), f.tile_mut(0)));
    }

    fn permute_into(&mut self, x: &Buffer, order: &[usize], y: &Buffer) {
        if order == [1, 0] && x.dtype == DType::F32 {
            return self.transpose_into(x, y);
        }
        // Axes that stay in front are rows of the task, each of which is permuted by itself.
        let kept = order.iter().zip(0..).take_while(|(from, to)| *from == to).count();
        let rows: usize = x.shape[..kept].iter().product();
        let cols: usize = x.shape[kept..].iter().product();
        let shape = x.shape[kept..].to_vec();
        let order: Vec<usize> = order[kept..].iter().map(|&axis| axis - kept).collect();
        self.task(rows, cols)
            .split(Axes::ROWS)
            .cost(0.6)
            .read(x.view(rows, cols).along(Axes::ROWS))
            .write(y.view(rows, cols).along(Axes::ROWS))
            .run(move |f| {
                let rows = f.words(0).chunks_exact(cols.max(1));
                for (x, y) in rows.zip(f.words_mut(0).chunks_exact_mut(cols.max(1))) {
                    permute(x, &shape, &order, y);
                }
            });
    }
}

impl Graph {
    /// Axes in another order.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` unless `order` has every axis once.
    pub fn transpose(&mut self, x: Value, order: &[usize]) -> Result<Value> {
        self.one(Transpose { order: order.to_vec() }, &[x])
    }
}
