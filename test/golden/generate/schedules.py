"""schedules.json: learning rates at many steps of every schedule."""

import keras
import torch

from common import double_precision, named_object, snake, text, write

STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 13, 15, 19, 20, 21, 25, 29, 30, 31, 40, 50, 69, 70, 71, 99, 100, 101, 149, 150, 1000, 99999]

DECAY = {"initialLearningRate": 0.1, "decaySteps": 10, "decayRate": 0.9}
COSINE = {"initialLearningRate": 0.1, "decaySteps": 30}
RESTARTS = {"initialLearningRate": 0.1, "firstDecaySteps": 10}
WARMUP = {"initialLearningRate": 0.01, "decaySteps": 30, "warmupTarget": 0.2}

CASES = [
    ("exponentialDecay", DECAY),
    ("exponentialDecay", {**DECAY, "staircase": True}),
    ("exponentialDecay", {**DECAY, "decaySteps": 7.5, "decayRate": 1.001}),
    ("piecewiseConstantDecay", {"boundaries": [5, 20, 100], "values": [0.1, 0.05, 0.2, 0.001]}),
    ("piecewiseConstantDecay", {"boundaries": [10], "values": [1.0, 0.0]}),
    ("polynomialDecay", {"initialLearningRate": 0.1, "decaySteps": 30}),
    ("polynomialDecay", {"initialLearningRate": 0.1, "decaySteps": 30, "endLearningRate": 0.01, "power": 0.5}),
    ("polynomialDecay", {"initialLearningRate": 0.1, "decaySteps": 10, "endLearningRate": 0.02, "power": 2.0, "cycle": True}),
    ("inverseTimeDecay", DECAY),
    ("inverseTimeDecay", {**DECAY, "staircase": True}),
    ("cosineDecay", COSINE),
    ("cosineDecay", {**COSINE, "alpha": 0.25}),
    ("cosineDecay", {**WARMUP, "warmupSteps": 20}),
    ("cosineDecay", {**WARMUP, "warmupSteps": 5, "alpha": 0.1}),
    ("cosineDecay", WARMUP),
    ("cosineDecayRestarts", RESTARTS),
    ("cosineDecayRestarts", {**RESTARTS, "tMul": 1.0, "mMul": 0.9}),
    ("cosineDecayRestarts", {**RESTARTS, "tMul": 1.5, "mMul": 0.5, "alpha": 0.1}),
]  # fmt: skip


def run(name, config):
    schedule = named_object(keras.optimizers.schedules, {"name": name, **config})
    with double_precision():
        rates = [float(schedule(step)) for step in STEPS]
    return {"name": f"{name} {text(config)}", "schedule": {"name": name, **config}, "steps": STEPS, "rates": rates}


ONE_CYCLES = [
    {"maxLearningRate": 0.1, "totalSteps": 100},
    {"maxLearningRate": 0.5, "totalSteps": 31, "pctStart": 0.5, "divFactor": 4.0, "finalDivFactor": 10.0},
    {"maxLearningRate": 0.1, "totalSteps": 12, "pctStart": 0.05},
    {"maxLearningRate": 0.1, "totalSteps": 30, "pctStart": 1.0},
]


def run_one_cycle(config):
    """Of PyTorch: Keras has none."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, cycle_momentum=False, **{
        {"maxLearningRate": "max_lr"}.get(key, snake(key)): value for key, value in config.items()
    })  # fmt: skip
    rates = []
    for _ in range(config["totalSteps"]):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        if len(rates) < config["totalSteps"]:
            schedule.step()
    steps = [step for step in STEPS if step < len(rates)]
    of = {"name": "oneCycle", **config}
    return {"name": f"oneCycle {text(config)}", "schedule": of, "steps": steps, "rates": [rates[step] for step in steps]}


def main():
    write("schedules", cases=[*(run(*case) for case in CASES), *map(run_one_cycle, ONE_CYCLES)])
