//! Where a step's time goes: every phase timed.

use super::data::{Data, feeds, rows};
use super::trainer::Trainer;
use crate::error::Result;
use crate::plan::schedule::{Phase, Strand};
use crate::run::crew::Crew;
use crate::step::Step;
use std::time::Duration;

impl Trainer {
    /// Times every phase over `steps` training steps on the first batch of `data`: the label of
    /// its tasks and the time of each.
    ///
    /// # Errors
    /// As [`Trainer::fit`].
    pub fn profile(
        &self,
        data: &Data,
        learning_rate: f64,
        steps: usize,
        crew: &mut Crew,
    ) -> Result<Vec<(String, Duration)>> {
        let n = rows(data);
        let bindings = self.training.bind(data, n)?;
        let mut workspace = self.training.take(&bindings)?;
        let mut times = vec![Duration::ZERO; workspace.plan().phases.len()];
        let mut step = Step {
            seed: self.seed,
            learning_rate: learning_rate as f32,
            feeds: feeds(data),
            batch: (0..n as u32).collect(),
            ..Step::default()
        };
        for index in 0..steps {
            step.index = index as u32;
            step.updates = index as u64;
            workspace.profiled(crew, &step, Some(&mut times))?;
        }
        let plan = workspace.plan();
        let label = |phase: &Phase| {
            let strand = |s: &Strand| {
                let tasks: Vec<&str> = s.tasks.iter().map(|&t| &*plan.tasks[t].label).collect();
                format!("{}×[{}]", s.chunks, tasks.join(", "))
            };
            phase.strands.iter().map(strand).collect::<Vec<_>>().join(" | ")
        };
        let labels: Vec<String> = plan.phases.iter().map(label).collect();
        Ok(labels.into_iter().zip(times).collect())
    }
}
