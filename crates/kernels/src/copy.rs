//! Copies: of data on its way in, which says whether all of it is finite, and of what a kernel has just written.
//!
//! Data larger than the near caches is written past them: lines that are written whole need not be
//! read before, and what the caches hold stays there.

use crate::lanes::Width;
use crate::simd::Simd;
use std::mem::MaybeUninit;

/// Elements from which on a copy goes past the caches: a MiB.
const LARGE: usize = 1 << 18;
/// Vectors of a strip, each with a sum of its own: they need not wait for each other.
const VECTORS: usize = 4;

dispatch! {
    /// Copies the bits of `x` into `to`, all of which is initialized then; true when no element is
    /// infinite or NaN.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn copy_finite(x: &[f32], to: &mut [MaybeUninit<u32>]) -> bool = generic;

    /// Copies some words. By vectors as wide as those that kernels write: a narrower load waits until what it reads of
    /// has left for the cache (16 bytes of 64, on Zen 5).
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn copy_words(x: &[u32], to: &mut [u32]) = words_generic;
}

#[inline(always)]
unsafe fn words_generic<S: Simd>(x: &[u32], to: &mut [u32]) {
    assert_eq!(x.len(), to.len(), "copy_words: lengths differ");
    // SAFETY: the CPU executes `S`, says the caller; the strips end where both slices do.
    unsafe {
        strips!(S::LANES, x.len(), |width, i| {
            let v = width.load::<S>(x.as_ptr().wrapping_add(i).cast());
            width.store::<S>(to.as_mut_ptr().wrapping_add(i).cast(), v);
        });
    }
}

#[inline(always)]
unsafe fn generic<S: Simd>(x: &[f32], to: &mut [MaybeUninit<u32>]) -> bool {
    assert_eq!(x.len(), to.len(), "copy_finite: lengths differ");
    let (from, p) = (x.as_ptr(), to.as_mut_ptr().cast::<f32>());
    // SAFETY: the CPU executes `S`, says the caller; the parts end where both slices do, and the
    // streamed one starts aligned.
    unsafe {
        if x.len() < LARGE {
            return strip::<S, false>(from, p, x.len());
        }
        // Stores past the caches are of whole aligned vectors.
        let head = p.align_offset(S::LANES * size_of::<f32>());
        let rest = x.len() - head;
        let finite = strip::<S, false>(from, p, head);
        let finite = strip::<S, true>(from.add(head), p.add(head), rest) && finite;
        S::fence();
        finite
    }
}

/// Copies `n` elements; with `STREAM` past the caches, to an aligned address.
///
/// # Safety
/// The CPU executes `S`; `from` and `to` have `n` elements, and with `STREAM` whole vectors of `to`
/// are aligned.
#[inline(always)]
unsafe fn strip<S: Simd, const STREAM: bool>(from: *const f32, to: *mut f32, n: usize) -> bool {
    // SAFETY: as the caller says; the parts before and after `whole` are those of `n` elements.
    unsafe {
        // x · 0 is 0 for a finite x and NaN for any other, and a NaN stays in the sum.
        let zero = S::splat(0.0);
        let mut sums = [zero; VECTORS];
        let whole = n - n % (VECTORS * S::LANES);
        for at in (0..whole).step_by(VECTORS * S::LANES) {
            for (k, sum) in sums.iter_mut().enumerate() {
                let i = at + k * S::LANES;
                let v = S::load(from.add(i));
                *sum = S::fma(v, zero, *sum);
                match STREAM {
                    true => S::stream(to.add(i), v),
                    false => S::store(to.add(i), v),
                }
            }
        }
        strips!(S::LANES, n - whole, |width, i| {
            let v = width.load::<S>(from.add(whole + i));
            sums[0] = S::fma(v, zero, sums[0]);
            width.store::<S>(to.add(whole + i), v);
        });
        S::sum(S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3]))) == 0.0
    }
}
