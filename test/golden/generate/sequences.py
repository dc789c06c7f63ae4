"""sequences.json: layers of sequences, with masks, states and the factors of dropout, forward and backward.

The gradients are those of the sum of outputs * outputGradients.
"""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from common import double_precision, generator, make_layer, named, normal, randomize, tensor, text, write

BATCH, TIME, FEATURES, UNITS = 4, 5, 3, 2
# All, padding behind, padding before, holes, nothing.
MASKS = {
    "full": [[1] * 5] * 4,
    "patterns": [[1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 0, 1], [0, 0, 0, 0, 0]],
}
X = [BATCH, TIME, FEATURES]


def case(layer, config, mask=None, states=0, inner=None, inputs=None, factors=None, training=False):
    return {"layer": layer, "config": config, "mask": mask, "states": states, "inner": inner, "inputs": inputs or [X], "factors": factors, "training": training}  # fmt: skip


def cells():
    for layer, states in [("lstm", 2), ("gru", 1), ("simpleRnn", 1)]:
        resets = [{}, {"resetAfter": False}] if layer == "gru" else [{}]
        for reset in resets:
            base = {"units": UNITS, **reset}
            for shown in [{}, {"returnSequences": True}, {"returnState": True}, {"returnSequences": True, "returnState": True}]:
                for backwards in [{}, {"goBackwards": True}]:
                    config = {**base, **shown, **backwards}
                    yield case(layer, config)
                    yield case(layer, config, mask="patterns", states=states)
            full = {**base, "returnSequences": True}
            yield case(layer, full, mask="full")
            yield case(layer, full, mask="patterns")
            yield case(layer, {**full, "zeroOutputForMask": True}, mask="patterns", states=states)
            yield case(layer, {**full, "zeroOutputForMask": True, "goBackwards": True}, mask="patterns")
            yield case(layer, {**full, "useBias": False}, states=states)
            for activation in ["relu", "linear", "sigmoid", "hardSigmoid", "elu", "softsign", "softplus"]:
                yield case(layer, {**full, "activation": activation}, states=states)
                if layer != "simpleRnn":
                    yield case(layer, {**full, "recurrentActivation": activation})
            # Those that the native op does not have.
            for activation in ["gelu", "silu", "selu", "leakyRelu"]:
                yield case(layer, {**full, "activation": activation}, mask="patterns", states=states)
                if layer != "simpleRnn":
                    yield case(layer, {**full, "recurrentActivation": activation, "goBackwards": True}, mask="patterns")
            for factors in ["inputs", "state", "both"]:
                yield case(layer, {**full, "activation": "silu"}, factors=factors, training=True, mask="patterns", states=states)
            yield case(layer, {**base, "activation": "silu", "useBias": False, "returnState": True, "goBackwards": True})
            for factors in ["inputs", "state", "both"]:
                yield case(layer, full, factors=factors, training=True)
                yield case(layer, {**full, "goBackwards": True}, factors=factors, training=True, mask="patterns", states=states)
    yield case("lstm", {"units": UNITS, "unitForgetBias": False})
    yield case("lstm", {"units": 20, "returnSequences": True}, mask="patterns", states=2)
    yield case("gru", {"units": 20, "returnSequences": True}, mask="patterns", states=1)


def wrappers():
    for inner, states in [("lstm", 4), ("gru", 2), ("simpleRnn", 2)]:
        for mode in ["concat", "sum", "mul", "ave", None]:
            for shown in [{}, {"returnSequences": True}]:
                yield case("bidirectional", {"mergeMode": mode}, inner=(inner, {"units": UNITS, **shown}))
                yield case("bidirectional", {"mergeMode": mode}, inner=(inner, {"units": UNITS, **shown}), mask="patterns", states=states)
        yield case("bidirectional", {}, inner=(inner, {"units": UNITS, "returnSequences": True, "returnState": True}), mask="patterns")
    yield case("timeDistributed", {}, inner=("dense", {"units": UNITS}), mask="patterns")
    yield case("timeDistributed", {}, inner=("layerNormalization", {}))


def others():
    for layer in ["globalAveragePooling1d", "globalMaxPooling1d"]:
        for config in [{}, {"keepdims": True}, {"dataFormat": "channelsFirst"}]:
            yield case(layer, config)
    yield case("globalAveragePooling1d", {}, mask="full")
    yield case("batchNormalization", {"momentum": 0.7}, mask="patterns", training=True)
    yield case("batchNormalization", {"scale": False}, mask="full", training=True)
    yield case("masking", {"maskValue": 0.5})
    yield case("softmax", {}, mask="patterns", inputs=[[BATCH, TIME]])


def object_of(of):
    if of["inner"] is None:
        return make_layer(of["layer"], of["config"])
    inner = make_layer(*of["inner"])
    if of["layer"] == "timeDistributed":
        return keras.layers.TimeDistributed(inner)
    config = {"merge_mode": of["config"]["mergeMode"]} if "mergeMode" in of["config"] else {}
    return keras.layers.Bidirectional(inner, **config)


def fixed_factors(layer, kind, rng):
    """Gives the cell the factors of dropout that are written down, and says the config that asks for as many."""
    cell, gates = layer.cell, {"lstm": 4, "gru": 3, "simple_rnn": 1}[layer.name.rstrip("_0123456789")]
    choose = lambda *shape: np.where(rng.random(shape) < 0.5, 0.0, 2.0)
    config = {}
    inputs = state = None
    if kind in ("state", "both"):
        state = choose(BATCH, gates, UNITS)
        config["recurrentDropout"] = cell.recurrent_dropout = 0.5
        cell.implementation = 1
        masks = [jnp.asarray(state[:, gate]) for gate in range(gates)]
        cell.get_recurrent_dropout_mask = lambda _: masks if gates > 1 else masks[0]
    if kind in ("inputs", "both"):
        inputs = choose(BATCH, gates if kind == "both" else 1, FEATURES)
        config["dropout"] = cell.dropout = 0.5
        masks_x = [jnp.asarray(inputs[:, gate]) for gate in range(inputs.shape[1])]
        cell.get_dropout_mask = lambda _: masks_x if kind == "both" and gates > 1 else masks_x[0]
    arrays = [array for array in [inputs, None if state is None else state.reshape(BATCH, 1, gates * UNITS)] if array is not None]
    return config, arrays


def run(of):
    name = text({key: value for key, value in of.items() if value})
    rng = generator(name)
    inputs = [jnp.asarray(normal(rng, shape), "float64") for shape in of["inputs"]]
    if of["layer"] == "masking":
        inputs = [inputs[0].at[1, 2:].set(0.5)]
    layer = object_of(of)
    layer.build(inputs[0].shape)
    for part in [layer, getattr(layer, "forward_layer", None), getattr(layer, "backward_layer", None)]:
        cell = getattr(part, "cell", None)
        # Keras' own narrows to float32.
        if cell is not None and cell.activation is keras.activations.tanh:
            cell.activation = jnp.tanh
    randomize(layer, rng)
    config, factors = dict(of["config"]), []
    if of["factors"]:
        more, factors = fixed_factors(layer, of["factors"], rng)
        config |= more
    states = [jnp.asarray(normal(rng, [BATCH, UNITS if of["config"].get("units", UNITS) == UNITS else 20]), "float64") for _ in range(of["states"])]
    mask = None if of["mask"] is None else jnp.asarray(MASKS[of["mask"]], "bool")
    trainable = [variable.value for variable in layer.trainable_variables]
    state = [variable.value for variable in layer.non_trainable_variables]
    options = {}
    if mask is not None:
        options["mask"] = mask

    def call(trainable, x, states):
        given = {**options, **({"initial_state": states} if states else {})}
        try:
            outputs, after = layer.stateless_call(trainable, state, x, training=of["training"], **given)
        except TypeError:
            outputs, after = layer.stateless_call(trainable, state, x, **given)
        return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs], after

    outputs, backward, after = jax.vjp(call, trainable, inputs[0], states, has_aux=True)
    cotangents = [normal(rng, output.shape) for output in outputs]
    gradients = backward([jnp.asarray(cotangent, output.dtype) for cotangent, output in zip(cotangents, outputs)])
    gives = layer.compute_mask(inputs[0], mask) if mask is not None or of["layer"] == "masking" else None
    if isinstance(gives, (list, tuple)):
        gives = gives[0]
    return {
        "name": name,
        "layer": of["layer"],
        "config": config,
        "inner": None if of["inner"] is None else {"layer": of["inner"][0], "config": of["inner"][1]},
        "training": of["training"],
        "input": inputs[0],
        "mask": None if mask is None else np.asarray(mask, "int32"),
        "states": states,
        "factors": [np.asarray(array, "float32") for array in factors],
        "weights": named(layer.weights, layer.get_weights()),
        "outputs": outputs,
        "outputGradients": [tensor(cotangent) for cotangent in cotangents],
        "inputGradient": gradients[1],
        "stateGradients": gradients[2],
        "weightGradients": named(layer.trainable_weights, gradients[0]),
        "newState": [entry for entry in named(layer.non_trainable_variables, after) if entry["name"].startswith("moving")] if of["training"] else [],
        "outputMask": None if gives is None else np.asarray(gives, "int32"),
    }


def main():
    with double_precision():
        write("sequences", cases=[run(of) for family in [cells, wrappers, others] for of in family()])
