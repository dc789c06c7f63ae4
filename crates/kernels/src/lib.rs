//! Numbers on slices: the SIMD kernels a training step is made of.
//!
//! Every kernel is one generic algorithm over the [`simd::Simd`] trait, instantiated per
//! instruction set by the `dispatch!` macro and chosen at run time through an [`Isa`] token.
//! Kernels allocate nothing, know no graph and no Node, and give the same bits for the same input
//! on the same instruction set, however the work is cut into calls.

#[macro_use]
mod dispatch;
#[macro_use]
mod lanes;
#[macro_use]
mod rows;
pub mod attention;
pub mod batch_norm;
pub mod binary;
mod bits;
pub mod compare;
pub mod copy;
pub mod cross_entropy;
pub mod denormal;
pub mod dropout;
pub mod gemm;
pub mod isa;
pub mod layer_norm;
mod mask;
pub mod math;
mod operand;
mod panel;
pub mod permute;
pub mod prefetch;
pub mod random;
pub mod recurrent;
pub mod reduce;
pub mod rng;
pub mod scatter;
pub mod simd;
pub mod softmax;
pub mod tile;
pub mod transposition;
pub mod unary;
pub mod update;

pub use isa::Isa;
pub use tile::{Tile, TileMut};
