//! 128-bit Advanced SIMD of aarch64: four lanes, thirty-two registers.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "each method is an intrinsic or a few, under the contract of the trait"
)]

use super::Simd;
use std::arch::aarch64::*;

/// The NEON level.
#[derive(Clone, Copy)]
pub struct Neon;

impl Simd for Neon {
    const LANES: usize = 4;
    const REGISTERS: usize = 32;
    type F = float32x4_t;
    type I = int32x4_t;
    type M = uint32x4_t;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F {
        vdupq_n_f32(x)
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self::F {
        vld1q_f32(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: Self::F) {
        vst1q_f32(p, v);
    }
    #[inline(always)]
    unsafe fn load_partial(p: *const f32, n: usize) -> Self::F {
        let mut lanes = [0.0f32; 4];
        std::ptr::copy_nonoverlapping(p, lanes.as_mut_ptr(), n);
        vld1q_f32(lanes.as_ptr())
    }
    #[inline(always)]
    unsafe fn store_partial(p: *mut f32, v: Self::F, n: usize) {
        let mut lanes = [0.0f32; 4];
        vst1q_f32(lanes.as_mut_ptr(), v);
        std::ptr::copy_nonoverlapping(lanes.as_ptr(), p, n);
    }

    #[inline(always)]
    unsafe fn transpose(
        src: *const f32,
        src_stride: usize,
        rows: usize,
        dst: *mut f32,
        dst_stride: usize,
    ) {
        let row = |i: usize| vld1q_f32(src.add(i.min(rows - 1) * src_stride));
        let (r0, r1, r2, r3) = (row(0), row(1), row(2), row(3));
        let (a, b) = (vtrn1q_f32(r0, r1), vtrn2q_f32(r0, r1));
        let (c, d) = (vtrn1q_f32(r2, r3), vtrn2q_f32(r2, r3));
        let column = |n: usize| dst.add(n * dst_stride);
        Self::store(column(0), vcombine_f32(vget_low_f32(a), vget_low_f32(c)));
        Self::store(column(1), vcombine_f32(vget_low_f32(b), vget_low_f32(d)));
        Self::store(column(2), vcombine_f32(vget_high_f32(a), vget_high_f32(c)));
        Self::store(column(3), vcombine_f32(vget_high_f32(b), vget_high_f32(d)));
    }

    #[inline(always)]
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
        vaddq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F {
        vsubq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
        vmulq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
        vdivq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        vfmaq_f32(c, a, b)
    }
    #[inline(always)]
    unsafe fn fnma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        vfmsq_f32(c, a, b)
    }
    #[inline(always)]
    unsafe fn sqrt(a: Self::F) -> Self::F {
        vsqrtq_f32(a)
    }
    // FMAX and FMIN return NaN when either operand is NaN.
    #[inline(always)]
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
        vmaxq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
        vminq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn at_least(floor: Self::F, a: Self::F) -> Self::F {
        vmaxq_f32(floor, a)
    }
    #[inline(always)]
    unsafe fn abs(a: Self::F) -> Self::F {
        vabsq_f32(a)
    }
    #[inline(always)]
    unsafe fn neg(a: Self::F) -> Self::F {
        vnegq_f32(a)
    }
    #[inline(always)]
    unsafe fn round(a: Self::F) -> Self::F {
        vrndnq_f32(a)
    }
    #[inline(always)]
    unsafe fn floor(a: Self::F) -> Self::F {
        vrndmq_f32(a)
    }

    #[inline(always)]
    unsafe fn lt(a: Self::F, b: Self::F) -> Self::M {
        vcltq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn le(a: Self::F, b: Self::F) -> Self::M {
        vcleq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn eq(a: Self::F, b: Self::F) -> Self::M {
        vceqq_f32(a, b)
    }
    #[inline(always)]
    unsafe fn is_nan(a: Self::F) -> Self::M {
        vmvnq_u32(vceqq_f32(a, a))
    }
    #[inline(always)]
    unsafe fn select(m: Self::M, a: Self::F, b: Self::F) -> Self::F {
        vbslq_f32(m, a, b)
    }
    #[inline(always)]
    unsafe fn clear(m: Self::M, a: Self::F) -> Self::F {
        vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(a), m))
    }
    #[inline(always)]
    unsafe fn mask_and(a: Self::M, b: Self::M) -> Self::M {
        vandq_u32(a, b)
    }
    #[inline(always)]
    unsafe fn mask_or(a: Self::M, b: Self::M) -> Self::M {
        vorrq_u32(a, b)
    }
    #[inline(always)]
    unsafe fn mask_not(a: Self::M) -> Self::M {
        vmvnq_u32(a)
    }
    #[inline(always)]
    unsafe fn mask_bits(m: Self::M) -> u32 {
        const LANE: [u32; 4] = [1, 2, 4, 8];
        vaddvq_u32(vandq_u32(m, vld1q_u32(LANE.as_ptr())))
    }
    #[inline(always)]
    unsafe fn mask_from_bits(bits: u32) -> Self::M {
        const LANE: [u32; 4] = [1, 2, 4, 8];
        vtstq_u32(vdupq_n_u32(bits), vld1q_u32(LANE.as_ptr()))
    }
    #[inline(always)]
    unsafe fn mask_from_word(word: u32, k: usize) -> Self::M {
        Self::mask_from_bits(word >> (4 * k))
    }

    #[inline(always)]
    unsafe fn splat_i(x: i32) -> Self::I {
        vdupq_n_s32(x)
    }
    #[inline(always)]
    unsafe fn load_i(p: *const i32) -> Self::I {
        vld1q_s32(p)
    }
    #[inline(always)]
    unsafe fn store_i(p: *mut i32, v: Self::I) {
        vst1q_s32(p, v);
    }
    #[inline(always)]
    unsafe fn add_i(a: Self::I, b: Self::I) -> Self::I {
        vaddq_s32(a, b)
    }
    #[inline(always)]
    unsafe fn sub_i(a: Self::I, b: Self::I) -> Self::I {
        vsubq_s32(a, b)
    }
    #[inline(always)]
    unsafe fn and_i(a: Self::I, b: Self::I) -> Self::I {
        vandq_s32(a, b)
    }
    #[inline(always)]
    unsafe fn or_i(a: Self::I, b: Self::I) -> Self::I {
        vorrq_s32(a, b)
    }
    #[inline(always)]
    unsafe fn xor_i(a: Self::I, b: Self::I) -> Self::I {
        veorq_s32(a, b)
    }
    #[inline(always)]
    unsafe fn shl_i<const N: i32>(a: Self::I) -> Self::I {
        vshlq_s32(a, vdupq_n_s32(N))
    }
    #[inline(always)]
    unsafe fn shr_i<const N: i32>(a: Self::I) -> Self::I {
        vreinterpretq_s32_u32(vshlq_u32(vreinterpretq_u32_s32(a), vdupq_n_s32(-N)))
    }
    #[inline(always)]
    unsafe fn mul_wide(a: Self::I, b: Self::I) -> (Self::I, Self::I) {
        let (a, b) = (vreinterpretq_u32_s32(a), vreinterpretq_u32_s32(b));
        let low = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a), vget_low_u32(b)));
        let high = vreinterpretq_u32_u64(vmull_high_u32(a, b));
        (vreinterpretq_s32_u32(vuzp2q_u32(low, high)), vreinterpretq_s32_u32(vuzp1q_u32(low, high)))
    }
    #[inline(always)]
    unsafe fn halves_at_least(x: [Self::I; 4], threshold: u32) -> [u32; 8] {
        const HALF: [u16; 8] = [1, 2, 4, 8, 16, 32, 64, 128];
        let (threshold, half) = (vdupq_n_u16(threshold as u16), vld1q_u16(HALF.as_ptr()));
        let mut word = 0;
        for (v, &x) in x.iter().enumerate() {
            let at_least = vcgeq_u16(vreinterpretq_u16_s32(x), threshold);
            word |= u32::from(vaddvq_u16(vandq_u16(at_least, half))) << (8 * v);
        }
        [word, 0, 0, 0, 0, 0, 0, 0]
    }
    #[inline(always)]
    unsafe fn to_bits(a: Self::F) -> Self::I {
        vreinterpretq_s32_f32(a)
    }
    #[inline(always)]
    unsafe fn from_bits(a: Self::I) -> Self::F {
        vreinterpretq_f32_s32(a)
    }
    #[inline(always)]
    unsafe fn to_int(a: Self::F) -> Self::I {
        vcvtnq_s32_f32(a)
    }
    #[inline(always)]
    unsafe fn from_int(a: Self::I) -> Self::F {
        vcvtq_f32_s32(a)
    }

    #[inline(always)]
    unsafe fn sum(a: Self::F) -> f32 {
        let b = vadd_f32(vget_low_f32(a), vget_high_f32(a));
        vget_lane_f32::<0>(b) + vget_lane_f32::<1>(b)
    }
    #[inline(always)]
    unsafe fn max_lane(a: Self::F) -> f32 {
        vmaxvq_f32(a)
    }
}
