//! How a loop over vectors meets the end of its data: one body, compiled for whole vectors and
//! once more for the last, partial one.
//!
//! [`strips!`] runs a body with a [`Width`]: [`All`] while a whole strip remains, [`First`] for
//! what is left. Loads and stores through the width never touch memory past the end: kernels go
//! through slices by index, and only here an index becomes an address.

use crate::simd::Simd;

/// How many elements of a strip exist.
///
/// # Safety
/// The unsafe methods require a CPU that executes `S`, and memory for the existing lanes of one
/// vector: at `p`, or from element `i` of the slice on.
pub(crate) trait Width: Copy {
    /// The width of the `k`-th vector of the strip.
    fn at<S: Simd>(self, k: usize) -> Self;
    /// How many lanes of the strip's first vector exist.
    fn lanes<S: Simd>(self) -> usize;
    /// The existing lanes, 0 in the others.
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::F;
    /// Writes the existing lanes only.
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::F);
    /// `v` with `other` in the lanes that do not exist.
    unsafe fn fill<S: Simd>(self, v: S::F, other: S::F) -> S::F;
    /// One bit per existing element of a 32-element strip.
    fn bits(self) -> u32;

    /// The existing lanes from `x[i]` on, 0 in the others.
    #[inline(always)]
    unsafe fn get<S: Simd>(self, x: &[f32], i: usize) -> S::F {
        debug_assert!(self.fits::<S>(x.len(), i));
        // SAFETY: the same contract; the address is only used where a lane exists.
        unsafe { self.load::<S>(x.as_ptr().wrapping_add(i)) }
    }
    /// Writes the existing lanes only, from `y[i]` on.
    #[inline(always)]
    unsafe fn put<S: Simd>(self, y: &mut [f32], i: usize, v: S::F) {
        debug_assert!(self.fits::<S>(y.len(), i));
        // SAFETY: the same contract; the address is only used where a lane exists.
        unsafe { self.store::<S>(y.as_mut_ptr().wrapping_add(i), v) }
    }
    /// Whether the existing lanes from element `i` on lie in a slice of `len`.
    #[inline(always)]
    fn fits<S: Simd>(self, len: usize, i: usize) -> bool {
        self.lanes::<S>() == 0 || i + self.lanes::<S>() <= len
    }
}

/// The whole strip exists.
#[derive(Clone, Copy)]
pub(crate) struct All;

/// Only the first elements exist.
#[derive(Clone, Copy)]
pub(crate) struct First(pub usize);

impl Width for All {
    #[inline(always)]
    fn at<S: Simd>(self, _: usize) -> Self {
        All
    }
    #[inline(always)]
    fn lanes<S: Simd>(self) -> usize {
        S::LANES
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::F {
        // SAFETY: the same contract.
        unsafe { S::load(p) }
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::F) {
        // SAFETY: the same contract.
        unsafe { S::store(p, v) }
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
    fn at<S: Simd>(self, k: usize) -> Self {
        First(self.0.saturating_sub(k * S::LANES))
    }
    #[inline(always)]
    fn lanes<S: Simd>(self) -> usize {
        self.0.min(S::LANES)
    }
    #[inline(always)]
    unsafe fn load<S: Simd>(self, p: *const f32) -> S::F {
        // SAFETY: the same contract: `p` has all lanes or the first `n`.
        unsafe {
            match self.0 {
                0 => S::splat(0.0),
                n if n >= S::LANES => S::load(p),
                n => S::load_partial(p, n),
            }
        }
    }
    #[inline(always)]
    unsafe fn store<S: Simd>(self, p: *mut f32, v: S::F) {
        // SAFETY: the same contract: `p` has all lanes or the first `n`.
        unsafe {
            match self.0 {
                0 => {}
                n if n >= S::LANES => S::store(p, v),
                n => S::store_partial(p, v, n),
            }
        }
    }
    #[inline(always)]
    unsafe fn fill<S: Simd>(self, v: S::F, other: S::F) -> S::F {
        // SAFETY: the CPU is the only condition.
        unsafe { S::select(S::mask_from_bits(self.bits()), v, other) }
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
