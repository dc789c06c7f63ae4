//! What a run prints: a table, or JSON.

use super::SHAPES;
use ridgeline_kernels::Isa;

/// Rates of one way of computing one shape, one per round.
#[derive(Clone, Default)]
pub(crate) struct Rates(pub(crate) Vec<f64>);

impl Rates {
    fn quantile(&mut self, q: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        self.0[((self.0.len() - 1) as f64 * q).round() as usize]
    }
    pub(crate) fn best_decile(&mut self) -> f64 {
        self.quantile(0.9)
    }
    fn median(&mut self) -> f64 {
        self.quantile(0.5)
    }
}

const WAYS: [&str; 3] = ["ridgeline", "packed", "gemm"];

pub(crate) fn print_table(isa: Isa, tops: [f64; 2], rates: &mut [[[Rates; 3]; 2]]) {
    println!("{}; FMA peak {:.1} GF/s, two threads {:.1}", isa.name(), tops[0], tops[1]);
    println!("best decile / median GF/s (best decile, % of peak)");
    print!("{:<16}{:>2}", "m×n×k", "T");
    WAYS.iter().for_each(|way| print!("{way:>24}"));
    println!();
    for (shape, rates) in SHAPES.iter().zip(rates) {
        for (threads, (rates, top)) in rates.iter_mut().zip(tops).enumerate() {
            print!("{:<16}{:>2}", shape.name, threads + 1);
            for rate in rates {
                let (best, median) = (rate.best_decile(), rate.median());
                print!("{best:>9.1} /{median:>6.1} ({:>3.0}%)", best / top * 100.0);
            }
            println!();
        }
    }
}

pub(crate) fn print_json(isa: Isa, tops: [f64; 2], rates: &mut [[[Rates; 3]; 2]]) {
    let mut rows = Vec::new();
    for (shape, rates) in SHAPES.iter().zip(rates) {
        for (threads, (rates, top)) in rates.iter_mut().zip(tops).enumerate() {
            for (way, rate) in WAYS.iter().zip(rates) {
                let (best, median) = (rate.best_decile(), rate.median());
                rows.push(format!(
                    r#"{{"shape":"{}","threads":{},"by":"{way}","best_decile":{best:.2},"median":{median:.2},"of_peak":{:.4}}}"#,
                    shape.name, threads + 1, best / top
                ));
            }
        }
    }
    println!(
        r#"{{"isa":"{}","peak":[{:.2},{:.2}],"unit":"GF/s","rows":[{}]}}"#,
        isa.name(),
        tops[0],
        tops[1],
        rows.join(",")
    );
}
