//! The layouts of values: those that all who use a value wish for, or row-major order.

use super::block;
use crate::graph::{Graph, Node, Value};
use crate::tensor::{DType, TensorType};
use crate::variable::Layout;

fn input_types<'a>(graph: &'a Graph, node: &Node) -> Vec<&'a TensorType> {
    node.inputs.iter().map(|&v| graph.value_type(v)).collect()
}

/// The panels that an element-wise node works on, if all that use its outputs wish for them.
fn panels(graph: &Graph, node: &Node, wishes: &[Option<Layout>]) -> Option<Layout> {
    let layout = wishes.first().copied().flatten();
    let layout = layout.filter(|layout| matches!(layout, Layout::Panels(_)))?;
    let types = input_types(graph, node);
    let agreed = wishes.iter().all(|&wish| wish == Some(layout));
    let can = block::takes_panels(node, &types);
    (agreed && can).then_some(layout)
}

/// For each node: the panels that its first output is in where nobody wishes for anything, if it is.
fn natural_panels(graph: &Graph) -> Vec<Option<Layout>> {
    let mut natural: Vec<Option<Layout>> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let types = input_types(graph, node);
        let own = node.op.memory().map(|variable| variable.layout());
        let passes = block::takes_panels(node, &types);
        let is_whole = |v: &&Value| graph.value_type(**v).shape == node.outputs[0].shape;
        let inputs = node.inputs.iter().filter(|_| passes).filter(is_whole);
        let found = own.or_else(|| inputs.filter_map(|v| natural[v.node as usize]).next());
        natural.push(found.filter(|layout| matches!(layout, Layout::Panels(_))));
    }
    natural
}

/// For each output of each node: the layout that all its uses wish for, or row-major.
pub(crate) fn preferred_layouts(
    graph: &Graph,
    outputs: &[Value],
    bindings: &[usize],
) -> Vec<Vec<Layout>> {
    let nodes = graph.nodes();
    let mut preferred: Vec<Vec<Option<Layout>>> =
        nodes.iter().map(|n| vec![None; n.outputs.len()]).collect();
    let wish = |v: &Value, layout: Layout, preferred: &mut [Vec<Option<Layout>>]| {
        let of = &mut preferred[v.node as usize][v.output as usize];
        *of = Some(if of.is_none_or(|other| other == layout) { layout } else { Layout::Plain });
    };
    let spread = |t: &TensorType| match t.shape.0.as_slice() {
        [_, .., last] if t.dtype == DType::F32 => Layout::for_columns(last.bind(bindings)),
        _ => Layout::Plain,
    };
    let takes_spread = |node: &Node| node.op.takes_spread(&input_types(graph, node));
    for v in outputs {
        wish(v, Layout::Plain, &mut preferred);
    }
    let natural = natural_panels(graph);
    // From the end, so that all uses of a node's outputs have told their wishes before it tells its own.
    for (at, node) in nodes.iter().enumerate().rev() {
        let takes_spread = takes_spread(node);
        let panels = panels(graph, node, &preferred[at]);
        let types = input_types(graph, node);
        let (is_elementwise, takes_any) =
            (node.op.is_elementwise(&types), node.op.takes_panels(&types));
        for (i, v) in node.inputs.iter().enumerate() {
            let variable = node.op.laid_out_like().filter(|_| i == 0);
            let is_whole = node.outputs.first().is_some_and(|of| of.shape == types[i].shape);
            // Operands that a program repeats are short.
            let is_full = !is_elementwise || is_whole;
            let layout = match (variable, panels) {
                _ if takes_any => natural[v.node as usize].unwrap_or(Layout::Plain),
                (Some(variable), _) => variable.layout(),
                (None, Some(panels)) if is_whole => panels,
                (None, _) if takes_spread && is_full => spread(types[i]),
                (None, _) => Layout::Plain,
            };
            wish(v, layout, &mut preferred);
        }
    }
    let settle = |(node, wishes): (&Node, Vec<Option<Layout>>)| {
        let can = takes_spread(node);
        let panels = panels(graph, node, &wishes);
        let settled = wishes.into_iter().map(|layout| match layout {
            Some(Layout::Spread(_)) if !can => Layout::Plain,
            Some(Layout::Panels(_)) if node.op.is_elementwise(&input_types(graph, node)) => {
                panels.unwrap_or(Layout::Plain)
            }
            layout => layout.unwrap_or(Layout::Plain),
        });
        settled.collect()
    };
    nodes.iter().zip(preferred).map(settle).collect()
}
