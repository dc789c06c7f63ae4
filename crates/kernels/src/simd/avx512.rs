//! 512-bit AVX-512 (F, BW, DQ, VL): sixteen lanes, thirty-two registers, real mask registers.

#![allow(
    unsafe_op_in_unsafe_fn,
    reason = "each method is an intrinsic or a few, under the contract of the trait"
)]

use super::Simd;
use std::arch::x86_64::*;

/// The AVX-512 level.
#[derive(Clone, Copy)]
pub struct Avx512;

/// A mask of the first `n < 16` lanes.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    ((1u32 << n) - 1) as __mmask16
}

impl Simd for Avx512 {
    const LANES: usize = 16;
    const REGISTERS: usize = 32;
    type F = __m512;
    type I = __m512i;
    type M = __mmask16;

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F {
        _mm512_set1_ps(x)
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self::F {
        _mm512_loadu_ps(p)
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: Self::F) {
        _mm512_storeu_ps(p, v);
    }
    #[inline(always)]
    unsafe fn stream(p: *mut f32, v: Self::F) {
        _mm512_stream_ps(p, v);
    }
    #[inline(always)]
    unsafe fn fence() {
        _mm_sfence();
    }
    #[inline(always)]
    unsafe fn load_partial(p: *const f32, n: usize) -> Self::F {
        _mm512_maskz_loadu_ps(first(n), p)
    }
    #[inline(always)]
    unsafe fn store_partial(p: *mut f32, v: Self::F, n: usize) {
        _mm512_mask_storeu_ps(p, first(n), v);
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
        for j in [0, 4, 8, 12] {
            // Rows i, i + 4, i + 8, i + 12, four columns each: then a 4×4 transpose per quarter.
            let four = |i: usize| {
                let v = _mm512_castps128_ps512(quad(i, j));
                let v = _mm512_insertf32x4::<1>(v, quad(i + 4, j));
                let v = _mm512_insertf32x4::<2>(v, quad(i + 8, j));
                _mm512_insertf32x4::<3>(v, quad(i + 12, j))
            };
            let (r0, r1, r2, r3) = (four(0), four(1), four(2), four(3));
            let (a, b) = (_mm512_unpacklo_ps(r0, r1), _mm512_unpackhi_ps(r0, r1));
            let (c, d) = (_mm512_unpacklo_ps(r2, r3), _mm512_unpackhi_ps(r2, r3));
            let column = |n: usize| dst.add((j + n) * dst_stride);
            Self::store(column(0), _mm512_shuffle_ps::<0x44>(a, c));
            Self::store(column(1), _mm512_shuffle_ps::<0xEE>(a, c));
            Self::store(column(2), _mm512_shuffle_ps::<0x44>(b, d));
            Self::store(column(3), _mm512_shuffle_ps::<0xEE>(b, d));
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
        _mm512_add_ps(a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F {
        _mm512_sub_ps(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
        _mm512_mul_ps(a, b)
    }
    #[inline(always)]
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
        _mm512_div_ps(a, b)
    }
    // Fourteen bits from a table, then one step of Newton's on the remainder.
    #[inline(always)]
    unsafe fn quotient(a: Self::F, b: Self::F) -> Self::F {
        let inverse = _mm512_rcp14_ps(b);
        let near = _mm512_mul_ps(a, inverse);
        let rest = _mm512_fnmadd_ps(b, near, a);
        let finite = _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(b, _mm512_set1_ps(f32::INFINITY));
        _mm512_maskz_fmadd_ps(finite, rest, inverse, near)
    }
    #[inline(always)]
    unsafe fn root(a: Self::F) -> Self::F {
        let inverse = _mm512_rsqrt14_ps(a);
        let near = _mm512_mul_ps(a, inverse);
        let half = _mm512_mul_ps(inverse, _mm512_set1_ps(0.5));
        let root = _mm512_fmadd_ps(_mm512_fnmadd_ps(near, near, a), half, near);
        // Of 0 and of infinity the table knows what no product with it gives.
        let normal = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(a, _mm512_set1_ps(f32::MIN_POSITIVE));
        let root = _mm512_maskz_mov_ps(normal, root);
        _mm512_mask_mov_ps(
            root,
            _mm512_cmp_ps_mask::<_CMP_NLT_UQ>(a, _mm512_set1_ps(f32::INFINITY)),
            a,
        )
    }
    #[inline(always)]
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        _mm512_fmadd_ps(a, b, c)
    }
    #[inline(always)]
    unsafe fn fnma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        _mm512_fnmadd_ps(a, b, c)
    }
    #[inline(always)]
    unsafe fn sqrt(a: Self::F) -> Self::F {
        _mm512_sqrt_ps(a)
    }
    // VMAXPS returns its second operand when either is NaN: put `a` second, then repair NaN in `b`.
    #[inline(always)]
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
        _mm512_mask_mov_ps(_mm512_max_ps(b, a), Self::is_nan(b), b)
    }
    #[inline(always)]
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
        _mm512_mask_mov_ps(_mm512_min_ps(b, a), Self::is_nan(b), b)
    }
    #[inline(always)]
    unsafe fn at_least(floor: Self::F, a: Self::F) -> Self::F {
        _mm512_max_ps(floor, a)
    }
    #[inline(always)]
    unsafe fn abs(a: Self::F) -> Self::F {
        _mm512_abs_ps(a)
    }
    #[inline(always)]
    unsafe fn neg(a: Self::F) -> Self::F {
        _mm512_xor_ps(_mm512_set1_ps(-0.0), a)
    }
    #[inline(always)]
    unsafe fn round(a: Self::F) -> Self::F {
        _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a)
    }
    #[inline(always)]
    unsafe fn floor(a: Self::F) -> Self::F {
        _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(a)
    }

    #[inline(always)]
    unsafe fn lt(a: Self::F, b: Self::F) -> Self::M {
        _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b)
    }
    #[inline(always)]
    unsafe fn le(a: Self::F, b: Self::F) -> Self::M {
        _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b)
    }
    #[inline(always)]
    unsafe fn eq(a: Self::F, b: Self::F) -> Self::M {
        _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b)
    }
    #[inline(always)]
    unsafe fn is_nan(a: Self::F) -> Self::M {
        _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(a, a)
    }
    #[inline(always)]
    unsafe fn select(m: Self::M, a: Self::F, b: Self::F) -> Self::F {
        _mm512_mask_blend_ps(m, b, a)
    }
    #[inline(always)]
    unsafe fn clear(m: Self::M, a: Self::F) -> Self::F {
        _mm512_maskz_mov_ps(!m, a)
    }
    #[inline(always)]
    unsafe fn mask_and(a: Self::M, b: Self::M) -> Self::M {
        a & b
    }
    #[inline(always)]
    unsafe fn mask_or(a: Self::M, b: Self::M) -> Self::M {
        a | b
    }
    #[inline(always)]
    unsafe fn mask_not(a: Self::M) -> Self::M {
        !a
    }
    #[inline(always)]
    unsafe fn mask_bits(m: Self::M) -> u32 {
        u32::from(m)
    }
    #[inline(always)]
    unsafe fn mask_from_bits(bits: u32) -> Self::M {
        bits as __mmask16
    }
    #[inline(always)]
    unsafe fn mask_from_word(word: u32, k: usize) -> Self::M {
        (word >> (16 * k)) as __mmask16
    }

    #[inline(always)]
    unsafe fn splat_i(x: i32) -> Self::I {
        _mm512_set1_epi32(x)
    }
    #[inline(always)]
    unsafe fn load_i(p: *const i32) -> Self::I {
        _mm512_loadu_epi32(p)
    }
    #[inline(always)]
    unsafe fn store_i(p: *mut i32, v: Self::I) {
        _mm512_storeu_epi32(p, v);
    }
    #[inline(always)]
    unsafe fn add_i(a: Self::I, b: Self::I) -> Self::I {
        _mm512_add_epi32(a, b)
    }
    #[inline(always)]
    unsafe fn sub_i(a: Self::I, b: Self::I) -> Self::I {
        _mm512_sub_epi32(a, b)
    }
    #[inline(always)]
    unsafe fn and_i(a: Self::I, b: Self::I) -> Self::I {
        _mm512_and_epi32(a, b)
    }
    #[inline(always)]
    unsafe fn or_i(a: Self::I, b: Self::I) -> Self::I {
        _mm512_or_epi32(a, b)
    }
    #[inline(always)]
    unsafe fn xor_i(a: Self::I, b: Self::I) -> Self::I {
        _mm512_xor_epi32(a, b)
    }
    // The immediate of the 512-bit shifts is unsigned in std; the variable-count form takes any.
    #[inline(always)]
    unsafe fn shl_i<const N: i32>(a: Self::I) -> Self::I {
        _mm512_sllv_epi32(a, _mm512_set1_epi32(N))
    }
    #[inline(always)]
    unsafe fn shr_i<const N: i32>(a: Self::I) -> Self::I {
        _mm512_srlv_epi32(a, _mm512_set1_epi32(N))
    }
    #[inline(always)]
    unsafe fn mul_wide(a: Self::I, b: Self::I) -> (Self::I, Self::I) {
        const ODD: __mmask16 = 0b1010_1010_1010_1010;
        let even = _mm512_mul_epu32(a, b);
        let odd = _mm512_mul_epu32(_mm512_srli_epi64::<32>(a), _mm512_srli_epi64::<32>(b));
        let hi = _mm512_mask_blend_epi32(ODD, _mm512_srli_epi64::<32>(even), odd);
        let lo = _mm512_mask_blend_epi32(ODD, even, _mm512_slli_epi64::<32>(odd));
        (hi, lo)
    }
    #[inline(always)]
    unsafe fn halves_at_least(x: [Self::I; 4], threshold: u32) -> [u32; 8] {
        let threshold = _mm512_set1_epi16(threshold as i16);
        // Byte j of the v-th mask is byte v of word j.
        let bytes = [
            _mm512_cmpge_epu16_mask(x[0], threshold).to_le_bytes(),
            _mm512_cmpge_epu16_mask(x[1], threshold).to_le_bytes(),
            _mm512_cmpge_epu16_mask(x[2], threshold).to_le_bytes(),
            _mm512_cmpge_epu16_mask(x[3], threshold).to_le_bytes(),
        ];
        let mut words = [0; 8];
        for (j, word) in words.iter_mut().take(4).enumerate() {
            *word = u32::from_le_bytes([bytes[0][j], bytes[1][j], bytes[2][j], bytes[3][j]]);
        }
        words
    }
    #[inline(always)]
    unsafe fn to_bits(a: Self::F) -> Self::I {
        _mm512_castps_si512(a)
    }
    #[inline(always)]
    unsafe fn from_bits(a: Self::I) -> Self::F {
        _mm512_castsi512_ps(a)
    }
    #[inline(always)]
    unsafe fn to_int(a: Self::F) -> Self::I {
        _mm512_cvtps_epi32(a)
    }
    #[inline(always)]
    unsafe fn from_int(a: Self::I) -> Self::F {
        _mm512_cvtepi32_ps(a)
    }

    #[inline(always)]
    unsafe fn sum(a: Self::F) -> f32 {
        let b = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps::<1>(a));
        let c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps::<1>(b));
        let d = _mm_add_ps(c, _mm_movehl_ps(c, c));
        _mm_cvtss_f32(_mm_add_ss(d, _mm_shuffle_ps::<1>(d, d)))
    }
    #[inline(always)]
    unsafe fn max_lane(a: Self::F) -> f32 {
        if Self::is_nan(a) != 0 { f32::NAN } else { _mm512_reduce_max_ps(a) }
    }
}
