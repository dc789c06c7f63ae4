//! The most a core can do: independent FMA chains in registers, nothing else.

use ridgeline_kernels::Isa;
use ridgeline_kernels::isa::Level;
use ridgeline_kernels::simd::{Simd, portable::Portable};
use std::hint::black_box;

/// Chains of the peak loop, and its length: long enough to time, short enough to fit a time slice.
const CHAINS: usize = 12;
const STEPS: usize = 20_000;

/// Independent FMA chains in registers; returns the floating-point operations.
#[inline(always)]
unsafe fn peak_of<S: Simd>() -> f64 {
    // SAFETY: the caller runs on a CPU that executes `S`.
    unsafe {
        let (x, y) = (S::splat(black_box(0.999)), S::splat(black_box(0.001)));
        let mut chains = [S::splat(black_box(1.0)); CHAINS];
        for _ in 0..STEPS {
            for chain in &mut chains {
                *chain = S::fma(*chain, x, y);
            }
        }
        black_box(chains.map(|chain| S::sum(chain)));
    }
    (2 * CHAINS * STEPS * S::LANES) as f64
}

pub(crate) fn peak(isa: Isa) -> f64 {
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    fn avx512() -> f64 {
        // SAFETY: compiled for, and entered only on, a CPU with these features.
        unsafe { peak_of::<ridgeline_kernels::simd::avx512::Avx512>() }
    }
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn avx2() -> f64 {
        // SAFETY: compiled for, and entered only on, a CPU with these features.
        unsafe { peak_of::<ridgeline_kernels::simd::avx2::Avx2>() }
    }
    // SAFETY: an `Isa` of a level exists only where the CPU has its features.
    unsafe {
        match isa.level() {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => avx512(),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => avx2(),
            #[cfg(target_arch = "aarch64")]
            Level::Neon => peak_of::<ridgeline_kernels::simd::neon::Neon>(),
            _ => peak_of::<Portable>(),
        }
    }
}
