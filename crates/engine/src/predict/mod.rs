//! Prediction: outputs for rows of data, from copies of the weights that fit products best.

mod copies;
pub mod form;
pub mod forms;
pub mod moment;
mod picked;
pub mod predictor;
