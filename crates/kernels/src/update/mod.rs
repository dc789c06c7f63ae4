//! Optimizer updates: one pass over weights, gradients and state, with Keras's formulas.
//!
//! Every optimizer sees the same gradient, see [`Common`]: the data gradient times the clip
//! factor, plus the penalty's, then clipped by value; and the same weight decay, which comes
//! before the update. Constraints come after it, in a pass of their own.

mod adadelta;
mod adagrad;
mod adam;
mod adamax;
mod average;
mod common;
mod constraint;
mod ftrl;
mod lion;
mod nadam;
mod penalty;
mod rmsprop;
mod sgd;
mod sweep;

pub use adadelta::adadelta;
pub use adagrad::adagrad;
pub use adam::adam;
pub use adamax::adamax;
pub use average::average;
pub use common::Common;
pub use constraint::{
    NormBounds, add_row_squares, non_negative, norm_columns, norm_factors, scale_rows,
};
pub use ftrl::{FtrlConstants, ftrl};
pub use lion::lion;
pub use nadam::nadam;
pub use penalty::{Penalty, penalty, penalty_gradient};
pub use rmsprop::rmsprop;
pub use sgd::{momentum, sgd};
