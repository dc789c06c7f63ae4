//! Two vectors as one: the way a kernel with a long chain of dependent operations keeps the
//! execution units busy.
//!
//! An out-of-order core sees only so far ahead, and one vector's polynomial or cipher rounds fill
//! that window with operations that wait for each other. Written over a pair, each step is
//! followed by the other vector's same step, which is independent, and constants load once.

use super::Simd;
use std::marker::PhantomData;

/// Twice the lanes of `S`: the first half of them, then the second.
#[derive(Clone, Copy)]
pub struct Pair<S>(PhantomData<S>);

macro_rules! both {
    ($($name:ident($($arg:ident: $ty:ident),*) -> $result:ident;)+) => {$(
        #[inline(always)]
        unsafe fn $name($($arg: Self::$ty),*) -> Self::$result {
            // SAFETY: the CPU is the only condition.
            unsafe { (S::$name($($arg.0),*), S::$name($($arg.1),*)) }
        }
    )+};
}

impl<S: Simd> Simd for Pair<S> {
    const LANES: usize = 2 * S::LANES;
    const REGISTERS: usize = S::REGISTERS / 2;
    type F = (S::F, S::F);
    type I = (S::I, S::I);
    type M = (S::M, S::M);

    both! {
        add(a: F, b: F) -> F;
        sub(a: F, b: F) -> F;
        mul(a: F, b: F) -> F;
        div(a: F, b: F) -> F;
        fma(a: F, b: F, c: F) -> F;
        fnma(a: F, b: F, c: F) -> F;
        sqrt(a: F) -> F;
        max(a: F, b: F) -> F;
        at_least(floor: F, a: F) -> F;
        min(a: F, b: F) -> F;
        abs(a: F) -> F;
        neg(a: F) -> F;
        round(a: F) -> F;
        floor(a: F) -> F;
        lt(a: F, b: F) -> M;
        le(a: F, b: F) -> M;
        eq(a: F, b: F) -> M;
        is_nan(a: F) -> M;
        select(m: M, a: F, b: F) -> F;
        clear(m: M, a: F) -> F;
        mask_and(a: M, b: M) -> M;
        mask_or(a: M, b: M) -> M;
        mask_not(a: M) -> M;
        add_i(a: I, b: I) -> I;
        sub_i(a: I, b: I) -> I;
        and_i(a: I, b: I) -> I;
        or_i(a: I, b: I) -> I;
        xor_i(a: I, b: I) -> I;
        to_bits(a: F) -> I;
        from_bits(a: I) -> F;
        to_int(a: F) -> I;
        from_int(a: I) -> F;
    }

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F {
        // SAFETY: the CPU is the only condition.
        unsafe { (S::splat(x), S::splat(x)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self::F {
        // SAFETY: the lanes of both halves are valid, says the caller.
        unsafe { (S::load(p), S::load(p.add(S::LANES))) }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: Self::F) {
        // SAFETY: the lanes of both halves are valid, says the caller.
        unsafe {
            S::store(p, v.0);
            S::store(p.add(S::LANES), v.1);
        }
    }
    #[inline(always)]
    unsafe fn load_partial(p: *const f32, n: usize) -> Self::F {
        // SAFETY: the first `n` lanes are valid, says the caller.
        unsafe {
            if n < S::LANES {
                (S::load_partial(p, n), S::splat(0.0))
            } else {
                (S::load(p), S::load_partial(p.add(S::LANES), n - S::LANES))
            }
        }
    }
    #[inline(always)]
    unsafe fn store_partial(p: *mut f32, v: Self::F, n: usize) {
        // SAFETY: the first `n` lanes are valid, says the caller.
        unsafe {
            if n < S::LANES {
                S::store_partial(p, v.0, n);
            } else {
                S::store(p, v.0);
                S::store_partial(p.add(S::LANES), v.1, n - S::LANES);
            }
        }
    }

    #[inline(always)]
    unsafe fn transpose(
        src: *const f32,
        src_stride: usize,
        rows: usize,
        dst: *mut f32,
        dst_stride: usize,
    ) {
        // SAFETY: each part lies in the two squares that are valid, says the caller.
        unsafe {
            let second = S::LANES.min(rows - 1);
            for (row, rows, at) in [(0, rows.min(S::LANES), 0), (second, rows - second, S::LANES)] {
                for column in [0, S::LANES] {
                    let src = src.add(row * src_stride + column);
                    let dst = dst.add(column * dst_stride + at);
                    S::transpose(src, src_stride, rows, dst, dst_stride);
                }
            }
        }
    }

    #[inline(always)]
    unsafe fn mask_bits(m: Self::M) -> u32 {
        // SAFETY: the CPU is the only condition.
        unsafe { S::mask_bits(m.0) | S::mask_bits(m.1) << S::LANES }
    }
    #[inline(always)]
    unsafe fn mask_from_bits(bits: u32) -> Self::M {
        // SAFETY: the CPU is the only condition.
        unsafe { (S::mask_from_bits(bits), S::mask_from_bits(bits >> S::LANES)) }
    }
    #[inline(always)]
    unsafe fn mask_from_word(word: u32, k: usize) -> Self::M {
        // SAFETY: the CPU is the only condition.
        unsafe { (S::mask_from_word(word, 2 * k), S::mask_from_word(word, 2 * k + 1)) }
    }

    #[inline(always)]
    unsafe fn splat_i(x: i32) -> Self::I {
        // SAFETY: the CPU is the only condition.
        unsafe { (S::splat_i(x), S::splat_i(x)) }
    }
    #[inline(always)]
    unsafe fn load_i(p: *const i32) -> Self::I {
        // SAFETY: the lanes of both halves are valid, says the caller.
        unsafe { (S::load_i(p), S::load_i(p.add(S::LANES))) }
    }
    #[inline(always)]
    unsafe fn store_i(p: *mut i32, v: Self::I) {
        // SAFETY: the lanes of both halves are valid, says the caller.
        unsafe {
            S::store_i(p, v.0);
            S::store_i(p.add(S::LANES), v.1);
        }
    }
    #[inline(always)]
    unsafe fn shl_i<const N: i32>(a: Self::I) -> Self::I {
        // SAFETY: the CPU is the only condition.
        unsafe { (S::shl_i::<N>(a.0), S::shl_i::<N>(a.1)) }
    }
    #[inline(always)]
    unsafe fn shr_i<const N: i32>(a: Self::I) -> Self::I {
        // SAFETY: the CPU is the only condition.
        unsafe { (S::shr_i::<N>(a.0), S::shr_i::<N>(a.1)) }
    }
    #[inline(always)]
    unsafe fn mul_wide(a: Self::I, b: Self::I) -> (Self::I, Self::I) {
        // SAFETY: the CPU is the only condition.
        let (first, second) = unsafe { (S::mul_wide(a.0, b.0), S::mul_wide(a.1, b.1)) };
        ((first.0, second.0), (first.1, second.1))
    }
    #[inline(always)]
    unsafe fn halves_at_least(x: [Self::I; 4], threshold: u32) -> [u32; 8] {
        let [a, b, c, d] = x;
        // SAFETY: the CPU is the only condition.
        let mut words = unsafe { S::halves_at_least([a.0, b.0, c.0, d.0], threshold) };
        // SAFETY: the CPU is the only condition.
        let second = unsafe { S::halves_at_least([a.1, b.1, c.1, d.1], threshold) };
        let each = S::LANES / 4;
        words[each..2 * each].copy_from_slice(&second[..each]);
        words
    }

    #[inline(always)]
    unsafe fn sum(a: Self::F) -> f32 {
        // SAFETY: the CPU is the only condition.
        unsafe { S::sum(S::add(a.0, a.1)) }
    }
    #[inline(always)]
    unsafe fn max_lane(a: Self::F) -> f32 {
        // SAFETY: the CPU is the only condition.
        unsafe { S::max_lane(S::max(a.0, a.1)) }
    }
}
