"""metrics.json: metrics over several batches; `results` holds the running value after each."""

import keras
import numpy as np
from keras.src.trainers import compile_utils

from common import class_in, generator, normal, options, text, uniform, write
from losses import labels, one_hot, ones_and_zeros


def categorical(rng, batch):
    return one_hot(rng, [batch, 4]), uniform(rng, 0, 1, [batch, 4])


def categorical_sequence(rng, batch):
    return one_hot(rng, [batch, 3, 4]), uniform(rng, 0, 1, [batch, 3, 4])


def sparse(rng, batch):
    return labels(rng, [batch, 4]), uniform(rng, 0, 1, [batch, 4])


def sparse_column(rng, batch):
    return labels(rng, [batch, 1, 4]), uniform(rng, 0, 1, [batch, 4])


def sparse_sequence(rng, batch):
    return labels(rng, [batch, 3, 4]), uniform(rng, 0, 1, [batch, 3, 4])


def binary(rng, batch):
    return ones_and_zeros(rng, [batch, 1]), tenths(rng, [batch, 1])


def several_binary(rng, batch):
    return ones_and_zeros(rng, [batch, 3]), tenths(rng, [batch, 3])


def column(rng, batch):
    return normal(rng, [batch, 1]), normal(rng, [batch, 1])


def vector(rng, batch):
    return normal(rng, [batch, 3]), normal(rng, [batch, 3])


def sequence(rng, batch):
    return normal(rng, [batch, 2, 3]), normal(rng, [batch, 2, 3])


METRICS = {
    "accuracy": ([{}], [categorical, categorical_sequence, sparse, sparse_column, sparse_sequence, binary]),
    "binaryAccuracy": ([{}, {"threshold": 0.3}], [binary, several_binary]),
    "categoricalAccuracy": ([{}], [categorical, categorical_sequence]),
    "sparseCategoricalAccuracy": ([{}], [sparse, sparse_column, sparse_sequence]),
    "meanSquaredError": ([{}], [column, vector, sequence]),
    "meanAbsoluteError": ([{}], [column, vector, sequence]),
}


def tenths(rng, shape):
    """Hits the thresholds exactly, where only `>` and not `>=` is right."""
    return np.round(rng.integers(11, size=shape) / 10, 1).astype("float32")


def weights_for(rng, y_pred, weighting):
    if weighting == "positions":
        return uniform(rng, 0, 3, y_pred.shape[:-1])
    return uniform(rng, 0, 3, y_pred.shape[:1]) if weighting == "samples" else None


def make_metric(metric, config, y_true, y_pred):
    """What `compile` makes of the string 'accuracy' is decided by the shapes of the first batch."""
    if metric == "accuracy":
        return compile_utils.get_metric(metric, y_true, y_pred)
    return class_in(keras.metrics, metric)(**options(config))


def run(metric, config, make, weighting):
    name = f"{metric} {text(config)} {make.__name__}, weights: {weighting}"
    rng = generator(name)
    keras_metric = make_metric(metric, config, *make(generator("shapes"), 1))
    updates, results = [], []
    for batch in [4, 7, 2]:
        y_true, y_pred = make(rng, batch)
        sample_weight = weights_for(rng, y_pred, weighting)
        keras_metric.update_state(y_true, y_pred, sample_weight=sample_weight)
        updates.append({"yTrue": y_true, "yPred": y_pred, "sampleWeight": sample_weight})
        results.append(np.float32(keras_metric.result()))
    kind = type(keras_metric).__name__
    resolved = kind[0].lower() + kind[1:]
    return {"name": name, "metric": metric, "config": config, "resolved": resolved, "updates": updates, "results": results}


def main():
    cases = []
    for metric, (configs, makes) in METRICS.items():
        for config in configs:
            for make in makes:
                weightings = ["none", "samples", *(["positions"] if "sequence" in make.__name__ else [])]
                cases += [run(metric, config, make, weighting) for weighting in weightings]
    write("metrics", cases=cases)
