//! How many threads a run uses: what is asked for, `RIDGELINE_THREADS`, or what the machine gives.

use crate::error::{Error, Result};
use std::sync::OnceLock;

/// Threads one run may have.
pub const MAX_THREADS: usize = 64;

/// Bytes of a thread's stack. Without a number the standard library reads the environment.
pub(super) const STACK: usize = 2 << 20;

/// The number of threads: `asked`, else `RIDGELINE_THREADS`, else the cores this process may use,
/// which is the floor of the cgroup quota and the affinity mask.
///
/// # Errors
/// `ERR_ARGUMENT` when a given number is not between 1 and 64.
pub fn resolve(asked: Option<usize>) -> Result<usize> {
    let check = |name: &str, n: Option<usize>, text: &str| match n {
        Some(n) if (1..=MAX_THREADS).contains(&n) => Ok(n),
        _ => Err(Error::argument(format!(
            "{name} must be an integer between 1 and {MAX_THREADS}, received {text}"
        ))),
    };
    if let Some(n) = asked {
        return check("threads", Some(n), &n.to_string());
    }
    // Asked for once, when the core is loaded: the answer is in files and in the environment, which
    // other threads may change at the same time later.
    static DEFAULT: OnceLock<Result<usize>> = OnceLock::new();
    let default = || match std::env::var("RIDGELINE_THREADS") {
        Ok(text) if !text.is_empty() => check("RIDGELINE_THREADS", text.parse().ok(), &text),
        _ => Ok(std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)),
    };
    DEFAULT.get_or_init(default).clone()
}
