//! Sizes in a file: those that are unknown come from the inputs that have them.

use super::Exporter;
use crate::error::{Code, Error, Result};
use crate::graph::Value;
use crate::ops::leaf::Input;
use crate::shape::{Shape, Symbol};
use ridgeline_onnx::Attribute;

impl Exporter<'_> {
    /// The sizes of a shape as a vector of int64: unknown ones are taken from the inputs that have them.
    ///
    /// # Errors
    /// `ERR_EXPORT` where no input has one by itself.
    pub fn sizes(&mut self, shape: &Shape) -> Result<String> {
        let known: Option<Vec<i64>> =
            shape.0.iter().map(|dim| dim.constant().map(|size| size as i64)).collect();
        if let Some(known) = known {
            return self.ints(&known);
        }
        let mut sizes = Vec::new();
        for dim in &shape.0 {
            let mut total: Option<String> = None;
            for (symbols, factor) in dim.parts() {
                let mut product = self.ints(&[factor as i64])?;
                for &symbol in symbols {
                    let size = self.size_of(symbol)?;
                    product = self.step("Mul", &[product, size])?;
                }
                total = Some(match total {
                    Some(total) => self.step("Add", &[total, product])?,
                    None => product,
                });
            }
            sizes.push(match total {
                Some(total) => total,
                None => self.ints(&[0])?,
            });
        }
        self.step_with("Concat", &sizes, vec![("axis", Attribute::Int(0))])
    }

    /// An unknown size, as a vector of one element.
    fn size_of(&mut self, symbol: Symbol) -> Result<String> {
        let found = self.graph.nodes().iter().zip(0..).find_map(|(node, at)| {
            let input = node.op.downcast::<Input>()?;
            let axis = input.of.shape.0.iter().position(|dim| dim.as_symbol() == Some(symbol))?;
            Some((self.of_value.get(&Value { node: at, output: 0 })?.clone(), axis))
        });
        let Some((input, axis)) = found else {
            let name = &self.graph.symbols()[symbol.0 as usize];
            let message = format!("no input tells the size '{name}'");
            return Err(Error::new(Code::Export, message));
        };
        let shape = self.step("Shape", &[input])?;
        let at = self.ints(&[axis as i64])?;
        self.step("Gather", &[shape, at])
    }
}
