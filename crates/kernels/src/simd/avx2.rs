//! 256-bit AVX2 with FMA: eight lanes, sixteen registers.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "each method is an intrinsic or a few, under the contract of the trait"
)]

use super::Simd;
use std::arch::x86_64::*;

/// The AVX2 + FMA level.
#[derive(Clone, Copy)]
pub struct Avx2;

/// A mask whose first `n` lanes are set, for `maskload` and `maskstore`.
#[inline(always)]
unsafe fn first(n: usize) -> __m256i {
    _mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
}

/// Unsigned a >= b of 16-bit lanes, which is max(a, b) == a.
#[inline(always)]
unsafe fn at_least(a: __m256i, b: __m256i) -> __m256i {
    _mm256_cmpeq_epi16(_mm256_max_epu16(a, b), a)
}

impl Simd for Avx2 {
    const LANES: usize = 8;
    const REGISTERS: usize = 16;
    type F = __m256;
    type I = __m256i;
    type M = __m256;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F {
        _mm256_set1_ps(x)
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self::F {
        _mm256_loadu_ps(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: Self::F) {
        _mm256_storeu_ps(p, v);
    }
    #[inline(always)]
    unsafe fn stream(p: *mut f32, v: Self::F) {
        _mm256_stream_ps(p, v);
    }
    #[inline(always)]
    unsafe fn fence() {
        _mm_sfence();
    }
    #[inline(always)]
    unsafe fn load_partial(p: *const f32, n: usize) -> Self::F {
        _mm256_maskload_ps(p, first(n))
    }
    #[inline(always)]
    unsafe fn store_partial(p: *mut f32, v: Self::F, n: usize) {
        _mm256_maskstore_ps(p, first(n), v);
    }

    #[inline(always)]
    unsafe fn transpose(
        src: *const f32,
        src_stride: usize,
        rows: usize,
        dst: *mut f32,
        dst_stride: usize,
    ) {
        let quad = |i: usize, j: usize| _mm_loadu_ps(src.add(i.min(rows - 1) * src_stride + j));
        for j in [0, 4] {
            // Rows i and i + 4, four columns each: the rest is a 4×4 transpose in both halves.
            let pair = |i: usize| {
                _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(quad(i, j)), quad(i + 4, j))
            };
            let (r0, r1, r2, r3) = (pair(0), pair(1), pair(2), pair(3));
            let (a, b) = (_mm256_unpacklo_ps(r0, r1), _mm256_unpackhi_ps(r0, r1));
            let (c, d) = (_mm256_unpacklo_ps(r2, r3), _mm256_unpackhi_ps(r2, r3));
            let column = |n: usize| dst.add((j + n) * dst_stride);
            Self::store(column(0), _mm256_shuffle_ps::<0x44>(a, c));
            Self::store(column(1), _mm256_shuffle_ps::<0xEE>(a, c));
            Self::store(column(2), _mm256_shuffle_ps::<0x44>(b, d));
            Self::store(column(3), _mm256_shuffle_ps::<0xEE>(b, d));
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
        _mm256_add_ps(a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F {
        _mm256_sub_ps(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
        _mm256_mul_ps(a, b)
    }
    #[inline(always)]
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
        _mm256_div_ps(a, b)
    }
    #[inline(always)]
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        _mm256_fmadd_ps(a, b, c)
    }
    #[inline(always)]
    unsafe fn fnma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        _mm256_fnmadd_ps(a, b, c)
    }
    #[inline(always)]
    unsafe fn sqrt(a: Self::F) -> Self::F {
        _mm256_sqrt_ps(a)
    }
    // VMAXPS returns its second operand when either is NaN: put `a` second, then repair NaN in `b`.
    #[inline(always)]
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
        _mm256_blendv_ps(_mm256_max_ps(b, a), b, _mm256_cmp_ps::<_CMP_UNORD_Q>(b, b))
    }
    #[inline(always)]
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
        _mm256_blendv_ps(_mm256_min_ps(b, a), b, _mm256_cmp_ps::<_CMP_UNORD_Q>(b, b))
    }
    #[inline(always)]
    unsafe fn at_least(floor: Self::F, a: Self::F) -> Self::F {
        _mm256_max_ps(floor, a)
    }
    #[inline(always)]
    unsafe fn abs(a: Self::F) -> Self::F {
        _mm256_andnot_ps(_mm256_set1_ps(-0.0), a)
    }
    #[inline(always)]
    unsafe fn neg(a: Self::F) -> Self::F {
        _mm256_xor_ps(_mm256_set1_ps(-0.0), a)
    }
    #[inline(always)]
    unsafe fn round(a: Self::F) -> Self::F {
        _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
    }
    #[inline(always)]
    unsafe fn floor(a: Self::F) -> Self::F {
        _mm256_floor_ps(a)
    }

    #[inline(always)]
    unsafe fn lt(a: Self::F, b: Self::F) -> Self::M {
        _mm256_cmp_ps::<_CMP_LT_OQ>(a, b)
    }
    #[inline(always)]
    unsafe fn le(a: Self::F, b: Self::F) -> Self::M {
        _mm256_cmp_ps::<_CMP_LE_OQ>(a, b)
    }
    #[inline(always)]
    unsafe fn eq(a: Self::F, b: Self::F) -> Self::M {
        _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b)
    }
    #[inline(always)]
    unsafe fn is_nan(a: Self::F) -> Self::M {
        _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a)
    }
    #[inline(always)]
    unsafe fn select(m: Self::M, a: Self::F, b: Self::F) -> Self::F {
        _mm256_blendv_ps(b, a, m)
    }
    #[inline(always)]
    unsafe fn clear(m: Self::M, a: Self::F) -> Self::F {
        _mm256_andnot_ps(m, a)
    }
    #[inline(always)]
    unsafe fn mask_and(a: Self::M, b: Self::M) -> Self::M {
        _mm256_and_ps(a, b)
    }
    #[inline(always)]
    unsafe fn mask_or(a: Self::M, b: Self::M) -> Self::M {
        _mm256_or_ps(a, b)
    }
    #[inline(always)]
    unsafe fn mask_not(a: Self::M) -> Self::M {
        _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))
    }
    #[inline(always)]
    unsafe fn mask_bits(m: Self::M) -> u32 {
        _mm256_movemask_ps(m) as u32
    }
    #[inline(always)]
    unsafe fn mask_from_bits(bits: u32) -> Self::M {
        let lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let set = _mm256_and_si256(_mm256_set1_epi32(bits as i32), lane);
        _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lane))
    }
    #[inline(always)]
    unsafe fn mask_from_word(word: u32, k: usize) -> Self::M {
        let lane = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
        let lane = _mm256_sllv_epi32(lane, _mm256_set1_epi32(8 * k as i32));
        let set = _mm256_and_si256(_mm256_set1_epi32(word as i32), lane);
        _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lane))
    }

    #[inline(always)]
    unsafe fn splat_i(x: i32) -> Self::I {
        _mm256_set1_epi32(x)
    }
    #[inline(always)]
    unsafe fn load_i(p: *const i32) -> Self::I {
        _mm256_loadu_si256(p.cast())
    }
    #[inline(always)]
    unsafe fn store_i(p: *mut i32, v: Self::I) {
        _mm256_storeu_si256(p.cast(), v);
    }
    #[inline(always)]
    unsafe fn add_i(a: Self::I, b: Self::I) -> Self::I {
        _mm256_add_epi32(a, b)
    }
    #[inline(always)]
    unsafe fn sub_i(a: Self::I, b: Self::I) -> Self::I {
        _mm256_sub_epi32(a, b)
    }
    #[inline(always)]
    unsafe fn and_i(a: Self::I, b: Self::I) -> Self::I {
        _mm256_and_si256(a, b)
    }
    #[inline(always)]
    unsafe fn or_i(a: Self::I, b: Self::I) -> Self::I {
        _mm256_or_si256(a, b)
    }
    #[inline(always)]
    unsafe fn xor_i(a: Self::I, b: Self::I) -> Self::I {
        _mm256_xor_si256(a, b)
    }
    #[inline(always)]
    unsafe fn shl_i<const N: i32>(a: Self::I) -> Self::I {
        _mm256_slli_epi32::<N>(a)
    }
    #[inline(always)]
    unsafe fn shr_i<const N: i32>(a: Self::I) -> Self::I {
        _mm256_srli_epi32::<N>(a)
    }
    #[inline(always)]
    unsafe fn mul_wide(a: Self::I, b: Self::I) -> (Self::I, Self::I) {
        let even = _mm256_mul_epu32(a, b);
        let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a), _mm256_srli_epi64::<32>(b));
        let hi = _mm256_blend_epi32::<0b1010_1010>(_mm256_srli_epi64::<32>(even), odd);
        let lo = _mm256_blend_epi32::<0b1010_1010>(even, _mm256_slli_epi64::<32>(odd));
        (hi, lo)
    }
    #[inline(always)]
    unsafe fn halves_at_least(x: [Self::I; 4], threshold: u32) -> [u32; 8] {
        let threshold = _mm256_set1_epi16(threshold as i16);
        // Packing keeps the 128-bit halves of a vector apart, hence the words.
        let low = _mm256_packs_epi16(at_least(x[0], threshold), at_least(x[1], threshold));
        let high = _mm256_packs_epi16(at_least(x[2], threshold), at_least(x[3], threshold));
        let (low, high) = (_mm256_movemask_epi8(low) as u32, _mm256_movemask_epi8(high) as u32);
        [low & 0xffff | high << 16, low >> 16 | high & 0xffff_0000, 0, 0, 0, 0, 0, 0]
    }
    #[inline(always)]
    unsafe fn to_bits(a: Self::F) -> Self::I {
        _mm256_castps_si256(a)
    }
    #[inline(always)]
    unsafe fn from_bits(a: Self::I) -> Self::F {
        _mm256_castsi256_ps(a)
    }
    #[inline(always)]
    unsafe fn to_int(a: Self::F) -> Self::I {
        _mm256_cvtps_epi32(a)
    }
    #[inline(always)]
    unsafe fn from_int(a: Self::I) -> Self::F {
        _mm256_cvtepi32_ps(a)
    }

    #[inline(always)]
    unsafe fn sum(a: Self::F) -> f32 {
        let b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps::<1>(a));
        let c = _mm_add_ps(b, _mm_movehl_ps(b, b));
        _mm_cvtss_f32(_mm_add_ss(c, _mm_shuffle_ps::<1>(c, c)))
    }
    #[inline(always)]
    unsafe fn max_lane(a: Self::F) -> f32 {
        let swapped = _mm256_permute2f128_ps::<1>(a, a);
        let b = Self::max(a, swapped);
        let c = Self::max(b, _mm256_permute_ps::<0b01_00_11_10>(b));
        let d = Self::max(c, _mm256_permute_ps::<0b10_11_00_01>(c));
        _mm256_cvtss_f32(d)
    }
}
