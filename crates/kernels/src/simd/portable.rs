//! Eight lanes in plain Rust: the fallback of every machine and the reference of the others.

use super::Simd;

const N: usize = 8;

/// The portable level.
#[derive(Clone, Copy)]
pub struct Portable;

#[inline(always)]
fn map<A: Copy, B: Copy + Default>(a: [A; N], f: impl Fn(A) -> B) -> [B; N] {
    let mut y = [B::default(); N];
    for i in 0..N {
        y[i] = f(a[i]);
    }
    y
}

#[inline(always)]
fn zip<A: Copy, B: Copy, C: Copy + Default>(a: [A; N], b: [B; N], f: impl Fn(A, B) -> C) -> [C; N] {
    let mut y = [C::default(); N];
    for i in 0..N {
        y[i] = f(a[i], b[i]);
    }
    y
}

impl Simd for Portable {
    const LANES: usize = N;
    const REGISTERS: usize = 16;
    type F = [f32; N];
    type I = [i32; N];
    type M = [bool; N];

    #[inline(always)]
    unsafe fn splat(x: f32) -> Self::F {
        [x; N]
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self::F {
        // SAFETY: the lanes are valid, says the caller.
        unsafe { p.cast::<[f32; N]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: Self::F) {
        // SAFETY: the lanes are valid, says the caller.
        unsafe { p.cast::<[f32; N]>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn load_partial(p: *const f32, n: usize) -> Self::F {
        let mut v = [0.0; N];
        for (i, lane) in v.iter_mut().enumerate().take(n) {
            // SAFETY: the first `n` lanes are valid, says the caller.
            *lane = unsafe { p.add(i).read_unaligned() };
        }
        v
    }
    #[inline(always)]
    unsafe fn store_partial(p: *mut f32, v: Self::F, n: usize) {
        for (i, &lane) in v.iter().enumerate().take(n) {
            // SAFETY: the first `n` lanes are valid, says the caller.
            unsafe { p.add(i).write_unaligned(lane) }
        }
    }

    #[inline(always)]
    unsafe fn add(a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| a / b)
    }
    // Without a hardware FMA `f32::mul_add` is a slow library call: two roundings here.
    #[inline(always)]
    unsafe fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        zip(zip(a, b, |a, b| a * b), c, |ab, c| ab + c)
    }
    #[inline(always)]
    unsafe fn fnma(a: Self::F, b: Self::F, c: Self::F) -> Self::F {
        zip(zip(a, b, |a, b| a * b), c, |ab, c| c - ab)
    }
    #[inline(always)]
    unsafe fn sqrt(a: Self::F) -> Self::F {
        map(a, f32::sqrt)
    }
    #[inline(always)]
    unsafe fn max(a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| if a > b || a.is_nan() { a } else { b })
    }
    #[inline(always)]
    unsafe fn min(a: Self::F, b: Self::F) -> Self::F {
        zip(a, b, |a, b| if a < b || a.is_nan() { a } else { b })
    }
    #[inline(always)]
    unsafe fn at_least(floor: Self::F, a: Self::F) -> Self::F {
        zip(floor, a, |floor, a| if a < floor { floor } else { a })
    }
    #[inline(always)]
    unsafe fn abs(a: Self::F) -> Self::F {
        map(a, f32::abs)
    }
    #[inline(always)]
    unsafe fn neg(a: Self::F) -> Self::F {
        map(a, |a| -a)
    }
    #[inline(always)]
    unsafe fn round(a: Self::F) -> Self::F {
        map(a, f32::round_ties_even)
    }
    #[inline(always)]
    unsafe fn floor(a: Self::F) -> Self::F {
        map(a, f32::floor)
    }

    #[inline(always)]
    unsafe fn lt(a: Self::F, b: Self::F) -> Self::M {
        zip(a, b, |a, b| a < b)
    }
    #[inline(always)]
    unsafe fn le(a: Self::F, b: Self::F) -> Self::M {
        zip(a, b, |a, b| a <= b)
    }
    #[inline(always)]
    unsafe fn eq(a: Self::F, b: Self::F) -> Self::M {
        zip(a, b, |a, b| a == b)
    }
    #[inline(always)]
    unsafe fn is_nan(a: Self::F) -> Self::M {
        map(a, f32::is_nan)
    }
    #[inline(always)]
    unsafe fn select(m: Self::M, a: Self::F, b: Self::F) -> Self::F {
        zip(m, zip(a, b, |a, b| (a, b)), |m, (a, b)| if m { a } else { b })
    }
    #[inline(always)]
    unsafe fn clear(m: Self::M, a: Self::F) -> Self::F {
        zip(m, a, |m, a| if m { 0.0 } else { a })
    }
    #[inline(always)]
    unsafe fn mask_and(a: Self::M, b: Self::M) -> Self::M {
        zip(a, b, |a, b| a & b)
    }
    #[inline(always)]
    unsafe fn mask_or(a: Self::M, b: Self::M) -> Self::M {
        zip(a, b, |a, b| a | b)
    }
    #[inline(always)]
    unsafe fn mask_not(a: Self::M) -> Self::M {
        map(a, |a| !a)
    }
    #[inline(always)]
    unsafe fn mask_bits(m: Self::M) -> u32 {
        m.iter().enumerate().fold(0, |bits, (i, &lane)| bits | (u32::from(lane) << i))
    }
    #[inline(always)]
    unsafe fn mask_from_bits(bits: u32) -> Self::M {
        std::array::from_fn(|i| bits >> i & 1 == 1)
    }
    #[inline(always)]
    unsafe fn mask_from_word(word: u32, k: usize) -> Self::M {
        // SAFETY: this level runs on any CPU.
        unsafe { Self::mask_from_bits(word >> (N * k)) }
    }

    #[inline(always)]
    unsafe fn splat_i(x: i32) -> Self::I {
        [x; N]
    }
    #[inline(always)]
    unsafe fn load_i(p: *const i32) -> Self::I {
        // SAFETY: the lanes are valid, says the caller.
        unsafe { p.cast::<[i32; N]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store_i(p: *mut i32, v: Self::I) {
        // SAFETY: the lanes are valid, says the caller.
        unsafe { p.cast::<[i32; N]>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn add_i(a: Self::I, b: Self::I) -> Self::I {
        zip(a, b, i32::wrapping_add)
    }
    #[inline(always)]
    unsafe fn sub_i(a: Self::I, b: Self::I) -> Self::I {
        zip(a, b, i32::wrapping_sub)
    }
    #[inline(always)]
    unsafe fn and_i(a: Self::I, b: Self::I) -> Self::I {
        zip(a, b, |a, b| a & b)
    }
    #[inline(always)]
    unsafe fn or_i(a: Self::I, b: Self::I) -> Self::I {
        zip(a, b, |a, b| a | b)
    }
    #[inline(always)]
    unsafe fn xor_i(a: Self::I, b: Self::I) -> Self::I {
        zip(a, b, |a, b| a ^ b)
    }
    #[inline(always)]
    unsafe fn shl_i<const S: i32>(a: Self::I) -> Self::I {
        map(a, |a| a << S)
    }
    #[inline(always)]
    unsafe fn shr_i<const S: i32>(a: Self::I) -> Self::I {
        map(a, |a| ((a as u32) >> S) as i32)
    }
    #[inline(always)]
    unsafe fn mul_wide(a: Self::I, b: Self::I) -> (Self::I, Self::I) {
        let wide = zip(a, b, |a, b| u64::from(a as u32) * u64::from(b as u32));
        (map(wide, |w| (w >> 32) as i32), map(wide, |w| w as i32))
    }
    #[inline(always)]
    unsafe fn halves_at_least(x: [Self::I; 4], threshold: u32) -> [u32; 8] {
        let mut words = [0; 8];
        for (v, x) in x.iter().enumerate() {
            for (lane, &x) in x.iter().enumerate() {
                let low = u32::from(x as u32 & 0xffff >= threshold);
                let high = u32::from(x as u32 >> 16 >= threshold);
                words[lane / 4] |= (low | high << 1) << (8 * v + 2 * (lane % 4));
            }
        }
        words
    }
    #[inline(always)]
    unsafe fn to_bits(a: Self::F) -> Self::I {
        map(a, |a| a.to_bits() as i32)
    }
    #[inline(always)]
    unsafe fn from_bits(a: Self::I) -> Self::F {
        map(a, |a| f32::from_bits(a as u32))
    }
    #[inline(always)]
    unsafe fn to_int(a: Self::F) -> Self::I {
        map(a, |a| a.round_ties_even() as i32)
    }
    #[inline(always)]
    unsafe fn from_int(a: Self::I) -> Self::F {
        map(a, |a| a as f32)
    }

    #[inline(always)]
    unsafe fn sum(a: Self::F) -> f32 {
        let b = [a[0] + a[4], a[1] + a[5], a[2] + a[6], a[3] + a[7]];
        (b[0] + b[2]) + (b[1] + b[3])
    }
    #[inline(always)]
    unsafe fn max_lane(a: Self::F) -> f32 {
        a.into_iter().fold(f32::NEG_INFINITY, |m, x| if x > m || x.is_nan() { x } else { m })
    }
}
