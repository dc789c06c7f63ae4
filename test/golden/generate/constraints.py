"""constraints.json: weights and losses of training steps after each of which constraints project the weights.

The form is that of trajectories.json, with wider nets: weights stand in panels of columns, which a projection over one
axis meets one by one and one over the other crosses. 40 and 70 columns fill no whole number of them.
"""

import numpy as np

from common import generator, named, normal, weight_like, write
from nets import build
from trajectories import check_distinct, train

BATCH = 12
STEPS = 12


def max_norm(value, axis=0):
    return {"name": "maxNorm", "maxValue": value, "axis": axis}


NON_NEG = {"name": "nonNeg"}


def dense(units, activation="linear", **options):
    return {"layer": "dense", "config": {"units": units, "activation": activation, **options}}


def plain(units):
    return lambda **options: [dense(units, "tanh", **options), dense(3, "softmax", **options)]


def scaled(**options):
    """Every other kind of weight; alpha has two axes, and no bias stands before a batch normalization."""

    def of(weight):
        return {key: value for key, value in options.items() if key.startswith(weight)}

    return [
        dense(40, useBias=False, **of("kernel")),
        {"layer": "batchNormalization", "config": {"momentum": 0.9, **of("gamma"), **of("beta")}},
        {"layer": "reshape", "config": {"targetShape": [4, 10]}},
        {"layer": "prelu", "config": of("alpha")},
        {"layer": "layerNormalization", "config": {**of("gamma"), **of("beta")}},
        {"layer": "flatten", "config": {}},
        dense(3, "softmax", **of("kernel"), **of("bias")),
    ]


NETS = {"40 columns": (plain(40), 9), "70 columns": (plain(70), 5), "scaled": (scaled, 9)}

SGD = {"name": "sgd", "learningRate": 0.2, "momentum": 0.5}
# A float32: Keras narrows β₂ before it takes it from 1, and of 0.999 that leaves a step 6e-6 too small, which weights
# with tiny gradients magnify.
BETA_2 = 1 - 2**-10
ADAM = {"name": "adam", "learningRate": 0.05, "beta2": BETA_2}
OPTIMIZERS = {
    "sgd": SGD,
    "rmsprop": {"name": "rmsprop", "learningRate": 0.02},
    "adam": ADAM,
    "adamW decay, globalClipNorm": {
        "name": "adamW", "learningRate": 0.05, "beta2": BETA_2, "weightDecay": 0.5, "globalClipNorm": 0.2,
    },
    "sgd averages": {**SGD, "useEma": True, "emaMomentum": 0.6, "emaOverwriteFrequency": 2},
    "sgd nesterov, clipNorm": {"name": "sgd", "learningRate": 0.2, "momentum": 0.9, "nesterov": True, "clipNorm": 0.2},
}
KERNELS = {
    "kernel columns": {"kernelConstraint": max_norm(0.9)},
    "kernel rows": {"kernelConstraint": max_norm(1.5, 1)},
    "kernel last axis": {"kernelConstraint": max_norm(1.4, -1)},
    "whole kernel": {"kernelConstraint": max_norm(5.0, [0, 1])},
    "kernel nonNeg": {"kernelConstraint": NON_NEG},
}
MORE_NORMS = {
    "unitNorm": {"kernelConstraint": {"name": "unitNorm", "axis": 0}},
    "unitNorm rows": {"kernelConstraint": {"name": "unitNorm", "axis": 1}},
    "minMaxNorm": {"kernelConstraint": {"name": "minMaxNorm", "minValue": 0.8, "maxValue": 1.2, "rate": 0.3, "axis": 0}},
    "minMaxNorm whole": {"kernelConstraint": {"name": "minMaxNorm", "minValue": 7.0, "maxValue": 9.0, "rate": 0.6, "axis": [0, 1]}},
    "bias unitNorm": {"biasConstraint": {"name": "unitNorm", "axis": 0}},
}
BIASES = {
    "bias": {"biasConstraint": max_norm(0.8)},
    "bias list": {"biasConstraint": max_norm(0.6, [-1])},
    "bias nonNeg": {"biasConstraint": NON_NEG},
}
BOTH = {
    "kernel columns and bias": {**KERNELS["kernel columns"], **BIASES["bias nonNeg"]},
    "l2": {**KERNELS["kernel columns"], "kernelRegularizer": {"name": "l2", "l2": 0.02}},
}
SCALES = {
    "gamma": {"gammaConstraint": max_norm(1.2)},
    "gamma nonNeg": {"gammaConstraint": NON_NEG},
    "beta": {"betaConstraint": max_norm(1.0)},
    "beta nonNeg": {"betaConstraint": NON_NEG},
    "alpha columns": {"alphaConstraint": max_norm(0.5)},
    "alpha rows": {"alphaConstraint": max_norm(0.9, 1)},
    "whole alpha": {"alphaConstraint": max_norm(2.0, [0, 1])},
    "alpha nonNeg": {"alphaConstraint": NON_NEG},
    "all": {
        "kernelConstraint": max_norm(0.8), "biasConstraint": max_norm(0.5), "gammaConstraint": NON_NEG,
        "betaConstraint": max_norm(1.0), "alphaConstraint": max_norm(2.0, [0, 1]),
    },
}  # fmt: skip


def plan():
    """(net, optimizer, constraints) by name and value."""

    def grid(net, optimizers, constraints):
        for optimizer_name, optimizer in optimizers.items():
            for constraint_name, constraint in constraints.items():
                yield net, f"{optimizer_name}, {constraint_name}", optimizer, constraint

    none = {"none": {}}
    yield from grid("40 columns", OPTIMIZERS, {**none, **KERNELS})
    yield from grid("40 columns", {"sgd": SGD, "adam": ADAM}, {**BIASES, **BOTH})
    yield from grid("70 columns", {"sgd": SGD, "adam": ADAM}, {**none, **KERNELS, **BIASES})
    yield from grid("40 columns", {"sgd": SGD, "adam": ADAM}, MORE_NORMS)
    yield from grid("scaled", {"sgd": SGD, "adam": ADAM}, {**none, **SCALES})


def make_net(name):
    make_layers, inputs = NETS[name]
    rng = generator(name)
    x = normal(rng, [BATCH, inputs])
    y = np.eye(3, dtype="float32")[rng.integers(3, size=BATCH)]
    model = build(make_layers(), [inputs])
    # On both sides of zero, gamma too, so that every constraint finds something to do.
    signed = [weight_like(rng, weight.name.replace("gamma", "beta"), weight.shape) for weight in model.weights]
    model.set_weights(signed)
    weights = named(model.weights, model.get_weights())
    loss = "categoricalCrossentropy"
    net = {"name": name, "inputShape": [inputs], "loss": loss, "x": x, "y": y, "initialWeights": weights}
    return net, model.get_weights()


def main():
    nets = {name: make_net(name) for name in NETS}
    cases = [
        train(*nets[net], name, NETS[net][0](**constraints), optimizer, STEPS)
        for net, name, optimizer, constraints in plan()
    ]
    check_distinct(cases)
    write("constraints", nets=[net for net, _ in nets.values()], cases=cases)
