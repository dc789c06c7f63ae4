//! The numeric kernels against plain f64 loops, on every instruction set of this CPU.

mod attention;
mod batch_norm;
mod constraint;
mod copy;
mod cross_entropy;
mod dropout;
mod elementwise;
mod isa;
mod layer_norm;
mod math;
mod permute;
mod random;
mod recurrent;
mod reduce;
mod rng;
mod scatter;
mod softmax;
mod support;
mod update;
