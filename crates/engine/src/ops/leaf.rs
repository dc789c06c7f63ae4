//! Where values come from: inputs, variables, constants, and the size of an axis.

use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::plan::lower::Lower;
use crate::plan::view::Axes;
use crate::plan::{Home, Rows};
use crate::shape::{Dim, Shape};
use crate::tensor::{Tensor, TensorType};
use crate::variable::Variable;
use ridgeline_kernels::prefetch::fetch;
use std::sync::Arc;

/// Rows ahead of the one it copies that an input asks for.
const AHEAD: usize = 2;

/// Input `index` of the program: rows of data, fed batch by batch.
#[derive(Debug)]
pub struct Input {
    /// Position among the program's feeds.
    pub index: usize,
    /// Name at the boundary and in ONNX.
    pub name: String,
    /// Shape, with the batch first, and element type.
    pub of: TensorType,
}

impl Op for Input {
    fn name(&self) -> &'static str {
        "input"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![self.of.clone()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        if lower.rows == Rows::InOrder {
            lower.feed(0, self.index);
            return Ok(());
        }
        let y = lower.output(0);
        let rows = y.shape.first().copied().unwrap_or(1);
        let width = y.shape.iter().skip(1).product();
        let index = self.index;
        lower
            .task(rows, width)
            .split(Axes::ROWS)
            .cost(0.15)
            .write(y.view(rows, width).along(Axes::ROWS))
            .run(move |f| {
                let feed = f.step.feeds[index];
                let row_at = |row: usize| {
                    let from = f.step.batch.get(row).map_or(row, |&r| r as usize);
                    let start = feed.data.wrapping_add(from * feed.width);
                    (from, std::ptr::slice_from_raw_parts(start, width))
                };
                for (row, out) in f.rows().zip(f.words_mut(0).chunks_exact_mut(width.max(1))) {
                    // The order of rows is random, and no hardware foresees it.
                    fetch(row_at(row + AHEAD).1);
                    let (from, data) = row_at(row);
                    assert!(
                        from < feed.rows && width <= feed.width,
                        "a batch row outside its data"
                    );
                    // SAFETY: the row lies inside the feed, which lives as long as the run.
                    out.copy_from_slice(unsafe { &*data });
                }
            });
        Ok(())
    }
    fn onnx(&self, _: &mut Exporter) -> Result<()> {
        Ok(())
    }
    fn is_pure(&self) -> bool {
        false
    }
}

/// A variable's value.
#[derive(Debug)]
pub struct Weight {
    /// The variable.
    pub variable: Arc<Variable>,
}

impl Op for Weight {
    fn name(&self) -> &'static str {
        "weight"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        let shape = Shape::of(self.variable.shape());
        Ok(vec![TensorType { shape, dtype: self.variable.dtype() }])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let buffer = lower.resident(Home::Variable(Arc::clone(&self.variable)));
        lower.alias(0, &buffer);
        Ok(())
    }
    fn memory(&self) -> Option<&Arc<Variable>> {
        Some(&self.variable)
    }
    fn onnx(&self, export: &mut Exporter) -> Result<()> {
        let name = export.output(0);
        let tensor = export.contents(&self.variable)?;
        export.tensor_named(&name, &tensor)
    }
    fn is_pure(&self) -> bool {
        false
    }
}

/// A tensor known when the graph is built.
#[derive(Debug)]
pub struct Constant {
    /// The tensor.
    pub tensor: Arc<Tensor>,
}

impl Op for Constant {
    fn name(&self) -> &'static str {
        "constant"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![self.tensor.tensor_type()])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let buffer = lower.resident(Home::Constant(Arc::clone(&self.tensor)));
        lower.alias(0, &buffer);
        Ok(())
    }
    fn onnx(&self, export: &mut Exporter) -> Result<()> {
        let name = export.output(0);
        export.tensor_named(&name, &self.tensor)
    }
}

/// A size that is known when the graph is bound, as a float32 scalar: the n of a mean.
#[derive(Debug)]
pub struct Size {
    /// The size.
    pub dim: Dim,
}

impl Op for Size {
    fn name(&self) -> &'static str {
        "size"
    }
    fn infer(&self, _: &[&TensorType]) -> Result<Vec<TensorType>> {
        Ok(vec![TensorType::f32(Shape::default())])
    }
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        let size = self.dim.bind(lower.bindings) as f32;
        let buffer = lower.resident(Home::Constant(Arc::new(Tensor::scalar(size))));
        lower.alias(0, &buffer);
        Ok(())
    }
    fn is_pure(&self) -> bool {
        false
    }
    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        e.no_form()
    }
}

impl Graph {
    /// Adds an input; `index` is its position among the feeds.
    ///
    /// # Errors
    /// `ERR_SHAPE` when the type is too large.
    pub fn input(&mut self, index: usize, name: &str, of: TensorType) -> Result<Value> {
        of.shape.size()?;
        self.one(Input { index, name: name.to_owned(), of }, &[])
    }
    /// Adds a variable's value: the same node for the same variable.
    ///
    /// # Errors
    /// None in practice.
    pub fn weight(&mut self, variable: &Arc<Variable>) -> Result<Value> {
        let same = |v: &Arc<Variable>| Arc::ptr_eq(v, variable);
        let found = self
            .nodes()
            .iter()
            .position(|node| node.op.downcast::<Weight>().is_some_and(|w| same(&w.variable)));
        match found {
            Some(node) => Ok(Value { node: node as u32, output: 0 }),
            None => self.one(Weight { variable: Arc::clone(variable) }, &[]),
        }
    }
    /// Adds a constant.
    ///
    /// # Errors
    /// None in practice.
    pub fn constant(&mut self, tensor: Tensor) -> Result<Value> {
        self.one(Constant { tensor: Arc::new(tensor) }, &[])
    }
    /// Adds a float32 scalar.
    ///
    /// # Errors
    /// None in practice.
    pub fn scalar(&mut self, value: f32) -> Result<Value> {
        self.constant(Tensor::scalar(value))
    }
    /// A size as a float32 scalar.
    ///
    /// # Errors
    /// None in practice.
    pub fn size(&mut self, dim: &Dim) -> Result<Value> {
        match dim.known() {
            Some(size) => self.scalar(size as f32),
            None => self.one(Size { dim: dim.clone() }, &[]),
        }
    }
    /// The tensor of `value`, if it is a constant.
    pub fn as_constant(&self, value: Value) -> Option<&Arc<Tensor>> {
        self.node(value).op.downcast::<Constant>().map(|constant| &constant.tensor)
    }
}
