"""metrics.json: metrics over several batches; `results` holds the running value after each."""

import keras
import numpy as np
from keras.src.trainers import compile_utils

from common import class_in, generator, normal, options, snake, text, uniform, write
from losses import labels, one_hot, ones_and_zeros, probabilities, signs


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


CURVES = ["ROC", "PR", "PRGAIN"]
METHODS = ["interpolation", "minoring", "majoring"]
AVERAGES = [{"average": "macro"}, {"average": "weighted"}, {"average": "micro"}, {"average": "none"}, {"average": "macro", "threshold": 0.4}]
CONFUSIONS = [{}, {"thresholds": [0.3, 0.6]}, {"classId": 1}, {"topK": 2}, {"topK": 1, "classId": 2, "thresholds": 0.5}]


def positive(rng, batch):
    return uniform(rng, 0.05, 3.0, [batch, 3]), uniform(rng, 0.05, 3.0, [batch, 3])


def distributions(rng, batch):
    return probabilities(rng, [batch, 3]), probabilities(rng, [batch, 3])


def signs_and_reals(rng, batch):
    return signs(rng, [batch, 3]), normal(rng, [batch, 3])


def logits(rng, batch):
    return ones_and_zeros(rng, [batch, 3]), normal(rng, [batch, 3])


def categorical_logits(rng, batch):
    return one_hot(rng, [batch, 4]), normal(rng, [batch, 4])


def sparse_logits(rng, batch):
    return labels(rng, [batch, 4]), normal(rng, [batch, 4])


def hundredths(rng, batch):
    """Ones that are predicted higher, with ties on thresholds of 101 and between them."""
    y = ones_and_zeros(rng, [batch, 3])
    p = np.clip(rng.normal(size=y.shape) * 0.25 + 0.35 + 0.3 * y, 0, 1)
    return y, np.round(p, 2).astype("float32")


def segments(rng, batch):
    return labels(rng, [batch, 2, 4]), labels(rng, [batch, 2, 4])


def one_hot_segments(rng, batch):
    return one_hot(rng, [batch, 2, 4]), uniform(rng, 0, 1, [batch, 2, 4])


METRICS = {
    "accuracy": ([{}], [categorical, categorical_sequence, sparse, sparse_column, sparse_sequence, binary]),
    "binaryAccuracy": ([{}, {"threshold": 0.3}], [binary, several_binary]),
    "categoricalAccuracy": ([{}], [categorical, categorical_sequence]),
    "sparseCategoricalAccuracy": ([{}], [sparse, sparse_column, sparse_sequence]),
    "meanSquaredError": ([{}], [column, vector, sequence]),
    "meanAbsoluteError": ([{}], [column, vector, sequence]),
    "meanAbsolutePercentageError": ([{}], [vector]),
    "meanSquaredLogarithmicError": ([{}], [positive]),
    "rootMeanSquaredError": ([{}], [column, vector, sequence]),
    "logCosh": ([{}], [vector]),
    "poisson": ([{}], [positive]),
    "klDivergence": ([{}], [distributions]),
    "hinge": ([{}], [signs_and_reals]),
    "squaredHinge": ([{}], [signs_and_reals]),
    "categoricalHinge": ([{}], [categorical_logits]),
    "binaryCrossentropy": ([{}, {"labelSmoothing": 0.2}], [several_binary]),
    "categoricalCrossentropy": ([{}, {"labelSmoothing": 0.2}], [categorical]),
    "sparseCategoricalCrossentropy": ([{}], [sparse]),
    "cosineSimilarity": ([{}], [vector, sequence]),
    "pearsonCorrelation": ([{}], [vector]),
    "concordanceCorrelation": ([{}], [vector]),
    "r2Score": (
        [{}, {"classAggregation": "varianceWeightedAverage"}, {"classAggregation": "none"}, {"numRegressors": 2}],
        [column, vector],
    ),
    "topKCategoricalAccuracy": ([{"k": 2}], [categorical, categorical_sequence]),
    "sparseTopKCategoricalAccuracy": ([{"k": 2}, {"k": 3}], [sparse, sparse_sequence]),
    "truePositives": ([{}, {"thresholds": [0.2, 0.7]}], [binary, several_binary]),
    "trueNegatives": ([{}, {"thresholds": [0.2, 0.7]}], [binary, several_binary]),
    "falsePositives": ([{}, {"thresholds": [0.2, 0.7]}], [binary, several_binary]),
    "falseNegatives": ([{}, {"thresholds": [0.2, 0.7]}], [binary, several_binary]),
    "precision": (CONFUSIONS, [several_binary, categorical]),
    "recall": (CONFUSIONS, [several_binary, categorical]),
    "auc": (
        [
            *({"curve": curve, "summationMethod": method} for curve in CURVES for method in METHODS),
            {"numThresholds": 101},
            {"thresholds": [0.5, 0.2, 0.9]},
            {"multiLabel": True},
            {"multiLabel": True, "curve": "PR", "labelWeights": [1.0, 0.5, 2.0]},
            {"labelWeights": [1.0, 0.5, 2.0]},
        ],
        [hundredths],
    ),
    "mean": ([{}], [vector, sequence]),
    "sum": ([{}], [vector, sequence]),
    "f1Score": (AVERAGES, [categorical, several_binary]),
    "fBetaScore": ([{**config, "beta": 2.5} for config in AVERAGES], [categorical]),
    "sensitivityAtSpecificity": ([{"specificity": 0.6}, {"specificity": 0.8, "numThresholds": 11}], [hundredths]),
    "specificityAtSensitivity": ([{"sensitivity": 0.6, "classId": 1}], [hundredths]),
    "precisionAtRecall": ([{"recall": 0.7}, {"recall": 0.2, "numThresholds": 1}], [hundredths]),
    "recallAtPrecision": ([{"precision": 0.7}], [hundredths]),
    "ioU": ([{"numClasses": 4, "targetClassIds": [0, 2]}, {"numClasses": 4, "targetClassIds": [1], "ignoreClass": 2}], [segments]),
    "meanIoU": ([{"numClasses": 4}, {"numClasses": 4, "ignoreClass": 0}, {"numClasses": 3}], [segments]),
    "binaryIoU": ([{}, {"targetClassIds": [1], "threshold": 0.3}], [several_binary]),
    "oneHotIoU": ([{"numClasses": 4, "targetClassIds": [0, 2]}], [one_hot_segments]),
    "oneHotMeanIoU": ([{"numClasses": 4}], [one_hot_segments]),
}
# Keras' take any values; ours are the predictions.
OF_PREDICTIONS = ["mean", "sum"]
# Keras' matrix of classes holds integers, and weights of these too.
UNWEIGHTED = ["ioU", "meanIoU", "binaryIoU", "oneHotIoU", "oneHotMeanIoU"]


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
    named = {"logCosh": "logCoshError"}.get(metric, metric)
    keywords = {key: keras_value(key, value) for key, value in options(config).items()}
    return class_in(keras.metrics, named)(**keywords)


def keras_value(key, value):
    if key in ("average", "class_aggregation"):
        return None if value == "none" else snake(value)
    return value


def run(metric, config, make, weighting):
    name = f"{metric} {text(config)} {make.__name__}, weights: {weighting}"
    rng = generator(name)
    keras_metric = make_metric(metric, config, *make(generator("shapes"), 1))
    updates, results = [], []
    for batch in [4, 7, 2]:
        y_true, y_pred = make(rng, batch)
        sample_weight = weights_for(rng, y_pred, weighting)
        seen = [y_pred] if metric in OF_PREDICTIONS else [y_true, y_pred]
        keras_metric.update_state(*seen, sample_weight=sample_weight)
        updates.append({"yTrue": y_true, "yPred": y_pred, "sampleWeight": sample_weight})
        results.append(np.asarray(keras_metric.result(), "float32").reshape(-1))
    kind = type(keras_metric).__name__
    resolved = kind[0].lower() + kind[1:]
    return {"name": name, "metric": metric, "config": config, "resolved": resolved, "updates": updates, "results": results}


def main():
    cases = []
    for metric, (configs, makes) in METRICS.items():
        for config in configs:
            for make in makes:
                weighted = ["none"] if metric in UNWEIGHTED else ["none", "samples"]
                weightings = [*weighted, *(["positions"] if "sequence" in make.__name__ else [])]
                cases += [run(metric, config, make, weighting) for weighting in weightings]
    write("metrics", cases=cases)
