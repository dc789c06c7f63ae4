//! The helpers' threads: one rayon pool for the process, grown to what was asked for at most.
//!
//! Helpers are optional: a run finishes every phase alone if none is free. So two runs share the
//! pool without waiting for each other.

use crate::error::{Error, Result};
use parking_lot::Mutex;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::Arc;

static POOL: Mutex<Option<Arc<ThreadPool>>> = Mutex::new(None);

/// A pool of at least `helpers` threads.
///
/// # Errors
/// `ERR_NATIVE` when threads cannot be started.
pub fn with(helpers: usize) -> Result<Arc<ThreadPool>> {
    let mut pool = POOL.lock();
    if let Some(pool) = pool.as_ref().filter(|pool| pool.current_num_threads() >= helpers) {
        return Ok(Arc::clone(pool));
    }
    let new = ThreadPoolBuilder::new()
        .num_threads(helpers)
        .thread_name(|i| format!("ridgeline-helper-{i}"))
        .build()
        .map_err(|error| Error::native(format!("cannot start {helpers} threads: {error}")))?;
    Ok(Arc::clone(pool.insert(Arc::new(new))))
}
