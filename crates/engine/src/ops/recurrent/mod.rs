//! Recurrent layers: `lstm`, `gru` and `simpleRnn`, from inputs of all steps to outputs of all steps.
//!
//! An op names its composition, which ONNX has nodes for: the input's part of all steps is one
//! product ahead, [`Recurrence`] goes through time with the state's. Kernels `[features, gates·units]`
//! and `[units, gates·units]` have Keras' order of gates.

mod cell;
mod gradient;
mod kernel_gradient;
mod onnx;
mod projection;
mod recurrence;
mod step;
mod turns;
mod walk;

use super::call::{Call, Entry, built};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::onnx::Exporter;
use crate::op::{Backward, Op};
use crate::shape::{Dim, Shape};
use crate::tensor::{DType, TensorType};
use cell::{Cell, activation};
use std::sync::Arc;
use step::Way;
use walk::Recurrence;

/// Their names in the registry.
pub(super) const ENTRIES: &[Entry] = &[
    ("lstm", |call| build(call, Cell::Lstm)),
    ("gru", |call| build(call, Cell::Gru { reset_after: call.with.flag("resetAfter")? })),
    ("simpleRnn", |call| build(call, Cell::Simple)),
];

fn build(call: &Call, cell: Cell) -> Result<Arc<dyn Op>> {
    let flag = |name| call.with.flag(name);
    built(Recurrent {
        way: Way {
            cell,
            activation: activation(call.with.text("activation")?)?,
            recurrent_activation: activation(call.with.text("recurrentActivation")?)?,
            reverse: flag("reverse")?,
            aligned: flag("aligned")?,
        },
        biased: flag("biased")?,
        stated: flag("stated")?,
        masked: flag("masked")?,
        input_dropped: flag("inputDropped")?,
        dropped: flag("dropped")?,
    })
}

/// Inputs x `[batch, time, features]`, kernel, recurrent kernel, then as it is said: bias, states before
/// `[batch, units]`, which steps count `[batch, time]`, factors of x `[batch, gates, features]` and of
/// the state `[batch, gates·units]`. Outputs: the output of every step, and the states in the end.
#[derive(Debug)]
struct Recurrent {
    way: Way,
    /// True with a bias.
    biased: bool,
    /// True with states.
    stated: bool,
    /// True where steps may not count.
    masked: bool,
    /// True with factors of x, for each gate its own.
    input_dropped: bool,
    /// True with factors of the state.
    dropped: bool,
}

/// The inputs by their names.
struct Inputs<'a, T> {
    x: &'a T,
    kernel: &'a T,
    recurrent: &'a T,
    bias: Option<&'a T>,
    states: &'a [T],
    valid: Option<&'a T>,
    input_factors: Option<&'a T>,
    factors: Option<&'a T>,
}

impl Recurrent {
    fn inputs<'a, T>(&self, all: &'a [T]) -> Result<Inputs<'a, T>> {
        let states = if self.stated { self.way.cell.states() } else { 0 };
        let flags = [self.biased, self.masked, self.input_dropped, self.dropped];
        let expected = 3 + states + flags.iter().filter(|flag| **flag).count();
        let [x, kernel, recurrent, rest @ ..] = all else {
            return Err(self.misfit("lacks inputs"));
        };
        if all.len() != expected {
            return Err(self.misfit("has another number of inputs than its arguments say"));
        }
        let (bias, rest) = rest.split_at(usize::from(self.biased));
        let (states, rest) = rest.split_at(states);
        let (valid, rest) = rest.split_at(usize::from(self.masked));
        let (input_factors, factors) = rest.split_at(usize::from(self.input_dropped));
        Ok(Inputs {
            x,
            kernel,
            recurrent,
            bias: bias.first(),
            states,
            valid: valid.first(),
            input_factors: input_factors.first(),
            factors: factors.first(),
        })
    }

    /// An error unless an input, if there is one, has these sizes.
    fn expect(&self, what: &str, input: Option<&&TensorType>, sizes: Vec<Dim>) -> Result<()> {
        let expected = Shape(sizes);
        match input.filter(|of| of.shape != expected) {
            Some(of) => Err(self
                .misfit(&format!("expects a {what} of shape {expected}, received {}", of.shape))),
            None => Ok(()),
        }
    }

    fn misfit(&self, what: &str) -> Error {
        Error::shape(format!("{} {what}", self.name()))
    }

    /// `x·W + b`: for each gate with its own factors of x, if there are any.
    fn projected(&self, g: &mut Graph, of: &Inputs<Value>, bias: Option<Value>) -> Result<Value> {
        let Some(&factors) = of.input_factors else { return g.linear(*of.x, *of.kernel, bias) };
        g.gate_projection(self.way.cell.gates(), *of.x, factors, *of.kernel, bias)
    }
}

impl Op for Recurrent {
    fn name(&self) -> &'static str {
        self.way.cell.name()
    }

    fn infer(&self, inputs: &[&TensorType]) -> Result<Vec<TensorType>> {
        let of = self.inputs(inputs)?;
        let float = |t: &&TensorType| t.dtype == DType::F32;
        let floats = [of.x, of.kernel, of.recurrent].into_iter().chain(of.states);
        let floats = floats.chain(of.bias).chain(of.input_factors).chain(of.factors);
        if let Some(other) = floats.into_iter().find(|t| !float(t)) {
            return Err(Error::dtype(format!(
                "{} expects float32, received {}",
                self.name(),
                other.dtype
            )));
        }
        let sizes = |t: &TensorType| t.shape.0.clone();
        let [batch, time, features] = <[Dim; 3]>::try_from(sizes(of.x)).map_err(|_| {
            self.misfit(&format!(
                "expects x of shape [batch, time, features], received {}",
                of.x.shape
            ))
        })?;
        let units = of.recurrent.shape.0.first().cloned().unwrap_or(Dim::ONE);
        let gates = Dim::from(self.way.cell.gates());
        let wide = gates.times(&units)?;
        let bias = match self.way.cell {
            Cell::Gru { reset_after: true } => vec![Dim::from(2), wide.clone()],
            _ => vec![wide.clone()],
        };
        let state = vec![batch.clone(), units.clone()];
        let steps = vec![batch.clone(), time.clone()];
        self.expect("kernel", Some(of.kernel), vec![features.clone(), wide.clone()])?;
        self.expect("recurrent kernel", Some(of.recurrent), vec![units.clone(), wide.clone()])?;
        self.expect("bias", of.bias, bias)?;
        self.expect("state", of.states.first(), state.clone())?;
        self.expect("state", of.states.get(1), state)?;
        self.expect("mask", of.valid, steps)?;
        let factors = vec![batch.clone(), gates, features];
        self.expect("factors of x", of.input_factors, factors)?;
        self.expect("factors of the state", of.factors, vec![batch.clone(), wide])?;
        if of.valid.is_some_and(|valid| valid.dtype != DType::Bool) {
            return Err(Error::dtype(format!("{} expects a mask of bool", self.name())));
        }
        let state = TensorType::f32(Shape(vec![batch.clone(), units.clone()]));
        let mut outputs = vec![TensorType::f32(Shape(vec![batch, time, units]))];
        outputs.extend(vec![state; self.way.cell.states()]);
        Ok(outputs)
    }

    fn agreed_shapes(&self, inputs: &[&TensorType]) -> Option<Vec<Shape>> {
        let x = inputs.first()?.shape.0.clone();
        let [batch, time, _] = <[Dim; 3]>::try_from(x).ok()?;
        let of = self.inputs(inputs).ok()?;
        let is =
            |of: Option<&&TensorType>, t: &TensorType| of.is_some_and(|of| std::ptr::eq(*of, t));
        let shape = |t: &&TensorType| {
            let mut dims = t.shape.0.clone();
            let by_batch =
                [of.valid, of.input_factors, of.factors, of.states.first(), of.states.get(1)];
            if by_batch.into_iter().any(|of| is(of, t)) && !dims.is_empty() {
                dims[0] = batch.clone();
            }
            if is(of.valid, t) && dims.len() == 2 {
                dims[1] = time.clone();
            }
            Shape(dims)
        };
        Some(inputs.iter().map(shape).collect())
    }

    fn gradient(&self, rule: &mut Backward) -> Result<Vec<Option<Value>>> {
        rule.undefined()
    }

    fn decompose(&self, g: &mut Graph, inputs: &[Value]) -> Result<Option<Vec<Value>>> {
        let of = self.inputs(inputs)?;
        let (mut bias, mut state_bias) = (of.bias.copied(), None);
        if let (Some(both), Cell::Gru { reset_after: true }) = (bias, self.way.cell) {
            let row = |g: &mut Graph, at: usize| -> Result<Value> {
                let row = g.slice(both, 0, at, 1)?;
                let shape = Shape(vec![g.value_type(row).shape.last()]);
                g.reshape(row, &shape)
            };
            (bias, state_bias) = (Some(row(g, 0)?), Some(row(g, 1)?));
        }
        let z = self.projected(g, &of, bias)?;
        let mut all = vec![z, *of.recurrent];
        match self.stated {
            true => all.extend(of.states),
            false => {
                let batch = g.value_type(*of.x).shape.0[0].clone();
                let units = g.value_type(*of.recurrent).shape.0[0].clone();
                let zero = g.scalar(0.0)?;
                let zeros = g.broadcast(zero, &Shape(vec![batch, units]))?;
                all.extend(vec![zeros; self.way.cell.states()]);
            }
        }
        all.extend(state_bias);
        if let Some(&valid) = of.valid {
            all.push(g.cast(valid, DType::F32)?);
        }
        all.extend(of.factors);
        let recurrence = Recurrence {
            way: self.way,
            biased: state_bias.is_some(),
            masked: self.masked,
            dropped: self.dropped,
        };
        let mut outputs = g.apply(Arc::new(recurrence), &all)?;
        outputs.truncate(1 + self.way.cell.states());
        Ok(Some(outputs))
    }

    fn is_composite(&self) -> bool {
        true
    }

    fn onnx(&self, e: &mut Exporter) -> Result<()> {
        if self.input_dropped || self.dropped {
            return e.no_form();
        }
        self.write(e)
    }
}
