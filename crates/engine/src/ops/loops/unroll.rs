//! A scan in the step of another loop: its steps are written out one after the other, in buffers of their own.

use super::scan::Scan;
use crate::error::{Error, Result};
use crate::plan::lower::{Buffer, Lower};
use crate::plan::view::Axes;
use crate::variable::Layout;

/// Steps of a loop that are written out at most, and of loops within loops together.
const MOST: usize = 256;
const MOST_OF_ALL: usize = 2048;

impl Scan {
    /// Lowers it so.
    pub(super) fn unrolled(&self, lower: &mut Lower) -> Result<()> {
        let length = self.length.bind(lower.bindings);
        if length > MOST {
            return Err(Error::argument(format!(
                "a scan in the step of a loop must have at most {MOST} steps, received {length}"
            )));
        }
        let outer = lower.plan.written_out;
        let all = outer.saturating_mul(length);
        if all > MOST_OF_ALL {
            return Err(Error::argument(format!(
                "scans in the steps of loops must have at most {MOST_OF_ALL} steps together, received {all}"
            )));
        }
        lower.plan.written_out = all;
        let (step, results) = self.step.optimized()?;
        let mut given = Vec::new();
        for i in 0..lower.input_count() {
            given.push(lower.input(i)?);
        }
        let (carried, fixed) = (self.carried, self.carried + self.sequences);
        let mut states = given[..carried].to_vec();
        // Of each output its parts in the order of the steps, first what the steps give, then the values before them.
        let mut parts: Vec<Vec<Buffer>> = vec![Vec::new(); results.len()];
        for turn in 0..length {
            let time = if self.reverse { length - 1 - turn } else { turn };
            let mut inputs = states.clone();
            for whole in &given[carried..fixed] {
                inputs.push(slice(lower, whole, time));
            }
            inputs.extend_from_slice(&given[fixed..]);
            let mut into = Vec::new();
            for of in &results {
                let of = step.value_type(*of);
                let (shape, dtype) = (of.shape.bind(lower.bindings), of.dtype);
                into.push(lower.temporary(&shape, dtype, Layout::Plain));
            }
            let tasks = lower.inline_at(time, &step, &results, &inputs, &into)?;
            lower.go_through(tasks);
            let outputs = into.split_off(carried);
            for (part, of) in parts.iter_mut().zip(outputs.into_iter().chain(states)) {
                part.push(of);
            }
            states = into;
        }
        lower.plan.written_out = outer;
        for (i, last) in states.iter().enumerate() {
            lower.alias(i, last);
        }
        for (i, mut of) in (carried..).zip(parts) {
            if self.reverse {
                of.reverse();
            }
            if lower.is_used(i) {
                joined(lower, i, of);
            }
        }
        Ok(())
    }
}

/// Part `at` of a buffer along its first axis, copied.
fn slice(lower: &mut Lower, whole: &Buffer, at: usize) -> Buffer {
    let to = lower.temporary(&whole.shape[1..], whole.dtype, Layout::Plain);
    let words = to.size();
    lower
        .task(1, words)
        .split(Axes::COLS)
        .cost(0.1)
        .read(whole.view(whole.shape[0], words).along(Axes::COLS))
        .write(to.view(1, words).along(Axes::COLS))
        .run(move |f| {
            let from = f.tile(0);
            f.tile_mut(0).copy_from(from.part(at..at + 1, 0..from.cols()));
        });
    to
}

/// Output `i` from its parts along the first axis.
fn joined(lower: &mut Lower, i: usize, parts: Vec<Buffer>) {
    let of = &lower.node.outputs[i];
    let (shape, dtype) = (of.shape.bind(lower.bindings), of.dtype);
    let to = lower.temporary(&shape, dtype, Layout::Plain);
    lower.alias(i, &to);
    let words: usize = shape[1..].iter().product();
    let mut task = lower.task(1, words).split(Axes::COLS).cost(0.1 * parts.len() as f64);
    for part in &parts {
        task = task.read(part.view(1, words).along(Axes::COLS));
    }
    task.write(to.view(parts.len(), words).along(Axes::COLS)).run(move |f| {
        let mut to = f.tile_mut(0);
        for (row, _) in parts.iter().enumerate() {
            let from = f.tile(row);
            let cols = from.cols();
            to.part(row..row + 1, 0..cols).copy_from(from);
        }
    });
}
