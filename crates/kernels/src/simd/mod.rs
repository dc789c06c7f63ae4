//! The vector an algorithm is written over: a few dozen operations, one thin module per
//! instruction set. The shape of the idea is memchr's `Vector` trait.

#[cfg(target_arch = "x86_64")]
pub mod avx2;
#[cfg(target_arch = "x86_64")]
pub mod avx512;
#[cfg(target_arch = "aarch64")]
pub mod neon;
pub mod pair;
pub mod portable;

/// Lanes of f32, of i32 bits and of booleans, and what kernels do with them.
///
/// # Safety
/// Every method requires a CPU that executes this instruction set. Methods that take a pointer
/// require it to be valid for the lanes they touch (`LANES`, or `n` for the partial forms); no
/// alignment is needed but for `stream`.
#[allow(clippy::missing_safety_doc, reason = "one contract for all, stated on the trait")]
#[allow(missing_docs, reason = "the names are the operations")]
pub trait Simd: Copy + Send + Sync + 'static {
    /// Number of f32 in a vector.
    const LANES: usize;
    /// Vector registers of the architecture: what a GEMM tile may use.
    const REGISTERS: usize;
    /// `LANES` × f32.
    type F: Copy;
    /// `LANES` × i32 (or u32) bits.
    type I: Copy;
    /// `LANES` booleans.
    type M: Copy;

    unsafe fn splat(x: f32) -> Self::F;
    unsafe fn load(p: *const f32) -> Self::F;
    unsafe fn store(p: *mut f32, v: Self::F);
    /// To `p`, aligned to the vector, past the caches where the instruction set can. Other threads
    /// may only see it after a [`Simd::fence`].
    #[inline(always)]
    unsafe fn stream(p: *mut f32, v: Self::F) {
        // SAFETY: the same contract.
        unsafe { Self::store(p, v) }
    }
    /// Ends a series of [`Simd::stream`].
    #[inline(always)]
    unsafe fn fence() {}
    /// The first `n < LANES` lanes from `p`, the others 0; memory past them is not touched.
    unsafe fn load_partial(p: *const f32, n: usize) -> Self::F;
    /// The first `n < LANES` lanes to `p`; memory past them is not touched.
    unsafe fn store_partial(p: *mut f32, v: Self::F, n: usize);

    /// A transposed copy of a square of `LANES` rows of `LANES`: row `i` is read at
    /// `src + min(i, rows - 1) * src_stride`, so only `rows >= 1` rows need to exist; column `j` is
    /// written as a whole vector at `dst + j * dst_stride`.
    #[inline(always)]
    unsafe fn transpose(
        src: *const f32,
        src_stride: usize,
        rows: usize,
        dst: *mut f32,
        dst_stride: usize,
    ) {
        for i in 0..Self::LANES {
            for j in 0..Self::LANES {
                // SAFETY: the caller's: both squares are valid.
                unsafe { *dst.add(j * dst_stride + i) = *src.add(i.min(rows - 1) * src_stride + j) }
            }
        }
    }

    unsafe fn add(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F;
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F;
    /// `a / b`, at most 0.6 ulp off, where `b` and `1 / b` are normal numbers, and of a finite `a` 0 where `b` is infinite: a
    /// wide divider takes as long as a dozen other operations.
    #[inline(always)]
    unsafe fn quotient(a: Self::F, b: Self::F) -> Self::F {
        // SAFETY: the same contract.
        unsafe { Self::div(a, b) }
    }
    /// The square root, at most 0.6 ulp off; of denormal numbers 0.
    #[inline(always)]
    unsafe fn root(a: Self::F) -> Self::F {
        // SAFETY: the same contract.
        unsafe { Self::sqrt(a) }
    }
    /// `a * b + c` with one rounding.
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// `c - a * b` with one rounding.
    unsafe fn fnma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    unsafe fn sqrt(a: Self::F) -> Self::F;
    /// The larger; NaN where either is NaN.
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F;
    /// The smaller; NaN where either is NaN.
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F;
    /// `a`, or `floor` where that is larger; NaN where `a` is.
    unsafe fn at_least(floor: Self::F, a: Self::F) -> Self::F;
    unsafe fn abs(a: Self::F) -> Self::F;
    unsafe fn neg(a: Self::F) -> Self::F;
    /// To the nearest integer, ties to even.
    unsafe fn round(a: Self::F) -> Self::F;
    unsafe fn floor(a: Self::F) -> Self::F;

    /// Ordered comparisons: false where either is NaN.
    unsafe fn lt(a: Self::F, b: Self::F) -> Self::M;
    unsafe fn le(a: Self::F, b: Self::F) -> Self::M;
    unsafe fn eq(a: Self::F, b: Self::F) -> Self::M;
    /// True where `a` is NaN.
    unsafe fn is_nan(a: Self::F) -> Self::M;
    /// `m ? a : b`, lane by lane.
    unsafe fn select(m: Self::M, a: Self::F, b: Self::F) -> Self::F;
    /// `m ? 0 : a`, lane by lane.
    unsafe fn clear(m: Self::M, a: Self::F) -> Self::F;
    unsafe fn mask_and(a: Self::M, b: Self::M) -> Self::M;
    unsafe fn mask_or(a: Self::M, b: Self::M) -> Self::M;
    unsafe fn mask_not(a: Self::M) -> Self::M;
    /// Bit `i` of the result is lane `i`.
    unsafe fn mask_bits(m: Self::M) -> u32;
    /// Lane `i` is bit `i` of `bits`.
    unsafe fn mask_from_bits(bits: u32) -> Self::M;
    /// Lane `i` is bit `k * LANES + i` of `word`: the `k`-th vector of 32 columns.
    unsafe fn mask_from_word(word: u32, k: usize) -> Self::M;

    unsafe fn splat_i(x: i32) -> Self::I;
    unsafe fn load_i(p: *const i32) -> Self::I;
    unsafe fn store_i(p: *mut i32, v: Self::I);
    unsafe fn add_i(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn sub_i(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn and_i(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn or_i(a: Self::I, b: Self::I) -> Self::I;
    unsafe fn xor_i(a: Self::I, b: Self::I) -> Self::I;
    /// Shift left by `N` bits.
    unsafe fn shl_i<const N: i32>(a: Self::I) -> Self::I;
    /// Shift right by `N` bits, filling with zeros.
    unsafe fn shr_i<const N: i32>(a: Self::I) -> Self::I;
    /// The high and the low half of the unsigned product of each lane with the same lane of `b`.
    unsafe fn mul_wide(a: Self::I, b: Self::I) -> (Self::I, Self::I);
    /// Which 16-bit halves of `x` are at least `threshold < 65536`, as `LANES / 4` words and
    /// zeros: bit `8 v + 2 l + h` of word `j` is half `h` (0 the low one) of lane `4 j + l` of
    /// `x[v]`.
    unsafe fn halves_at_least(x: [Self::I; 4], threshold: u32) -> [u32; 8];
    unsafe fn to_bits(a: Self::F) -> Self::I;
    unsafe fn from_bits(a: Self::I) -> Self::F;
    /// To i32, rounding to nearest even; lanes must be in range.
    unsafe fn to_int(a: Self::F) -> Self::I;
    unsafe fn from_int(a: Self::I) -> Self::F;

    /// Sum of the lanes, by halving: lane i + lane i+LANES/2, and so on.
    unsafe fn sum(a: Self::F) -> f32;
    /// The largest lane; NaN if any is NaN.
    unsafe fn max_lane(a: Self::F) -> f32;
}
