//! Graphs inside a graph: the steps of loops.

use super::{Exporter, data_type, dims, emit_nodes};
use crate::error::{Code, Error, Result};
use crate::graph::{Graph, Value};
use crate::ops::leaf::Input;
use crate::passes::dead::remove_dead;
use crate::shape::Shape;
use crate::tensor::TensorType;
use ridgeline_onnx::{Attribute, DataType, ModelBuilder};
use std::collections::HashMap;

impl Exporter<'_> {
    /// Emits `graph` in this place; its inputs are the values called `inputs`. Returns the names of the results.
    ///
    /// # Errors
    /// `ERR_EXPORT` naming the layer whose op has no ONNX form.
    pub(crate) fn inline(
        &mut self,
        graph: &Graph,
        results: &[Value],
        inputs: &[String],
    ) -> Result<Vec<String>> {
        let (graph, results) = remove_dead(graph, results)?;
        let mut of_value: HashMap<Value, String> = HashMap::new();
        for (node, of) in (0..).zip(graph.nodes()) {
            if let Some(input) = of.op.downcast::<Input>() {
                of_value.insert(Value { node, output: 0 }, inputs[input.index].clone());
            }
        }
        let (model, names, contents) = (&mut *self.model, &mut *self.names, &mut *self.contents);
        emit_nodes(model, (&graph, &results), self.opset, names, &mut of_value, contents)?;
        Ok(results.iter().map(|value| of_value[value].clone()).collect())
    }

    /// A graph of its own for an attribute, with inputs and outputs of these types; it may read values of this one that are
    /// called `read`. `work` emits it and is given the names of the inputs.
    ///
    /// # Errors
    /// As [`Exporter::inline`].
    pub(crate) fn body(
        &mut self,
        inputs: &[(DataType, Shape)],
        outputs: &[TensorType],
        read: &[String],
        work: impl FnOnce(&mut Exporter, &[String]) -> Result<Vec<String>>,
    ) -> Result<Attribute> {
        let name = self.path(&format!("{}:step", self.node.op.name()));
        let mut model = ModelBuilder::new(&name, self.opset, "");
        let names: Vec<String> = inputs.iter().map(|_| self.names.unique(&name)).collect();
        for (name, (dtype, shape)) in names.iter().zip(inputs) {
            model.input(name, *dtype, &dims(self.graph, shape));
        }
        for name in read {
            model.reads(name);
        }
        let mut inner = Exporter {
            model: &mut model,
            graph: self.graph,
            node: self.node,
            at: self.at,
            opset: self.opset,
            results: self.results,
            names: self.names,
            of_value: self.of_value,
            contents: self.contents,
        };
        let results = work(&mut inner, &names)?;
        for (result, of) in results.iter().zip(outputs) {
            let name = inner.step("Identity", std::slice::from_ref(result))?;
            inner.model.output(&name, data_type(of.dtype)?, &dims(inner.graph, &of.shape));
        }
        model.into_graph().map_err(|error| Error::new(Code::Export, error.to_string()))
    }
}
