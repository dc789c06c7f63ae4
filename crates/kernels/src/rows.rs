//! Reductions along a row: what sums, norms and softmax share.
//!
//! The order is fixed by the length: four accumulators of vectors by position, folded once per
//! block, blocks added in f64. Macros because a closure would not inherit the CPU features of the
//! function around it. They stand in an unsafe block of that function, whose reason covers them:
//! the CPU executes `S`, and what the expressions need for every strip of `0..n`.

/// Elements summed in f32 before the sum joins the f64 total.
pub(crate) const BLOCK: usize = 4096;

/// The sums over `i < n` of `N` vector expressions, as f64: `row_sums!(S, N, n, |w, i| vectors)`,
/// where the vectors are 0 in lanes that do not exist.
macro_rules! row_sums {
    ($S:ident, $N:literal, $n:expr, |$w:ident, $i:ident| $terms:expr) => {{
        let length: usize = $n;
        let mut totals = [0.0f64; $N];
        let mut start = 0;
        while start < length {
            let size = (length - start).min($crate::rows::BLOCK);
            // Four sums hide the latency of the addition.
            let mut sums = [[$S::splat(0.0); 4]; $N];
            strips!(4 * $S::LANES, size, |strip, offset| {
                for k in 0..4 {
                    let $w = strip.at::<$S>(k);
                    // Narrow rows, such as of a few classes, are one vector.
                    if $w.lanes::<$S>() == 0 {
                        continue;
                    }
                    let $i = start + offset + k * $S::LANES;
                    let terms = $terms;
                    for t in 0..$N {
                        sums[t][k] = $S::add(sums[t][k], terms[t]);
                    }
                }
            });
            for (total, [a, b, c, d]) in totals.iter_mut().zip(sums) {
                *total += f64::from($S::sum($S::add($S::add(a, b), $S::add(c, d))));
            }
            start += size;
        }
        totals
    }};
}

/// [`row_sums!`] of one expression, as f32.
macro_rules! row_sum {
    ($S:ident, $n:expr, |$w:ident, $i:ident| $term:expr) => {
        row_sums!($S, 1, $n, |$w, $i| [$term])[0] as f32
    };
}

/// The largest over `i < n` of a vector expression: `row_max!(S, n, |w, i| vector)`, where the
/// expression is −∞ in lanes that do not exist.
macro_rules! row_max {
    ($S:ident, $n:expr, |$w:ident, $i:ident| $term:expr) => {{
        let mut largest = [$S::splat(f32::NEG_INFINITY); 4];
        strips!(4 * $S::LANES, $n, |strip, offset| {
            for k in 0..4 {
                let $w = strip.at::<$S>(k);
                if $w.lanes::<$S>() == 0 {
                    continue;
                }
                let $i = offset + k * $S::LANES;
                largest[k] = $S::max(largest[k], $term);
            }
        });
        $S::max_lane($S::max($S::max(largest[0], largest[1]), $S::max(largest[2], largest[3])))
    }};
}
