//! How a loop over vectors meets the end of its data: one body, compiled for whole vectors and
//! once more for the last, partial one.
//!
//! [`strips!`] runs a body with a [`Width`]: [`All`] while a whole strip remains, [`First`] for
//! what is left. Loads and stores through the width never touch memory past the end.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "the contract is the Simd trait's: the CPU and valid pointers"
)]

use crate::simd::Simd;

/// How many elements of a strip exist.
pub(crate) trait Width: Copy {
    /// The width of the `k`-th vector of the strip.
    unsafe fn at<S: Simd>(self, k: usize) -> Self;
    /// The existing lanes, 0 in the others.
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::F;
    /// Writes the existing lanes only.
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::F);
    /// `v` with `other` in the lanes that do not exist.
    unsafe fn fill<S: Simd>(self, v: S::F, other: S::F) -> S::F;
    /// One bit per existing element of a 32-element strip.
    fn bits(self) -> u32;
}

/// The whole strip exists.
#[derive(Clone, Copy)]
pub(crate) struct All;

/// Only the first elements exist.
#[derive(Clone, Copy)]
pub(crate) struct First(pub usize);

impl Width for All {
    #[inline(always)]
    unsafe fn at<S: Simd>(self, _: usize) -> Self {
        All
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::F {
        S::load(p)
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::F) {
        S::store(p, v);
    }
    #[inline(always)]
    unsafe fn fill<S: Simd>(self, v: S::F, _: S::F) -> S::F {
        v
    }
    #[inline(always)]
    fn bits(self) -> u32 {
        u32::MAX
    }
}

impl Width for First {
    #[inline(always)]
    unsafe fn at<S: Simd>(self, k: usize) -> Self {
        First(self.0.saturating_sub(k * S::LANES))
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::F {
        match self.0 {
            0 => S::splat(0.0),
            n if n >= S::LANES => S::load(p),
            n => S::load_partial(p, n),
        }
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::F) {
        match self.0 {
            0 => {}
            n if n >= S::LANES => S::store(p, v),
            n => S::store_partial(p, v, n),
        }
    }
    #[inline(always)]
    unsafe fn fill<S: Simd>(self, v: S::F, other: S::F) -> S::F {
        S::select(S::mask_from_bits(self.bits()), v, other)
    }
    #[inline(always)]
    fn bits(self) -> u32 {
        if self.0 >= 32 { u32::MAX } else { (1 << self.0) - 1 }
    }
}

/// Runs a body over `0..n` in strips of `step`: `strips!(S::LANES, n, |w, i| { ... })` with `w`
/// the strip's width and `i` its first element. A macro because a closure would not inherit the
/// CPU features of the function around it.
macro_rules! strips {
    ($step:expr, $n:expr, |$w:ident, $i:ident| $body:block) => {{
        let n: usize = $n;
        let mut $i: usize = 0;
        while $i + $step <= n {
            let $w = $crate::lanes::All;
            $body
            $i += $step;
        }
        if $i < n {
            let $w = $crate::lanes::First(n - $i);
            $body
        }
    }};
}
