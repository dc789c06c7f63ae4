//! Piecewise constant decay: `values[i]`, where `i` of the boundaries lie below the step. A boundary is
//! the last step of its piece.

use super::{Schedule, ScheduleEntry};
use crate::attributes::Attributes;
use crate::error::{Error, Result};
use std::sync::Arc;

/// Its line in the table.
pub(super) const ENTRY: ScheduleEntry = ("piecewiseConstantDecay", parse);

/// See the module documentation.
#[derive(Debug)]
struct PiecewiseConstantDecay {
    boundaries: Vec<f64>,
    /// One more than boundaries.
    values: Vec<f64>,
}

fn parse(with: &Attributes) -> Result<Arc<dyn Schedule>> {
    let (boundaries, values) = (with.numbers("boundaries")?, with.numbers("values")?);
    if values.len() != boundaries.len() + 1 {
        return Err(Error::argument(format!(
            "values must be one more than boundaries, received {} for {}",
            values.len(),
            boundaries.len()
        )));
    }
    if !boundaries.is_sorted_by(|a, b| a < b) {
        return Err(Error::argument(format!("boundaries must increase, received {boundaries:?}")));
    }
    Ok(Arc::new(PiecewiseConstantDecay { boundaries, values }))
}

impl Schedule for PiecewiseConstantDecay {
    fn at(&self, steps: u64) -> f64 {
        self.values[self.boundaries.partition_point(|boundary| *boundary < steps as f64)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;
    use super::parse;
    use crate::attributes::Attributes;

    #[test]
    fn a_boundary_ends_its_piece() {
        let json =
            r#"{"name":"piecewiseConstantDecay","boundaries":[3,5.5],"values":[0.5,0.25,0.125]}"#;
        let rates = [(0, 0.5), (3, 0.5), (4, 0.25), (5, 0.25), (6, 0.125), (1000, 0.125)];
        check(json, &rates);
        check(r#"{"name":"piecewiseConstantDecay","boundaries":[],"values":[0.5]}"#, &[(9, 0.5)]);
    }

    #[test]
    fn lists_must_fit() {
        for (lists, says) in [
            (
                r#"{"boundaries":[3],"values":[1]}"#,
                "values must be one more than boundaries, received 1 for 1",
            ),
            (
                r#"{"boundaries":[3,3],"values":[1,2,3]}"#,
                "boundaries must increase, received [3.0, 3.0]",
            ),
            (
                r#"{"boundaries":["a"],"values":[1,2]}"#,
                "boundaries must be a list of numbers, received [\"a\"]",
            ),
        ] {
            let error = parse(&Attributes::parse(lists).unwrap()).unwrap_err();
            assert_eq!(error.message, says);
        }
    }
}
