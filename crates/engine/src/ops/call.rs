//! Calls: an op asked for by name, with the values and arguments it is to be built from.
//!
//! Every file of ops exports its entries of the registry: names, and how each op comes of a call.

use crate::attributes::Attributes;
use crate::error::{Error, Result};
use crate::graph::{Graph, Value};
use crate::op::Op;
use crate::shape::{Dim, Shape};
use std::sync::Arc;

/// An op asked for by name.
pub struct Call<'a> {
    /// Its name in the registry.
    pub name: &'a str,
    /// Its arguments.
    pub with: &'a Attributes,
    pub(super) graph: &'a Graph,
    pub(super) inputs: &'a [Value],
}

/// How an op is built from a call.
pub type Build = fn(&Call) -> Result<Arc<dyn Op>>;

/// A name of the registry and what it stands for.
pub type Entry = (&'static str, Build);

/// In a list of sizes: the dimension of the input at that place.
pub const KEEP: i64 = -2;

/// An op, built.
pub(super) fn built(op: impl Op) -> Result<Arc<dyn Op>> {
    Ok(Arc::new(op))
}

/// Entries of a family of ops that differ in their kind alone; `build` looks it up in the table.
pub(super) const fn family<K: Copy, const N: usize>(
    table: &[(&'static str, K); N],
    build: Build,
) -> [Entry; N] {
    let mut entries = [("", build); N];
    let mut i = 0;
    while i < N {
        entries[i].0 = table[i].0;
        i += 1;
    }
    entries
}

/// The name of a member of a family.
pub(super) fn name_of<K: PartialEq>(table: &[(&'static str, K)], kind: &K) -> &'static str {
    table.iter().find(|(_, of)| of == kind).map_or("unnamed", |(name, _)| name)
}

impl Call<'_> {
    /// The kind that the called name has in the table of its family.
    pub(super) fn kind<K: Copy>(&self, table: &[(&str, K)]) -> Result<K> {
        let found = table.iter().find(|(name, _)| *name == self.name);
        found.map(|(_, kind)| *kind).ok_or_else(|| unknown(self.name))
    }

    /// The shape of input `i`.
    pub(super) fn shape(&self, i: usize) -> Result<&Shape> {
        let value = self.inputs.get(i);
        let value =
            value.ok_or_else(|| Error::argument(format!("{} lacks an input", self.name)))?;
        Ok(&self.graph.value_type(*value).shape)
    }

    /// The argument `axis`, of the first input.
    pub(super) fn axis(&self) -> Result<usize> {
        self.shape(0)?.axis(self.with.integer("axis")?)
    }

    /// A number as float32.
    pub(super) fn float(&self, key: &str) -> Result<f32> {
        Ok(self.with.number(key)? as f32)
    }

    /// An integer that is not negative.
    pub(super) fn size(&self, key: &str) -> Result<usize> {
        usize::try_from(self.with.integer(key)?)
            .map_err(|_| Error::argument(format!("{}: {key} must not be negative", self.name)))
    }

    /// The argument `shape`, in which [`KEEP`] keeps the dimension of the first input at its place,
    /// counted from the back.
    pub(super) fn kept_shape(&self) -> Result<Shape> {
        let sizes = self.with.integers("shape")?;
        let from = self.shape(0)?;
        let dims = sizes.iter().enumerate().map(|(i, &size)| match size {
            KEEP => {
                let at = (i + from.rank()).checked_sub(sizes.len());
                at.and_then(|at| from.0.get(at).cloned()).ok_or_else(|| {
                    Error::shape(format!("{} keeps a dimension that is not there", self.name))
                })
            }
            size => usize::try_from(size)
                .map(Dim::from)
                .map_err(|_| Error::argument(format!("{}: sizes must not be negative", self.name))),
        });
        Ok(Shape(dims.collect::<Result<_>>()?))
    }
}

/// The error of a name that no op has.
pub(super) fn unknown(name: &str) -> Error {
    Error::argument(format!("there is no op '{name}'"))
}
