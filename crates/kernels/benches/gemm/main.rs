//! GEMM against the FMA peak of this machine and against the crate `gemm`, on one and two threads.
//!
//! Every round runs the peak loop and every kernel on every shape, so that a frequency change or a
//! busy neighbour hits all of them; the best decile of the rounds is what the code can do. Two
//! threads cut C as the engine does: into column blocks, or row blocks when C is narrow. A kernel
//! runs for two milliseconds at a time, so its operands are as warm as repeated use leaves them.
//!
//! `cargo bench -p ridgeline-kernels --bench gemm -- [--json] [--rounds N] [--cpu]`
//!
//! With `--cpu` a thread's time is its CPU time, and two threads take what the slower one takes:
//! what remains of two threads on a machine that has other work. Waking them is then not counted;
//! the crate `gemm` on two threads is always timed by the wall clock.

#![allow(clippy::print_stdout, reason = "a benchmark prints its results")]

#[path = "../support/aligned.rs"]
mod aligned;
mod pair;
mod peak;
mod report;

use aligned::Aligned;
use gemm_common::Parallelism;
use gemm_f32::gemm::f32::get_gemm_fn;
use pair::{Pair, now};
use peak::peak;
use report::{Rates, print_json, print_table};
use ridgeline_kernels::gemm::{Packed, PackedMut, Start, gemm, pack, packed_len, scratch_len};
use ridgeline_kernels::{Isa, Tile, TileMut};

/// A product of a training step.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    m: usize,
    n: usize,
    k: usize,
    a_transposed: bool,
    b_transposed: bool,
}

const fn shape(name: &'static str, m: usize, n: usize, k: usize) -> Shape {
    Shape { name, m, n, k, a_transposed: false, b_transposed: false }
}

const SHAPES: [Shape; 9] = [
    shape("1024³", 1024, 1024, 1024),
    shape("512³", 512, 512, 512),
    shape("128×512×784", 128, 512, 784),
    shape("128×256×512", 128, 256, 512),
    Shape { a_transposed: true, ..shape("784×512×128 dW", 784, 512, 128) },
    Shape { b_transposed: true, ..shape("128×512×256 dX", 128, 512, 256) },
    shape("128×10×128", 128, 10, 128),
    shape("64³", 64, 64, 64),
    shape("1×512×512", 1, 512, 512),
];

/// The operands of a shape; `c` is written by both threads in disjoint parts.
struct Operands<'a> {
    shape: &'a Shape,
    a: Aligned,
    b: Aligned,
    packed: Aligned,
    c: Aligned,
}

impl Operands<'_> {
    fn a(&self) -> Tile<'_> {
        let Shape { m, k, a_transposed, .. } = *self.shape;
        if a_transposed {
            Tile::matrix(&self.a, k, m).transposed()
        } else {
            Tile::matrix(&self.a, m, k)
        }
    }

    fn b(&self) -> Tile<'_> {
        let Shape { n, k, b_transposed, .. } = *self.shape;
        if b_transposed {
            Tile::matrix(&self.b, n, k).transposed()
        } else {
            Tile::matrix(&self.b, k, n)
        }
    }

    fn flops(&self) -> f64 {
        2.0 * self.shape.m as f64 * self.shape.n as f64 * self.shape.k as f64
    }
}

/// Rows or columns of `tile`, `len` of them from `from`.
fn part(tile: Tile<'_>, rows: bool, from: usize, len: usize) -> Tile<'_> {
    let (at, r, c) = match rows {
        true => (from * tile.row_stride(), len, tile.cols()),
        false => (from * tile.col_stride(), tile.rows(), len),
    };
    // SAFETY: the callers cut inside the tile.
    unsafe { Tile::from_raw(tile.as_ptr().add(at), r, c, tile.row_stride(), tile.col_stride()) }
}

/// What `thread` of `threads` computes of C = A·B, in one call.
fn ours(isa: Isa, x: &Operands, packed: bool, thread: usize, threads: usize, scratch: &mut [f32]) {
    let Shape { m, n, .. } = *x.shape;
    let by_rows = n < 64 * threads;
    let unit = if by_rows { 8 } else { 32 };
    let size = if by_rows { m } else { n };
    let each = size.div_ceil(threads).next_multiple_of(unit);
    let (from, to) = ((thread * each).min(size), ((thread + 1) * each).min(size));
    let len = to - from;
    let (a, b, at, rows, cols) = match by_rows {
        true => (part(x.a(), true, from, len), x.b(), from * n, len, n),
        false => (x.a(), part(x.b(), false, from, len), from, m, len),
    };
    // SAFETY: the parts of different threads do not overlap.
    let c = unsafe { TileMut::from_raw(x.c.as_ptr().cast_mut().add(at), rows, cols, n) };
    if packed {
        let columns = if by_rows { 0..n } else { from..to };
        let b = Packed::new(isa, &x.packed, x.shape.k, n).columns(columns);
        gemm(isa, a, b, c, Start::Zero, scratch);
    } else {
        gemm(isa, a, b, c, Start::Zero, scratch);
    }
}

/// The same product by the crate `gemm`.
fn theirs(x: &Operands, threads: usize) {
    let (a, b, Shape { m, n, k, .. }) = (x.a(), x.b(), *x.shape);
    let parallelism = if threads == 1 { Parallelism::None } else { Parallelism::Rayon(threads) };
    // It writes columns that are adjacent, so it makes Cᵀ = Bᵀ·Aᵀ, as its own front does.
    // SAFETY: the pointers and strides are those of whole matrices of these sizes.
    unsafe {
        get_gemm_fn()(
            n,
            m,
            k,
            x.c.as_ptr().cast_mut(),
            n as isize,
            1,
            false,
            b.as_ptr(),
            b.row_stride() as isize,
            b.col_stride() as isize,
            a.as_ptr(),
            a.row_stride() as isize,
            a.col_stride() as isize,
            0.0f32,
            1.0f32,
            false,
            false,
            false,
            parallelism,
        );
    }
}

/// GF/s of `work`, which does `flops` each time and returns its seconds, over some milliseconds
/// after a first time that does not count.
fn rate(flops: f64, mut work: impl FnMut() -> f64) -> f64 {
    let repeats = (5e8 / flops).ceil() as usize;
    work();
    let seconds: f64 = (0..repeats).map(|_| work()).sum();
    flops * repeats as f64 / seconds * 1e-9
}

/// Seconds of one `work` of this thread.
fn timed(cpu: bool, work: impl FnOnce()) -> f64 {
    let start = now(cpu);
    work();
    now(cpu) - start
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let cpu = args.iter().any(|a| a == "--cpu");
    let json = args.iter().any(|a| a == "--json");
    let rounds = args.iter().position(|a| a == "--rounds").map_or(60, |i| {
        args.get(i + 1).and_then(|n| n.parse().ok()).expect("--rounds takes a number")
    });
    let isa = Isa::current().expect("RIDGELINE_ISA");
    let fill = |len: usize| Aligned::new(len, |i| (i * 7919 % 2000) as f32 / 1000.0 - 1.0);
    let shapes: Vec<_> = SHAPES
        .iter()
        .map(|shape| {
            let (m, n, k) = (shape.m, shape.n, shape.k);
            let mut packed = Aligned::new(packed_len(isa, k, n), |_| 0.0);
            let (b_rows, b_cols) = if shape.b_transposed { (n, k) } else { (k, n) };
            let b = fill(k * n);
            let tile = Tile::matrix(&b, b_rows, b_cols);
            let tile = if shape.b_transposed { tile.transposed() } else { tile };
            pack(isa, tile, PackedMut::new(isa, &mut packed, k, n));
            Operands { shape, a: fill(m * k), b, packed, c: fill(m * n) }
        })
        .collect();

    let scratch_len =
        SHAPES.iter().map(|s| scratch_len(isa, s.m, s.n, s.k)).max().expect("there are shapes");
    let (mut scratch, mut other) = (vec![0.0; scratch_len], vec![0.0; scratch_len]);
    // Jobs: the peak loop, then per shape unpacked and packed.
    let job = |job: usize, thread: usize, scratch: &mut [f32]| {
        if job == 0 {
            peak(isa);
        } else {
            ours(isa, &shapes[(job - 1) / 2], (job - 1) % 2 == 1, thread, 2, scratch);
        }
    };
    let pair = Pair::new(&job, cpu);

    // Peak on one and two threads; per shape: ours, ours packed, theirs, on one and two threads.
    let mut peaks = [Rates::default(), Rates::default()];
    let mut rates = vec![<[[Rates; 3]; 2]>::default(); shapes.len()];
    let peak_flops = peak(isa);
    let mut round = 0;
    for _ in 0..rounds {
        for (x, rates) in shapes.iter().zip(&mut rates) {
            let flops = x.flops();
            let one = |work: &mut dyn FnMut()| rate(flops, || timed(cpu, &mut *work));
            peaks[0].0.push(rate(peak_flops, || timed(cpu, || _ = peak(isa))));
            rates[0][0].0.push(one(&mut || ours(isa, x, false, 0, 1, &mut scratch)));
            rates[0][1].0.push(one(&mut || ours(isa, x, true, 0, 1, &mut scratch)));
            rates[0][2].0.push(one(&mut || theirs(x, 1)));
            rates[1][2].0.push(rate(flops, || timed(false, || theirs(x, 2))));
        }
        // The second thread lives only here: spinning, it would disturb the others.
        std::thread::scope(|scope| {
            let (pair, other, last) = (&pair, &mut other, round);
            scope.spawn(move || pair.serve(last, other));
            for (i, (x, rates)) in shapes.iter().zip(&mut rates).enumerate() {
                let mut run = |job: usize| pair.run(job, &mut round, &mut scratch);
                peaks[1].0.push(rate(2.0 * peak_flops, || run(0)));
                rates[1][0].0.push(rate(x.flops(), || run(1 + 2 * i)));
                rates[1][1].0.push(rate(x.flops(), || run(2 + 2 * i)));
            }
            pair.stop();
        });
    }

    let tops = [peaks[0].best_decile(), peaks[1].best_decile()];
    if json {
        print_json(isa, tops, &mut rates);
    } else {
        print_table(isa, tops, &mut rates);
    }
}
