"""fit.json: what `fit` and `evaluate` do around the training step: partial batches, splits, weights, penalties and
metrics, all with shuffle off."""

import numpy as np

from common import generator, named, normal, randomize, snake, uniform, write
from nets import build, compile_model

L2 = {"name": "l2", "l2": 0.02}
L1 = {"name": "l1", "l1": 0.01}


def classifier(units=3, activation="softmax", **config):
    return [
        {"layer": "dense", "config": {"units": 6, "activation": "tanh", **config}},
        {"layer": "dense", "config": {"units": units, "activation": activation, **config}},
    ]


def one_hot(rng, rows):
    return np.eye(3, dtype="float32")[rng.integers(3, size=rows)]


def sparse(rng, rows):
    return rng.integers(3, size=[rows, 1]).astype("int32")


def binary(rng, rows):
    return rng.integers(2, size=[rows, 1]).astype("float32")


def real(rng, rows):
    return normal(rng, [rows, 2])


SOFTMAX = {"layers": classifier(), "loss": "categoricalCrossentropy", "metrics": ["accuracy"], "y": one_hot}
SPARSE = {"layers": classifier(), "loss": "sparseCategoricalCrossentropy", "metrics": ["accuracy"], "y": sparse}
SIGMOID = {"layers": classifier(1, "sigmoid"), "loss": "binaryCrossentropy", "metrics": ["accuracy", "binaryAccuracy"], "y": binary}
LINEAR = {
    "layers": classifier(2, "linear"),
    "loss": "meanSquaredError",
    "metrics": ["meanAbsoluteError", "meanSquaredError"],
    "y": real,
}
NORMALIZED = {
    **SOFTMAX,
    "layers": [
        {"layer": "dense", "config": {"units": 6, "useBias": False, "kernelRegularizer": L2}},
        {"layer": "batchNormalization", "config": {"momentum": 0.8}},
        {"layer": "activation", "config": {"activation": "relu"}},
        {"layer": "layerNormalization", "config": {}},
        {"layer": "dense", "config": {"units": 3, "activation": "softmax", "kernelRegularizer": L1}},
    ],
}
# Wide enough for gradients that are only computed where ReLU lets them through.
WIDE = {
    **LINEAR,
    "layers": [
        {"layer": "dense", "config": {"units": 8, "useBias": False, "kernelRegularizer": L2}},
        {"layer": "batchNormalization", "config": {}},
        {"layer": "activation", "config": {"activation": "relu"}},
        {"layer": "dense", "config": {"units": 200, "useBias": False}},
        {"layer": "batchNormalization", "config": {}},
        {"layer": "activation", "config": {"activation": "relu"}},
        {"layer": "dense", "config": {"units": 2}},
    ],
}
SGD = {"name": "sgd", "learningRate": 0.1, "momentum": 0.5}
ADAM = {"name": "adam", "learningRate": 0.02}

# 22 rows in batches of 8 leave a partial batch of 6; a split of 0.3 leaves 15 rows, a partial batch of 7, and 7 to validate.
CASES = [
    ("one batch is all", SOFTMAX, {"batchSize": 22, "epochs": 3}, {}),
    ("last batch is partial", SOFTMAX, {"batchSize": 8, "epochs": 3}, {}),
    ("last batch is partial, regression", LINEAR, {"batchSize": 8, "epochs": 3}, {}),
    ("batches of one", LINEAR, {"batchSize": 1, "epochs": 1}, {}),
    ("validation split", SOFTMAX, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {}),
    ("validation split, regression", LINEAR, {"batchSize": 4, "epochs": 3, "validationSplit": 0.25}, {}),
    ("validation batches of another size", SOFTMAX, {"batchSize": 8, "epochs": 2, "validationSplit": 0.3, "validationBatchSize": 3}, {}),
    ("validation every second epoch", SOFTMAX, {"batchSize": 8, "epochs": 5, "validationSplit": 0.3, "validationFreq": 2}, {}),
    ("initial epoch", SOFTMAX, {"batchSize": 8, "epochs": 5, "initialEpoch": 3}, {}),
    ("validation data", SOFTMAX, {"batchSize": 8, "epochs": 2}, {"validation": "plain"}),
    ("validation data with weights", SOFTMAX, {"batchSize": 8, "epochs": 2}, {"validation": "weighted"}),
    ("sample weights", SOFTMAX, {"batchSize": 8, "epochs": 3}, {"sample_weight": True}),
    ("sample weights and split", LINEAR, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {"sample_weight": True}),
    ("weighted metrics", SOFTMAX, {"batchSize": 8, "epochs": 2}, {"sample_weight": True, "weighted": ["categoricalAccuracy"]}),
    ("class weights", SOFTMAX, {"batchSize": 8, "epochs": 3, "classWeight": {"0": 0.5, "1": 2.0, "2": 3.0}}, {}),
    ("class weights, one missing", SOFTMAX, {"batchSize": 8, "epochs": 3, "classWeight": {"0": 0.5, "2": 3.0}}, {}),
    ("class weights, sparse", SPARSE, {"batchSize": 8, "epochs": 3, "classWeight": {"0": 0.5, "1": 2.0, "2": 3.0}}, {}),
    ("class weights, binary", SIGMOID, {"batchSize": 8, "epochs": 3, "classWeight": {"0": 0.5, "1": 4.0}}, {}),
    ("class weights and split", SOFTMAX, {"batchSize": 8, "epochs": 2, "validationSplit": 0.3, "classWeight": {"0": 0.5, "1": 3.0}}, {}),
    ("sparse labels", SPARSE, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {}),
    ("binary labels", SIGMOID, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {}),
    ("penalties in the losses", {**SOFTMAX, "layers": classifier(kernelRegularizer=L2, biasRegularizer=L1)},
     {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {}),
    ("activity penalty in the losses", {**SOFTMAX, "layers": classifier(activityRegularizer=L2)},
     {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {}),
    ("penalties and sample weights", {**LINEAR, "layers": classifier(2, "linear", kernelRegularizer=L1)},
     {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {"sample_weight": True}),
    ("moving statistics", NORMALIZED, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {}),
    ("moving statistics, adam", NORMALIZED, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {"optimizer": ADAM}),
    ("wide layers", WIDE, {"batchSize": 8, "epochs": 3}, {"optimizer": {"name": "sgd", "learningRate": 0.002}}),
    ("mean absolute error", {**LINEAR, "loss": "meanAbsoluteError"}, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {}),
    ("label smoothing", {**SOFTMAX, "loss": {"name": "categoricalCrossentropy", "labelSmoothing": 0.1}},
     {"batchSize": 8, "epochs": 3, "validationSplit": 0.3}, {}),
    ("averages at the end", NORMALIZED, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3},
     {"optimizer": {**ADAM, "useEma": True, "emaMomentum": 0.9}}),
    ("averages at the end and between", SOFTMAX, {"batchSize": 8, "epochs": 3, "validationSplit": 0.3},
     {"optimizer": {**SGD, "useEma": True, "emaMomentum": 0.7, "emaOverwriteFrequency": 4}}),
    ("adam", SOFTMAX, {"batchSize": 8, "epochs": 4, "validationSplit": 0.3}, {"optimizer": ADAM}),
]  # fmt: skip


def fit_arguments(options, sample_weight, validation):
    arguments = {snake(key): value for key, value in options.items()}
    if "class_weight" in arguments:
        arguments["class_weight"] = {int(label): weight for label, weight in arguments["class_weight"].items()}
    if validation:
        present = [validation[key] for key in ("x", "y", "sampleWeight") if validation[key] is not None]
        arguments["validation_data"] = tuple(present)
    return {**arguments, "sample_weight": sample_weight}


def run(name, spec, options, extra):
    rng = generator(extra.get("data", name))
    rows = 22
    x, y = normal(rng, [rows, 4]), spec["y"](rng, rows)
    sample_weight = uniform(rng, 0.1, 3.0, [rows]) if extra.get("sample_weight") else None
    validation = None
    if "validation" in extra:
        weights = uniform(rng, 0.1, 3.0, [9]) if extra["validation"] == "weighted" else None
        validation = {"x": normal(rng, [9, 4]), "y": spec["y"](rng, 9), "sampleWeight": weights}
    optimizer, weighted = extra.get("optimizer", SGD), extra.get("weighted", [])

    model = compile_model(build(spec["layers"], [4]), spec["loss"], optimizer, spec["metrics"], weighted)
    randomize(model, rng)
    initial_weights = named(model.weights, model.get_weights())
    arguments = fit_arguments(options, sample_weight, validation)
    history = model.fit(x, y, shuffle=False, verbose=0, **arguments).history
    result = model.evaluate(x, y, batch_size=8, sample_weight=sample_weight, return_dict=True, verbose=0)
    return {
        "name": name,
        "inputShape": [4],
        "layers": spec["layers"],
        "loss": spec["loss"],
        "optimizer": optimizer,
        "metrics": spec["metrics"],
        "weightedMetrics": weighted,
        "initialWeights": initial_weights,
        "x": x,
        "y": y,
        "sampleWeight": sample_weight,
        "validationData": validation,
        "options": options,
        "history": {key: [np.float32(value) for value in values] for key, values in history.items()},
        "finalWeights": named(model.weights, model.get_weights()),
        "evaluate": {"batchSize": 8, "result": {key: np.float32(value) for key, value in result.items()}},
    }


def main():
    write("fit", cases=[run(*case) for case in CASES])
