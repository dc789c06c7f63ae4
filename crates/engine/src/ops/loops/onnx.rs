//! The ONNX forms of loops: `Scan` and `Loop`, whose bodies read what all steps read from the graph around them.

use super::scan::Scan;
use super::while_loop::While;
use crate::error::Result;
use crate::onnx::{Attribute, DataType, Exporter, data_type};
use crate::shape::Shape;
use crate::tensor::{DType, TensorType};

/// Types as a file has them.
fn written<'a>(of: impl IntoIterator<Item = &'a TensorType>) -> Result<Vec<(DataType, Shape)>> {
    of.into_iter().map(|of| Ok((data_type(of.dtype)?, of.shape.clone()))).collect()
}

impl Scan {
    pub(super) fn export(&self, e: &mut Exporter) -> Result<()> {
        let all: Vec<String> = (0..e.input_count()).map(|i| e.input(i)).collect();
        let (moved, fixed) = all.split_at(self.carried + self.sequences);
        let mut inputs = written((0..moved.len()).filter_map(|i| self.step.taken(i)))?;
        let mut outputs: Vec<TensorType> = self.step.given().into_iter().cloned().collect();
        // What a gradient goes back by: the values before each step.
        let of_step = outputs.len();
        let shows = (of_step..of_step + self.carried).any(|i| e.is_used(i));
        if shows {
            outputs.extend_from_within(..self.carried);
        }
        let mut given = moved.to_vec();
        if self.sequences == 0 {
            // Scan counts its steps by a sequence.
            let steps = self.length.known().unwrap_or(0);
            given.push(e.floats(&[steps as i64], &vec![0.0; steps])?);
            inputs.push((DataType::Float, Shape(Vec::new())));
        }
        let body = e.body(&inputs, &outputs, fixed, |e, names| {
            let inside = [&names[..moved.len()], fixed].concat();
            let mut results = e.inline(&self.step.graph, &self.step.results, &inside)?;
            if shows {
                results.extend_from_slice(&names[..self.carried]);
            }
            Ok(results)
        })?;
        let directions = |count: usize| Attribute::Ints(vec![i64::from(self.reverse); count]);
        let attributes = vec![
            ("body", body),
            ("num_scan_inputs", Attribute::Int(self.sequences.max(1) as i64)),
            ("scan_input_directions", directions(self.sequences.max(1))),
            ("scan_output_directions", directions(outputs.len() - self.carried)),
        ];
        e.finish_all(outputs.len(), "Scan", &given, attributes)
    }
}

impl While {
    pub(super) fn export(&self, e: &mut Exporter) -> Result<()> {
        let all: Vec<String> = (0..e.input_count()).map(|i| e.input(i)).collect();
        let (states, fixed) = all.split_at(self.step.results.len());
        let holds = e.inline(&self.condition.graph, &self.condition.results, &all)?;
        let of_states: Vec<TensorType> = self.step.given().into_iter().cloned().collect();
        let scalar = TensorType { shape: Shape(Vec::new()), dtype: DType::Bool };
        let outputs = [&[scalar][..], &of_states].concat();
        // The number of the turn, then what the outputs are.
        let mut inputs = vec![(DataType::Int64, Shape(Vec::new()))];
        inputs.extend(written(&outputs)?);
        let body = e.body(&inputs, &outputs, fixed, |e, names| {
            let names = [&names[2..], fixed].concat();
            let next = e.inline(&self.step.graph, &self.step.results, &names)?;
            let names = [&next[..], fixed].concat();
            let holds = e.inline(&self.condition.graph, &self.condition.results, &names)?;
            Ok([holds, next].concat())
        })?;
        let most = e.int(self.most as i64)?;
        let given = [&[most, holds[0].clone()][..], states].concat();
        e.finish_all(states.len(), "Loop", &given, vec![("body", body)])
    }
}
