//! A moment: what a call reads, from its first batch to its last.

use super::form::Form;
use parking_lot::Mutex;
use std::sync::Arc;

/// See the module documentation.
#[derive(Default)]
pub struct Moment {
    form: Mutex<Option<Arc<Form>>>,
}

impl Moment {
    /// The form that was taken for the first batch; `take` takes it.
    ///
    /// # Errors
    /// What `take` finds wrong.
    pub(crate) fn form<E>(
        &self,
        take: impl FnOnce() -> Result<Arc<Form>, E>,
    ) -> Result<Arc<Form>, E> {
        let mut form = self.form.lock();
        if let Some(form) = &*form {
            return Ok(Arc::clone(form));
        }
        Ok(Arc::clone(form.insert(take()?)))
    }

    /// Lets go of it: the call is over.
    pub fn release(&self) {
        *self.form.lock() = None;
    }
}
