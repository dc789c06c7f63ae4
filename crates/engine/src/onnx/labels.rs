//! Names of classes: an output of texts beside the one of probabilities or logits.

use super::dims;
use super::names::Names;
use crate::graph::Graph;
use crate::shape::Shape;
use crate::tensor::TensorType;
use ridgeline_onnx::{Attribute, DataType, ModelBuilder};

/// Emits the output `<name>_label`: of the largest number along the last axis, or of a single one whether it is more
/// than a half.
pub(super) fn emit(
    model: &mut ModelBuilder,
    names: &mut Names,
    name: &str,
    (graph, of): (&Graph, &TensorType),
    texts: &[String],
) {
    let output = names.unique(&format!("{name}_label"));
    let mut step = |what: &str| names.unique(&format!("{output}:{what}"));
    let (table, index) = (step("classes"), step("index"));
    model.initializer_strings(&table, texts);
    let (last, before) = of.shape.0.split_last().expect("classes along an axis");
    if last.known() == Some(1) {
        let (half, above, flat, axis) = (step("half"), step("above"), step("flat"), step("axis"));
        model.initializer_f32(&half, &[], &[0.5], None);
        model.initializer_i64(&axis, &[1], &[-1], None);
        let cast = vec![("to", Attribute::Int(i64::from(DataType::Int64.code())))];
        model.node("Greater", &above, &[name, &half], &[&above], Vec::new(), None);
        model.node("Squeeze", &flat, &[&above, &axis], &[&flat], Vec::new(), None);
        model.node("Cast", &index, &[&flat], &[&index], cast, None);
    } else {
        let of_last = vec![("axis", Attribute::Int(-1)), ("keepdims", Attribute::Int(0))];
        model.node("ArgMax", &index, &[name], &[&index], of_last, None);
    }
    model.node("Gather", &output, &[&table, &index], &[&output], Vec::new(), None);
    model.output(&output, DataType::String, &dims(graph, &Shape(before.to_vec())));
}
