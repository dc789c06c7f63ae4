"""attention.json: attention layers with masks of every kind, and dense layers by equations, forward and backward.

Keras takes another way where no scores are asked for, on which a query that sees nothing takes something; so scores are
always asked for here. The gradients are those of the sum of outputs * outputGradients.
"""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from common import double_precision, generator, make_layer, named, normal, randomize, tensor, text, write

BATCH, QUERIES, KEYS = 2, 4, 5
QUERY_MASK = [[1, 1, 1, 0], [0, 1, 1, 1]]
VALUE_MASK = [[1, 0, 1, 1, 0], [0, 0, 0, 0, 0]]
KEY_MASK = [[1, 1, 0, 1, 1], [1, 1, 1, 0, 1]]
PAIRS = [[[1, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 1, 0, 0, 0]], [[0, 1, 1, 0, 0]] * 4]
Q, K, V = [BATCH, QUERIES, 6], [BATCH, KEYS, 3], [BATCH, KEYS, 7]


def heads():
    base = {"numHeads": 2, "keyDim": 3}
    for config in [base, {**base, "valueDim": 4}, {**base, "useBias": False}, {**base, "outputShape": 5}, {**base, "outputShape": [2, 3]}, {"numHeads": 3, "keyDim": 20}]:  # fmt: skip
        for scores in [False, True]:
            yield "multiHeadAttention", config, [Q, V], {"returnAttentionScores": scores}
    masks = [{"queryMask": QUERY_MASK}, {"valueMask": VALUE_MASK}, {"keyMask": KEY_MASK}, {"attentionMask": PAIRS}, {"useCausalMask": True}]
    masks += [{"queryMask": QUERY_MASK, "valueMask": VALUE_MASK, "keyMask": KEY_MASK, "attentionMask": PAIRS, "useCausalMask": True}]
    for mask in masks:
        for scores in [False, True]:
            yield "multiHeadAttention", base, [Q, V, K], {**mask, "returnAttentionScores": scores}
            yield "groupQueryAttention", {"headDim": 3, "numQueryHeads": 4, "numKeyValueHeads": 2}, [Q, V, K], {**mask, "returnAttentionScores": scores}
    grouped = {"headDim": 3, "numQueryHeads": 4, "numKeyValueHeads": 2}
    for more in [{"slidingWindow": 2}, {"useGate": True}, {"useGate": True, "useBias": False, "slidingWindow": 1}]:
        for mask in [{}, {"useCausalMask": True}, {"valueMask": [[1, 0, 1, 1, 0], [1, 1, 1, 1, 1]]}]:
            yield "multiHeadAttention", {**base, "valueDim": 4, **more}, [Q, V], {**mask, "returnAttentionScores": True}
            yield "groupQueryAttention", {**grouped, **more}, [Q, V, K], {**mask, "returnAttentionScores": True}
    yield "groupQueryAttention", {"headDim": 2, "numQueryHeads": 3, "numKeyValueHeads": 1, "useBias": False}, [Q, V], {}
    grid = [[2, 3, 4, 5], [2, 3, 2, 5]]
    for axes, shapes in [(2, grid), ([2], grid), ([1, 2], grid), (1, [[2, 3, 4, 5], [2, 2, 4, 5]]), (None, grid)]:
        yield "multiHeadAttention", {**base, "attentionAxes": axes}, shapes, {}
        yield "multiHeadAttention", {**base, "attentionAxes": axes}, shapes, {"returnAttentionScores": True}


def scores():
    for layer, configs in [
        ("attention", [{}, {"useScale": True}, {"scoreMode": "concat"}, {"scoreMode": "concat", "useScale": True}]),
        ("additiveAttention", [{}, {"useScale": False}]),
    ]:
        for config in configs:
            q, k = [BATCH, QUERIES, 3], [BATCH, KEYS, 3]
            yield layer, config, [q, k], {}
            yield layer, config, [q, V, k], {"returnAttentionScores": True}
            visible = [[1, 0, 1, 1, 0], [0, 1, 0, 0, 0]]
            yield layer, config, [q, V, k], {"queryMask": QUERY_MASK, "valueMask": visible, "returnAttentionScores": True}
            yield layer, config, [q, V, k], {"useCausalMask": True}


def equations():
    for equation, shape, bias, given in [
        ("ab,bc->ac", 4, "c", [2, 3]),
        ("abc,cd->abd", [None, 4], "d", [2, 3, 5]),
        ("abc,cd->abd", [3, 4], None, [2, 3, 5]),
        ("abc,cde->abde", [None, 2, 4], "de", [2, 3, 5]),
        ("abc,cde->abde", [None, 2, 4], "e", [2, 3, 5]),
        ("abcd,cde->abe", [None, 4], "e", [2, 3, 2, 5]),
        ("...x,xy->...y", 4, "y", [2, 3, 5]),
        ("ab...,bc->ac...", 4, "c", [2, 3, 5]),
        ("abc,bd->adc", [4, 5], "dc", [2, 3, 5]),
    ]:
        yield "einsumDense", {"equation": equation, "outputShape": shape, "biasAxes": bias}, [given], {}
    yield "einsumDense", {"equation": "abc,cd->abd", "outputShape": [None, 4], "activation": "relu"}, [[2, 3, 5]], {}


def keras_layer(layer, config):
    if layer == "einsumDense":
        of = dict(config)
        equation, shape = of.pop("equation"), of.pop("outputShape")
        return keras.layers.EinsumDense(equation, shape if isinstance(shape, int) else tuple(shape), bias_axes=of.pop("biasAxes", None), **of)
    config = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items() if value is not None}
    if layer == "groupQueryAttention":
        return keras.layers.GroupQueryAttention(config["headDim"], config["numQueryHeads"], config["numKeyValueHeads"], use_bias=config.get("useBias", True), use_gate=config.get("useGate", False), sliding_window=config.get("slidingWindow"))
    return make_layer(layer, config)


def run(layer, config, shapes, options):
    name = f"{layer} {text(config)} {' '.join(map(str, shapes))} {text({key: key if isinstance(value, list) else value for key, value in options.items()})}"
    rng = generator(name)
    inputs = [jnp.asarray(normal(rng, shape), "float64") for shape in shapes]
    of = keras_layer(layer, config)
    listed = layer in ("attention", "additiveAttention")
    given = {}
    if not layer == "einsumDense":
        given["return_attention_scores"] = True
        given["use_causal_mask"] = options.get("useCausalMask", False)
    masks = {key: jnp.asarray(value, "bool") for key, value in options.items() if isinstance(value, list)}
    if listed and masks:
        given["mask"] = [masks["queryMask"], masks["valueMask"]]
    elif masks:
        given |= {{"queryMask": "query_mask", "valueMask": "value_mask", "keyMask": "key_mask", "attentionMask": "attention_mask"}[key]: mask for key, mask in masks.items()}
    if "queryMask" in options and not listed:
        # It is read from the query, whatever is told.
        keras.src.backend.set_keras_mask(inputs[0], masks["queryMask"])
    arguments = [list(inputs)] if listed else inputs
    of(*arguments, **given)
    randomize(of, rng)
    trainable = [variable.value for variable in of.trainable_variables]
    state = [variable.value for variable in of.non_trainable_variables]
    asked = options.get("returnAttentionScores", False)

    def call(trainable, inputs):
        if "queryMask" in options and layer == "multiHeadAttention":
            real = keras.src.backend.get_keras_mask
            keras.src.layers.attention.multi_head_attention.backend.get_keras_mask = lambda x: masks["queryMask"] if x is inputs[0] else real(x)
        outputs, _ = of.stateless_call(trainable, state, *([list(inputs)] if listed else inputs), training=False, **given) if layer != "einsumDense" else of.stateless_call(trainable, state, *inputs)
        if "queryMask" in options and layer == "multiHeadAttention":
            keras.src.layers.attention.multi_head_attention.backend.get_keras_mask = real
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
        return outputs if asked else outputs[:1]

    outputs, backward = jax.vjp(call, trainable, inputs)
    cotangents = [normal(rng, output.shape) for output in outputs]
    weight_gradients, input_gradients = backward([jnp.asarray(value, output.dtype) for value, output in zip(cotangents, outputs)])
    return {
        "name": name,
        "layer": layer,
        "config": config,
        "inputs": inputs,
        "masks": {key: np.asarray(mask, "int32") for key, mask in masks.items()},
        "options": {key: value for key, value in options.items() if not isinstance(value, list)},
        "weights": named(of.weights, of.get_weights()),
        "outputs": outputs,
        "outputGradients": [tensor(value) for value in cotangents],
        "inputGradients": input_gradients,
        "weightGradients": named(of.trainable_weights, weight_gradients),
    }


def main():
    with double_precision():
        write("attention", cases=[run(*of) for family in [heads, scores, equations] for of in family()])
