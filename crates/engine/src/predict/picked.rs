//! Products of tables: the form of a prediction that picks rows of them, and when it pays.
//!
//! A product of all rows of a table serves every row that is picked while the weights stay as they are. It is made
//! once as many rows were asked for as the table has: until then it would cost more than it spares, and from then on
//! never more than as much again.

use super::form::Form;
use crate::error::Result;
use crate::graph::{Graph, Value};
use crate::passes::pick::{Pick, pick};
use parking_lot::Mutex;

/// See the module documentation.
pub struct Picked {
    pub form: Form,
    picks: Vec<Pick>,
    asked: Mutex<Asked>,
}

/// Rows that were asked for while the weights were of these versions.
#[derive(Default)]
struct Asked {
    versions: Vec<u64>,
    rows: usize,
}

impl Picked {
    /// That of `outputs` of `graph`, if products of tables come up in it.
    ///
    /// # Errors
    /// As [`Form::new`].
    pub fn new(graph: &Graph, outputs: &[Value]) -> Result<Option<Picked>> {
        let (graph, outputs, picks) = pick(graph, outputs)?;
        if picks.is_empty() {
            return Ok(None);
        }
        let form = Form::new(&graph, &outputs)?;
        Ok(Some(Picked { form, picks, asked: Mutex::default() }))
    }

    /// Whether it pays for what is asked next, with sizes that are `bindings`.
    pub fn pays(&self, bindings: &[usize]) -> bool {
        let next = self.picks.iter().map(|of| of.indices.bind(bindings).iter().product::<usize>());
        let tables = self.picks.iter().map(|of| of.rows).sum();
        let now = self.form.copies.versions();
        let mut asked = self.asked.lock();
        if asked.versions != now {
            *asked = Asked { versions: now, rows: 0 };
        }
        asked.rows = next.fold(asked.rows, usize::saturating_add);
        asked.rows >= tables
    }

    /// Whether what was asked last took it.
    pub fn is_taken(&self) -> bool {
        let tables: usize = self.picks.iter().map(|of| of.rows).sum();
        self.asked.lock().rows >= tables
    }
}
