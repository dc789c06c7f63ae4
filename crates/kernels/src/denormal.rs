//! Flushing denormals to zero while a guard lives.
//!
//! An f32 below 2⁻¹²⁶ costs some CPUs twenty times an ordinary operation, and decaying optimizer
//! state reaches that range. The mode is per thread and the code around a kernel (a JavaScript
//! engine) needs IEEE denormals, so it is set for a scope and put back.

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use std::arch::asm;
use std::marker::PhantomData;

/// Denormal results and operands are 0 on this thread until the guard is dropped.
///
/// x86-64: MXCSR.FTZ and .DAZ; aarch64: FPCR.FZ; elsewhere nothing changes.
#[derive(Debug)]
pub struct FlushDenormals {
    before: Control,
    /// The mode belongs to the thread that set it.
    thread: PhantomData<*const ()>,
}

impl FlushDenormals {
    /// Sets the mode on this thread.
    pub fn new() -> Self {
        let before = read();
        write(before | FLUSH);
        FlushDenormals { before, thread: PhantomData }
    }
}

impl Default for FlushDenormals {
    fn default() -> Self {
        FlushDenormals::new()
    }
}

impl Drop for FlushDenormals {
    fn drop(&mut self) {
        // The rest of the register (exception flags) is left as the guarded code made it.
        write(read() & !FLUSH | self.before & FLUSH);
    }
}

#[cfg(target_arch = "x86_64")]
type Control = u32;
/// FTZ (bit 15) and DAZ (bit 6) of MXCSR.
#[cfg(target_arch = "x86_64")]
const FLUSH: Control = 1 << 15 | 1 << 6;

#[cfg(target_arch = "x86_64")]
fn read() -> Control {
    let mut control: Control = 0;
    // SAFETY: stores MXCSR, which every x86-64 CPU has, into `control`.
    unsafe {
        asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack, preserves_flags));
    }
    control
}

#[cfg(target_arch = "x86_64")]
fn write(control: Control) {
    // SAFETY: `control` is what `read` gave with only FTZ and DAZ, defined bits, changed.
    unsafe {
        asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack, preserves_flags));
    }
}

#[cfg(target_arch = "aarch64")]
type Control = u64;
/// FZ (bit 24) of FPCR.
#[cfg(target_arch = "aarch64")]
const FLUSH: Control = 1 << 24;

#[cfg(target_arch = "aarch64")]
fn read() -> Control {
    let control: Control;
    // SAFETY: reads FPCR, which every aarch64 CPU with floating point has.
    unsafe {
        asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack, preserves_flags));
    }
    control
}

#[cfg(target_arch = "aarch64")]
fn write(control: Control) {
    // SAFETY: `control` is what `read` gave with only FZ, a defined bit, changed.
    unsafe {
        asm!("msr fpcr, {}", in(reg) control, options(nostack, preserves_flags));
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
type Control = u32;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const FLUSH: Control = 0;

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn read() -> Control {
    0
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn write(_: Control) {}

#[cfg(all(test, any(target_arch = "x86_64", target_arch = "aarch64")))]
mod tests {
    use super::*;
    use std::hint::black_box;

    fn halved_smallest() -> f32 {
        black_box(f32::MIN_POSITIVE) * black_box(0.5)
    }

    #[test]
    fn the_guard_flushes_and_dropping_it_restores() {
        assert_ne!(halved_smallest(), 0.0);
        {
            let _guard = FlushDenormals::new();
            assert_eq!(halved_smallest(), 0.0);
            {
                let _inner = FlushDenormals::new();
            }
            assert_eq!(halved_smallest(), 0.0);
        }
        assert_ne!(halved_smallest(), 0.0);
    }
}
