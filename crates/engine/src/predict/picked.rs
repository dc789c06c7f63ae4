//! Products of tables: the forms of a prediction that pick rows of them, and when that pays.
//!
//! A product of all rows of a table serves every row that is picked while the weights stay as they are. It is made
//! once as many rows were asked for as the table has: until then it would cost more than it spares, and from then on
//! never more than as much again.

use super::form::Outline;
use super::forms::Forms;
use crate::error::Result;
use crate::passes::pick::{Pick, pick};
use crate::shape::Shape;
use parking_lot::Mutex;

/// See the module documentation.
pub struct Picked {
    pub forms: Forms,
    picks: Vec<Pick>,
    asked: Mutex<Asked>,
}

/// Rows that were asked for while the weights were of these versions.
#[derive(Default)]
struct Asked {
    versions: Option<Vec<u64>>,
    rows: usize,
}

impl Picked {
    /// Those of an outline, if products of tables come up in it.
    ///
    /// # Errors
    /// What the pass finds wrong.
    pub fn new(of: &Outline) -> Result<Option<Picked>> {
        let (graph, outputs, picks) = pick(&of.graph, &of.outputs)?;
        if picks.is_empty() {
            return Ok(None);
        }
        let forms = Forms::new(Outline { graph, outputs, kept: Vec::new(), rows: of.rows });
        Ok(Some(Picked { forms, picks, asked: Mutex::default() }))
    }

    /// Counts what is asked, with sizes that are `bindings`, of weights of these versions.
    pub fn ask(&self, bindings: &[usize], batches: usize, versions: Option<Vec<u64>>) {
        let picks = |shape: &Shape| shape.bind(bindings).iter().product::<usize>() * batches;
        let next = self.picks.iter().map(|of| picks(&of.indices));
        let mut asked = self.asked.lock();
        if asked.versions != versions {
            *asked = Asked { versions, rows: 0 };
        }
        asked.rows = next.fold(asked.rows, usize::saturating_add);
    }

    /// Whether they pay for what was asked of weights of these versions.
    pub fn pay(&self, versions: Option<Vec<u64>>) -> bool {
        let asked = self.asked.lock();
        asked.versions == versions && asked.rows >= self.picks.iter().map(|of| of.rows).sum()
    }
}
