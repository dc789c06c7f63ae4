//! One macro that turns a generic algorithm into a kernel with run-time dispatch.
//!
//! `dispatch! { /// docs  pub fn name(a: &[f32], y: &mut [f32]) -> f32 = generic; }` expands to
//! `pub fn name(isa: Isa, a: &[f32], y: &mut [f32]) -> f32`, which calls `generic::<S>` inside a
//! function compiled for the features of `isa`. `generic` must be `#[inline(always)] unsafe fn`
//! whose only safety condition is that the CPU executes `S`; everything else it checks itself.

/// See the module documentation.
macro_rules! dispatch {
    ($($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $ret:ty)? = $($generic:ident)::+;)+) => {$(
        $(#[$meta])*
        #[inline]
        $vis fn $name(isa: $crate::Isa, $($arg: $ty),*) $(-> $ret)? {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            fn avx512($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: compiled for, and entered only on, a CPU with these features.
                unsafe { $($generic)::+::<$crate::simd::avx512::Avx512>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
            fn avx2($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: compiled for, and entered only on, a CPU with these features.
                unsafe { $($generic)::+::<$crate::simd::avx2::Avx2>($($arg),*) }
            }
            #[cfg(target_arch = "aarch64")]
            #[target_feature(enable = "neon")]
            fn neon($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: compiled for, and entered only on, a CPU with these features.
                unsafe { $($generic)::+::<$crate::simd::neon::Neon>($($arg),*) }
            }
            // Not in the dispatcher itself: that is compiled in every crate that calls it.
            fn portable($($arg: $ty),*) $(-> $ret)? {
                // SAFETY: the portable level needs no CPU feature.
                unsafe { $($generic)::+::<$crate::simd::portable::Portable>($($arg),*) }
            }
            match isa.level() {
                // SAFETY: an `Isa` of this level exists only where the CPU has its features.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx512 => unsafe { avx512($($arg),*) },
                // SAFETY: an `Isa` of this level exists only where the CPU has its features.
                #[cfg(target_arch = "x86_64")]
                $crate::isa::Level::Avx2 => unsafe { avx2($($arg),*) },
                // SAFETY: an `Isa` of this level exists only where the CPU has its features.
                #[cfg(target_arch = "aarch64")]
                $crate::isa::Level::Neon => unsafe { neon($($arg),*) },
                _ => portable($($arg),*),
            }
        }
    )+};
}
