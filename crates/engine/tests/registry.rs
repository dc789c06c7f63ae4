//! Every op of the registry is built by its name, runs, and says its gradient and its ONNX form, or
//! that it has none.

mod common;

use common::{positive, tensor};
use ridgeline_engine::Code;
use ridgeline_engine::attributes::Attributes;
use ridgeline_engine::autodiff::gradients;
use ridgeline_engine::eval::evaluate;
use ridgeline_engine::graph::{Graph, Value};
use ridgeline_engine::onnx::{Header, export};
use ridgeline_engine::ops;
use ridgeline_engine::ops::reduce::Kind;
use ridgeline_engine::passes::expand::expand;
use ridgeline_engine::tensor::{DType, Tensor};

/// Ops that no gradient flows through.
const FLAT: &[&str] = &[
    "argMax",
    "cast",
    "dropoutMask",
    "equal",
    "floor",
    "greater",
    "greaterEqual",
    "less",
    "lessEqual",
    "logicalAnd",
    "logicalNot",
    "logicalOr",
    "normal",
    "notEqual",
    "positions",
    "sign",
    "stopGradient",
    "topK",
    "uniform",
];

/// Ops of training that no exported graph holds.
const WITHOUT_ONNX: &[&str] =
    &["batchNorm", "dropout", "dropoutMask", "sigmoidCrossEntropy", "softmaxCrossEntropy"];

/// Inputs and arguments that suit an op; those of one float tensor if nothing else is said.
fn sample(name: &str) -> (Vec<Tensor>, &'static str) {
    let x = || positive(&[3, 4], 1);
    let vector = |seed| positive(&[4], seed);
    let int =
        |shape: &[usize], words: &[u32]| Tensor::new(shape, DType::I32, words.to_vec()).unwrap();
    let truth = || Tensor::new(&[4], DType::Bool, vec![0, 1, 1, 0]).unwrap();
    match name {
        "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum" => {
            (vec![x(), vector(2)], "{}")
        }
        "less" | "lessEqual" | "greater" | "greaterEqual" | "equal" | "notEqual" => {
            (vec![x(), vector(2)], "{}")
        }
        "logicalAnd" | "logicalOr" => (vec![truth(), truth()], "{}"),
        "logicalNot" => (vec![truth()], "{}"),
        "where" => (vec![truth(), x(), vector(2)], "{}"),
        "cast" => (vec![x()], r#"{"dtype":"int32"}"#),
        "sum" | "mean" | "max" | "min" => (vec![x()], r#"{"axes":[-1],"keepdims":false}"#),
        "argMax" => (vec![x()], r#"{"axis":-1}"#),
        "reshape" => (vec![x()], r#"{"shape":[2,-1]}"#),
        "reshapeLike" => (vec![x(), tensor(&[6, 2], 2)], "{}"),
        "reshapeBy" => {
            let like = tensor(&[6, 2], 2);
            (vec![x(), like], r#"{"from":[1,1,1,0],"counts":[1,1]}"#)
        }
        "broadcastTo" => (vec![x()], r#"{"shape":[2,-2,-2]}"#),
        "broadcastLike" => (vec![vector(1), x()], "{}"),
        "transpose" => (vec![x()], r#"{"order":[1,0]}"#),
        "concat" => (vec![x(), tensor(&[2, 4], 2)], r#"{"axis":0}"#),
        "slice" => (vec![x()], r#"{"axis":1,"start":1,"end":3}"#),
        "scatterAdd" => (vec![x(), int(&[3], &[2, 0, 2])], r#"{"shape":[4,4]}"#),
        "flip" => (vec![x()], r#"{"axis":1}"#),
        "gather" => (vec![x(), int(&[2], &[2, 0])], r#"{"axis":0,"strict":false}"#),
        "matmul" => (vec![x(), x()], r#"{"transposeA":false,"transposeB":true}"#),
        "linear" => (vec![x(), tensor(&[4, 2], 2), tensor(&[2], 3)], "{}"),
        "dropout" => (vec![x()], r#"{"rate":0.5,"stream":3}"#),
        "uniform" => (vec![x()], r#"{"stream":3,"shape":[-2,1]}"#),
        "normal" => (vec![x()], r#"{"stream":3,"shape":[-2,1]}"#),
        "positions" => (vec![x()], r#"{"axis":0}"#),
        "expandDims" => (vec![x()], r#"{"axis":-1}"#),
        "mergeTime" => (vec![tensor(&[2, 3, 4], 1)], "{}"),
        "splitTime" => (vec![tensor(&[6, 4], 1), tensor(&[2, 3, 1], 2)], "{}"),
        "squeeze" => (vec![tensor(&[3, 1, 2], 1)], r#"{"axis":1}"#),
        "topK" => (vec![x()], r#"{"k":2,"largest":true}"#),
        "takeAlong" => (vec![x(), int(&[3, 2], &[2, 0, 1, 1, 3, 2])], "{}"),
        "dropoutMask" => (vec![x()], r#"{"rate":0.5,"stream":3,"shape":[-2,1]}"#),
        "batchNorm" | "layerNorm" => {
            (vec![x(), vector(2), vector(3)], r#"{"epsilon":0.1,"scale":true,"center":true}"#)
        }
        "batchNormInference" => {
            (vec![x(), vector(2), vector(3), vector(4), vector(5)], r#"{"epsilon":0.1,"axis":-1}"#)
        }
        "softmaxCrossEntropy" => {
            (vec![x(), int(&[3], &[0, 3, 1])], r#"{"sparse":true,"smoothing":0}"#)
        }
        "sigmoidCrossEntropy" => (vec![x(), positive(&[3, 4], 2)], "{}"),
        "attention" => (
            vec![tensor(&[2, 3, 4], 1), tensor(&[2, 5, 4], 2), tensor(&[2, 5, 6], 3)],
            r#"{"heads":2,"scale":0.5,"causal":false,"masked":false,"rate":0,"stream":0}"#,
        ),
        "lstm" => (recurrent(4), RECURRENT),
        "gru" => (recurrent(3), RECURRENT),
        "simpleRnn" => (recurrent(1), RECURRENT),
        _ => (vec![x()], "{}"),
    }
}

const RECURRENT: &str = r#"{"activation":"tanh","recurrentActivation":"sigmoid","reverse":false,"aligned":true,
    "biased":false,"stated":false,"masked":false,"inputDropped":false,"dropped":false,"resetAfter":true}"#;

/// x and the kernels of a recurrent layer.
fn recurrent(gates: usize) -> Vec<Tensor> {
    vec![tensor(&[2, 3, 4], 1), tensor(&[4, gates * 2], 2), tensor(&[2, gates * 2], 3)]
}

/// A graph with the op called `name`, its inputs, and all its outputs.
fn applied(name: &str) -> (Graph, Vec<Value>, Vec<Value>) {
    let (inputs, with) = sample(name);
    let mut graph = Graph::new();
    let inputs: Vec<Value> = inputs.into_iter().map(|x| graph.constant(x).unwrap()).collect();
    let outputs = graph.call(name, &inputs, &Attributes::parse(with).unwrap());
    (graph, inputs, outputs.unwrap_or_else(|error| panic!("{name}: {error}")))
}

#[test]
fn names_are_found_and_unique() {
    let names = ops::names();
    assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    for name in names {
        let (graph, _, outputs) = applied(name);
        let own = graph.node(outputs[0]).op.name();
        // Shapes given by another tensor make the same ops as shapes given by numbers.
        let expected = match name {
            "reshapeLike" | "reshapeBy" | "expandDims" | "squeeze" | "mergeTime" | "splitTime" => {
                "reshape"
            }
            "broadcastLike" => "broadcastTo",
            name => name,
        };
        assert_eq!(own, expected);
    }
    let error = Graph::new().call("add2", &[], &Attributes::default()).unwrap_err();
    assert_eq!((error.code, &*error.message), (Code::Argument, "there is no op 'add2'"));
}

#[test]
fn every_op_runs() {
    for name in ops::names() {
        let (graph, _, outputs) = applied(name);
        let (graph, roots) = expand(&graph, &outputs[..1]).unwrap();
        let y =
            evaluate(&graph, &roots).unwrap_or_else(|error| panic!("{name}: {error}")).remove(0);
        assert!(y.dtype != DType::F32 || y.as_f32().iter().all(|x| x.is_finite()), "{name}: {y:?}");
    }
}

#[test]
fn every_op_says_its_gradient() {
    for name in ops::names() {
        let (mut graph, inputs, outputs) = applied(name);
        let y = graph.cast(outputs[0], DType::F32).unwrap();
        let loss = graph.reduce(Kind::Sum, y, None, false).unwrap();
        let roots = [&[loss][..], &inputs].concat();
        let (mut graph, roots) = expand(&graph, &roots).unwrap();
        let found = gradients(&mut graph, roots[0], &roots[1..]);
        let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found.iter().all(Option::is_none), FLAT.contains(&name), "{name}");
        for (gradient, input) in found.iter().zip(&roots[1..]) {
            let Some(gradient) = gradient else { continue };
            assert_eq!(graph.value_type(*gradient), graph.value_type(*input), "{name}");
        }
    }
}

#[test]
fn every_op_says_its_onnx_form() {
    let header = Header {
        name: "one".into(),
        opset: 17,
        version: "0".into(),
        doc: String::new(),
        metadata: Vec::new(),
        labels: Vec::new(),
    };
    for name in ops::names() {
        let (graph, _, outputs) = applied(name);
        let written = export(&graph, &[("y".to_owned(), outputs[0])], &header);
        match written {
            Ok(_) => assert!(!WITHOUT_ONNX.contains(&name), "{name} has a form"),
            Err(error) => {
                assert!(WITHOUT_ONNX.contains(&name), "{name}: {error}");
                let own = graph.node(outputs[0]).op.name();
                let expected = format!("'{own}' cannot be written as ONNX");
                assert_eq!((error.code, error.message), (Code::Export, expected));
            }
        }
    }
}

/// Dropout of whole rows: the mask is shaped like a layer's output, and depends on nothing in it.
#[test]
fn gradients_pass_beside_a_mask() {
    let mut graph = Graph::new();
    let x = graph.constant(positive(&[3, 4], 1)).unwrap();
    let w = graph.constant(tensor(&[4, 2], 2)).unwrap();
    let h = graph.linear(x, w, None).unwrap();
    let with = Attributes::parse(r#"{"rate":0.5,"stream":3,"shape":[-2,1]}"#).unwrap();
    let mask = graph.call("dropoutMask", &[h], &with).unwrap()[0];
    let y = graph.mul(h, mask).unwrap();
    let loss = graph.reduce(Kind::Sum, y, None, false).unwrap();
    let found = gradients(&mut graph, loss, &[w]).unwrap()[0].unwrap();
    let results = evaluate(&graph, &[found, mask, x]).unwrap();
    let [found, mask, x] = results.as_slice() else { panic!("three results") };
    assert!(mask.as_f32().contains(&2.0), "{mask:?}");
    for (at, &got) in found.as_f32().iter().enumerate() {
        // d Σ mask·(x·w) / dw = xᵀ·mask, in exact multiples of x.
        let want: f32 = (0..3).map(|i| x.as_f32()[i * 4 + at / 2] * mask.as_f32()[i]).sum();
        assert!((got - want).abs() < 1e-6, "{got} for {want}");
    }
}
