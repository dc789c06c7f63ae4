//! GEMM against a naive f64 product, and against itself cut, packed and transposed.

use proptest::prelude::*;
use ridgeline_kernels::gemm::{
    Finish, Packed, PackedMut, Start, gemm, gemm_before, pack, packed_len, panel_width, scratch_len,
};
use ridgeline_kernels::{Isa, Tile, TileMut};

/// How a matrix lies in memory: columns adjacent, rows adjacent, or neither.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Rows(usize),
    Columns(usize),
    Spread,
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![
        4 => (0usize..20).prop_map(Layout::Rows),
        4 => (0usize..20).prop_map(Layout::Columns),
        1 => Just(Layout::Spread),
    ]
}

#[derive(Clone, Copy, Debug)]
enum StartKind {
    Zero,
    Accumulate,
    Bias,
}

fn start_kind() -> impl Strategy<Value = StartKind> {
    prop_oneof![Just(StartKind::Zero), Just(StartKind::Accumulate), Just(StartKind::Bias)]
}

/// A matrix and the memory it lies in, whose last element is the last of the matrix.
struct Matrix {
    data: Vec<f32>,
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl Matrix {
    fn new(rows: usize, cols: usize, layout: Layout, value: impl Fn(usize, usize) -> f32) -> Self {
        let (row_stride, col_stride) = match layout {
            Layout::Rows(gap) => (cols + gap, 1),
            Layout::Columns(gap) => (1, rows + gap),
            Layout::Spread => (3 * cols + 2, 3),
        };
        let len = match rows * cols {
            0 => 0,
            _ => (rows - 1) * row_stride + (cols - 1) * col_stride + 1,
        };
        // NaN between the elements: reading one of them shows.
        let mut data = vec![f32::NAN; len];
        for r in 0..rows {
            for c in 0..cols {
                data[r * row_stride + c * col_stride] = value(r, c);
            }
        }
        Matrix { data, rows, cols, row_stride, col_stride }
    }

    fn random(rows: usize, cols: usize, layout: Layout, seed: u64) -> Self {
        Matrix::new(rows, cols, layout, |r, c| noise(seed, r * cols + c))
    }

    fn at(&self, r: usize, c: usize) -> f32 {
        self.data[r * self.row_stride + c * self.col_stride]
    }

    fn tile(&self) -> Tile<'_> {
        Tile::new(&self.data, self.rows, self.cols, self.row_stride, self.col_stride)
    }

    /// Rows `r` on and columns `c` on, `rows` by `cols` of them.
    fn part(&self, r: usize, rows: usize, c: usize, cols: usize) -> Tile<'_> {
        let from = (r * self.row_stride + c * self.col_stride).min(self.data.len());
        Tile::new(&self.data[from..], rows, cols, self.row_stride, self.col_stride)
    }
}

/// A value in -1..1 that depends on the seed and the index only.
fn noise(seed: u64, index: usize) -> f32 {
    let mut z = (seed ^ index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z >> 40) as f32 / (1u64 << 23) as f32) - 1.0
}

/// `gemm` into a fresh dense C that held `old`.
fn product(isa: Isa, a: Tile, b: Tile, old: &Matrix, bias: &[f32], start: StartKind) -> Vec<f32> {
    let mut c = old.data.clone();
    let mut scratch = vec![f32::NAN; scratch_len(isa, a.rows(), b.cols(), a.cols())];
    let tile = TileMut::new(&mut c, old.rows, old.cols, old.row_stride);
    gemm(isa, a, b, tile, start_of(start, bias), &mut scratch);
    c
}

fn start_of(start: StartKind, bias: &[f32]) -> Start<'_> {
    match start {
        StartKind::Zero => Start::Zero,
        StartKind::Accumulate => Start::Accumulate,
        StartKind::Bias => Start::Bias(bias),
    }
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|v| v.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn agrees_with_f64(
        (m, n, k) in (0usize..70, 0usize..80, prop_oneof![0usize..40, 0usize..700, 1000usize..2200]),
        (a_layout, b_layout) in (layout(), layout()),
        gap in 0usize..9,
        start in start_kind(),
        seed in 0u64..u64::MAX - 9,
    ) {
        let a = Matrix::random(m, k, a_layout, seed);
        let b = Matrix::random(k, n, b_layout, seed + 1);
        let old = Matrix::random(m, n, Layout::Rows(gap), seed + 2);
        let bias: Vec<f32> = (0..n).map(|i| noise(seed + 3, i)).collect();
        for isa in Isa::available() {
            let c = product(isa, a.tile(), b.tile(), &old, &bias, start);
            for i in 0..m {
                for j in 0..n {
                    let first = match start {
                        StartKind::Zero => 0.0,
                        StartKind::Accumulate => f64::from(old.at(i, j)),
                        StartKind::Bias => f64::from(bias[j]),
                    };
                    let mut exact = first;
                    let mut size = first.abs();
                    for p in 0..k {
                        let term = f64::from(a.at(i, p)) * f64::from(b.at(p, j));
                        exact += term;
                        size += term.abs();
                    }
                    // A term passes at most k + 1 roundings of 2^-24 (half of EPSILON) each, of
                    // partial sums no larger than `size`; the portable level rounds products too.
                    let bound = (k + 2) as f64 * f64::from(f32::EPSILON) * size;
                    let got = f64::from(c[i * old.row_stride + j]);
                    prop_assert!(
                        (got - exact).abs() <= bound,
                        "{} ({i}, {j}): {got} for {exact} ± {bound}", isa.name()
                    );
                }
                for j in n..old.row_stride.min(old.data.len().saturating_sub(i * old.row_stride)) {
                    let at = i * old.row_stride + j;
                    prop_assert_eq!(c[at].to_bits(), old.data[at].to_bits(), "outside C");
                }
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_cuts_layouts_or_packing(
        (m, n, k) in (
            1usize..120,
            prop_oneof![1usize..100, 250usize..300],
            prop_oneof![0usize..600, 1000usize..2200],
        ),
        (row_cut, column_cut) in (0.0..1.0, 0.0..1.0),
        (a_layout, b_layout) in (layout(), layout()),
        start in start_kind(),
        seed in 0u64..u64::MAX - 9,
    ) {
        let a = Matrix::random(m, k, Layout::Rows(0), seed);
        let b = Matrix::random(k, n, Layout::Rows(0), seed + 1);
        let old = Matrix::random(m, n, Layout::Rows(0), seed + 2);
        let bias: Vec<f32> = (0..n).map(|i| noise(seed + 3, i)).collect();
        let other_a = Matrix::new(m, k, a_layout, |r, c| a.at(r, c));
        let other_b = Matrix::new(k, n, b_layout, |r, c| b.at(r, c));
        for isa in Isa::available() {
            let whole = bits(&product(isa, a.tile(), b.tile(), &old, &bias, start));
            let again = product(isa, other_a.tile(), other_b.tile(), &old, &bias, start);
            prop_assert_eq!(&whole, &bits(&again), "layouts, {}", isa.name());

            let mut packed = vec![f32::NAN; packed_len(isa, k, n)];
            pack(isa, other_b.tile(), PackedMut::new(isa, &mut packed, k, n));
            let packed = Packed::new(isa, &packed, k, n);
            let mut scratch = vec![f32::NAN; scratch_len(isa, m, n, k)];
            let mut c = old.data.clone();
            let tile = TileMut::new(&mut c, m, n, n);
            gemm(isa, other_a.tile(), packed, tile, start_of(start, &bias), &mut scratch);
            prop_assert_eq!(&whole, &bits(&c), "packed, {}", isa.name());

            let row = (row_cut * m as f64) as usize;
            let column = (column_cut * n as f64) as usize;
            let panel = column - column % panel_width(isa);
            let (mut cut, mut cut_packed) = (old.data.clone(), old.data.clone());
            for (r, rows) in [(0, row), (row, m - row)] {
                for (j, columns) in [(0, column), (column, n - column)] {
                    let at = (r * n + j).min(m * n);
                    gemm(
                        isa,
                        other_a.part(r, rows, 0, k),
                        other_b.part(0, k, j, columns),
                        TileMut::new(&mut cut[at..], rows, columns, n),
                        start_of(start, &bias[j..][..columns]),
                        &mut scratch,
                    );
                }
                for j in [0..panel, panel..n] {
                    let at = (r * n + j.start).min(m * n);
                    gemm(
                        isa,
                        other_a.part(r, rows, 0, k),
                        packed.columns(j.clone()),
                        TileMut::new(&mut cut_packed[at..], rows, j.len(), n),
                        start_of(start, &bias[j]),
                        &mut scratch,
                    );
                }
            }
            prop_assert_eq!(&whole, &bits(&cut), "cut, {}", isa.name());
            prop_assert_eq!(&whole, &bits(&cut_packed), "cut and packed, {}", isa.name());
        }
    }
}

/// The elements of a packed matrix in row-major order, and its padding.
fn unpacked(isa: Isa, packed: &[f32], rows: usize, cols: usize) -> (Vec<f32>, Vec<f32>) {
    let width = panel_width(isa);
    let (mut matrix, mut padding) = (vec![0.0; rows * cols], Vec::new());
    for (i, &x) in packed.iter().enumerate() {
        let (row, col) = (i / width % rows, i / (width * rows) * width + i % width);
        match col < cols {
            true => matrix[row * cols + col] = x,
            false => padding.push(x),
        }
    }
    (matrix, padding)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn a_packed_product_has_the_bits_of_a_plain_one_and_zeros_beside_it(
        (m, n, k) in (1usize..120, prop_oneof![1usize..140, 1020usize..1100], 1usize..400),
        (a_layout, b_layout) in (layout(), layout()),
        packs_b in any::<bool>(),
        accumulates in any::<bool>(),
        seed in 0u64..u64::MAX - 9,
    ) {
        let a = Matrix::random(m, k, a_layout, seed);
        let b = Matrix::random(k, n, b_layout, seed + 1);
        let zeros = Matrix::new(m, n, Layout::Rows(0), |_, _| 0.0);
        let (start, times) = match accumulates {
            true => (StartKind::Accumulate, 2),
            false => (StartKind::Zero, 1),
        };
        for isa in Isa::available() {
            let mut plain = zeros.data.clone();
            let old = if accumulates { 0.0 } else { f32::NAN };
            let mut c = vec![old; packed_len(isa, m, n)];
            let mut scratch = vec![f32::NAN; scratch_len(isa, m, n, k)];
            let mut b_panels = vec![f32::NAN; packed_len(isa, k, n)];
            pack(isa, b.tile(), PackedMut::new(isa, &mut b_panels, k, n));
            for _ in 0..times {
                let to = PackedMut::new(isa, &mut c, m, n);
                let start = start_of(start, &[]);
                if packs_b {
                    let b = Packed::new(isa, &b_panels, k, n);
                    gemm(isa, a.tile(), b, to, start, &mut scratch);
                } else {
                    gemm(isa, a.tile(), b.tile(), to, start, &mut scratch);
                }
                gemm(isa, a.tile(), b.tile(), TileMut::new(&mut plain, m, n, n), start, &mut scratch);
            }
            let (got, padding) = unpacked(isa, &c, m, n);
            prop_assert_eq!(bits(&plain), bits(&got), "{}", isa.name());
            prop_assert!(padding.iter().all(|&x| x == 0.0), "{}: padding", isa.name());
        }
    }
}

/// Blocks of rows, of columns and of k, several of each.
#[test]
fn large_products_have_the_bits_of_their_parts() {
    let (m, n, k) = (401, 1100, 1300);
    let a = Matrix::random(m, k, Layout::Columns(0), 1);
    let b = Matrix::random(k, n, Layout::Columns(0), 2);
    let old = Matrix::random(m, n, Layout::Rows(0), 3);
    for isa in Isa::available() {
        let whole = product(isa, a.tile(), b.tile(), &old, &[], StartKind::Accumulate);
        let mut parts = old.data.clone();
        let mut scratch = vec![0.0; scratch_len(isa, 1, n, k)];
        for row in 0..m {
            let c = TileMut::new(&mut parts[row * n..], 1, n, n);
            gemm(isa, a.part(row, 1, 0, k), b.tile(), c, Start::Accumulate, &mut scratch);
        }
        assert_eq!(bits(&whole), bits(&parts), "{}", isa.name());
    }
}

/// Whatever is to be fetched meanwhile, existing or not: nothing of it is read or written.
#[test]
fn fetching_for_later_changes_no_bit() {
    let nowhere = std::ptr::slice_from_raw_parts(std::ptr::null(), 1 << 20);
    let somewhere = vec![f32::NAN; 5000];
    let empty: &[f32] = &[];
    for isa in Isa::available() {
        for (m, n, k) in [(1, 3, 2), (50, 70, 40), (300, 33, 500)] {
            let a = Matrix::random(m, k, Layout::Columns(0), 1);
            let b = Matrix::random(k, n, Layout::Columns(0), 2);
            let old = Matrix::random(m, n, Layout::Rows(0), 3);
            let plain = product(isa, a.tile(), b.tile(), &old, &[], StartKind::Zero);
            let mut got = vec![0.0; m * n];
            let c = TileMut::new(&mut got, m, n, n);
            let later = [empty, &somewhere[..], nowhere];
            let mut scratch = vec![0.0; scratch_len(isa, m, n, k)];
            let (start, finish) = (Start::Zero, Finish::Plain);
            gemm_before(isa, a.tile(), b.tile(), c, start, finish, &later, &mut scratch);
            assert_eq!(bits(&plain), bits(&got), "{} {m}×{n}×{k}", isa.name());
        }
    }
}

/// ReLU in the last pass over a tile is ReLU of the product, whatever the depth is cut into; NaN stays.
#[test]
fn relu_is_applied_to_the_whole_product() {
    for isa in Isa::available() {
        for (m, n, k) in [(1, 3, 2), (1, 300, 0), (7, 40, 5), (50, 70, 40), (300, 33, 3000)] {
            let a = Matrix::random(m, k, Layout::Columns(0), 1);
            let b = Matrix::random(k, n, Layout::Columns(0), 2);
            let old = Matrix::random(m, n, Layout::Rows(0), 3);
            let mut bias: Vec<f32> = (0..n).map(|i| i as f32 - n as f32 / 2.0).collect();
            bias[0] = f32::NAN;
            let plain = product(isa, a.tile(), b.tile(), &old, &bias, StartKind::Bias);
            let expected: Vec<f32> = plain.iter().map(|&y| if y < 0.0 { 0.0 } else { y }).collect();
            let mut got = vec![9.0; m * n];
            let c = TileMut::new(&mut got, m, n, n);
            let mut scratch = vec![0.0; scratch_len(isa, m, n, k)];
            let start = Start::Bias(&bias);
            gemm_before(isa, a.tile(), b.tile(), c, start, Finish::Relu, &[], &mut scratch);
            for (i, (e, g)) in expected.iter().zip(&got).enumerate() {
                let same = e == g || (e.is_nan() && g.is_nan());
                assert!(same, "{} {m}×{n}×{k} at {i}: {e} {g}", isa.name());
            }
        }
    }
}

#[test]
fn nan_and_infinity_pass_through_zeros() {
    for isa in Isa::available() {
        for (m, n) in [(1, 1), (7, 19), (40, 40)] {
            let a = Matrix::new(m, 5, Layout::Rows(0), |_, c| if c == 3 { 0.0 } else { 1.0 });
            for bad in [f32::NAN, f32::INFINITY] {
                let b = Matrix::new(5, n, Layout::Rows(0), |r, _| if r == 3 { bad } else { 1.0 });
                let old = Matrix::new(m, n, Layout::Rows(0), |_, _| 0.0);
                let c = product(isa, a.tile(), b.tile(), &old, &[], StartKind::Zero);
                assert!(c.iter().all(|x| x.is_nan()), "{} {m}×{n}: {bad}", isa.name());
            }
        }
    }
}

#[test]
fn an_empty_depth_gives_the_start() {
    for isa in Isa::available() {
        let (a, b) =
            (Matrix::random(9, 0, Layout::Rows(0), 1), Matrix::random(0, 21, Layout::Rows(0), 2));
        let old = Matrix::random(9, 21, Layout::Rows(0), 3);
        let bias: Vec<f32> = (0..21).map(|i| i as f32).collect();
        let c = |start| product(isa, a.tile(), b.tile(), &old, &bias, start);
        assert_eq!(c(StartKind::Zero), vec![0.0; 9 * 21]);
        assert_eq!(c(StartKind::Accumulate), old.data);
        assert_eq!(c(StartKind::Bias), bias.repeat(9));
    }
}

#[test]
#[should_panic(expected = "scratch is too short")]
fn a_short_scratch_is_refused() {
    let mut c = [0.0; 16];
    let tile = TileMut::new(&mut c, 4, 4, 4);
    gemm(
        Isa::PORTABLE,
        Tile::matrix(&[0.0; 16], 4, 4),
        Tile::matrix(&[0.0; 16], 4, 4),
        tile,
        Start::Zero,
        &mut [],
    );
}

#[test]
#[should_panic(expected = "columns of A are not the rows of B")]
fn mismatched_sizes_are_refused() {
    let mut c = [0.0; 16];
    let tile = TileMut::new(&mut c, 4, 4, 4);
    gemm(
        Isa::PORTABLE,
        Tile::matrix(&[0.0; 16], 4, 4),
        Tile::matrix(&[0.0; 12], 3, 4),
        tile,
        Start::Zero,
        &mut [],
    );
}
