//! Normalization, dropout and elementary functions, in nanoseconds per element on one core.
//!
//! The batch normalization tile is a block of columns of a 128 × 512 matrix, as one thread of a
//! training step gets it. Every round runs every case, so that a frequency change or a busy
//! neighbour hits all of them; the best decile of the rounds is what the code can do.
//!
//! `cargo bench -p ridgeline-kernels --bench norm [-- --json] [-- --rounds N]`

#![allow(clippy::print_stdout, reason = "a benchmark prints its results")]

#[path = "support/aligned.rs"]
mod aligned;

use aligned::Aligned;
use ridgeline_kernels::batch_norm::{Epilogue, backward, forward};
use ridgeline_kernels::dropout::{Mask, MaskMut, Rate, draw};
use ridgeline_kernels::random::normal;
use ridgeline_kernels::rng::{Key, fill_normal};
use ridgeline_kernels::softmax::softmax;
use ridgeline_kernels::unary::{Unary, unary};
use ridgeline_kernels::update::{Common, Penalty, adam};
use ridgeline_kernels::{Isa, Tile, TileMut, layer_norm};
use std::time::Instant;

const ROWS: usize = 128;
const FULL: usize = 512;
const KEY: Key = Key { seed: 1, stream: 2, step: 3, time: 0 };

fn noise(stream: u32, n: usize) -> Aligned {
    let mut y = Aligned::new(n, |_| 0.0);
    fill_normal(Key { stream, ..KEY }, 0.0, 1.0, &mut y);
    y
}

/// One measured kernel: elements per call, and the call.
struct Case<'a> {
    name: String,
    elements: usize,
    run: Box<dyn FnMut() + 'a>,
}

/// The buffers of a normalized layer; tiles are blocks of its columns.
struct Layer {
    x: Aligned,
    dy: Aligned,
    y: Aligned,
    dx: Aligned,
    mask: Vec<u32>,
    columns: [Aligned; 7],
}

impl Layer {
    fn new() -> Self {
        Layer {
            x: noise(1, ROWS * FULL),
            dy: noise(2, ROWS * FULL),
            y: Aligned::new(ROWS * FULL, |_| 0.0),
            dx: Aligned::new(ROWS * FULL, |_| 0.0),
            mask: vec![0; ROWS * FULL / 32],
            columns: std::array::from_fn(|i| noise(3 + i as u32, FULL)),
        }
    }

    /// Forward, backward or both over the first `columns` in blocks of `width`.
    fn pass(&mut self, isa: Isa, columns: usize, width: usize, forwards: bool, backwards: bool) {
        let rate = Rate::new(0.3);
        let epilogue = Epilogue { relu: true, dropout: Some((KEY, rate)) };
        let words = FULL / 32;
        let [gamma, beta, mean, variance, rstd, dgamma, dbeta] = &mut self.columns;
        for c in (0..columns).step_by(width) {
            let block = c..c + width;
            let x = Tile::new(&self.x[c..], ROWS, width, FULL, 1);
            let gamma = Some(&gamma[block.clone()]);
            if forwards {
                forward(
                    isa,
                    x,
                    gamma,
                    Some(&beta[block.clone()]),
                    1e-3,
                    &mut mean[block.clone()],
                    &mut variance[block.clone()],
                    &mut rstd[block.clone()],
                    epilogue,
                    words,
                    TileMut::new(&mut self.y[c..], ROWS, width, FULL),
                    Some(MaskMut::new(&mut self.mask, ROWS, words, c / 32, width)),
                );
            }
            if backwards {
                backward(
                    isa,
                    Tile::new(&self.dy[c..], ROWS, width, FULL, 1),
                    Some(Mask::new(&self.mask, ROWS, words, c / 32, width)),
                    rate.scale,
                    x,
                    &mean[block.clone()],
                    &rstd[block.clone()],
                    gamma,
                    TileMut::new(&mut self.dx[c..], ROWS, width, FULL),
                    &mut dgamma[block.clone()],
                    &mut dbeta[block],
                );
            }
        }
    }
}

fn cases<'a>(isa: Isa) -> Vec<Case<'a>> {
    let mut cases: Vec<Case> = Vec::new();
    // One block again and again is in L2, as after the product that made it; all of them are not.
    for (place, columns, width) in [("L2", 32, 32), ("L2", 64, 64), ("L3", FULL, 64)] {
        for (name, f, b) in
            [("forward", true, false), ("backward", false, true), ("sum", true, true)]
        {
            let mut layer = Layer::new();
            cases.push(Case {
                name: format!("bn+relu+dropout {ROWS}x{width} {place} {name}"),
                elements: ROWS * columns,
                run: Box::new(move || layer.pass(isa, columns, width, f, b)),
            });
        }
    }
    let mut mask = vec![0; ROWS * FULL / 32];
    cases.push(Case {
        name: "dropout draw".into(),
        elements: ROWS * FULL,
        run: Box::new(move || {
            let view = MaskMut::new(&mut mask, ROWS, FULL / 32, 0, FULL);
            draw(isa, KEY, Rate::new(0.3), 0, FULL / 32, view);
        }),
    });
    let mut normals = Aligned::new(ROWS * FULL, |_| 0.0);
    cases.push(Case {
        name: "normal".into(),
        elements: ROWS * FULL,
        run: Box::new(move || {
            normal(isa, KEY, FULL, [0, 0], TileMut::new(&mut normals, ROWS, FULL, FULL))
        }),
    });
    let in_cache = 4096;
    for op in [
        Unary::Relu,
        Unary::Exp,
        Unary::Log,
        Unary::Sigmoid,
        Unary::Tanh,
        Unary::Erf,
        Unary::Sin,
        Unary::Softplus,
    ] {
        let (x, mut y) = (noise(9, in_cache), vec![0.0; in_cache]);
        cases.push(Case {
            name: format!("{op:?}").to_lowercase(),
            elements: in_cache,
            run: Box::new(move || unary(isa, op, &x, &mut y)),
        });
    }
    let (x, mut y, mut dx) = (noise(9, in_cache), vec![0.0; in_cache], vec![0.0; in_cache]);
    let (gamma, mut stats) = (noise(10, 512), [vec![0.0; 8], vec![0.0; 8]]);
    cases.push(Case {
        name: "layer_norm 8x512 sum".into(),
        elements: in_cache,
        run: Box::new(move || {
            let [mean, rstd] = &mut stats;
            let (tile, weight) = (Tile::matrix(&x, 8, 512), Some(&gamma[..]));
            let to = TileMut::new(&mut y, 8, 512, 512);
            layer_norm::forward(isa, tile, weight, None, 1e-3, mean, rstd, to);
            let (dy, to) = (Tile::matrix(&y, 8, 512), TileMut::new(&mut dx, 8, 512, 512));
            layer_norm::backward(isa, dy, tile, mean, rstd, weight, to);
        }),
    });
    for (rows, cols) in [(8, 512), (128, 10)] {
        let (x, mut y) = (noise(9, rows * cols), vec![0.0; rows * cols]);
        cases.push(Case {
            name: format!("softmax {rows}x{cols}"),
            elements: rows * cols,
            run: Box::new(move || {
                softmax(isa, Tile::matrix(&x, rows, cols), TileMut::new(&mut y, rows, cols, cols));
            }),
        });
    }
    let c = Common {
        learning_rate: 1e-3,
        weight_decay: 0.0,
        penalty: Penalty { l1: 0.0, l2: 1e-4 },
        penalty_applied: false,
        scale: 1.0,
        clip: None,
    };
    let n = 16384;
    let (mut w, g, mut m, mut v) = (noise(9, n), noise(10, n), vec![0.0; n], vec![0.0; n]);
    cases.push(Case {
        name: "adam+l2".into(),
        elements: n,
        run: Box::new(move || {
            adam(isa, &c, 0.9, 0.999, 1e-7, 1e-3, &mut w, &g, &mut m, &mut v, None);
        }),
    });
    cases
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let rounds = arguments
        .iter()
        .position(|argument| argument == "--rounds")
        .and_then(|i| arguments.get(i + 1)?.parse().ok())
        .unwrap_or(300);
    let isa = Isa::current().expect("RIDGELINE_ISA names a level of this CPU");
    let mut cases = cases(isa);
    let mut times = vec![Vec::with_capacity(rounds); cases.len()];
    for _ in 0..rounds {
        for (case, times) in cases.iter_mut().zip(&mut times) {
            let calls = (1 << 16) / case.elements;
            let start = Instant::now();
            for _ in 0..calls {
                (case.run)();
            }
            let elements = (calls * case.elements) as f64;
            times.push(start.elapsed().as_nanos() as f64 / elements);
        }
    }
    for (case, times) in cases.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let (best, median) = (times[rounds / 10], times[rounds / 2]);
        if json {
            println!(
                r#"{{"isa":"{}","case":"{}","best_ns":{best:.4},"median_ns":{median:.4}}}"#,
                isa.name(),
                case.name
            );
        } else {
            println!("{:36} {best:7.3} ns/element, median {median:7.3}", case.name);
        }
    }
}
