//! A schedule whose place a number may take while training goes on.

use super::Schedule;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// See the module documentation.
#[derive(Debug)]
pub struct Assigned {
    schedule: Arc<dyn Schedule>,
    /// Bits of the number; NaN while there is none.
    number: AtomicU64,
}

impl Assigned {
    /// The schedule, until a number is assigned.
    pub fn new(schedule: Arc<dyn Schedule>) -> Assigned {
        Assigned { schedule, number: AtomicU64::new(f64::NAN.to_bits()) }
    }

    /// Takes a number for every step from now on.
    pub fn assign(&self, number: f64) {
        self.number.store(number.to_bits(), Ordering::Relaxed);
    }
}

impl Schedule for Assigned {
    fn at(&self, steps: u64) -> f64 {
        let number = f64::from_bits(self.number.load(Ordering::Relaxed));
        if number.is_nan() { self.schedule.at(steps) } else { number }
    }
}
