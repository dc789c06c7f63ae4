//! Moments: what the parts of one call read.

use napi_derive::napi;
use ridgeline_engine::predict::moment::Moment;
use std::sync::Arc;

/// What the parts of one call read: weights as they are when the first part begins.
#[napi]
#[derive(Default)]
pub struct NativeMoment {
    pub(crate) moment: Arc<Moment>,
}

#[napi]
impl NativeMoment {
    /// One that has not begun.
    #[napi(constructor)]
    pub fn new() -> NativeMoment {
        NativeMoment::default()
    }

    /// Lets go of what it reads: the call is over.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        self.moment.release();
    }
}
