//! What an operation is: a shape rule, a gradient, a lowering to kernels and an ONNX form.
//!
//! Each op implements this trait in one file under `ops/`; nothing else in the engine knows a
//! particular op, except passes that name the ops they rewrite.

use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::plan::instruction::Instruction;
use crate::plan::lower::Lower;
use crate::shape::Shape;
use crate::tensor::TensorType;
use crate::variable::Variable;
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

/// An operation on tensors.
pub trait Op: Any + Debug + Send + Sync {
    /// Its name in the registry, in camelCase as users write it.
    fn name(&self) -> &'static str;

    /// The shape rule: types of the outputs from types of the inputs.
    ///
    /// # Errors
    /// `ERR_SHAPE` or `ERR_DTYPE` when the inputs do not fit.
    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>>;

    /// Emits the gradient of each input, `None` where none flows: [`Backward::nothing`] where
    /// outputs do not depend smoothly on any input, [`Backward::undefined`] for what only stands in
    /// graphs that are differentiated already.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` when the op is not differentiable.
    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>>;

    /// True where no gradient flows from what it gives, whatever it depends on.
    fn stops_gradient(&self) -> bool {
        false
    }

    /// The same outputs from primitive ops: what composite ops are replaced by, and what tests hold
    /// coarse ones against. Outputs that only serve backward may be left out.
    ///
    /// # Errors
    /// As building a graph.
    fn decompose(&self, _: &mut Graph, _inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        Ok(None)
    }

    /// True for ops that only name their decomposition, for ONNX and for readers.
    fn is_composite(&self) -> bool {
        false
    }

    /// The op as one instruction of a block program, if it works element by element.
    fn instruction(&self, _inputs: &[&TensorType]) -> Option<Instruction> {
        None
    }

    /// True if the op is lowered as a block program.
    fn is_elementwise(&self, inputs: &[&TensorType]) -> bool {
        self.instruction(inputs).is_some()
    }

    /// Turns the op into tasks over buffers. Element-wise ops need none of their own.
    ///
    /// # Errors
    /// `ERR_NATIVE` when the op cannot run, which is a defect.
    fn lower(&self, lower: &mut Lower) -> Result<()> {
        lower.elementwise(self.name())
    }

    /// True when the op takes matrices whose rows lie apart, as input and as first output: it asks
    /// [`Lower::matrix_input`] and [`Lower::preferred_output`] for them. Block programs do.
    fn takes_spread(&self, inputs: &[&TensorType]) -> bool {
        self.is_elementwise(inputs)
    }

    /// Emits the op as ONNX nodes; [`Exporter::no_form`] where there are none for it.
    ///
    /// # Errors
    /// `ERR_EXPORT` when ONNX has no form for it.
    fn onnx(&self, exporter: &mut Exporter) -> Result<()>;

    /// The variable that the op writes, from its first input if it has any, where it acts besides
    /// computing outputs (updates of weights and state).
    fn effect(&self) -> Option<&Arc<Variable>> {
        None
    }

    /// The variable in whose layout the op takes its first input, if it does not matter to the op.
    fn laid_out_like(&self) -> Option<&Arc<Variable>> {
        self.effect()
    }

    /// The variable whose memory the first output is, if it is one's.
    fn memory(&self) -> Option<&Arc<Variable>> {
        self.effect()
    }

    /// True if the op takes its input in panels too, and does not care: it asks [`Lower::stored`] for it.
    fn takes_panels(&self, _inputs: &[&TensorType]) -> bool {
        false
    }

    /// The shapes that its inputs have to have, as far as unknown sizes go that may turn out equal: those of others, which are
    /// then taken for the same until data comes. None where nothing is known of it.
    fn agreed_shapes(&self, _inputs: &[&TensorType]) -> Option<Vec<Shape>> {
        None
    }

    /// True when the same inputs always give the same outputs and nothing else happens, so constants
    /// can be folded.
    fn is_pure(&self) -> bool {
        self.effect().is_none()
    }
}

impl dyn Op {
    /// The op as its concrete type.
    pub fn downcast<T: Op>(&self) -> Option<&T> {
        (self as &dyn Any).downcast_ref()
    }
}

/// The surroundings of a node while its gradient is emitted.
pub struct Backward<'a> {
    /// The graph that grows.
    pub graph: &'a mut Graph,
    /// Inputs of the node.
    pub inputs: &'a [Value],
    /// Outputs of the node.
    pub outputs: &'a [Value],
    /// Gradient of each output, if any reaches it.
    pub gradients: &'a [Option<Value>],
    /// Which inputs need a gradient.
    pub needs: &'a [bool],
}

impl Backward<'_> {
    /// The gradient of the first output; the walk only visits nodes that have one.
    ///
    /// # Errors
    /// `ERR_ARGUMENT` when only another output has a gradient.
    pub fn dy(&self) -> Result<Value> {
        self.gradients[0]
            .ok_or_else(|| Error::argument("only a side output of this op is differentiated"))
    }
    /// No gradient flows to any input: a mask, a comparison, an index.
    ///
    /// # Errors
    /// None.
    pub fn nothing(&self) -> Result<Vec<Option<Value>>> {
        Ok(vec![None; self.inputs.len()])
    }
    /// The op has no gradient rule.
    ///
    /// # Errors
    /// `ERR_ARGUMENT`, always.
    pub fn undefined(&self) -> Result<Vec<Option<Value>>> {
        let name = self.graph.node(self.outputs[0]).op.name();
        Err(Error::argument(match name.strip_suffix("Gradient") {
            Some(of) => format!("a gradient of a gradient of '{of}' cannot be had"),
            None => format!("'{name}' has no gradient"),
        }))
    }
    /// The type of input `i`.
    pub fn input_type(&self, i: usize) -> &TensorType {
        self.graph.value_type(self.inputs[i])
    }
}
