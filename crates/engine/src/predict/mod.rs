//! Prediction: outputs for rows of data, from copies of the weights that fit products best.

mod copies;
mod form;
mod picked;
pub mod predictor;
