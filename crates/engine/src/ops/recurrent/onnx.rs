//! Recurrent layers as ONNX's own nodes.
//!
//! Those take time first, another order of gates, and steps that do not count at the end of a row alone.
//! So steps of any mask are packed: those that count come first, in order (`TopK` of descending
//! keys), the node runs as many, and the output of each step is fetched from where the last one
//! that counted went, which keeps the state, as a mask does.

use super::Recurrent;
use super::cell::Cell;
use crate::error::{Error, Result};
use crate::onnx::{Attribute, Exporter, code};
use crate::tensor::DType;
use ridgeline_kernels::recurrent::Activation;

/// ONNX' number of int64.
const INT64: i64 = 7;

/// The name of an activation, its alpha and its beta, as far as it has them.
fn named(activation: Activation) -> (&'static str, Option<f32>, Option<f32>) {
    match activation {
        Activation::Linear => ("Affine", Some(1.0), Some(0.0)),
        Activation::Tanh => ("Tanh", None, None),
        Activation::Sigmoid => ("Sigmoid", None, None),
        Activation::HardSigmoid => ("HardSigmoid", Some(1.0 / 6.0), Some(0.5)),
        Activation::Relu => ("Relu", None, None),
        Activation::Elu => ("Elu", Some(1.0), None),
        Activation::Softsign => ("Softsign", None, None),
        Activation::Softplus => ("Softplus", None, None),
    }
}

fn cast(e: &mut Exporter, x: String, to: i64) -> Result<String> {
    e.step_with("Cast", &[x], vec![("to", Attribute::Int(to))])
}

fn unsqueezed(e: &mut Exporter, x: String, axis: i64) -> Result<String> {
    let axis = e.ints(&[axis])?;
    e.step("Unsqueeze", &[x, axis])
}

/// Batch and time, exchanged.
fn turned(e: &mut Exporter, x: String) -> Result<String> {
    e.step_with("Transpose", &[x], vec![("perm", Attribute::Ints(vec![1, 0, 2]))])
}

/// How the steps that count are packed: names of int64 tensors `[batch, time]`, and lengths `[batch]`.
struct Packing {
    order: String,
    /// Where in the packed steps the output of each step stands.
    place: String,
    /// Whether any step that counts stands at or before it, on the way through time.
    began: String,
    lengths: String,
}

impl Packing {
    fn of(e: &mut Exporter, mask: String, reverse: bool) -> Result<Packing> {
        let (one, zero) = (e.ints(&[1])?, e.int(0)?);
        let (step, mask) = (e.int(1)?, cast(e, mask, INT64)?);
        let shape = e.step("Shape", std::slice::from_ref(&mask))?;
        let time = e.step("Gather", &[shape, step.clone()])?;
        let range = e.step("Range", &[zero.clone(), time.clone(), step.clone()])?;
        let counted = e.step("Mul", &[mask.clone(), time.clone()])?;
        let key = e.step("Sub", &[counted, range])?;
        let all = unsqueezed(e, time, 0)?;
        let [_, order] = e.steps("TopK", &[key, all], vec![("axis", Attribute::Int(1))])?;
        let axis = e.int(1)?;
        let until = e.step("CumSum", &[mask.clone(), axis])?;
        let keep = vec![("keepdims", Attribute::Int(1))];
        let total = e.step_with("ReduceSum", &[mask.clone(), one.clone()], keep)?;
        let flat = e.step("Squeeze", &[total.clone(), one])?;
        let lengths = cast(e, flat, code(DType::I32)?)?;
        let (place, began) = if reverse {
            let before = e.step("Sub", &[until, mask])?;
            (before.clone(), e.step("Less", &[before, total])?)
        } else {
            (e.step("Sub", &[until.clone(), step])?, e.step("Greater", &[until, zero])?)
        };
        Ok(Packing { order, place, began, lengths })
    }

    /// Elements `[batch, time, …]` of `x` from `[batch, time]` places along time.
    fn gathered(e: &mut Exporter, x: String, places: String) -> Result<String> {
        let places = unsqueezed(e, places, 2)?;
        let shape = e.step("Shape", std::slice::from_ref(&x))?;
        let places = e.step("Expand", &[places, shape])?;
        e.step_with("GatherElements", &[x, places], vec![("axis", Attribute::Int(1))])
    }
}

impl Recurrent {
    /// Writes the layer as nodes.
    pub(super) fn write(&self, e: &mut Exporter) -> Result<()> {
        let cell = self.way.cell;
        let all: Vec<usize> = (0..e.input_count()).collect();
        let of = self.inputs(&all)?;
        let units = e.input_type(*of.recurrent).shape.0[0].known();
        let units = units.ok_or_else(|| Error::shape("the units are not known"))?;
        let packing = match of.valid {
            Some(&mask) => Some(Packing::of(e, e.input(mask), self.way.reverse)?),
            None => None,
        };
        let mut x = e.input(*of.x);
        if let Some(packing) = &packing {
            x = Packing::gathered(e, x, packing.order.clone())?;
        }
        let mut inputs = vec![turned(e, x)?];
        for kernel in [of.kernel, of.recurrent] {
            let ordered = self.ordered(e, e.input(*kernel), units)?;
            let perm = vec![("perm", Attribute::Ints(vec![1, 0]))];
            let turned = e.step_with("Transpose", &[ordered], perm)?;
            inputs.push(unsqueezed(e, turned, 0)?);
        }
        inputs.push(match of.bias {
            Some(&bias) => self.bias(e, e.input(bias), units)?,
            None => String::new(),
        });
        inputs.push(packing.as_ref().map_or_else(String::new, |of| of.lengths.clone()));
        for &state in of.states {
            inputs.push(unsqueezed(e, e.input(state), 0)?);
        }
        let with = self.attributes(units);
        let [y, h, c] = match cell {
            Cell::Lstm => e.steps("LSTM", &inputs, with)?,
            Cell::Gru { .. } => {
                let [y, h] = e.steps("GRU", &inputs, with)?;
                [y, h, String::new()]
            }
            Cell::Simple => {
                let [y, h] = e.steps("RNN", &inputs, with)?;
                [y, h, String::new()]
            }
        };
        let lengths = packing.as_ref().map(|packing| packing.lengths.clone());
        if e.is_used(0) {
            let state = of.states.first().map(|&state| e.input(state));
            self.sequence(e, y, packing, state)?;
        }
        for (i, state) in [(1, h), (2, c)] {
            if i > cell.states() || !e.is_used(i) {
                continue;
            }
            let axis = e.ints(&[0])?;
            match (&lengths, of.states.get(i - 1)) {
                // ONNX Runtime gives 0 for a row without steps, whatever its state was before.
                (Some(lengths), Some(&before)) => {
                    let state = e.step("Squeeze", &[state, axis])?;
                    let lengths = cast(e, lengths.clone(), INT64)?;
                    let (zero, before) = (e.int(0)?, e.input(before));
                    let some = e.step("Greater", &[lengths, zero])?;
                    let some = unsqueezed(e, some, 1)?;
                    e.finish_output(i, "Where", &[some, state, before], Vec::new())?;
                }
                _ => e.finish_output(i, "Squeeze", &[state, axis], Vec::new())?,
            }
        }
        Ok(())
    }

    /// The columns of a kernel, or the elements of a bias, in ONNX' order of gates: an LSTM's is i, o, f, g.
    fn ordered(&self, e: &mut Exporter, of: String, units: usize) -> Result<String> {
        if self.way.cell != Cell::Lstm {
            return Ok(of);
        }
        let columns: Vec<i64> = [0, 3, 1, 2]
            .iter()
            .flat_map(|gate| gate * units..(gate + 1) * units)
            .map(|i| i as i64)
            .collect();
        let columns = e.ints(&columns)?;
        e.step_with("Gather", &[of, columns], vec![("axis", Attribute::Int(-1))])
    }

    /// The biases of the input's and of the state's part, `[1, 2·gates·units]`.
    fn bias(&self, e: &mut Exporter, bias: String, units: usize) -> Result<String> {
        let width = (self.way.cell.gates() * units) as i64;
        if self.way.cell == (Cell::Gru { reset_after: true }) {
            let shape = e.ints(&[1, 2 * width])?;
            return e.step("Reshape", &[bias, shape]);
        }
        let own = self.ordered(e, bias, units)?;
        let zeros = e.floats(&[width], &vec![0.0; width as usize])?;
        let both = e.step_with("Concat", &[own, zeros], vec![("axis", Attribute::Int(0))])?;
        unsqueezed(e, both, 0)
    }

    fn attributes(&self, units: usize) -> Vec<(&'static str, Attribute)> {
        let kinds = match self.way.cell {
            Cell::Lstm => {
                vec![self.way.recurrent_activation, self.way.activation, self.way.activation]
            }
            Cell::Gru { .. } => vec![self.way.recurrent_activation, self.way.activation],
            Cell::Simple => vec![self.way.activation],
        };
        let named: Vec<_> = kinds.into_iter().map(named).collect();
        let names = named.iter().map(|(name, _, _)| (*name).to_owned()).collect();
        let alphas: Vec<f32> = named.iter().filter_map(|(_, alpha, _)| *alpha).collect();
        let betas: Vec<f32> = named.iter().filter_map(|(_, _, beta)| *beta).collect();
        let direction = if self.way.reverse { "reverse" } else { "forward" };
        let mut with = vec![
            ("hidden_size", Attribute::Int(units as i64)),
            ("direction", Attribute::String(direction.to_owned())),
            ("activations", Attribute::Strings(names)),
        ];
        if !alphas.is_empty() {
            with.push(("activation_alpha", Attribute::Floats(alphas)));
        }
        if !betas.is_empty() {
            with.push(("activation_beta", Attribute::Floats(betas)));
        }
        if let Cell::Gru { reset_after } = self.way.cell {
            with.push(("linear_before_reset", Attribute::Int(reset_after.into())));
        }
        with
    }

    /// The outputs of all steps from `y` `[time, 1, batch, units]`; `state` is that before the first.
    fn sequence(
        &self,
        e: &mut Exporter,
        y: String,
        packing: Option<Packing>,
        state: Option<String>,
    ) -> Result<()> {
        let direction = e.ints(&[1])?;
        let y = e.step("Squeeze", &[y, direction])?;
        let flips = self.way.reverse && !self.way.aligned;
        let perm = |ints: Vec<i64>| vec![("perm", Attribute::Ints(ints))];
        if packing.is_none() && !flips {
            return e.finish_with("Transpose", &[y], perm(vec![1, 0, 2]));
        }
        let mut y = turned(e, y)?;
        if let Some(Packing { place, began, .. }) = packing {
            let found = Packing::gathered(e, y, place)?;
            let before = match state {
                Some(state) => unsqueezed(e, state, 1)?,
                None => e.float(0.0)?,
            };
            let began = unsqueezed(e, began, 2)?;
            if !flips {
                return e.finish("Where", &[began, found, before]);
            }
            y = e.step("Where", &[began, found, before])?;
        }
        let (last, end, axis, back) =
            (e.ints(&[-1])?, e.ints(&[i64::MIN])?, e.ints(&[1])?, e.ints(&[-1])?);
        e.finish("Slice", &[y, last, end, axis, back])
    }
}
