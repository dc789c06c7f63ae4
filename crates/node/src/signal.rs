//! Signals: that work is to end before it is done.

use napi_derive::napi;
use ridgeline_engine::step::Cancelled;

/// That work is to end before it is done, told once and for all.
#[napi]
#[derive(Default)]
pub struct NativeSignal {
    pub(crate) cancelled: Cancelled,
}

#[napi]
impl NativeSignal {
    /// One that was not told.
    #[napi(constructor)]
    pub fn new() -> NativeSignal {
        NativeSignal::default()
    }

    /// Tells it.
    #[napi(catch_unwind)]
    pub fn tell(&self) {
        self.cancelled.tell();
    }
}
