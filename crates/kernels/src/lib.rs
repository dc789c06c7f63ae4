//! Numbers on slices: the SIMD kernels a training step is made of.
//!
//! Every kernel is one generic algorithm over the [`simd::Simd`] trait, instantiated per
//! instruction set by [`dispatch!`] and chosen at run time through an [`Isa`] token. Kernels
//! allocate nothing, know no graph and no Node, and give the same bits for the same input on the
//! same instruction set, however the work is cut into calls.

#[macro_use]
mod dispatch;
pub mod isa;
pub mod simd;
pub mod tile;

pub use isa::Isa;
pub use tile::{Tile, TileMut};
