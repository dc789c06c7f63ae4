//! Optimizer steps against Keras's formulas in f64.

use crate::support::{SIZES, all_close, close, noise};
use ridgeline_kernels::Isa;
use ridgeline_kernels::update::{
    Common, FtrlConstants, Penalty, adadelta, adagrad, adam, adamax, average, ftrl, lion, momentum,
    nadam, penalty, penalty_gradient, rmsprop, sgd,
};

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

fn settings() -> [Common; 4] {
    let penalty = Penalty { l1: 0.02, l2: 0.3 };
    let plain = Common {
        learning_rate: 0.05,
        weight_decay: 0.0,
        penalty: Penalty::default(),
        penalty_applied: false,
        scale: 1.0,
        clip: None,
    };
    [
        plain,
        Common { weight_decay: 0.1, penalty, ..plain },
        Common { penalty, penalty_applied: true, ..plain },
        // No L1 here: steps of one clipped size return to 0, where rounding decides the sign.
        Common { scale: 0.5, clip: Some(0.4), penalty: Penalty { l1: 0.0, l2: 0.3 }, ..plain },
    ]
}

/// The decayed weight and the whole gradient.
fn prepare(c: &Common, w: f64, g: f64) -> (f64, f64) {
    let [l1, l2, rate] = [c.penalty.l1, c.penalty.l2, c.learning_rate].map(f64::from);
    let sign = if w == 0.0 { 0.0 } else { w.signum() };
    let slope = if c.penalty_applied { 0.0 } else { l1 * sign + 2.0 * l2 * w };
    let mut g = g * f64::from(c.scale) + slope;
    if let Some(clip) = c.clip.map(f64::from) {
        g = g.clamp(-clip, clip);
    }
    (w - rate * f64::from(c.weight_decay) * w, g)
}

/// l1 Σ|w| + l2 Σw².
fn penalty_of(p: &Penalty, w: &[f64]) -> f64 {
    let [l1, l2] = [p.l1, p.l2].map(f64::from);
    w.iter().map(|w| l1 * w.abs() + l2 * w * w).sum()
}

/// Runs three steps of `step` on every instruction set, setting and size, against `formula`,
/// which maps (common, weight, gradient, state) to the new weight. Each step must return the
/// penalty of the weights before it.
fn check(
    step: impl Fn(Isa, &Common, usize, &mut [f32], &[f32], &mut [Vec<f32>; 3]) -> f32,
    formula: impl Fn(f64, usize, f64, f64, &mut [f64; 3]) -> f64,
) {
    for isa in Isa::available() {
        for c in settings() {
            for n in SIZES {
                let mut w = noise(1, n);
                w.iter_mut().step_by(5).for_each(|w| *w = 0.0);
                let mut state = [vec![0.0; n], vec![0.0; n], vec![0.0; n]];
                let mut exact: Vec<(f64, [f64; 3])> =
                    w.iter().map(|&w| (f64::from(w), [0.0; 3])).collect();
                for t in 1..=3 {
                    let g = noise(t as u32 + 1, n);
                    let before = penalty_of(&c.penalty, &wide(&w));
                    let found = step(isa, &c, t, &mut w, &g, &mut state);
                    close(found, before, 1e-6, 0.0, "penalty before the step");
                    for ((w, state), &g) in exact.iter_mut().zip(&g) {
                        let (decayed, g) = prepare(&c, *w, f64::from(g));
                        *w = formula(f64::from(c.learning_rate), t, decayed, g, state);
                    }
                }
                let expected: Vec<f64> = exact.iter().map(|exact| exact.0).collect();
                all_close(&w, &expected, 2e-6, 2e-6, &format!("{c:?} on {}", isa.name()));
            }
        }
    }
}

#[test]
fn sgd_steps() {
    check(|isa, c, _, w, g, _| sgd(isa, c, w, g), |rate, _, w, g, _| w - rate * g);
}

#[test]
fn momentum_steps() {
    for nesterov in [false, true] {
        check(
            |isa, c, _, w, g, [v, ..]| momentum(isa, c, 0.9, nesterov, w, g, v),
            |rate, _, w, g, [v, ..]| {
                let mu = f64::from(0.9f32);
                *v = mu * *v - rate * g;
                if nesterov { w + mu * *v - rate * g } else { w + *v }
            },
        );
    }
}

#[test]
fn rmsprop_steps() {
    for centered in [false, true] {
        for mu in [0.0, 0.9f32] {
            check(
                |isa, c, _, w, g, [v, mean, velocity]| {
                    let mean = if centered { &mut mean[..] } else { &mut [] };
                    let velocity = if mu != 0.0 { &mut velocity[..] } else { &mut [] };
                    rmsprop(isa, c, 0.9, mu, 1e-3, centered, w, g, v, mean, velocity)
                },
                |rate, _, w, g, [v, mean, velocity]| {
                    *v = 0.9 * *v + 0.1 * g * g;
                    *mean = 0.9 * *mean + 0.1 * g;
                    let spread = if centered { *v - *mean * *mean } else { *v };
                    let step = rate * g / (spread + f64::from(1e-3f32)).sqrt();
                    *velocity = f64::from(mu) * *velocity + step;
                    w - *velocity
                },
            );
        }
    }
}

#[test]
fn adam_steps() {
    for amsgrad in [false, true] {
        let alpha = |rate: f64, t: usize| {
            let t = t as i32;
            rate * (1.0 - 0.999f64.powi(t)).sqrt() / (1.0 - 0.9f64.powi(t))
        };
        check(
            |isa, c, t, w, g, [m, v, vhat]| {
                let alpha = alpha(f64::from(c.learning_rate), t) as f32;
                let vhat = amsgrad.then_some(&mut vhat[..]);
                adam(isa, c, 0.9, 0.999, 1e-7, alpha, w, g, m, v, vhat)
            },
            |rate, t, w, g, [m, v, vhat]| {
                *m += (g - *m) * (1.0 - 0.9);
                *v += (g * g - *v) * (1.0 - 0.999);
                *vhat = vhat.max(*v);
                let bound = if amsgrad { *vhat } else { *v };
                w - alpha(rate, t) * *m / (bound.sqrt() + 1e-7)
            },
        );
    }
}

/// What is divided by an infinite root is nothing, and NaN stays NaN.
#[test]
fn adam_beyond_the_range_of_squares() {
    let [plain, ..] = settings();
    for isa in Isa::available() {
        let (mut w, mut m, mut v) = (vec![1.0; 19], vec![0.0; 19], vec![0.0; 19]);
        let mut g = vec![1e20; 19];
        g[3] = f32::NAN;
        g[4] = 0.0;
        adam(isa, &plain, 0.9, 0.999, 1e-7, 1e-3, &mut w, &g, &mut m, &mut v, None);
        for (i, &w) in w.iter().enumerate() {
            assert!(if i == 3 { w.is_nan() } else { w == 1.0 }, "{}: {i}: {w}", isa.name());
        }
        assert!(v[0].is_infinite());
    }
}

#[test]
fn averages_move_towards_weights() {
    for isa in Isa::available() {
        for n in SIZES {
            let (w, before) = (noise(1, n), noise(2, n));
            let pairs = w.iter().zip(&before).map(|(&w, &a)| (f64::from(w), f64::from(a)));
            let expected: Vec<f64> = pairs.map(|(w, a)| 0.75 * a + 0.25 * w).collect();
            let mut found = before.clone();
            average(isa, 0.75, &w, &mut found);
            all_close(&found, &expected, 1e-6, 1e-6, isa.name());
            found.fill(f32::INFINITY);
            average(isa, 0.0, &w, &mut found);
            assert_eq!(found, w);
        }
    }
}

#[test]
fn adagrad_steps() {
    check(
        |isa, c, _, w, g, [sum, ..]| adagrad(isa, c, 0.125, w, g, sum),
        |rate, _, w, g, [sum, ..]| {
            *sum += g * g;
            w - rate * g / (*sum + 0.125).sqrt()
        },
    );
}

#[test]
fn adadelta_steps() {
    check(
        |isa, c, _, w, g, [s, u, _]| adadelta(isa, c, [0.75, 0.25], 0.01, w, g, s, u),
        |rate, _, w, g, [s, u, _]| {
            let epsilon = f64::from(0.01f32);
            *s = 0.75 * *s + 0.25 * g * g;
            let step = -g * (*u + epsilon).sqrt() / (*s + epsilon).sqrt();
            *u = 0.75 * *u + 0.25 * step * step;
            w + rate * step
        },
    );
}

#[test]
fn adamax_steps() {
    check(
        |isa, c, t, w, g, [m, u, _]| {
            let correction = 1.0 - 0.75f32.powi(t as i32);
            adamax(isa, c, 0.25, 0.875, 0.01, correction, w, g, m, u)
        },
        |rate, t, w, g, [m, u, _]| {
            *m += (g - *m) * 0.25;
            *u = (0.875 * *u).max(g.abs());
            w - rate * *m / ((1.0 - 0.75f64.powi(t as i32)) * (*u + f64::from(0.01f32)))
        },
    );
}

#[test]
fn nadam_steps() {
    check(
        |isa, c, _, w, g, [m, v, _]| {
            nadam(isa, c, [0.25, 0.125], [0.75, 0.5, 2.0], 0.5, w, g, m, v)
        },
        |rate, _, w, g, [m, v, _]| {
            *m += (g - *m) * 0.25;
            *v += (g * g - *v) * 0.125;
            w - rate * (0.75 * *m + 0.5 * g) / ((2.0 * *v).sqrt() + 0.5)
        },
    );
}

#[test]
fn lion_steps() {
    check(
        |isa, c, _, w, g, [m, ..]| lion(isa, c, [0.75, 0.25], [0.875, 0.125], w, g, m),
        |rate, _, w, g, [m, ..]| {
            let ahead = 0.75 * *m + 0.25 * g;
            *m = 0.875 * *m + 0.125 * g;
            w - rate * if ahead == 0.0 { 0.0 } else { ahead.signum() }
        },
    );
}

#[test]
fn ftrl_steps() {
    for power in [0.5f32, 0.75, 0.0] {
        let of =
            FtrlConstants { power, initial: 0.5, l1: 0.25, l2: 0.125, shrinkage: 0.5, beta: 0.25 };
        check(
            |isa, c, _, w, g, [sum, z, _]| ftrl(isa, c, &of, w, g, sum, z),
            |rate, _, w, g, [sum, z, _]| {
                let raised = |sum: f64| (sum + 0.5).powf(f64::from(power));
                let (before, after) = (raised(*sum), raised(*sum + g * g));
                *sum += g * g;
                *z += g + w - (after - before) / rate * w;
                (z.clamp(-0.25, 0.25) - *z) / (after / rate + 2.0 * 0.125 + 0.25 / rate)
            },
        );
    }
}

#[test]
fn penalties_and_their_gradients() {
    let p = Penalty { l1: 0.25, l2: 0.5 };
    for isa in Isa::available() {
        for n in SIZES {
            let mut w = noise(9, n);
            w.iter_mut().step_by(4).for_each(|w| *w = 0.0);
            close(penalty(isa, &p, &w), penalty_of(&p, &wide(&w)), 1e-6, 0.0, "penalty");
            let mut g = vec![1.0; n];
            penalty_gradient(isa, &p, &w, &mut g);
            let expected: Vec<f64> = wide(&w)
                .iter()
                .map(|&w| 1.0 + w + if w == 0.0 { 0.0 } else { 0.25 * w.signum() })
                .collect();
            all_close(&g, &expected, 1e-6, 1e-7, "penalty gradient");
        }
        assert_eq!(penalty(isa, &Penalty::default(), &[f32::INFINITY]), 0.0);
    }
}
