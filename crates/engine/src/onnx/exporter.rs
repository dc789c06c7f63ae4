//! What an op has while it writes its ONNX form: its node, names of values, and steps to add.

use super::code;
use super::names::Names;
use crate::error::{Code, Error, Result};
use crate::graph::{Graph, Node, Value};
use crate::ops::leaf::Weight;
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, Tensor, TensorType};
use crate::variable::Variable;
use ridgeline_onnx::{Attribute, ModelBuilder};
use std::collections::HashMap;

/// One node while it is written.
pub struct Exporter<'a> {
    pub(super) model: &'a mut ModelBuilder,
    pub(super) graph: &'a Graph,
    pub(super) node: &'a Node,
    pub(super) at: u32,
    /// Version of the operator set.
    pub opset: i64,
    /// What the graph gives.
    pub(super) results: &'a [Value],
    pub(super) names: &'a mut Names,
    pub(super) of_value: &'a mut HashMap<Value, String>,
    /// Of the variables that are not written yet, all read at one boundary between training steps.
    pub(super) contents: &'a mut HashMap<u64, Tensor>,
}

impl Exporter<'_> {
    /// Says that the op has no ONNX form.
    ///
    /// # Errors
    /// `ERR_EXPORT`, always.
    pub fn no_form(&self) -> Result<()> {
        let name = self.node.op.name();
        Err(Error::new(Code::Export, format!("'{name}' cannot be written as ONNX")))
    }
    /// Number of inputs.
    pub fn input_count(&self) -> usize {
        self.node.inputs.len()
    }
    /// The name of input `i`.
    pub fn input(&self, i: usize) -> String {
        self.of_value[&self.node.inputs[i]].clone()
    }
    /// The type of input `i`.
    pub fn input_type(&self, i: usize) -> &TensorType {
        self.graph.value_type(self.node.inputs[i])
    }
    /// The name of output `i`.
    pub fn output(&mut self, i: usize) -> String {
        let value = Value { node: self.at, output: i as u32 };
        if let Some(name) = self.of_value.get(&value) {
            return name.clone();
        }
        let wanted = match self.node.op.downcast::<Weight>() {
            Some(weight) => weight.variable.name(),
            None => self.path(self.node.op.name()),
        };
        let name = self.names.unique(&wanted);
        self.of_value.insert(value, name.clone());
        name
    }

    pub(super) fn path(&self, leaf: &str) -> String {
        match &*self.node.label {
            "" => leaf.to_owned(),
            label => format!("{label}/{leaf}"),
        }
    }

    /// True if something uses output `i`.
    pub fn is_used(&self, i: usize) -> bool {
        let value = Value { node: self.at, output: i as u32 };
        let behind = &self.graph.nodes()[self.at as usize + 1..];
        self.results.contains(&value) || behind.iter().any(|node| node.inputs.contains(&value))
    }

    fn emit(&mut self, op: &str, inputs: &[String], output: &str, with: Vec<(&str, Attribute)>) {
        self.emit_all(op, inputs, &[output], with);
    }

    fn emit_all(
        &mut self,
        op: &str,
        inputs: &[String],
        outputs: &[&str],
        with: Vec<(&str, Attribute)>,
    ) {
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let name = self.path(op);
        let label = self.node.label.to_string();
        let doc = (!label.is_empty()).then_some(label.as_str());
        self.model.node(op, &name, &inputs, outputs, with, doc);
    }

    /// Emits an intermediate node and returns the name of its result.
    ///
    /// # Errors
    /// None in practice.
    pub fn step(&mut self, op: &str, inputs: &[String]) -> Result<String> {
        self.step_with(op, inputs, Vec::new())
    }
    /// As [`Exporter::step`], with attributes.
    ///
    /// # Errors
    /// None in practice.
    pub fn step_with(
        &mut self,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<String> {
        let name = self.names.unique(&self.path(&format!("{}:{op}", self.node.op.name())));
        self.emit(op, inputs, &name, with);
        Ok(name)
    }
    /// Emits an intermediate node with `N` results and returns their names.
    ///
    /// # Errors
    /// None in practice.
    pub fn steps<const N: usize>(
        &mut self,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<[String; N]> {
        let path = self.path(&format!("{}:{op}", self.node.op.name()));
        let names = std::array::from_fn(|_| self.names.unique(&path));
        self.emit_all(op, inputs, &names.each_ref().map(String::as_str), with);
        Ok(names)
    }
    /// Emits the node that computes the first output.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish(&mut self, op: &str, inputs: &[String]) -> Result<()> {
        self.finish_with(op, inputs, Vec::new())
    }
    /// As [`Exporter::finish`], with attributes.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish_with(
        &mut self,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<()> {
        self.finish_output(0, op, inputs, with)
    }
    /// Emits the node that computes output `i`.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish_output(
        &mut self,
        i: usize,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<()> {
        let name = self.output(i);
        self.emit(op, inputs, &name, with);
        Ok(())
    }

    /// Emits the node that computes the first `count` outputs.
    ///
    /// # Errors
    /// None in practice.
    pub fn finish_all(
        &mut self,
        count: usize,
        op: &str,
        inputs: &[String],
        with: Vec<(&str, Attribute)>,
    ) -> Result<()> {
        let names: Vec<String> = (0..count).map(|i| self.output(i)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.emit_all(op, inputs, &names, with);
        Ok(())
    }

    /// A float scalar as initializer.
    ///
    /// # Errors
    /// None in practice.
    pub fn float(&mut self, value: f32) -> Result<String> {
        self.floats(&[], &[value])
    }
    /// Floats as initializer.
    ///
    /// # Errors
    /// None in practice.
    pub fn floats(&mut self, dims: &[i64], values: &[f32]) -> Result<String> {
        let name = self.names.unique(&self.path(&format!("{}:constant", self.node.op.name())));
        self.model.initializer_f32(&name, dims, values, None);
        Ok(name)
    }
    /// A vector of int64 as initializer.
    ///
    /// # Errors
    /// None in practice.
    pub fn ints(&mut self, values: &[i64]) -> Result<String> {
        let name = self.names.unique(&self.path(&format!("{}:shape", self.node.op.name())));
        self.model.initializer_i64(&name, &[values.len() as i64], values, None);
        Ok(name)
    }
    /// A scalar int64 as initializer.
    ///
    /// # Errors
    /// None in practice.
    pub fn int(&mut self, value: i64) -> Result<String> {
        let name = self.names.unique(&self.path(&format!("{}:constant", self.node.op.name())));
        self.model.initializer_i64(&name, &[], &[value], None);
        Ok(name)
    }
    /// What `variable` held when the export began; once, since it is written once.
    ///
    /// # Errors
    /// `ERR_NATIVE` when it was asked for before.
    pub fn contents(&mut self, variable: &Variable) -> Result<Tensor> {
        let found = self.contents.remove(&variable.id());
        found.ok_or_else(|| Error::native(format!("'{}' is written twice", variable.name())))
    }
    /// A tensor as initializer of the given name.
    ///
    /// # Errors
    /// `ERR_EXPORT` for packed bits.
    pub fn tensor_named(&mut self, name: &str, tensor: &Tensor) -> Result<()> {
        let dims: Vec<i64> = tensor.shape.iter().map(|&d| d as i64).collect();
        match tensor.dtype {
            DType::F32 => self.model.initializer_f32(name, &dims, tensor.as_f32(), None),
            DType::I32 => {
                self.model.initializer_i32(name, &dims, bytemuck::cast_slice(&tensor.words), None)
            }
            DType::Bool => {
                let values: Vec<bool> = tensor.words.iter().map(|&w| w != 0).collect();
                self.model.initializer_bool(name, &dims, &values, None)
            }
            DType::Bits => return Err(Error::new(Code::Export, "packed bits have no ONNX type")),
        };
        Ok(())
    }

    /// Input `i`; of booleans int32 numbers.
    ///
    /// # Errors
    /// None in practice.
    pub fn number(&mut self, i: usize) -> Result<String> {
        if self.input_type(i).dtype != DType::Bool {
            return Ok(self.input(i));
        }
        let to = ("to", Attribute::Int(code(DType::I32)?));
        self.step_with("Cast", &[self.input(i)], vec![to])
    }

    /// Emits a Cast of `value` to `dtype`.
    ///
    /// # Errors
    /// `ERR_EXPORT` for packed bits.
    pub fn cast(&mut self, value: String, dtype: DType) -> Result<()> {
        let to = code(dtype)?;
        self.finish_with("Cast", &[value], vec![("to", Attribute::Int(to))])
    }

    /// Emits a reduction; its axes are an attribute before opset 18, except for ReduceSum.
    ///
    /// # Errors
    /// None in practice.
    pub fn reduce(&mut self, op: &str, axes: &[i64], keepdims: bool) -> Result<()> {
        let keep = ("keepdims", Attribute::Int(i64::from(keepdims)));
        if self.opset >= 18 || op == "ReduceSum" {
            let list = self.ints(axes)?;
            return self.finish_with(op, &[self.input(0), list], vec![keep]);
        }
        self.finish_with(op, &[self.input(0)], vec![("axes", Attribute::Ints(axes.to_vec())), keep])
    }

    /// Emits an ArgMax as int32.
    ///
    /// # Errors
    /// None in practice.
    pub fn arg_max(&mut self, axis: i64) -> Result<()> {
        let with = vec![("axis", Attribute::Int(axis)), ("keepdims", Attribute::Int(0))];
        let wide = self.step_with("ArgMax", &[self.input(0)], with)?;
        self.finish_with("Cast", &[wide], vec![("to", Attribute::Int(code(DType::I32)?))])
    }

    /// Emits a TopK along the last axis, of all where `k` is not given; the output is the indices, as int32.
    ///
    /// # Errors
    /// `ERR_EXPORT` where no input tells how many all are.
    pub fn top_k(&mut self, k: Option<usize>, largest: bool) -> Result<()> {
        let all = self.input_type(0).shape.last();
        let k = self.sizes(&Shape(vec![k.map_or(all, Dim::from)]))?;
        let x = self.input(0);
        let with = vec![("axis", Attribute::Int(-1)), ("largest", Attribute::Int(largest.into()))];
        let [_, wide] = self.steps("TopK", &[x, k], with)?;
        self.finish_with("Cast", &[wide], vec![("to", Attribute::Int(code(DType::I32)?))])
    }
}
