//! Attention: what becomes of some rows of scores. The products around it are GEMM's.
//!
//! A row's shares are softmax(scale·x) over the columns that it sees; of none, zeros. Forward the product goes
//! over e^(scale·(x − max)), and its rows are divided by the sum behind it: they are shorter. Backward shares are
//! made again from the scores and the logarithm of their sum, so that nothing of the size of all scores is
//! kept (Rabe & Staats 2021, Dao et al. 2022). Dropout takes part in both passes, by its bits.

mod gradient;
mod powers;

pub use gradient::{row_products, score_gradient};
pub use powers::{powers, scale_rows};

use crate::mask::Mask;
use crate::panel::COLUMNS;
use crate::tile::Tile;

/// The columns that rows see.
#[derive(Clone, Copy, Debug)]
pub struct Sees<'a> {
    /// Row r sees the columns up to this number and r.
    pub until: Option<usize>,
    /// Numbers > 0 in columns that are seen; one row for each, or one for all.
    pub mask: Option<Tile<'a>>,
}

impl<'a> Sees<'a> {
    /// The columns that row `row` may see, and their mask.
    ///
    /// # Safety
    /// The mask has the row, or one for all, and the columns.
    unsafe fn row(&self, row: usize, cols: usize) -> (usize, Option<&'a [f32]>) {
        let end = self.until.map_or(cols, |until| (until + row + 1).min(cols));
        // SAFETY: as the caller says.
        let mask =
            self.mask.map(|mask| unsafe { mask.row(if mask.rows() == 1 { 0 } else { row }) });
        (end, mask)
    }

    fn check(&self, rows: usize, cols: usize) {
        let fits = |mask: Tile| {
            mask.cols() >= cols
                && (mask.rows() == 1 || mask.rows() == rows)
                && mask.col_stride() == 1
        };
        assert!(self.mask.is_none_or(fits), "attention: the mask has other sizes");
    }
}

/// Which shares dropout lets through, and what they are multiplied by then.
pub type Kept<'a> = Option<(Mask<'a>, f32)>;

fn check_kept(kept: Kept, rows: usize, cols: usize) {
    let fits = |(bits, _): (Mask, f32)| (bits.rows(), bits.cols()) == (rows, cols);
    assert!(kept.is_none_or(fits), "attention: sizes differ");
}

/// Which of the columns from `c` on dropout kept in row `r`.
#[inline(always)]
unsafe fn word(kept: Kept, r: usize, c: usize) -> u32 {
    match kept {
        // SAFETY: the bits have the row and the column, says the caller.
        Some((bits, _)) => unsafe { bits.word(r, c / COLUMNS) },
        None => u32::MAX,
    }
}
