"""layers.json: one call of one layer, forward and backward, for every option that changes what it computes.

The gradients are those of sum(outputs * outputGradient) + activityPenalty.
"""

import jax
import jax.numpy as jnp
import keras

from common import double_precision, generator, make_layer, named, normal, randomize, tensor, text, write

DENSE_ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid", "softmax", "gelu", "elu", "selu", "softplus", "softsign", "silu",
                     "hardSigmoid", "exponential", "leakyRelu", "mish", "logSoftmax"]  # fmt: skip


def dense():
    for units, shape in [(4, [3, 5]), (1, [1, 3]), (3, [2, 3, 4]), (2, [2, 2, 3, 2])]:
        yield "dense", {"units": units}, [shape]
        yield "dense", {"units": units, "useBias": False}, [shape]
    for name in DENSE_ACTIVATIONS:
        yield "dense", {"units": 4, "activation": name}, [[3, 5]]
        yield "dense", {"units": 3, "activation": name}, [[2, 3, 2]]
    yield "dense", {"units": 4, "activation": "relu", "useBias": False}, [[3, 5]]
    for penalty in [{"name": "l1", "l1": 0.02}, {"name": "l2", "l2": 0.03}, {"name": "l1L2", "l1": 0.02, "l2": 0.03}]:
        yield "dense", {"units": 4, "activityRegularizer": penalty}, [[3, 5]]
        yield "dense", {"units": 4, "activation": "tanh", "activityRegularizer": penalty}, [[2, 3, 5]]


def normalizing():
    axes = [({}, [[6, 4], [3, 4, 2], [2, 3, 2, 4]]), ({"axis": 1}, [[6, 4], [3, 4, 2], [2, 3, 2, 4]])]
    variations = [{"center": False}, {"scale": False}, {"center": False, "scale": False}, {"epsilon": 0.1}]
    for axis, shapes in axes:
        for shape in shapes:
            yield "batchNormalization", axis, [shape]
    for variation in [*variations, {"momentum": 0.5}]:
        yield "batchNormalization", variation, [[6, 4]]
        yield "batchNormalization", {"axis": 1, **variation}, [[3, 4, 2]]
    renorm = {"renorm": True, "renormMomentum": 0.7}
    clipping = {"rmax": 1.2, "rmin": 0.8, "dmax": 0.5}
    for variation in [{}, {"renormClipping": clipping}, {"renormClipping": {"dmax": 0.1}, "momentum": 0.5, "epsilon": 0.1}, *variations[:3]]:
        yield "batchNormalization", {**renorm, **variation}, [[6, 4]]
    yield "batchNormalization", {"axis": 1, **renorm, "renormClipping": clipping}, [[3, 4, 2]]
    for shape in [[4, 6], [2, 3, 4], [2, 3, 2, 4]]:
        yield "layerNormalization", {}, [shape]
    for axis, shape in [([1, 2], [3, 2, 4]), ([-2, -1], [2, 3, 2, 4]), ([1, 2, 3], [2, 3, 2, 4]), (1, [2, 3, 4])]:
        yield "layerNormalization", {"axis": axis}, [shape]
    for variation in variations:
        yield "layerNormalization", variation, [[4, 6]]
        yield "layerNormalization", {"axis": [1, 2], **variation}, [[3, 2, 4]]


def activating():
    yield "softmax", {}, [[3, 5]]
    yield "softmax", {}, [[2, 3, 4]]
    yield "softmax", {"axis": 1}, [[2, 3, 4]]
    yield "softmax", {"axis": [1, 2]}, [[2, 3, 4]]
    for config in [{}, {"maxValue": 1.0}, {"negativeSlope": 0.1}, {"threshold": 0.5}]:
        yield "relu", config, [[4, 6]]
    yield "relu", {"maxValue": 1.0, "negativeSlope": 0.1, "threshold": 0.5}, [[4, 6]]
    yield "relu", {"maxValue": 0.75, "threshold": 0.25}, [[2, 3, 4]]
    yield "leakyRelu", {}, [[4, 6]]
    yield "leakyRelu", {"negativeSlope": 0.01}, [[2, 3, 4]]
    yield "prelu", {}, [[4, 6]]
    yield "prelu", {}, [[2, 3, 4]]
    yield "prelu", {"sharedAxes": [1]}, [[2, 3, 4]]
    yield "prelu", {"sharedAxes": [1, 2]}, [[2, 3, 2, 4]]
    yield "elu", {}, [[4, 6]]
    yield "elu", {"alpha": 0.5}, [[2, 3, 4]]
    for name in ["relu", "softmax", "gelu", "hardSilu"]:
        yield "activation", {"activation": name}, [[2, 3, 4]]


def shaping():
    for shape in [[4, 3], [2, 3, 4], [2, 3, 2, 2], [5]]:
        yield "flatten", {}, [shape]
    for target, shape in [([2, 3], [2, 6]), ([-1, 2], [2, 3, 4]), ([3, -1], [2, 6]), ([-1], [2, 3, 2]), ([2, -1, 1], [3, 4])]:
        yield "reshape", {"targetShape": target}, [shape]


def merging():
    yield "add", {}, [[2, 3], [2, 3]]
    yield "add", {}, [[2, 3, 4], [2, 3, 4], [2, 3, 4]]
    yield "add", {}, [[2, 3, 4], [2, 1, 4]]
    yield "add", {}, [[2, 3, 1], [2, 1, 4], [2, 1, 1]]
    yield "add", {}, [[2, 4], [2, 3, 4]]
    yield "concatenate", {}, [[2, 3], [2, 1], [2, 2]]
    yield "concatenate", {}, [[2, 3, 2], [2, 3, 4]]
    yield "concatenate", {"axis": 1}, [[2, 3, 2], [2, 1, 2]]
    yield "concatenate", {"axis": -2}, [[2, 1, 2, 3], [2, 1, 4, 3]]


def also_merging():
    for name in ["multiply", "average", "maximum", "minimum"]:
        yield name, {}, [[2, 3, 4], [2, 3, 4], [2, 3, 4]]
        yield name, {}, [[2, 4], [2, 3, 4]]
    yield "subtract", {}, [[2, 3], [2, 3]]
    yield "subtract", {}, [[2, 3, 4], [2, 1, 4]]
    for config, shapes in [
        ({"axes": 1}, [[3, 4], [3, 4]]),
        ({"axes": -1, "normalize": True}, [[3, 4], [3, 4]]),
        ({"axes": [1, 2]}, [[2, 4], [2, 3, 4]]),
        ({"axes": [2, 1]}, [[2, 3, 4], [2, 4, 5]]),
        ({"axes": [1, -1], "normalize": True}, [[2, 4, 3], [2, 5, 4]]),
        ({"axes": [2, 1]}, [[2, 3, 4, 2], [2, 4, 5]]),
    ]:
        yield "dot", config, shapes


def more():
    yield "identity", {"activityRegularizer": {"name": "l2", "l2": 0.03}}, [[3, 4]]
    for config in [{"l1": 0.1}, {"l2": 0.2}, {"l1": 0.1, "l2": 0.2}]:
        yield "activityRegularization", config, [[3, 4]]
    yield "permute", {"dims": [2, 1]}, [[2, 3, 4]]
    yield "permute", {"dims": [3, 1, 2]}, [[2, 3, 4, 2]]
    yield "repeatVector", {"n": 3}, [[2, 4]]
    for config, shape in [({}, [3, 4]), ({"axis": 1}, [2, 3, 4]), ({"axis": [1, 2]}, [2, 3, 4])]:
        yield "unitNormalization", config, [shape]
    for config, shape in [({}, [3, 4]), ({"axis": 1}, [2, 3, 4]), ({"epsilon": 0.1}, [2, 3, 4])]:
        # Keras spreads the scale over the last axis, whatever the axis is.
        if "axis" not in config:
            yield "rmsNormalization", config, [shape]
    for config, shape in [
        ({"groups": 2}, [3, 4]),
        ({"groups": 2}, [2, 3, 4]),
        ({"groups": -1}, [2, 3, 4]),
        ({"groups": 1, "epsilon": 0.1}, [2, 3, 4]),
        ({"groups": 3, "axis": 1}, [2, 6, 4]),
        ({"groups": 2, "axis": 2}, [2, 3, 4, 2]),
        ({"groups": 2, "center": False}, [3, 8]),
        ({"groups": 2, "scale": False}, [2, 3, 4]),
        ({"groups": 2, "center": False, "scale": False}, [3, 8]),
    ]:
        yield "groupNormalization", config, [shape]
    for name in ["gaussianDropout", "alphaDropout", "spatialDropout1d"]:
        yield name, {"rate": 0.4}, [[2, 3, 4]]
    yield "gaussianNoise", {"stddev": 0.4}, [[2, 3, 4]]


def scaling():
    last = {"mean": [0.5, -1.0, 2.0], "variance": [4.0, 0.25, 1.5]}
    yield "normalization", {"axis": None, "mean": 0.5, "variance": 2.25}, [[3, 4]]
    yield "normalization", last, [[4, 3]]
    yield "normalization", {"axis": -1, **last}, [[2, 2, 3]]
    yield "normalization", {"axis": 1, **last}, [[2, 3, 2]]
    grid = {"mean": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], "variance": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}
    yield "normalization", {"axis": [1, 2], **grid}, [[2, 2, 3]]
    yield "normalization", {"axis": -1, **last, "invert": True}, [[4, 3]]
    yield "normalization", {"axis": -1, "mean": [0.5, 0.0], "variance": [0.0, 1.0]}, [[3, 2]]
    yield "rescaling", {"scale": 0.25}, [[3, 4]]
    yield "rescaling", {"scale": 2.0, "offset": -1.5}, [[2, 3, 2]]
    yield "dropout", {"rate": 0.4}, [[3, 4]]


def run(layer, config, shapes, training):
    mode = " training" if training else ""
    name = f"{layer} {text(config)} {' '.join(map(str, shapes))}{mode}"
    rng = generator(name)
    inputs = [jnp.asarray(normal(rng, shape), "float64") for shape in shapes]
    symbols = [keras.Input(batch_shape=shape) for shape in shapes]
    # Called inside a model, since stateless_call of a bare layer leaves the activity penalty out.
    model = keras.Model(symbols, make_layer(layer, config)(symbols if len(symbols) > 1 else symbols[0]))
    randomize(model, rng)
    weights = named(model.weights, model.get_weights())
    trainable = [variable.value for variable in model.trainable_variables]
    state = [variable.value for variable in model.non_trainable_variables]

    def call(trainable, inputs):
        outputs, state_after, losses = model.stateless_call(trainable, state, inputs, training=training, return_losses=True)
        return (outputs, sum(losses, jnp.float64(0))), state_after

    (outputs, penalty), backward, state_after = jax.vjp(call, trainable, inputs, has_aux=True)
    cotangent = normal(rng, outputs.shape)
    weight_gradients, input_gradients = backward((jnp.asarray(cotangent, outputs.dtype), jnp.ones_like(penalty)))
    return {
        "name": name,
        "layer": layer,
        "config": config,
        "training": training,
        "inputs": inputs,
        "weights": weights,
        "outputs": [outputs],
        "outputGradient": tensor(cotangent),
        "inputGradients": input_gradients,
        "weightGradients": named(model.trainable_weights, weight_gradients),
        "newState": named(model.non_trainable_weights, state_after) if training else [],
        "activityPenalty": penalty if "activityRegularizer" in config or layer == "activityRegularization" else None,
    }


def main():
    cases = []
    with double_precision():
        for family in [dense, normalizing, activating, shaping, merging, scaling, also_merging, more]:
            for layer, config, shapes in family():
                cases.append(run(layer, config, shapes, training=False))
                if layer == "batchNormalization":
                    cases.append(run(layer, config, shapes, training=True))
    write("layers", cases=cases)
