"""accumulation.json: `fit` with gradients that are averaged over several batches for one update, in the form of fit.json.

22 rows make 3 batches of 8 or 4 of 6, so updates do not end with an epoch and batches differ in size; some of the fits
end in the middle of an average.
"""

from common import write
from fit import L2, LINEAR, SOFTMAX, classifier, run
from trajectories import check_distinct

OPTIMIZERS = {
    "sgd": {"name": "sgd", "learningRate": 0.1},
    "sgd momentum": {"name": "sgd", "learningRate": 0.1, "momentum": 0.9},
    "rmsprop": {"name": "rmsprop", "learningRate": 0.01},
    "adam": {"name": "adam", "learningRate": 0.02},
    "adamW": {"name": "adamW", "learningRate": 0.02, "weightDecay": 0.5},
}
CLIPS = {"clipNorm": 0.1, "clipValue": 0.03, "globalClipNorm": 0.2}
NET = {**SOFTMAX, "layers": classifier(kernelRegularizer=L2)}
# The initial kernels are within the bound, so that it holds something only once there was an update.
HELD = {**SOFTMAX, "layers": classifier(kernelConstraint={"name": "maxNorm", "maxValue": 1.24, "axis": 0})}
TWO = {"gradientAccumulationSteps": 2}
THREE = {"batchSize": 8, "epochs": 5}
FOUR = {"batchSize": 6, "epochs": 4}
# The same rows and initial weights for all, so that what changes the end is the case.
SAME = {"data": "accumulation"}


def cases():
    for name, optimizer in OPTIMIZERS.items():
        for steps in [2, 3]:
            accumulating = {**optimizer, "gradientAccumulationSteps": steps}
            # 15 batches are no multiple of 2, 16 none of 3.
            fit = THREE if steps == 2 else FOUR
            yield f"{name}, {steps} steps", SOFTMAX, fit, {"optimizer": accumulating}
            yield f"{name}, {steps} steps, l2", NET, fit, {"optimizer": accumulating}
            for clip, bound in CLIPS.items():
                clipped = {**accumulating, clip: bound}
                yield f"{name}, {steps} steps, l2, {clip}", NET, fit, {"optimizer": clipped}
    decaying = {"name": "sgd", "learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.1, **TWO}
    amsgrad = {"name": "adam", "learningRate": 0.02, "beta2": 0.8, "amsgrad": True, "gradientAccumulationSteps": 3}
    many = {"name": "sgd", "learningRate": 0.1, "gradientAccumulationSteps": 100}
    yield "sgd decay, 2 steps", NET, THREE, {"optimizer": decaying}
    yield "adam amsgrad, 3 steps", NET, FOUR, {"optimizer": amsgrad}
    yield "more steps than batches", NET, THREE, {"optimizer": many}
    # A large epsilon, since Keras' rounding of small gradients would show otherwise.
    adam = {"name": "adam", "learningRate": 0.1, "epsilon": 0.01, **TWO}
    yield "sgd momentum, 2 steps, maxNorm", HELD, THREE, {"optimizer": {**OPTIMIZERS["sgd momentum"], "learningRate": 0.3, **TWO}}
    yield "adam epsilon, 2 steps, maxNorm", HELD, THREE, {"optimizer": adam}
    split = {**THREE, "validationSplit": 0.3}
    yield "validation and weights", LINEAR, split, {"optimizer": decaying, "sample_weight": True}


def main():
    made = [run(name, spec, options, {**SAME, **extra}) for name, spec, options, extra in cases()]
    check_distinct([{"name": case["name"], "net": case["loss"], "finalWeights": flat(case)} for case in made])
    write("accumulation", cases=made)


def flat(case):
    return [weight["data"] for weight in case["finalWeights"]]
