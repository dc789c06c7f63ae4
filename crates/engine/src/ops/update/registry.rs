//! The registry of rules: what makes one of its name and arguments.

use super::rule::{Rule, RuleEntry};
use super::{adadelta, adagrad, adam, adamax, ftrl, lion, nadam, rmsprop, sgd};
use crate::attributes::Attributes;
use crate::error::{Error, Result};
use std::sync::Arc;

/// What each file adds to the registry.
const ENTRIES: &[&[RuleEntry]] = &[
    adadelta::ENTRIES,
    adagrad::ENTRIES,
    adam::ENTRIES,
    adamax::ENTRIES,
    ftrl::ENTRIES,
    lion::ENTRIES,
    nadam::ENTRIES,
    rmsprop::ENTRIES,
    sgd::ENTRIES,
];

/// The rule that the argument `name` asks for, with its own arguments.
///
/// # Errors
/// `ERR_ARGUMENT` for an unknown name or bad arguments.
pub fn parse(with: &Attributes) -> Result<Arc<dyn Rule>> {
    let name = with.text("name")?;
    let found = ENTRIES.iter().copied().flatten().find(|(of, _)| *of == name);
    let (_, build) = found.ok_or_else(|| {
        Error::argument(format!("there is no optimizer '{name}', and it has no update of its own"))
    })?;
    build(with)
}
