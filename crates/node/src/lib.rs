//! The Node-API glue: converts, guards, forwards; computes nothing.
//!
//! Classes are thin handles on engine objects. Long work runs on threads of its own and answers
//! through deferred promises; every entry catches panics.

pub mod checkpoint;
pub mod counters;
pub mod data;
pub mod error;
pub mod evaluator;
mod events;
pub mod graph;
pub mod hashing;
pub mod loops;
pub mod moment;
pub mod optimizer;
pub mod predictor;
pub mod run;
pub mod schedule;
pub mod signal;
pub mod traced;
mod trainable;
mod trainer;
pub mod variable;

use error::{Result, fail};
use napi_derive::napi;
use ridgeline_engine::run::{job, threads};
use ridgeline_kernels::Isa;

/// Reads the environment, once and for all, on the JavaScript thread: other threads would read it while
/// JavaScript changes it. And a panic, which every entry catches, tells of itself by an error alone.
#[napi_derive::module_init]
fn init() {
    let _ = (Isa::current(), threads::resolve(None));
    std::panic::set_hook(Box::new(|_| {}));
}

/// What the native core runs on.
#[napi(object)]
pub struct Runtime {
    /// Version of the core.
    pub version: String,
    /// Instruction set in use.
    pub isa: String,
    /// Instruction sets this CPU has, the widest first.
    pub available: Vec<String>,
    /// Threads a run uses by default.
    pub threads: u32,
}

/// Says what the native core runs on.
#[napi(catch_unwind)]
pub fn runtime() -> Result<Runtime> {
    let isa = Isa::current().map_err(|message| fail("ERR_ARGUMENT", &message))?;
    Ok(Runtime {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        isa: isa.name().to_owned(),
        available: Isa::available().map(|isa| isa.name().to_owned()).collect(),
        threads: threads::resolve(None).map_err(error::convert)? as u32,
    })
}

/// Makes the next chunk panic: 1 on the run's own thread, 2 on a helper. For tests.
#[napi(catch_unwind)]
pub fn inject_fault(place: u32) {
    job::FAULT.store(place, std::sync::atomic::Ordering::Relaxed);
}
