//! Graph → autodiff → passes → plan → run, and the training loop on top.
//!
//! A [`graph::Graph`] of [`op::Op`]s is differentiated by [`autodiff`], rewritten by [`passes`],
//! bound to sizes by [`plan`], run by [`run`] and trained by [`train`]. Nothing here knows Node.

pub mod attributes;
pub mod autodiff;
pub mod boundary;
pub mod data;
pub mod error;
pub mod eval;
pub mod file;
mod fingerprint;
pub mod graph;
pub mod memory;
pub mod moments;
pub mod onnx;
pub mod op;
pub mod ops;
mod pages;
pub mod passes;
pub mod plan;
pub mod predict;
pub mod program;
pub mod run;
pub mod shape;
pub mod step;
pub mod tensor;
pub mod traced;
pub mod train;
pub mod variable;
pub mod words;

pub use error::{Code, Error, Result};
