//! Names of values and nodes in a file.

use crate::graph::Value;
use std::collections::{HashMap, HashSet};

/// Names given out, each once.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// Where to go on for a name that was wanted before.
    suffixes: HashMap<String, usize>,
    pub(super) aliases: Vec<(String, Value)>,
}

impl Names {
    /// A name that is not taken: `wanted`, with a number behind it where it is.
    pub(super) fn unique(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let suffix = self.suffixes.entry(name.clone()).or_default();
        while !self.taken.insert(name.clone()) {
            *suffix += 1;
            name = format!("{wanted}_{suffix}");
        }
        name
    }
}
