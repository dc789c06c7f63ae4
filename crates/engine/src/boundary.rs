//! Several variables at one boundary: all read, or all written, between the same two training steps.
//!
//! Whoever locks several does so in the order of their ids, so that no two wait for each other.

use crate::error::{Error, Result};
use crate::tensor::Tensor;
use crate::variable::Variable;
use std::collections::HashMap;
use std::sync::Arc;

/// Copies of several variables, all taken between the same two training steps.
///
/// # Errors
/// `ERR_MEMORY` when there is none for them.
pub fn read_all(variables: &[Arc<Variable>]) -> Result<Vec<Tensor>> {
    let mut ordered: Vec<&Arc<Variable>> = variables.iter().collect();
    ordered.sort_by_key(|variable| variable.id());
    ordered.dedup_by_key(|variable| variable.id());
    let locked: HashMap<u64, _> =
        ordered.into_iter().map(|variable| (variable.id(), variable.words.read())).collect();
    variables.iter().map(|variable| variable.copy(locked[&variable.id()].as_slice())).collect()
}

/// Replaces the contents of several variables, all between the same two training steps; where one stands
/// twice, the last value stays. Nothing is written unless all fit.
///
/// # Errors
/// As [`Variable::write`].
pub fn write_all(variables: &[Arc<Variable>], values: &[Tensor]) -> Result<()> {
    variables.iter().zip(values).try_for_each(|(variable, value)| variable.check(value))?;
    let mut ordered: Vec<_> = variables.iter().zip(values).collect();
    ordered.sort_by_key(|(variable, _)| variable.id());
    ordered.reverse();
    ordered.dedup_by_key(|(variable, _)| variable.id());
    ordered.reverse();
    let mut locked: Vec<_> = ordered.iter().map(|(variable, _)| variable.words.write()).collect();
    for ((variable, value), words) in ordered.iter().zip(&mut locked) {
        variable.put(value, words);
    }
    Ok(())
}

/// Gives each variable of `to` the contents of the one of `from` in its place; none stands in both.
///
/// # Errors
/// `ERR_SHAPE` when a pair is not alike; nothing is written then.
pub fn copy_all(from: &[Arc<Variable>], to: &[Arc<Variable>]) -> Result<()> {
    check_alike(from, to)?;
    let (reads, writes) = (from.iter().map(|of| (of, false)), to.iter().map(|of| (of, true)));
    let mut ordered: Vec<_> = reads.chain(writes).collect();
    ordered.sort_by_key(|(variable, _)| variable.id());
    ordered.dedup_by_key(|(variable, _)| variable.id());
    let (mut sources, mut targets) = (HashMap::new(), HashMap::new());
    for (variable, writes) in ordered {
        if writes {
            targets.insert(variable.id(), variable.words.write());
        } else {
            sources.insert(variable.id(), variable.words.read());
        }
    }
    for (from, to) in from.iter().zip(to) {
        if let Some(target) = targets.get_mut(&to.id()) {
            target.as_mut_slice().copy_from_slice(sources[&from.id()].as_slice());
            to.written();
        }
    }
    Ok(())
}

/// Swaps the contents of each variable of `these` and the one of `those` in its place; none stands twice.
///
/// # Errors
/// `ERR_SHAPE` when a pair is not alike; nothing is written then.
pub fn swap_all(these: &[Arc<Variable>], those: &[Arc<Variable>]) -> Result<()> {
    check_alike(these, those)?;
    let mut ordered: Vec<_> = these.iter().chain(those).collect();
    ordered.sort_by_key(|variable| variable.id());
    ordered.dedup_by_key(|variable| variable.id());
    let mut locked: HashMap<u64, _> =
        ordered.into_iter().map(|variable| (variable.id(), variable.words.write())).collect();
    // Kept until all are swapped.
    let mut swapped = Vec::with_capacity(these.len());
    for (this, that) in these.iter().zip(those) {
        let (Some(mut a), Some(mut b)) = (locked.remove(&this.id()), locked.remove(&that.id()))
        else {
            continue;
        };
        a.as_mut_slice().swap_with_slice(b.as_mut_slice());
        this.written();
        that.written();
        swapped.push((a, b));
    }
    Ok(())
}

fn check_alike(these: &[Arc<Variable>], those: &[Arc<Variable>]) -> Result<()> {
    let alike = |(this, that): (&Arc<Variable>, &Arc<Variable>)| {
        (this.shape(), this.dtype()) == (that.shape(), that.dtype())
    };
    if these.len() == those.len() && these.iter().zip(those).all(alike) {
        return Ok(());
    }
    Err(Error::shape("the copies are those of other weights"))
}
