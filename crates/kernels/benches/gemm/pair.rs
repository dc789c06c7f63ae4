//! Clocks, and a second thread that waits for work as the engine's workers do.

use std::hint::spin_loop;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

/// Seconds, of the wall clock or of this thread's CPU time.
pub(crate) fn now(cpu: bool) -> f64 {
    #[cfg(target_os = "linux")]
    if cpu {
        #[repr(C)]
        struct Time {
            seconds: std::ffi::c_long,
            nanoseconds: std::ffi::c_long,
        }
        unsafe extern "C" {
            fn clock_gettime(clock: std::ffi::c_int, time: *mut Time) -> std::ffi::c_int;
        }
        const CLOCK_THREAD_CPUTIME_ID: std::ffi::c_int = 3;
        let mut time = Time { seconds: 0, nanoseconds: 0 };
        // SAFETY: the C library that std links has it, and this is its `timespec`.
        let failed = unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
        assert!(failed == 0, "no CPU time of a thread");
        return time.seconds as f64 + time.nanoseconds as f64 * 1e-9;
    }
    assert!(!cpu, "--cpu works on Linux");
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_secs_f64()
}

/// A second thread that spins between jobs, as the engine's workers do within a step.
pub(crate) struct Pair<'a> {
    /// The number of the round in the high bits, its job in the low eight.
    posted: AtomicUsize,
    done: AtomicUsize,
    /// Seconds the other thread's last job took, as bits.
    spent: AtomicU64,
    job: &'a (dyn Fn(usize, usize, &mut [f32]) + Sync),
    cpu: bool,
}

const QUIT: usize = usize::MAX;

impl<'a> Pair<'a> {
    pub(crate) fn new(job: &'a (dyn Fn(usize, usize, &mut [f32]) + Sync), cpu: bool) -> Self {
        let (posted, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Pair { posted, done, spent: AtomicU64::new(0), job, cpu }
    }

    /// Ends `serve`; the next one may start after it returned.
    pub(crate) fn stop(&self) {
        self.posted.store(QUIT, Ordering::Release);
    }

    /// Runs part 0 of `job` here and part 1 on the other thread; returns the seconds.
    pub(crate) fn run(&self, job: usize, round: &mut usize, scratch: &mut [f32]) -> f64 {
        *round += 1;
        let start = now(self.cpu);
        self.posted.store(*round << 8 | job, Ordering::Release);
        (self.job)(job, 0, scratch);
        let own = now(self.cpu) - start;
        while self.done.load(Ordering::Acquire) != *round {
            spin_loop();
        }
        match self.cpu {
            true => own.max(f64::from_bits(self.spent.load(Ordering::Relaxed))),
            false => now(false) - start,
        }
    }

    /// Serves the rounds after `last` until told to stop.
    pub(crate) fn serve(&self, mut last: usize, scratch: &mut [f32]) {
        loop {
            let posted = self.posted.load(Ordering::Acquire);
            if posted == QUIT {
                self.posted.store(last << 8, Ordering::Release);
                return;
            }
            if posted >> 8 == last {
                spin_loop();
                continue;
            }
            last = posted >> 8;
            let start = now(self.cpu);
            (self.job)(posted & 0xFF, 1, scratch);
            self.spent.store((now(self.cpu) - start).to_bits(), Ordering::Relaxed);
            self.done.store(last, Ordering::Release);
        }
    }
}
