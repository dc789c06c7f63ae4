"""initializers.json: what must hold for the values an initializer draws.

The random numbers themselves are no contract. The expectations are computed from the formulas and checked here against
a draw from Keras of the same kind and shape.
"""

import math

import keras
import numpy as np

from common import class_in, options, text, write

SHAPES = [[300, 200], [64, 500], [400], [3, 30, 40], [3, 3, 24, 40]]
# Standard deviation of a unit normal distribution cut off at two.
TRUNCATED = 0.87962566103423978
VARIANCE_SCALING = {
    "glorotUniform": (1, "fanAvg", "uniform"), "glorotNormal": (1, "fanAvg", "truncatedNormal"),
    "heUniform": (2, "fanIn", "uniform"), "heNormal": (2, "fanIn", "truncatedNormal"),
    "lecunUniform": (1, "fanIn", "uniform"), "lecunNormal": (1, "fanIn", "truncatedNormal"),
}  # fmt: skip


def fans(shape):
    if len(shape) == 1:
        return shape[0], shape[0]
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def uniform_between(low, high):
    return {"mean": (low + high) / 2, "std": (high - low) / math.sqrt(12), "min": low, "max": high}


def normal_around(mean, std):
    return {"mean": mean, "std": std, "min": None, "max": None}


def truncated_around(mean, stddev):
    return {"mean": mean, "std": stddev * TRUNCATED, "min": mean - 2 * stddev, "max": mean + 2 * stddev}


def variance_scaling(shape, scale, mode, distribution):
    fan_in, fan_out = fans(shape)
    variance = scale / {"fanIn": fan_in, "fanOut": fan_out, "fanAvg": (fan_in + fan_out) / 2}[mode]
    if distribution == "uniform":
        limit = math.sqrt(3 * variance)
        return uniform_between(-limit, limit)
    if distribution == "untruncatedNormal":
        return normal_around(0.0, math.sqrt(variance))
    return truncated_around(0.0, math.sqrt(variance) / TRUNCATED)


def random_ones():
    for kind, scaling in VARIANCE_SCALING.items():
        for shape in SHAPES:
            yield kind, {}, shape, variance_scaling(shape, *scaling)
    for mode in ["fanIn", "fanOut", "fanAvg"]:
        for distribution in ["uniform", "truncatedNormal", "untruncatedNormal"]:
            config = {"scale": 1.5, "mode": mode, "distribution": distribution}
            yield "varianceScaling", config, SHAPES[0], variance_scaling(SHAPES[0], 1.5, mode, distribution)
    yield "varianceScaling", {}, SHAPES[0], variance_scaling(SHAPES[0], 1, "fanIn", "truncatedNormal")
    yield "randomUniform", {}, SHAPES[0], uniform_between(-0.05, 0.05)
    yield "randomUniform", {"minval": -0.5, "maxval": 1.5}, SHAPES[0], uniform_between(-0.5, 1.5)
    for kind, expected in [("randomNormal", normal_around), ("truncatedNormal", truncated_around)]:
        yield kind, {}, SHAPES[0], expected(0.0, 0.05)
        yield kind, {"mean": 0.5, "stddev": 2.0}, SHAPES[0], expected(0.5, 2.0)


def exact_ones():
    yield "zeros", {}, [2, 3], np.zeros([2, 3])
    yield "ones", {}, [4], np.ones(4)
    yield "constant", {"value": 0.3}, [2, 2], np.full([2, 2], 0.3)
    for shape in [[3, 3], [2, 3], [3, 2]]:
        yield "identity", {}, shape, np.eye(*shape)
        yield "identity", {"gain": 0.5}, shape, np.eye(*shape) * 0.5


def orthogonal_ones():
    """`gain`: the rows, or where there are fewer of them the columns, of the matrix [product of the rest, last dimension]
    are orthogonal and this long."""
    for shape in [[6, 6], [6, 4], [4, 6], [2, 3, 4], [3, 2, 2, 5]]:
        yield "orthogonal", {}, shape, 1.0
        yield "orthogonal", {"gain": 0.5}, shape, 0.5


def draw(kind, config, shape):
    """A string option of an initializer names a mode or distribution; Keras spells it in snake case."""
    spelled = {"fanIn": "fan_in", "fanOut": "fan_out", "fanAvg": "fan_avg", "truncatedNormal": "truncated_normal",
               "untruncatedNormal": "untruncated_normal"}  # fmt: skip
    config = {key: spelled.get(value, value) for key, value in config.items()}
    seed = {} if kind in ("zeros", "ones", "constant", "identity") else {"seed": 7}
    return np.asarray(class_in(keras.initializers, kind)(**options(config), **seed)(shape))


def check_random(values, expected):
    """Six standard errors; a wrong formula is off by hundreds."""
    error = expected["std"] / math.sqrt(values.size)
    assert abs(values.mean() - expected["mean"]) < 6 * error
    assert abs(values.std() - expected["std"]) < 6 * error
    if expected["max"] is not None:
        span = expected["max"] - expected["min"]
        assert expected["max"] - 0.05 * span < values.max() <= expected["max"] + 1e-6 * span
        assert expected["min"] + 0.05 * span > values.min() >= expected["min"] - 1e-6 * span


def check_orthogonal(values, gain):
    matrix = values.reshape(-1, values.shape[-1])
    rows, columns = matrix.shape
    product = matrix @ matrix.T if rows <= columns else matrix.T @ matrix
    np.testing.assert_allclose(product, gain**2 * np.eye(min(rows, columns)), atol=1e-5)


def main():
    cases = []

    def add(kind, config, shape, **expectation):
        name = f"{kind} {text(config)} {shape}"
        cases.append({"name": name, "kind": kind, "config": config, "shape": shape, **expectation})

    for kind, config, shape, expected in random_ones():
        check_random(draw(kind, config, shape), expected)
        add(kind, config, shape, expected=expected)
    for kind, config, shape, exact in exact_ones():
        np.testing.assert_array_equal(draw(kind, config, shape), exact.astype("float32"))
        add(kind, config, shape, exact=exact.astype("float32"))
    for kind, config, shape, gain in orthogonal_ones():
        check_orthogonal(draw(kind, config, shape), gain)
        add(kind, config, shape, gain=gain)
    write("initializers", cases=cases)
