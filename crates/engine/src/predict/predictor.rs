//! A predictor: the programs that compute a model's outputs, and the copies of weights they read.
//!
//! Normalizations merge into the products before them, what depends on weights alone is computed once
//! for each version of them, products of all rows of a table among it if so many are asked for, and the rows of a batch
//! are read where they lie. All batches of a call are of one boundary between two training steps.

use super::form::{Form, Outline};
use super::forms::Forms;
use super::moment::Moment;
use super::picked::Picked;
use crate::data::{Data, batch_of, rows};
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::memory::reserve;
use crate::ops::leaf::Input;
use crate::ops::reshape::Reshape;
use crate::passes::expand::expand;
use crate::passes::merge::merge;
use crate::plan::{Plan, Rows};
use crate::run::crew::Crew;
use crate::run::lent;
use crate::run::workspace::Workspace;
use crate::shape::Dim;
use crate::step::Step;
use crate::tensor::Tensor;
use crate::variable::Variable;
use std::sync::Arc;

/// See the module documentation.
pub struct Predictor {
    plain: Forms,
    /// With products of tables, where there are such.
    picked: Option<Picked>,
    /// Bytes of the copies that are there from the beginning.
    bytes: usize,
}

/// Checks that the rows of every output are those of the inputs, or what a reshape made of each of
/// them: outputs of batches are joined along that axis, in the order of the batches.
fn check_rows(graph: &Graph, outputs: &[Value]) -> Result<()> {
    let inputs = graph.nodes().iter().filter_map(|node| node.op.downcast::<Input>());
    let batch = inputs.filter_map(|input| input.of.shape.0.first()).next();
    let Some(batch) = batch.filter(|batch| batch.known().is_none()) else { return Ok(()) };
    let rows_of = |value: Value| graph.value_type(value).shape.0.first().cloned();
    for (i, &output) in outputs.iter().enumerate() {
        let Some(mut rows) = rows_of(output) else { continue };
        let shape = &graph.value_type(output).shape;
        let depends = |dim: &Dim| batch.as_symbol().is_some_and(|symbol| dim.depends_on(symbol));
        if shape.0.iter().skip(1).any(depends) {
            let text = "has sizes that depend on the batch, beside its first axis";
            return Err(Error::shape(format!("output {i} of shape {shape} {text}")));
        }
        // Back to where so many rows come from.
        let mut at = output;
        while rows != *batch {
            let node = graph.node(at);
            let reshaped =
                node.op.downcast::<Reshape>().is_some() && rows.divided_by(batch).is_some();
            let same = |&&input: &&Value| rows_of(input).as_ref() == Some(&rows);
            let from = node.inputs.iter().find(same);
            let Some(&from) = from.or(node.inputs.first().filter(|_| reshaped)) else {
                let text = "has another first axis than the batch";
                return Err(Error::shape(format!("output {i} of shape {shape} {text}")));
            };
            at = from;
            rows = rows_of(at).unwrap_or(Dim::ONE);
        }
    }
    Ok(())
}

impl Predictor {
    /// Prepares `outputs` of `graph`, and the next values of `state`, which goes from batch to batch.
    ///
    /// # Errors
    /// What a pass finds wrong; `ERR_MEMORY` when copies cannot be allocated.
    pub fn new(
        graph: &Graph,
        outputs: &[Value],
        state: &[(Arc<Variable>, Value)],
    ) -> Result<Predictor> {
        check_rows(graph, outputs)?;
        let mut graph = graph.clone();
        graph.store(state)?;
        let (graph, roots) = merge(&graph, outputs)?;
        let (graph, roots) = expand(&graph, &roots)?;
        let outline = Outline { graph, outputs: roots, kept: Vec::new(), rows: Rows::InOrder };
        let picked = Picked::new(&outline)?;
        let plain = Forms::new(outline);
        plain.prepare()?;
        let bytes = plain.bytes();
        Ok(Predictor { plain, picked, bytes })
    }

    /// Computes the outputs for all rows of `data`, batch by batch, and joins them by rows. `seed` is
    /// that of this call, `first` the number of its first batch: 0 unless others of the call went before. What it reads
    /// is of `moment`, which begins with the first of them.
    ///
    /// # Errors
    /// What binding, planning or running finds wrong.
    pub fn predict(
        &self,
        data: &Data,
        batch: usize,
        crew: &mut Crew,
        seed: u64,
        first: u32,
        moment: &Moment,
    ) -> Result<Vec<Tensor>> {
        let n = rows(data);
        let form = moment.form(|| self.form(data, batch.min(n), crew))?;
        let Form { program, outputs, .. } = &*form;
        let mut results: Vec<Tensor> = Vec::with_capacity(*outputs);
        for (index, start) in (first..).zip((0..n).step_by(batch)) {
            let count = batch.min(n - start);
            let feeds = batch_of(data, start, count);
            let step = Step { seed, index, feeds, ..Step::default() };
            let bindings = program.bind(data, count)?;
            let mut workspace = program.take(&bindings)?;
            let outcome = workspace.run(crew, &step);
            let batches = n.div_ceil(batch);
            let joined = outcome.and_then(|()| join(&workspace, *outputs, &mut results, batches));
            program.give(bindings, workspace);
            joined?;
        }
        Ok(results)
    }

    /// As [`Predictor::predict`] of one batch, where all that it needs is at hand, so that nothing is made or waited for,
    /// and where `threads` gives the plan some; else none.
    ///
    /// # Errors
    /// What binding or running finds wrong.
    pub fn predict_at_hand(
        &self,
        data: &Data,
        seed: u64,
        moment: &Moment,
        threads: impl FnOnce(&Plan) -> Option<usize>,
    ) -> Result<Option<Vec<Tensor>>> {
        let n = rows(data);
        let forms = match &self.picked {
            Some(picked) if picked.pay(self.plain.versions()) => &picked.forms,
            _ => &self.plain,
        };
        let Ok(form) = moment.form(|| forms.current().ok_or(())) else { return Ok(None) };
        let Form { program, outputs, .. } = &*form;
        let bindings = program.bind(data, n)?;
        let Some(mut workspace) = program.idle(&bindings) else { return Ok(None) };
        let mut results = Vec::with_capacity(*outputs);
        let ran = threads(workspace.plan()).map(|threads| {
            self.ask(data, n)?;
            let step = Step { seed, feeds: batch_of(data, 0, n), ..Step::default() };
            workspace.run(&mut *lent::crew(threads)?, &step)?;
            join(&workspace, *outputs, &mut results, 1)
        });
        program.give(bindings, workspace);
        ran.transpose().map(|ran| ran.map(|()| results))
    }

    /// The form for `data` in batches of so many rows, of this moment.
    fn form(&self, data: &Data, batch: usize, crew: &mut Crew) -> Result<Arc<Form>> {
        self.ask(data, batch)?;
        match &self.picked {
            Some(picked) if picked.pay(self.plain.versions()) => picked.forms.take(crew),
            _ => self.plain.take(crew),
        }
    }

    /// Counts the rows of `data`, which come in batches of so many, where products of tables may pay for them.
    fn ask(&self, data: &Data, batch: usize) -> Result<()> {
        let Some(picked) = &self.picked else { return Ok(()) };
        let shapes: Vec<&[usize]> = data.iter().map(|tensor| &tensor.shape[..]).collect();
        if let Some(bindings) = self.plain.bind(&shapes, batch)? {
            let batches = rows(data).div_ceil(batch.max(1));
            picked.ask(&bindings, batches, self.plain.versions());
        }
        Ok(())
    }

    /// Bytes of the copies of weights that last as long as it does.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives back the memory of all workspaces: now, or when a run that uses one returns it.
    pub fn close(&self) {
        self.plain.close();
        self.picked.iter().for_each(|picked| picked.forms.close());
    }
}

/// Appends the `outputs` of one of `batches` batches.
fn join(from: &Workspace, outputs: usize, results: &mut Vec<Tensor>, batches: usize) -> Result<()> {
    for i in 0..outputs {
        let buffer = from.plan().output(i);
        if batches > 1 && buffer.shape.is_empty() {
            return Err(Error::shape(format!(
                "output {i} is a scalar, which {batches} batches cannot join: give all rows as one batch"
            )));
        }
        if results.len() == i {
            let words = reserve(batches * buffer.size())?;
            let mut shape = buffer.shape.clone();
            shape.first_mut().into_iter().for_each(|rows| *rows = 0);
            results.push(Tensor { shape, dtype: buffer.dtype, words });
        }
        from.append_output(i, &mut results[i].words);
        if let (Some(rows), Some(more)) = (results[i].shape.first_mut(), buffer.shape.first()) {
            *rows += more;
        }
    }
    Ok(())
}
