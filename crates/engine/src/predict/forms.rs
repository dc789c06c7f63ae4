//! Forms of one outline: as many as are read of different moments at once.
//!
//! A call holds a form for as long as it reads it, so all its batches are of one boundary between two training steps.
//! Copies are made anew in a form that nobody holds; where all are held, one more is made.

use super::form::{Form, Outline};
use crate::error::Result;
use crate::run::crew::Crew;
use parking_lot::Mutex;
use std::sync::Arc;

/// Forms that are kept although nobody holds them.
const SPARE: usize = 2;

/// See the module documentation.
pub struct Forms {
    outline: Outline,
    all: Mutex<Vec<Arc<Form>>>,
}

impl Forms {
    /// None yet.
    pub fn new(outline: Outline) -> Forms {
        Forms { outline, all: Mutex::new(Vec::new()) }
    }

    /// Makes the first one.
    ///
    /// # Errors
    /// As [`Forms::take`].
    pub fn prepare(&self) -> Result<()> {
        let mut all = self.all.lock();
        if all.is_empty() {
            all.push(Arc::new(Form::new(&self.outline)?));
        }
        Ok(())
    }

    /// A form of this moment, to be held for as long as it is read, if there is one and nobody makes another.
    pub fn current(&self) -> Option<Arc<Form>> {
        let all = self.all.try_lock()?;
        all.iter().find(|form| form.copies.are_current()).map(Arc::clone)
    }

    /// A form of this moment, to be held for as long as it is read.
    ///
    /// # Errors
    /// What a pass finds wrong; `ERR_MEMORY` or `ERR_NATIVE`.
    pub fn take(&self, crew: &mut Crew) -> Result<Arc<Form>> {
        // Others wait meanwhile, most of them for the same.
        let mut all = self.all.lock();
        if let Some(current) = all.iter().find(|form| form.copies.are_current()) {
            return Ok(Arc::clone(current));
        }
        // Nobody can take hold of one but here.
        let is_free = |form: &&Arc<Form>| Arc::strong_count(form) == 1;
        let form = match all.iter().find(is_free) {
            Some(free) => Arc::clone(free),
            None => Arc::new(Form::new(&self.outline)?),
        };
        form.copies.refresh(crew)?;
        let mut spare = SPARE;
        all.retain(|other| {
            // Who holds one lets go of it at any time.
            let is_free = Arc::strong_count(other) == 1;
            let stays = !Arc::ptr_eq(other, &form) && (!is_free || spare > 0);
            spare -= usize::from(stays && is_free);
            stays
        });
        // The newest is found first.
        all.insert(0, Arc::clone(&form));
        Ok(form)
    }

    /// Sizes of the symbols for `rows` rows of data of these shapes, once there is a form.
    ///
    /// # Errors
    /// `ERR_SHAPE` naming the input that does not fit.
    pub fn bind(&self, shapes: &[&[usize]], rows: usize) -> Result<Option<Vec<usize>>> {
        let all = self.all.lock();
        all.first().map(|form| form.program.bind_shapes(shapes, rows)).transpose()
    }

    /// Versions of the weights, once there is a form.
    pub fn versions(&self) -> Option<Vec<u64>> {
        self.all.lock().first().map(|form| form.copies.versions())
    }

    /// Bytes of the copies of weights.
    pub fn bytes(&self) -> usize {
        self.all.lock().iter().map(|form| form.copies.bytes()).sum()
    }

    /// Gives back the memory of all workspaces: now, or when a run that uses one returns it.
    pub fn close(&self) {
        self.all.lock().iter().for_each(|form| form.close());
    }
}
