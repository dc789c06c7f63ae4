//! Models that runtimes would refuse are refused; the rest come out as they went in.

use super::*;

const X: &[Dim] = &[Dim::Fixed(2)];

/// `y = relu(x)`, to which a test adds its mistake.
fn relu() -> ModelBuilder {
    let mut model = ModelBuilder::new("net", 17, "0");
    model.input("x", DataType::Float, X).node("Relu", "relu", &["x"], &["y"], vec![], None).output(
        "y",
        DataType::Float,
        X,
    );
    model
}

fn error(change: impl FnOnce(&mut ModelBuilder) -> &mut ModelBuilder) -> ModelError {
    let mut model = relu();
    change(&mut model);
    model.finish().unwrap_err()
}

fn decoded(model: ModelBuilder) -> proto::GraphProto {
    let bytes = model.finish().unwrap();
    proto::ModelProto::decode(bytes.as_slice()).unwrap().graph.unwrap()
}

#[test]
fn writes_the_bytes_of_the_format() {
    let expected = [
        &[0x08, 8][..],                // ir_version
        b"\x12\x09ridgeline\x1a\x010", // producer_name, producer_version
        b"\x3a\x3d",                   // graph
        b"\x0a\x12",                   // … node
        b"\x0a\x01x\x12\x01y\x1a\x04relu\x22\x04Relu",
        b"\x12\x03net", // … name
        b"\x5a\x11",    // … input
        b"\x0a\x01x\x12\x0c\x0a\x0a\x08\x01\x12\x06\x0a\x04\x12\x02bs",
        b"\x62\x0f", // … output
        b"\x0a\x01y\x12\x0a\x0a\x08\x08\x01\x12\x04\x0a\x02\x08\x02",
        b"\x42\x04\x0a\x00\x10\x11", // opset_import
    ];
    let mut model = ModelBuilder::new("net", 17, "0");
    model
        .input("x", DataType::Float, &[Dim::Symbol("bs".into())])
        .node("Relu", "relu", &["x"], &["y"], vec![], None)
        .output("y", DataType::Float, X);
    assert_eq!(model.finish().unwrap(), expected.concat());
}

#[test]
fn stores_constants_little_endian() {
    let mut model = relu();
    model
        .initializer_f32("f", &[1, 2], &[1.0, -2.5], Some("dense/bias"))
        .initializer_i32("i", &[1], &[-2], None)
        .initializer_i64("l", &[], &[1 << 32], None)
        .initializer_bool("b", &[3], &[true, false, true], None)
        .initializer_f32("none", &[0, 4], &[], None);
    let tensors = decoded(model).initializer;
    let found = tensors.iter().map(|tensor| {
        (tensor.data_type.unwrap(), tensor.dims.as_slice(), tensor.raw_data.as_deref().unwrap())
    });
    let expected: [(i32, &[i64], &[u8]); 5] = [
        (1, &[1, 2], &[0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0]),
        (6, &[1], &[0xfe, 0xff, 0xff, 0xff]),
        (7, &[], &[0, 0, 0, 0, 1, 0, 0, 0]),
        (9, &[3], &[1, 0, 1]),
        (1, &[0, 4], &[]),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(tensors[0].doc_string.as_deref(), Some("dense/bias"));
}

#[test]
fn stores_attributes_with_their_type_even_when_zero() {
    let mut model = relu();
    let attributes = vec![
        ("int", Attribute::Int(0)),
        ("ints", Attribute::Ints(vec![1, -1])),
        ("float", Attribute::Float(0.0)),
        ("floats", Attribute::Floats(vec![0.5])),
        ("string", Attribute::String("tanh".into())),
        ("tensor", Attribute::Tensor(Tensor::i64(&[1], &[3]))),
        ("strings", Attribute::Strings(vec!["f".into(), "g".into()])),
    ];
    model.node("Op", "op", &["x", "", "y"], &["", "z"], attributes, Some("why"));
    let node = decoded(model).node.pop().unwrap();
    assert_eq!(node.input, ["x", "", "y"]);
    assert_eq!(node.output, ["", "z"]);
    assert_eq!(node.doc_string.as_deref(), Some("why"));
    let types = node.attribute.iter().map(|attribute| attribute.r#type.unwrap());
    assert_eq!(types.collect::<Vec<_>>(), [2, 7, 1, 6, 3, 4, 8]);
    assert_eq!(node.attribute[0].i, Some(0));
    assert_eq!(node.attribute[1].ints, [1, -1]);
    assert_eq!(node.attribute[2].f, Some(0.0));
    assert_eq!(node.attribute[3].floats, [0.5]);
    assert_eq!(node.attribute[4].s.as_deref(), Some(&b"tanh"[..]));
    assert_eq!(node.attribute[5].t.as_ref().unwrap().dims, [1]);
    assert_eq!(node.attribute[6].strings, [b"f", b"g"]);
}

#[test]
fn makes_node_names_unique() {
    let mut model = relu();
    for (name, output) in [("relu", "a"), ("relu_1", "b"), ("relu", "c"), ("", "d")] {
        model.node("Relu", name, &["x"], &[output], vec![], None);
    }
    let names = decoded(model).node.into_iter().map(|node| node.name.unwrap());
    let expected = ["relu", "relu_1", "relu_1_1", "relu_2", "Relu"];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

#[test]
fn gives_the_same_bytes_for_the_same_calls() {
    let build = || {
        let mut model = relu();
        for index in 0..50 {
            model.initializer_f32(&format!("w{index}"), &[1], &[index as f32], None);
            model.metadata(&format!("k{index}"), "v");
            model.node("Relu", "relu", &["x"], &[&format!("v{index}")], vec![], None);
        }
        model.finish().unwrap()
    };
    assert_eq!(build(), build());
}

#[test]
fn refuses_values_that_are_not_assigned_exactly_once_before_use() {
    let duplicate = |name: &str| ModelError::DuplicateValue { name: name.into() };
    let input = error(|model| model.input("x", DataType::Float, X));
    assert_eq!(input, duplicate("x"));
    let constant = error(|model| model.initializer_f32("x", &[1], &[0.0], None));
    assert_eq!(constant, duplicate("x"));
    let result = error(|model| model.node("Relu", "", &["x"], &["y"], vec![], None));
    assert_eq!(result, duplicate("y"));
    assert_eq!(
        error(|model| {
            model.node("Relu", "first", &["late"], &["z"], vec![], None);
            model.node("Relu", "second", &["x"], &["late"], vec![], None)
        }),
        ModelError::UndefinedInput { node: "first".into(), input: "late".into() }
    );
    assert_eq!(
        error(|model| model.output("z", DataType::Float, X)),
        ModelError::UndefinedOutput { name: "z".into() }
    );
    assert_eq!(
        error(|model| model.output("y", DataType::Float, X)),
        ModelError::DuplicateOutput { name: "y".into() }
    );
}

#[test]
fn refuses_constants_that_do_not_fill_their_shape() {
    let short = error(|model| model.initializer_f32("w", &[2, 2], &[0.0; 3], None));
    let (dims, expected, actual) = (vec![2, 2], 16, 12);
    assert_eq!(short, ModelError::TensorSize { name: "w".into(), dims, expected, actual });
    for dims in [vec![-1, -1], vec![i64::MAX, 8]] {
        let wrong = error(|model| model.initializer_f32("w", &dims, &[0.0], None));
        assert_eq!(wrong, ModelError::Shape { name: "w".into(), dims });
    }
    let tensor = Attribute::Tensor(Tensor::i32(&[2], &[1]));
    let attribute =
        error(|model| model.node("Constant", "", &[], &["c"], vec![("value", tensor)], None));
    assert!(matches!(attribute, ModelError::TensorSize { .. }), "{attribute}");
}

#[test]
fn refuses_missing_and_repeated_names() {
    let unnamed = |what| ModelError::Unnamed { what };
    let input = error(|model| model.input("", DataType::Float, X));
    assert_eq!(input, unnamed("an input"));
    let symbol = [Dim::Symbol(String::new())];
    let dim = error(|model| model.input("z", DataType::Float, &symbol));
    assert_eq!(dim, unnamed("a symbolic dimension"));
    let negative = error(|model| model.input("z", DataType::Float, &[Dim::Fixed(-1)]));
    assert_eq!(negative, ModelError::Shape { name: "z".into(), dims: vec![-1] });
    let constant = error(|model| model.initializer_f32("", &[], &[0.0], None));
    assert_eq!(constant, unnamed("an initializer"));
    let operator = error(|model| model.node("", "", &["x"], &["z"], vec![], None));
    assert_eq!(operator, unnamed("an operator"));
    let twice = vec![("axis", Attribute::Int(0)), ("axis", Attribute::Int(1))];
    let attribute = error(|model| model.node("Op", "op", &["x"], &["z"], twice, None));
    let (node, name) = ("op".into(), "axis".into());
    assert_eq!(attribute, ModelError::DuplicateAttribute { node, attribute: name });
    let metadata = error(|model| model.metadata("k", "1").metadata("k", "2"));
    assert_eq!(metadata, ModelError::DuplicateMetadata { key: "k".into() });
}
