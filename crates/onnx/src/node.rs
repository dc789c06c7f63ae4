//! Nodes, and which values they may read.

use crate::{Attribute, ModelError, proto};
use std::collections::HashSet;

/// Names of the values defined so far.
#[derive(Default)]
pub(crate) struct Names<'a>(HashSet<&'a str>);

impl<'a> Names<'a> {
    /// Adds one.
    ///
    /// # Errors
    /// Where there is one of that name.
    pub fn insert(&mut self, name: &'a str) -> Result<(), ModelError> {
        if self.0.insert(name) {
            Ok(())
        } else {
            Err(ModelError::DuplicateValue { name: name.to_owned() })
        }
    }

    /// True if there is one of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }
}

/// A call of an operator.
pub(crate) struct Node {
    pub op_type: String,
    pub name: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub attributes: Vec<(String, Attribute)>,
    pub doc: Option<String>,
}

impl Node {
    /// Whether it can stand behind what is `defined`, to which it adds its outputs.
    pub fn check<'a>(&'a self, defined: &mut Names<'a>) -> Result<(), ModelError> {
        if self.op_type.is_empty() {
            return Err(ModelError::Unnamed { what: "an operator" });
        }
        for input in self.inputs.iter().filter(|input| !input.is_empty()) {
            if !defined.has(input) {
                return Err(ModelError::UndefinedInput {
                    node: self.name.clone(),
                    input: input.clone(),
                });
            }
        }
        for output in self.outputs.iter().filter(|output| !output.is_empty()) {
            defined.insert(output)?;
        }
        let mut names = HashSet::new();
        for (name, value) in &self.attributes {
            if name.is_empty() {
                return Err(ModelError::Unnamed { what: "an attribute" });
            }
            if !names.insert(name) {
                return Err(ModelError::DuplicateAttribute {
                    node: self.name.clone(),
                    attribute: name.clone(),
                });
            }
            if let Attribute::Tensor(tensor) = value {
                tensor.check(name)?;
            }
        }
        Ok(())
    }

    pub fn into_proto(self) -> proto::NodeProto {
        let attributes = self.attributes.into_iter().map(|(name, value)| value.into_proto(name));
        proto::NodeProto {
            input: self.inputs,
            output: self.outputs,
            name: Some(self.name),
            op_type: Some(self.op_type),
            attribute: attributes.collect(),
            doc_string: self.doc,
        }
    }
}
