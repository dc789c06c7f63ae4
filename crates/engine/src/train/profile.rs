//! Where a step's time goes: every phase timed.

use super::counters::Counters;
use super::trainer::Trainer;
use crate::data::{Data, rows};
use crate::error::Result;
use crate::plan::Plan;
use crate::plan::schedule::{Phase, Strand};
use crate::run::crew::Crew;
use parking_lot::Mutex;
use std::time::Duration;

impl Trainer {
    /// Times every phase over `steps` training steps on the first batch of `data`, with another
    /// learning rate if there is one: the label of its tasks and the time of each.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn profile(
        &self,
        data: &Data,
        learning_rate: Option<f64>,
        steps: usize,
        crew: &mut Crew,
    ) -> Result<Vec<(String, Duration)>> {
        let n = rows(data);
        let mut memory = self.training.take(data, n)?;
        let labels: Vec<String> = memory.plans().flat_map(labels).collect();
        let mut times = vec![Duration::ZERO; labels.len()];
        let mut step = self.step_of(data);
        // The model goes on as if nothing had happened, but for its weights.
        let counters = Mutex::new(Counters::default());
        let schedule = self.schedule(learning_rate);
        for _ in 0..steps {
            let times = Some(&mut times[..]);
            self.training.run(&mut memory, crew, &mut step, &*schedule, &counters, times)?;
        }
        self.training.give(memory);
        Ok(labels.into_iter().zip(times).collect())
    }
}

/// What the tasks of each phase are called.
fn labels(plan: &Plan) -> Vec<String> {
    let strand = |s: &Strand| {
        let label = |&at: &usize| {
            let (layer, op) = (&plan.tasks[at].layer, plan.tasks[at].op);
            if layer.is_empty() { op.to_owned() } else { format!("{layer} {op}") }
        };
        let tasks: Vec<String> = s.tasks.iter().map(label).collect();
        format!("{}×[{}]", s.chunks, tasks.join(", "))
    };
    let phase = |p: &Phase| p.strands.iter().map(strand).collect::<Vec<_>>().join(" | ");
    plan.phases.iter().map(phase).collect()
}
