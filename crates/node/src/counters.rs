//! Counters that all programs of a model share.

use napi_derive::napi;
use parking_lot::Mutex;
use ridgeline_engine::train::counters::Counters;
use ridgeline_engine::train::totals::Totals;
use std::sync::Arc;

/// Where training stands; shared by all programs of a model.
#[napi]
#[derive(Default)]
pub struct NativeCounters {
    pub(crate) counters: Arc<Mutex<Counters>>,
}

#[napi]
impl NativeCounters {
    /// All zero.
    #[napi(constructor)]
    pub fn new() -> NativeCounters {
        NativeCounters::default()
    }
    /// Steps, updates and epochs.
    #[napi(catch_unwind)]
    pub fn read(&self) -> Vec<f64> {
        let Counters { steps, updates, epochs } = *self.counters.lock();
        vec![steps as f64, updates as f64, epochs as f64]
    }
    /// Counts an epoch.
    #[napi(catch_unwind)]
    pub fn begin_epoch(&self) {
        self.counters.lock().epochs += 1;
    }
    /// Sets steps, updates and epochs.
    #[napi(catch_unwind)]
    pub fn write(&self, steps: f64, updates: f64, epochs: f64) {
        let (steps, updates, epochs) = (steps as u64, updates as u64, epochs as u64);
        *self.counters.lock() = Counters { steps, updates, epochs };
    }
}

/// Totals of losses and metrics over batches.
#[napi]
#[derive(Default)]
pub struct NativeTotals {
    pub(crate) totals: Arc<Mutex<Totals>>,
}

#[napi]
impl NativeTotals {
    /// Of no batch yet.
    #[napi(constructor)]
    pub fn new() -> NativeTotals {
        NativeTotals::default()
    }
    /// All that they are made of.
    #[napi(catch_unwind)]
    pub fn read(&self) -> Vec<f64> {
        self.totals.lock().parts()
    }
    /// Goes on from what `read` gave; of no batch if that is empty.
    #[napi(catch_unwind)]
    pub fn write(&self, parts: Vec<f64>) {
        *self.totals.lock() = Totals::from(&parts[..]);
    }
    /// Loss, penalty, then the sums that metrics are made of, so far.
    #[napi(catch_unwind)]
    pub fn logs(&self) -> Vec<f64> {
        self.totals.lock().logs()
    }
}
