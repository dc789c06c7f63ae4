//! A workspace: the memory of one plan, and running it with its variables locked.

use super::crew::Crew;
use crate::error::Result;
use crate::memory::reserve;
use crate::plan::{Home, Plan};
use crate::step::Step;
use crate::tensor::Tensor;
use crate::variable::Variable;
use crate::words::Words;
use parking_lot::lock_api::{RawRwLock, RawRwLockFair};
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// See the module documentation.
pub struct Workspace {
    plan: Arc<Plan>,
    arena: Words,
    bases: Vec<*mut u32>,
    /// Buffers that are fed where they lie, and their feeds.
    feeds: Vec<(usize, usize)>,
    /// Slots of such buffers, and those.
    fed: Vec<(usize, usize)>,
    scratch: Vec<Words>,
    scratch_at: Vec<*mut u32>,
    locks: Vec<Lock>,
}

/// A variable and whether the plan writes it.
struct Lock {
    variable: Arc<Variable>,
    written: bool,
}

/// Variables that are locked while a step runs: a guard for each, without a count of references, would take longer than a
/// small net's products.
struct Locked<'a>(&'a [Lock]);

impl Locked<'_> {
    fn new(locks: &[Lock]) -> Locked<'_> {
        for lock in locks {
            // SAFETY: it is let go of once, when this is dropped.
            let raw = unsafe { lock.variable.words.raw() };
            if lock.written { raw.lock_exclusive() } else { raw.lock_shared() }
        }
        Locked(locks)
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        for lock in self.0 {
            // SAFETY: `new` has locked it so.
            unsafe {
                let raw = lock.variable.words.raw();
                if lock.written {
                    lock.variable.written();
                    // Hands the variable to a reader that waits, before the next step.
                    raw.unlock_exclusive_fair();
                } else {
                    raw.unlock_shared();
                }
            }
        }
    }
}

// SAFETY: the pointers are into memory that the workspace owns or keeps alive through its plan,
// and into feeds, which are bound anew by every run.
unsafe impl Send for Workspace {}

impl Workspace {
    /// Memory for `plan`.
    ///
    /// # Errors
    /// `ERR_MEMORY` when there is not enough.
    pub fn new(plan: Arc<Plan>) -> Result<Workspace> {
        let mut arena = Words::zeroed(plan.arena_words)?;
        let written: HashSet<u32> = plan
            .tasks
            .iter()
            .flat_map(|task| task.writes.iter().map(|view| view.buffer.0))
            .collect();
        let mut locks: Vec<Lock> = Vec::new();
        let (mut feeds, mut fed) = (Vec::new(), Vec::new());
        let mut bases: Vec<*mut u32> = Vec::with_capacity(plan.places.len());
        for (id, place) in (0..).zip(&plan.places) {
            let base = match &place.home {
                // SAFETY: the arena's size covers every offset and length.
                Home::Arena => unsafe { arena.as_mut_ptr().add(place.offset) },
                // Known when the plan runs.
                Home::Feed(index) => {
                    feeds.push((id as usize, *index));
                    std::ptr::null_mut()
                }
                // Only read: no view of a constant is written.
                Home::Constant(tensor) => tensor.words.as_ptr().cast_mut(),
                Home::Slot(slot) => {
                    let whole = slot.of.0 as usize;
                    if let Home::Feed(_) = plan.places[whole].home {
                        fed.push((id as usize, whole));
                    }
                    bases[whole].wrapping_add(slot.start)
                }
                Home::Variable(variable) => {
                    let written = written.contains(&id);
                    locks.push(Lock { variable: Arc::clone(variable), written });
                    variable.words.write().as_mut_ptr()
                }
            };
            bases.push(base);
        }
        locks.sort_by_key(|lock| lock.variable.id());
        Ok(Workspace {
            plan,
            arena,
            bases,
            feeds,
            fed,
            scratch: Vec::new(),
            scratch_at: Vec::new(),
            locks,
        })
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the plan once, with its variables locked.
    ///
    /// # Errors
    /// `ERR_NATIVE` when a task panicked, `ERR_MEMORY` when scratch cannot be allocated.
    pub fn run(&mut self, crew: &mut Crew, step: &Step) -> Result<()> {
        self.profiled(crew, step, None)
    }

    /// As [`Workspace::run`], adding the time of every phase to `profile`.
    ///
    /// # Errors
    /// As [`Workspace::run`].
    pub fn profiled(
        &mut self,
        crew: &mut Crew,
        step: &Step,
        profile: Option<&mut [Duration]>,
    ) -> Result<()> {
        while self.scratch.len() < crew.threads() {
            let mut scratch = Words::zeroed(self.plan.scratch_words)?;
            self.scratch_at.push(scratch.as_mut_ptr());
            self.scratch.push(scratch);
        }
        for &(buffer, index) in &self.feeds {
            let feed = &step.feeds[index];
            assert!(
                self.plan.places[buffer].words <= feed.rows * feed.width,
                "a batch outside its data"
            );
            // Only read: no view of a feed is written.
            self.bases[buffer] = feed.data.cast_mut();
        }
        for &(slot, whole) in &self.fed {
            let Home::Slot(of) = &self.plan.places[slot].home else { continue };
            self.bases[slot] = self.bases[whole].wrapping_add(of.start);
        }
        let _locked = Locked::new(&self.locks);
        crew.run(&self.plan, &self.bases, &self.scratch_at, step, profile)
    }

    /// Number of outputs.
    pub(crate) fn output_count(&self) -> usize {
        self.plan.output_count()
    }

    /// The words of output `i` after a run.
    pub(crate) fn output_words(&self, i: usize) -> Cow<'_, [u32]> {
        let buffer = self.plan.output(i);
        let place = &self.plan.places[buffer.id.0 as usize];
        match &place.home {
            Home::Arena => self.arena.as_slice()[place.offset..place.offset + buffer.size()].into(),
            Home::Constant(tensor) => (&tensor.words[..]).into(),
            // SAFETY: the feed lives as long as the run, whose outputs are read before it ends; a slot
            // lies inside another buffer.
            Home::Feed(_) | Home::Slot(_) => unsafe {
                std::slice::from_raw_parts(self.bases[buffer.id.0 as usize], buffer.size()).into()
            },
            Home::Variable(variable) => variable.words.read().as_slice().to_vec().into(),
        }
    }

    /// Appends the words of output `i` after a run.
    pub fn append_output(&self, i: usize, to: &mut Vec<u32>) {
        to.extend_from_slice(&self.output_words(i));
    }

    /// Output `i` after a run.
    ///
    /// # Errors
    /// `ERR_MEMORY` when there is none for a copy.
    pub fn output(&self, i: usize) -> Result<Tensor> {
        let buffer = self.plan.output(i);
        let mut words = reserve(buffer.size())?;
        self.append_output(i, &mut words);
        Ok(Tensor { shape: buffer.shape.clone(), dtype: buffer.dtype, words })
    }
}
