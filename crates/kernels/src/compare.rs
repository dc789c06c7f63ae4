//! Elementwise comparison into 0/1 words, and choice by such words.

use crate::lanes::Width;
use crate::operand::{Operand, Source};
use crate::simd::Simd;

/// A relation between two numbers; with NaN only `NotEqual` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compare {
    /// a < b.
    Less,
    /// a ≤ b.
    LessEqual,
    /// a > b.
    Greater,
    /// a ≥ b.
    GreaterEqual,
    /// a = b.
    Equal,
    /// a ≠ b.
    NotEqual,
}

dispatch! {
    /// `y[i] = 1` where the relation holds between `a[i]` and `b[i]`, else 0.
    ///
    /// # Panics
    /// When a slice has another length than `y`.
    pub fn compare(op: Compare, a: Operand, b: Operand, y: &mut [u32]) = compare_generic;

    /// `y[i] = c[i] ≠ 0 ? a[i] : b[i]`.
    ///
    /// # Panics
    /// When a slice has another length than `y`.
    pub fn select(c: &[u32], a: Operand, b: Operand, y: &mut [f32]) = select_generic;
}

#[inline(always)]
unsafe fn compare_generic<S: Simd>(op: Compare, a: Operand, b: Operand, y: &mut [u32]) {
    let (mut left, mut right) = Default::default();
    let a = Source::new(a, y.len(), &mut left);
    let b = Source::new(b, y.len(), &mut right);
    let (n, y) = (y.len(), y.as_mut_ptr().cast::<f32>());
    // SAFETY: the CPU executes `S`, says the caller; the strips end with `y` and both sources.
    unsafe {
        let (yes, no) = (S::from_bits(S::splat_i(1)), S::splat(0.0));
        macro_rules! each {
            (|$a:ident, $b:ident| $relation:expr) => {
                strips!(S::LANES, n, |w, i| {
                    let ($a, $b) = (w.load::<S>(a.at(i)), w.load::<S>(b.at(i)));
                    w.store::<S>(y.add(i), S::select($relation, yes, no));
                })
            };
        }
        match op {
            Compare::Less => each!(|u, v| S::lt(u, v)),
            Compare::LessEqual => each!(|u, v| S::le(u, v)),
            Compare::Greater => each!(|u, v| S::lt(v, u)),
            Compare::GreaterEqual => each!(|u, v| S::le(v, u)),
            Compare::Equal => each!(|u, v| S::eq(u, v)),
            Compare::NotEqual => each!(|u, v| S::mask_not(S::eq(u, v))),
        }
    }
}

#[inline(always)]
unsafe fn select_generic<S: Simd>(c: &[u32], a: Operand, b: Operand, y: &mut [f32]) {
    assert_eq!(c.len(), y.len(), "select: lengths differ");
    let (mut left, mut right) = Default::default();
    let a = Source::new(a, y.len(), &mut left);
    let b = Source::new(b, y.len(), &mut right);
    let (n, c) = (y.len(), c.as_ptr().cast::<f32>());
    // SAFETY: the CPU executes `S`, says the caller; the strips end at `n`, where `c`, `y` and both
    // sources end.
    unsafe {
        strips!(S::LANES, n, |w, i| {
            // As an f32 the word 1 is a denormal, which a comparison may take for 0: convert first.
            let word = S::from_int(S::to_bits(w.load::<S>(c.add(i))));
            let no = S::eq(word, S::splat(0.0));
            let chosen = S::select(no, w.load::<S>(b.at(i)), w.load::<S>(a.at(i)));
            w.put::<S>(y, i, chosen);
        });
    }
}
