//! Elementary functions on vectors: exp, expm1, log, log1p, tanh, sigmoid, erf, sin and cos.
//!
//! Cody–Waite argument reduction (x = n·ln 2 + r, with ln 2 split in two so that n·hi is exact;
//! x = n·π/2 + r likewise, in five parts)
//! and polynomials fitted for this file by the Remez exchange with f32-rounded coefficients. The
//! same operations run on every instruction set; only the fused multiply-add, which the portable
//! level lacks, makes results differ in the last bit. Errors are measured over all f32 inputs on
//! AVX2 (the ignored tests) and bounded on every level.

#![allow(
    unsafe_op_in_unsafe_fn,
    clippy::missing_safety_doc,
    reason = "nothing here touches memory: that the CPU executes S is the only condition"
)]

use crate::simd::Simd;

/// The largest x whose e^x is finite in f32.
const EXP_MAX: f32 = 88.722_83;
/// The smallest x whose e^x is a normal f32.
const EXP_MIN: f32 = -87.336_54;
/// ln 2 to nine bits, so that its product with an exponent is exact without a fused multiply.
const LN2_HI: f32 = 355.0 / 512.0;
const LN2_LO: f32 = -2.121_944_4e-4;

/// Coefficients from the constant term up, by Horner's scheme in x² over pairs of terms: half as
/// long a chain of dependent operations as in x.
#[inline(always)]
unsafe fn polynomial<S: Simd, const N: usize>(x: S::F, coefficients: [f32; N]) -> S::F {
    let square = S::mul(x, x);
    let mut y = S::splat(coefficients[N - 1]);
    if N.is_multiple_of(2) {
        y = S::fma(y, x, S::splat(coefficients[N - 2]));
    }
    for i in (0..(N - 1) / 2).rev() {
        let pair = S::fma(S::splat(coefficients[2 * i + 1]), x, S::splat(coefficients[2 * i]));
        y = S::fma(y, square, pair);
    }
    y
}

/// e^r − 1 with r = x − n·ln 2, |r| ≤ ln 2 / 2, and n in the exponent field (n·2²³ as bits).
#[inline(always)]
unsafe fn reduced_expm1<S: Simd>(x: S::F) -> (S::F, S::I) {
    // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits of the sum.
    let magic = S::splat(12_582_912.0);
    let shifted = S::fma(x, S::splat(std::f32::consts::LOG2_E), magic);
    let n = S::sub(shifted, magic);
    // The linear term is high + low, kept apart: only the rounding of their sum reaches the result.
    let high = S::fnma(n, S::splat(LN2_HI), x);
    let low = S::mul(n, S::splat(-LN2_LO));
    let r = S::add(high, low);
    let q = polynomial::<S, 5>(
        r,
        [0.499_999_97, 0.166_665_39, 0.041_667_75, 8.367_088e-3, 1.383_785_7e-3],
    );
    let p = S::add(high, S::fma(S::mul(r, r), q, low));
    (p, S::shl_i::<23>(S::to_bits(shifted)))
}

/// 1 − e^x for x in [−40, 0], with a small relative error down to x = 0; NaN for NaN.
#[inline(always)]
unsafe fn one_minus_exp<S: Simd>(x: S::F) -> S::F {
    let one = S::splat(1.0);
    let (p, n) = reduced_expm1::<S>(x);
    let power = S::from_bits(S::add_i(n, S::to_bits(one)));
    S::fnma(power, p, S::sub(one, power))
}

/// x with the sign bit of `sign`; x must not be negative.
#[inline(always)]
unsafe fn with_sign<S: Simd>(x: S::F, sign: S::F) -> S::F {
    let sign = S::and_i(S::to_bits(sign), S::splat_i(i32::MIN));
    S::from_bits(S::or_i(S::to_bits(x), sign))
}

/// e^x, at most 1 ulp off; results below the smallest normal number are 0.
#[inline(always)]
pub unsafe fn exp<S: Simd>(x: S::F) -> S::F {
    let (p, n) = reduced_expm1::<S>(x);
    let y = S::from_bits(S::add_i(S::to_bits(S::add(S::splat(1.0), p)), n));
    let y = S::clear(S::lt(x, S::splat(EXP_MIN)), y);
    // Past the range, and for NaN, the product is the answer.
    S::select(S::le(x, S::splat(EXP_MAX)), y, S::mul(x, S::splat(f32::INFINITY)))
}

/// e^x − 1, at most 2 ulp off, also near 0.
#[inline(always)]
pub unsafe fn expm1<S: Simd>(x: S::F) -> S::F {
    let low = S::splat(-20.0);
    let (p, n) = reduced_expm1::<S>(S::select(S::lt(x, low), low, x));
    // Half the power of two, because 2^128 does not exist; doubled at the end.
    let half = S::splat(0.5);
    let power = S::from_bits(S::add_i(n, S::to_bits(half)));
    let y = S::fma(power, p, S::sub(power, half));
    let y = S::add(y, y);
    S::select(S::le(x, S::splat(EXP_MAX)), y, S::mul(x, S::splat(f32::INFINITY)))
}

/// 1 / (1 + e^−x), at most 3 ulp off; 0 where e^−x overflows.
#[inline(always)]
pub unsafe fn sigmoid<S: Simd>(x: S::F) -> S::F {
    let (one, limit) = (S::splat(1.0), S::splat(-EXP_MIN));
    // Beyond it e^−x adds nothing to 1, but has no exponent.
    let held = S::select(S::lt(limit, x), limit, x);
    let (p, n) = reduced_expm1::<S>(S::neg(held));
    let power = S::from_bits(S::add_i(S::to_bits(S::add(one, p)), n));
    // The exponent of NaN is lost in the power.
    let over = S::fma(held, S::splat(0.0), one);
    let y = S::quotient(over, S::add(one, power));
    S::clear(S::lt(x, S::splat(EXP_MIN)), y)
}

/// tanh x = u / (2 − u) with u = 1 − e^(−2|x|), at most 4 ulp off.
#[inline(always)]
pub unsafe fn tanh<S: Simd>(x: S::F) -> S::F {
    let (a, limit) = (S::abs(x), S::splat(10.0));
    let a = S::select(S::lt(limit, a), limit, a);
    let u = one_minus_exp::<S>(S::mul(a, S::splat(-2.0)));
    with_sign::<S>(S::quotient(u, S::sub(S::splat(2.0), u)), x)
}

/// The error function, at most 4 ulp off: x + x·P(x²) near 0, else 1 − e^Q(|x|).
#[inline(always)]
pub unsafe fn erf<S: Simd>(x: S::F) -> S::F {
    let (a, limit) = (S::abs(x), S::splat(4.0));
    let near = polynomial::<S, 7>(
        S::mul(x, x),
        [
            0.128_379_17,
            -0.376_126_3,
            0.112_836_26,
            -0.026_855_74,
            5.192_460_5e-3,
            -8.050_804e-4,
            8.002_775e-5,
        ],
    );
    let far = polynomial::<S, 7>(
        S::select(S::lt(limit, a), limit, a),
        [
            -2.113_135_1e-4,
            -1.127_611_2,
            -0.637_290_6,
            -0.103_836_65,
            0.022_181_204,
            -3.031_758_4e-3,
            1.947_693_1e-4,
        ],
    );
    let far = with_sign::<S>(one_minus_exp::<S>(far), x);
    S::select(S::lt(a, S::splat(0.94)), S::fma(x, near, x), far)
}

/// u = (1 + f)·2^k with 1 + f in [√½, √2): returns f, k, and 127 + k as an integer.
#[inline(always)]
unsafe fn split<S: Simd>(u: S::F) -> (S::F, S::F, S::I) {
    const SQRT_HALF: i32 = 0x3f35_04f3;
    let shifted = S::add_i(S::to_bits(u), S::splat_i(0x3f80_0000 - SQRT_HALF));
    let biased = S::shr_i::<23>(shifted);
    let mantissa = S::add_i(S::and_i(shifted, S::splat_i(0x007f_ffff)), S::splat_i(SQRT_HALF));
    let k = S::from_int(S::sub_i(biased, S::splat_i(127)));
    (S::sub(S::from_bits(mantissa), S::splat(1.0)), k, biased)
}

/// log(1 + f) + k·ln 2.
#[inline(always)]
unsafe fn reduced_log<S: Simd>(f: S::F, k: S::F) -> S::F {
    let p = polynomial::<S, 8>(
        f,
        [
            0.333_333_3,
            -0.250_008_2,
            0.200_012_27,
            -0.166_233_57,
            0.142_017_57,
            -0.131_601_83,
            0.127_615_78,
            -0.076_344_98,
        ],
    );
    let square = S::mul(f, f);
    let tail = S::fma(k, S::splat(LN2_LO), S::mul(S::mul(square, f), p));
    let tail = S::fnma(S::splat(0.5), square, tail);
    S::fma(k, S::splat(LN2_HI), S::add(f, tail))
}

/// What a logarithm of u gives outside the positive finite numbers.
#[inline(always)]
unsafe fn log_edges<S: Simd>(u: S::F, y: S::F) -> S::F {
    let zero = S::splat(0.0);
    let y = S::select(S::lt(u, S::splat(f32::INFINITY)), y, u);
    let y = S::select(S::lt(u, S::splat(f32::MIN_POSITIVE)), S::splat(f32::NEG_INFINITY), y);
    S::select(S::lt(u, zero), S::splat(f32::NAN), y)
}

/// log x, at most 1.5 ulp off; −∞ at 0 and for denormals, NaN below 0.
#[inline(always)]
pub unsafe fn log<S: Simd>(x: S::F) -> S::F {
    let (f, k, _) = split::<S>(x);
    log_edges::<S>(x, reduced_log::<S>(f, k))
}

/// 2^−k for the k of [`split`], given as 127 + k; not a power of two for the largest k.
#[inline(always)]
unsafe fn inverse_power<S: Simd>(biased: S::I) -> S::F {
    S::from_bits(S::shl_i::<23>(S::sub_i(S::splat_i(254), biased)))
}

/// log(1 + x) for x in [0, 1]; NaN for NaN.
#[inline(always)]
pub(crate) unsafe fn log1p_unit<S: Simd>(x: S::F) -> S::F {
    let one = S::splat(1.0);
    let u = S::add(one, x);
    let lost = S::sub(x, S::sub(u, one));
    let (f, k, biased) = split::<S>(u);
    reduced_log::<S>(S::fma(lost, inverse_power::<S>(biased), f), k)
}

/// log(1 + x), at most 2 ulp off, also near 0.
#[inline(always)]
pub unsafe fn log1p<S: Simd>(x: S::F) -> S::F {
    let one = S::splat(1.0);
    let u = S::add(one, x);
    // What the rounding of 1 + x lost (Knuth's two-sum), scaled like the mantissa of u.
    let x_kept = S::sub(u, one);
    let lost = S::add(S::sub(one, S::sub(u, x_kept)), S::sub(x, x_kept));
    let (f, k, biased) = split::<S>(u);
    let lost = S::mul(lost, inverse_power::<S>(biased));
    // Next to a large u nothing of it is left.
    let lost = S::clear(S::lt(S::splat(1e18), u), lost);
    log_edges::<S>(u, reduced_log::<S>(S::add(f, lost), k))
}

/// Up to here [`sin`] and [`cos`] know how many quarter turns they leave out: 2¹³·π/2.
pub(crate) const TURNS_MAX: f32 = 12_867.0;
/// π/2 in parts of eleven bits and a rest, so that the products of four of them with n are exact.
const HALF_PI: [f32; 5] = [1.570_312_5, 4.837_513e-4, 7.549_533_6e-8, 2.563_283e-12, 6.123_234e-17];

/// sin r and cos r of r = x − n·π/2, |r| ≤ π/4, and n in the low bits of an integer.
#[inline(always)]
unsafe fn quarter<S: Simd>(x: S::F) -> (S::F, S::F, S::I) {
    let magic = S::splat(12_582_912.0);
    let shifted = S::fma(x, S::splat(std::f32::consts::FRAC_2_PI), magic);
    let n = S::sub(shifted, magic);
    let mut r = x;
    for part in HALF_PI {
        r = S::fnma(n, S::splat(part), r);
    }
    let u = S::mul(r, r);
    let p = polynomial::<S, 3>(u, [-0.166_666_55, 8.332_16e-3, -1.951_5e-4]);
    let q = polynomial::<S, 3>(u, [0.041_666_646, -1.388_731_3e-3, 2.443_278_5e-5]);
    let sin = S::fma(S::mul(r, u), p, r);
    let cos = S::fma(S::mul(u, u), q, S::fnma(S::splat(0.5), u, S::splat(1.0)));
    (sin, cos, S::to_bits(shifted))
}

/// What n quarter turns make of the sine of the rest: ±sin r or ±cos r.
#[inline(always)]
unsafe fn turned<S: Simd>(sin: S::F, cos: S::F, n: S::I) -> S::F {
    let odd = S::from_int(S::and_i(n, S::splat_i(1)));
    let y = S::select(S::lt(S::splat(0.5), odd), cos, sin);
    let sign = S::and_i(S::shl_i::<30>(n), S::splat_i(i32::MIN));
    S::from_bits(S::xor_i(S::to_bits(y), sign))
}

/// sin x for |x| ≤ [`TURNS_MAX`], at most 3 ulp off; NaN for NaN.
#[inline(always)]
pub(crate) unsafe fn sin<S: Simd>(x: S::F) -> S::F {
    let (sin, cos, n) = quarter::<S>(x);
    turned::<S>(sin, cos, n)
}

/// cos x for |x| ≤ [`TURNS_MAX`], at most 3 ulp off; NaN for NaN.
#[inline(always)]
pub(crate) unsafe fn cos<S: Simd>(x: S::F) -> S::F {
    let (sin, cos, n) = quarter::<S>(x);
    turned::<S>(sin, cos, S::add_i(n, S::splat_i(1)))
}
