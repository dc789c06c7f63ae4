"""trajectories.json: weights and total losses of 25 training steps on one fixed batch, for every optimizer, penalty and
way of clipping, and some schedules of the learning rate.

A net holds what its cases share: data, loss and initial weights (in the order of getWeights). Its parameters all have a
true gradient that is not zero, since Adam turns rounding noise there into steps; so no bias stands before a batch
normalization.
"""

import numpy as np

from common import generator, named, normal, randomize, write
from nets import build, compile_model

STEPS = 25
BATCH = 12


def classifier(activation, **penalties):
    return [
        {"layer": "dense", "config": {"units": 8, "activation": activation, **penalties}},
        {"layer": "dense", "config": {"units": 3, "activation": "softmax", **penalties}},
    ]


def regressor(**penalties):
    return [
        {"layer": "dense", "config": {"units": 8, "activation": "tanh", **penalties}},
        {"layer": "dense", "config": {"units": 2, **penalties}},
    ]


def normalized(**penalties):
    return [
        {"layer": "dense", "config": {"units": 8, "useBias": False, **penalties}},
        {"layer": "batchNormalization", "config": {"momentum": 0.9}},
        {"layer": "activation", "config": {"activation": "relu"}},
        {"layer": "dense", "config": {"units": 3, "activation": "softmax", **penalties}},
    ]


NETS = {
    "tanh": (lambda **penalties: classifier("tanh", **penalties), "categoricalCrossentropy", 3),
    "relu": (lambda **penalties: classifier("relu", **penalties), "categoricalCrossentropy", 3),
    "regression": (regressor, "meanSquaredError", 2),
    "batchNormalization": (normalized, "categoricalCrossentropy", 3),
}

OPTIMIZERS = {
    "sgd": {"name": "sgd", "learningRate": 0.2},
    "sgd momentum": {"name": "sgd", "learningRate": 0.05, "momentum": 0.9},
    "sgd nesterov": {"name": "sgd", "learningRate": 0.05, "momentum": 0.9, "nesterov": True},
    "rmsprop": {"name": "rmsprop", "learningRate": 0.01},
    "rmsprop momentum": {"name": "rmsprop", "learningRate": 0.003, "momentum": 0.9},
    "rmsprop centered": {"name": "rmsprop", "learningRate": 0.005, "centered": True},
    "adam": {"name": "adam", "learningRate": 0.02},
    # With the default beta2 the second moment only grows in so few steps, and amsgrad would change nothing.
    "adam amsgrad": {"name": "adam", "learningRate": 0.02, "beta2": 0.8, "amsgrad": True},
    "adamW": {"name": "adamW", "learningRate": 0.02},
    "adam epsilon 1": {"name": "adam", "learningRate": 0.5, "epsilon": 1.0},
}

KERNEL_PENALTIES = {
    "no penalty": {},
    "l1": {"kernelRegularizer": {"name": "l1", "l1": 0.01}},
    "l2": {"kernelRegularizer": {"name": "l2", "l2": 0.02}},
    "l1L2": {"kernelRegularizer": {"name": "l1L2", "l1": 0.005, "l2": 0.01}},
}
BIAS_PENALTY = {"kernelRegularizer": {"name": "l2", "l2": 0.02}, "biasRegularizer": {"name": "l2", "l2": 0.05}}
ACTIVITY_PENALTIES = {
    "activity l1": {"activityRegularizer": {"name": "l1", "l1": 0.02}},
    "activity l2": {"activityRegularizer": {"name": "l2", "l2": 0.02}},
    "activity and kernel l2": {"activityRegularizer": {"name": "l2", "l2": 0.02}, "kernelRegularizer": {"name": "l2", "l2": 0.02}},
}  # fmt: skip

CLIPS = {
    "no clip": {},
    "clipNorm": {"clipNorm": 0.1},
    "clipValue": {"clipValue": 0.03},
    "globalClipNorm": {"globalClipNorm": 0.2},
}

DECAY = {"name": "exponentialDecay", "initialLearningRate": 0.1, "decaySteps": 10, "decayRate": 0.3}
STEEP_DECAY = {"name": "inverseTimeDecay", "initialLearningRate": 1.0, "decaySteps": 5, "decayRate": 1.0}
WARMUP = {"name": "cosineDecay", "initialLearningRate": 0.0, "decaySteps": 15, "warmupTarget": 0.05, "warmupSteps": 5}

# Beside the grid: other constants, and decay, which hits biases, gamma and beta too.
MORE_OPTIMIZERS = {
    "rmsprop rho": {"name": "rmsprop", "learningRate": 0.01, "rho": 0.7, "epsilon": 0.01},
    "adam betas": {"name": "adam", "learningRate": 0.02, "beta1": 0.7, "beta2": 0.9},
    "adam amsgrad epsilon": {"name": "adam", "learningRate": 0.05, "beta2": 0.8, "epsilon": 0.1, "amsgrad": True},
    "sgd decay": {"name": "sgd", "learningRate": 0.2, "weightDecay": 0.1},
    "sgd nesterov decay": {"name": "sgd", "learningRate": 0.05, "momentum": 0.9, "nesterov": True, "weightDecay": 0.1},
    "rmsprop decay": {"name": "rmsprop", "learningRate": 0.01, "weightDecay": 0.2},
    "adam decay": {"name": "adam", "learningRate": 0.02, "weightDecay": 0.2},
    "adamW decay": {"name": "adamW", "learningRate": 0.02, "weightDecay": 0.5},
    "adamW decay clip": {"name": "adamW", "learningRate": 0.02, "weightDecay": 0.5, "globalClipNorm": 0.2},
    "sgd schedule": {"name": "sgd", "learningRate": DECAY, "momentum": 0.9},
    "adamW schedule": {"name": "adamW", "learningRate": WARMUP, "weightDecay": 0.5},
    "sgd schedule accumulation": {"name": "sgd", "learningRate": STEEP_DECAY, "gradientAccumulationSteps": 3},
    "adagrad": {"name": "adagrad", "learningRate": 0.1},
    "adagrad initial": {"name": "adagrad", "learningRate": 0.1, "initialAccumulatorValue": 0.5, "epsilon": 0.1, "weightDecay": 0.1},
    "adadelta": {"name": "adadelta", "learningRate": 1.0, "epsilon": 0.001},
    "adadelta rho": {"name": "adadelta", "learningRate": 2.0, "rho": 0.8, "epsilon": 0.001, "weightDecay": 0.05},
    "adamax": {"name": "adamax", "learningRate": 0.02},
    "adamax betas": {"name": "adamax", "learningRate": 0.02, "beta1": 0.7, "beta2": 0.8, "epsilon": 0.01, "clipNorm": 0.3},
    "nadam": {"name": "nadam", "learningRate": 0.02},
    "nadam betas": {"name": "nadam", "learningRate": 0.02, "beta1": 0.7, "beta2": 0.9, "epsilon": 0.01, "weightDecay": 0.2},
    "lion": {"name": "lion", "learningRate": 0.003},
    "lion betas": {"name": "lion", "learningRate": 0.003, "beta1": 0.8, "beta2": 0.7, "weightDecay": 0.5},
    "ftrl": {"name": "ftrl", "learningRate": 0.2},
    "ftrl penalties": {
        "name": "ftrl", "learningRate": 0.2, "initialAccumulatorValue": 0.2, "l1RegularizationStrength": 0.01, "l2RegularizationStrength": 0.02,
        "l2ShrinkageRegularizationStrength": 0.03, "beta": 0.1,
    },
    "ftrl power": {"name": "ftrl", "learningRate": 0.2, "learningRatePower": -0.7},
    "ftrl fixed": {"name": "ftrl", "learningRate": 0.2, "learningRatePower": 0.0},
    "sgd averages": {"name": "sgd", "learningRate": 0.2, "useEma": True, "emaMomentum": 0.8, "emaOverwriteFrequency": 3},
    "adam averages": {
        "name": "adam", "learningRate": 0.05, "useEma": True, "emaMomentum": 0.5, "emaOverwriteFrequency": 4, "weightDecay": 0.2,
        "globalClipNorm": 0.2,
    },
    "adamW but biases": {"name": "adamW", "learningRate": 0.02, "weightDecay": 0.5, "excludeFromWeightDecay": ["bias"]},
    "nadam accumulation": {"name": "nadam", "learningRate": 0.05, "gradientAccumulationSteps": 3},
    "adamW amsgrad": {"name": "adamW", "learningRate": 0.02, "beta2": 0.8, "weightDecay": 0.2, "amsgrad": True},
    "lamb": {"name": "lamb", "learningRate": 0.02},
    "lamb betas": {"name": "lamb", "learningRate": 0.02, "beta1": 0.7, "beta2": 0.8, "epsilon": 0.01, "weightDecay": 0.2, "clipNorm": 0.3},
    "adafactor": {"name": "adafactor", "learningRate": 0.05},
    "adafactor options": {
        "name": "adafactor", "learningRate": 0.1, "beta2Decay": -0.5, "epsilon1": 0.0001, "epsilon2": 0.4, "clipThreshold": 0.6,
        "relativeStep": False, "weightDecay": 0.2,
    },
    "adafactor schedule": {"name": "adafactor", "learningRate": DECAY, "clipValue": 0.03},
    "scheduleFreeAdamW": {"name": "scheduleFreeAdamW", "learningRate": 0.02},
    "scheduleFreeAdamW options": {
        "name": "scheduleFreeAdamW", "learningRate": 0.05, "beta1": 0.7, "beta2": 0.8, "epsilon": 0.01, "warmupSteps": 6, "weightDecay": 0.2,
        "globalClipNorm": 0.2,
    },
    "muon": {"name": "muon", "learningRate": 0.02},
    "muon options": {
        "name": "muon", "learningRate": 0.02, "weightDecay": 0.5, "adamBeta1": 0.7, "adamBeta2": 0.8, "adamWeightDecay": 0.3, "epsilon": 0.01,
        "adamLrRatio": 0.5, "muonA": 3.0, "muonB": -4.0, "muonC": 1.8, "momentum": 0.8, "nsSteps": 3, "nesterov": False, "rmsRate": 0.4,
    },
    "muon accumulation": {"name": "muon", "learningRate": 0.02, "gradientAccumulationSteps": 3},
}


def plan():
    """(net, optimizer, penalties, clip) by name and value."""

    def grid(net, optimizers, penalties, clips):
        for optimizer_name, optimizer in optimizers.items():
            for penalty_name, penalty in penalties.items():
                for clip_name, clip in clips.items():
                    yield net, f"{optimizer_name}, {penalty_name}, {clip_name}", {**optimizer, **clip}, penalty

    def some(of, *names):
        return {name: of[name] for name in names}

    no_penalty, no_clip = some(KERNEL_PENALTIES, "no penalty"), some(CLIPS, "no clip")
    yield from grid("tanh", OPTIMIZERS, KERNEL_PENALTIES, CLIPS)
    yield from grid("tanh", OPTIMIZERS, {"bias l2": BIAS_PENALTY}, no_clip)
    yield from grid("tanh", MORE_OPTIMIZERS, some(KERNEL_PENALTIES, "no penalty", "l2"), no_clip)
    yield from grid("tanh", some(OPTIMIZERS, "sgd", "adam"), ACTIVITY_PENALTIES, some(CLIPS, "no clip", "globalClipNorm"))
    orthogonal = {
        "orthogonal rows": {"kernelRegularizer": {"name": "orthogonal", "factor": 0.03}},
        "orthogonal columns": {"kernelRegularizer": {"name": "orthogonal", "factor": 0.03, "mode": "columns"}},
    }
    yield from grid("tanh", some(OPTIMIZERS, "sgd", "adam"), orthogonal, some(CLIPS, "no clip", "globalClipNorm"))
    yield from grid("relu", OPTIMIZERS, some(KERNEL_PENALTIES, "no penalty", "l1L2"), no_clip)
    yield from grid("regression", OPTIMIZERS, some(KERNEL_PENALTIES, "no penalty", "l1L2"), no_clip)
    yield from grid("regression", some(OPTIMIZERS, "sgd", "adam"), ACTIVITY_PENALTIES, no_clip)
    yield from grid(
        "batchNormalization", OPTIMIZERS, some(KERNEL_PENALTIES, "no penalty", "l2"), some(CLIPS, "no clip", "globalClipNorm")
    )
    yield from grid("batchNormalization", some(MORE_OPTIMIZERS, "sgd decay", "adamW decay"), no_penalty, no_clip)


def make_net(name):
    make_layers, loss, outputs = NETS[name]
    rng = generator(name)
    x = normal(rng, [BATCH, 5])
    if loss == "meanSquaredError":
        y = normal(rng, [BATCH, outputs])
    else:
        y = np.eye(outputs, dtype="float32")[rng.integers(outputs, size=BATCH)]
    model = build(make_layers(), [5])
    randomize(model, rng)
    weights = named(model.weights, model.get_weights())
    return {"name": name, "inputShape": [5], "loss": loss, "x": x, "y": y, "initialWeights": weights}, model.get_weights()


def train(net, initial_weights, name, layers, optimizer, steps):
    model = compile_model(build(layers, net["inputShape"]), net["loss"], optimizer)
    model.set_weights(initial_weights)
    losses = []
    for _ in range(steps):
        model.reset_metrics()
        losses.append(np.float32(model.train_on_batch(net["x"], net["y"])))
    return {
        "name": f"{net['name']}: {name}",
        "net": net["name"],
        "layers": layers,
        "optimizer": optimizer,
        "losses": losses,
        "finalWeights": [weight["data"] for weight in named(model.weights, model.get_weights())],
    }


def check_distinct(cases):
    """A clip that never bites or an option that changes nothing would test nothing."""
    flat = [np.concatenate([np.ravel(weight) for weight in case["finalWeights"]]) for case in cases]
    for index, weights in enumerate(flat):
        for other in range(index):
            if cases[other]["net"] == cases[index]["net"] and np.abs(weights - flat[other]).max() < 1e-4:
                raise ValueError(f"{cases[other]['name']} and {cases[index]['name']} end alike")


def main():
    nets = {name: make_net(name) for name in NETS}
    cases = [
        train(*nets[net], name, NETS[net][0](**penalties), optimizer, STEPS)
        for net, name, optimizer, penalties in plan()
    ]
    check_distinct(cases)
    write("trajectories", nets=[net for net, _ in nets.values()], cases=cases)
