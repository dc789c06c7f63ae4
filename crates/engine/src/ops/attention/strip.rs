//! What attention goes by: strips of queries of one sample and head, so few that their scores stay in the nearest cache
//! from product to product.

use super::Attention;
use crate::ops::product::gemm_scratch;
use crate::plan::Frame;
use crate::plan::lower::Buffer;
use ridgeline_kernels::attention::Sees;
use ridgeline_kernels::dropout::{Mask as Bits, MaskMut, Rate, draw};
use ridgeline_kernels::gemm::{Packed, PackedMut, Right, pack, packed_len};
use ridgeline_kernels::prefetch::fetch_rows;
use ridgeline_kernels::{Isa, Tile};
use std::ops::Range;

/// Queries of a strip: two tiles of the widest instruction set.
pub(super) const STRIP: usize = 56;
/// Keys for which bits are kept: those of a query and head take no more memory than its vector then.
const KEPT: usize = 512;

/// Concrete sizes.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    pub batch: usize,
    pub queries: usize,
    pub keys: usize,
    pub heads: usize,
    /// Of a key, and of a value, of one head.
    pub size: usize,
    pub value: usize,
}

impl Sizes {
    pub fn of(q: &Buffer, v: &Buffer, heads: usize) -> Sizes {
        Sizes {
            batch: q.shape[0],
            queries: q.shape[1],
            keys: v.shape[1],
            heads,
            size: q.last() / heads,
            value: v.last() / heads,
        }
    }
    /// Words of the bits of a query and head.
    pub fn words(&self) -> usize {
        self.keys.div_ceil(32)
    }
    /// Words of the bits that are kept of a query; none where they are drawn again.
    pub fn kept(&self) -> Option<usize> {
        (self.keys <= KEPT).then_some(self.heads * self.words())
    }
    /// The columns of a head among keys, and among values.
    pub fn columns(&self, head: usize) -> [Range<usize>; 2] {
        [self.size, self.value].map(|size| head * size..(head + 1) * size)
    }
    /// Scratch of the products of a strip.
    pub fn products(&self) -> usize {
        let widest = self.size.max(self.value);
        let forward = gemm_scratch(STRIP, self.keys.max(widest), self.keys.max(widest));
        forward.max(gemm_scratch(self.keys, widest, STRIP))
    }
}

/// Scratch of a matrix that [`right`] packs.
pub(super) fn panels(rows: usize, cols: usize) -> usize {
    Isa::available().map(|isa| packed_len(isa, rows, cols)).max().unwrap_or(0)
}

/// A matrix as a right-hand side, in panels where more than one strip uses it.
pub(super) fn right<'a>(
    isa: Isa,
    of: Tile<'a>,
    strips: usize,
    scratch: &mut &'a mut [f32],
) -> Right<'a> {
    if strips < 2 {
        return Right::Tile(of);
    }
    let memory = take(scratch, packed_len(isa, of.rows(), of.cols()));
    pack(isa, of, PackedMut::new(isa, memory, of.rows(), of.cols()));
    Right::Packed(Packed::new(isa, memory, of.rows(), of.cols()))
}

/// So many floats from the front of what is left.
///
/// # Panics
/// When fewer are left.
pub(super) fn take<'a>(rest: &mut &'a mut [f32], count: usize) -> &'a mut [f32] {
    rest.split_off_mut(..count).expect("the task asked for as much scratch")
}

/// What the next head reads: a head's columns are a line of each row, which the hardware does not foresee. With every
/// strip a share of it is asked for.
pub(super) struct Ahead<'a, const N: usize> {
    /// None behind the last head.
    pub of: Option<[Tile<'a>; N]>,
    /// Strips of a head.
    pub strips: usize,
}

impl<const N: usize> Ahead<'_, N> {
    /// Asks for a strip's share of some of the matrices.
    pub fn fetch(&self, strip: usize, which: Range<usize>) {
        for of in self.of.iter().flat_map(|of| &of[which.clone()]) {
            let share = |strip: usize| strip * of.rows() / self.strips;
            fetch_rows(of.part(share(strip)..share(strip + 1), 0..of.cols()));
        }
    }
}

/// Some queries of one sample and head, and what they see.
pub(super) struct Strip<'a> {
    /// Queries of the sample.
    pub rows: Range<usize>,
    /// Keys that any of them may see.
    pub keys: usize,
    pub sees: Sees<'a>,
    /// Where its first row stands among those of all samples and heads.
    pub number: usize,
}

impl Attention {
    /// Which shares of a strip dropout keeps, drawn into words of `stride` a row.
    pub(super) fn drawn<'a>(
        &self,
        f: &Frame,
        of: Sizes,
        strip: &Strip,
        words: &'a mut [u32],
        stride: usize,
    ) -> Bits<'a> {
        let (count, rate) = (strip.rows.len(), Rate::new(self.rate));
        let bits = MaskMut::new(words, count, stride, 0, strip.keys);
        draw(f.isa, f.key(self.stream), rate, strip.number, of.words(), bits);
        Bits::new(words, count, stride, 0, strip.keys)
    }

    /// The strips of the queries `rows` of a sample and head.
    pub(super) fn strips<'a>(
        &self,
        of: Sizes,
        mask: Option<&'a Mask<'a>>,
        [sample, head]: [usize; 2],
        rows: Range<usize>,
    ) -> impl Iterator<Item = Strip<'a>> {
        let causal = self.causal;
        let end = rows.end;
        rows.step_by(STRIP).map(move |first| {
            let rows = first..end.min(first + STRIP);
            let keys = if causal { rows.end.min(of.keys) } else { of.keys };
            let mask = mask.map(|mask| mask.rows(sample, rows.clone()));
            let sees = Sees { until: causal.then_some(first), mask };
            Strip { rows, keys, sees, number: (sample * of.heads + head) * of.queries + first }
        })
    }
}

/// A mask as it lies: one matrix for all samples or for each, of one row or of one for each query.
pub(super) struct Mask<'a> {
    values: &'a [f32],
    samples: usize,
    queries: usize,
    keys: usize,
}

impl<'a> Mask<'a> {
    pub fn of(values: &'a [f32], shape: &[usize]) -> Mask<'a> {
        Mask { values, samples: shape[0], queries: shape[1], keys: shape[2] }
    }
    /// What some queries see.
    fn rows(&self, sample: usize, rows: Range<usize>) -> Tile<'a> {
        let sample = if self.samples == 1 { 0 } else { sample };
        let matrix = &self.values[sample * self.queries * self.keys..];
        let matrix = Tile::matrix(matrix, self.queries, self.keys);
        matrix.part(if self.queries == 1 { 0..1 } else { rows }, 0..self.keys)
    }
}
