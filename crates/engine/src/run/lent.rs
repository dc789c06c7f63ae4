//! Crews that stay with their thread: a run borrows the one of the last run, whose helpers may still
//! be there.

use super::crew::Crew;
use crate::error::Result;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};

thread_local! {
    static LAST: Cell<Option<Crew>> = const { Cell::new(None) };
}

/// A crew that goes back to its thread when it is dropped.
pub struct Lent(Option<Crew>);

/// The calling thread's crew of `threads`, or a new one.
///
/// # Errors
/// As [`Crew::new`].
pub fn crew(threads: usize) -> Result<Lent> {
    match LAST.take().filter(|crew| crew.threads() == threads) {
        Some(crew) => Ok(Lent(Some(crew))),
        None => Ok(Lent(Some(Crew::new(threads)?))),
    }
}

impl Deref for Lent {
    type Target = Crew;
    fn deref(&self) -> &Crew {
        self.0.as_ref().expect("there until it is dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Crew {
        self.0.as_mut().expect("there until it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let sound = self.0.take().filter(|crew| crew.is_sound() && !std::thread::panicking());
        // A thread that ends has no place for it any more.
        let _ = LAST.try_with(|last| last.set(sound));
    }
}
