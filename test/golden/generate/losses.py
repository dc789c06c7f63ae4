"""losses.json: the value of each loss and its gradient with respect to the prediction."""

import jax
import jax.numpy as jnp
import keras
import numpy as np

from common import class_in, generator, normal, options, text, uniform, write

SHAPES = [[5, 3], [2, 4, 3]]
REDUCTIONS = [{"reduction": "sum"}, {"reduction": "meanWithSampleWeight"}]


def probabilities(rng, shape):
    values = rng.uniform(0.05, 1.0, size=shape)
    return np.round(values / values.sum(-1, keepdims=True), 3).astype("float32")


def one_hot(rng, shape):
    return np.eye(shape[-1], dtype="float32")[rng.integers(shape[-1], size=shape[:-1])]


def labels(rng, shape):
    return rng.integers(shape[-1], size=shape[:-1]).astype("int32")


def ones_and_zeros(rng, shape):
    return rng.integers(2, size=shape).astype("float32")


def predictions(rng, shape, config):
    """Not normalized, so that a renormalization shows."""
    return normal(rng, shape, 2.0) if config.get("fromLogits") else uniform(rng, 0.05, 0.95, shape)


def regression():
    for loss in ["meanSquaredError", "meanAbsoluteError"]:
        for config in [{}, *REDUCTIONS]:
            for shape in [[4, 1], *SHAPES]:
                yield loss, config, f"reals {shape}", lambda rng, shape=shape: (normal(rng, shape), normal(rng, shape))


def counts(rng, shape):
    return rng.integers(6, size=shape).astype("float32")


def embeddings(rng, shape):
    vectors = rng.normal(size=shape)
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype("float32")


def signs(rng, shape):
    return rng.choice([-1.0, 1.0], size=shape).astype("float32")


def more_regression():
    """Losses of a difference, an angle, a margin or an overlap, each with every option."""
    positive = lambda rng, shape: uniform(rng, 0.05, 3.0, shape)  # noqa: E731
    between = lambda rng, shape: uniform(rng, 0.05, 0.95, shape)  # noqa: E731
    kinds = [
        ("meanAbsolutePercentageError", [{}], normal, normal),
        ("meanSquaredLogarithmicError", [{}], positive, normal),
        ("logCosh", [{}], normal, lambda rng, shape: normal(rng, shape, 20.0)),
        ("huber", [{}, {"delta": 0.3}, {"reduction": "sum"}], normal, normal),
        ("poisson", [{}], counts, positive),
        ("klDivergence", [{}, {"reduction": "sum"}], probabilities, between),
        ("cosineSimilarity", [{}, {"axis": 1}, {"reduction": "sum"}], normal, normal),
        ("hinge", [{}], signs, normal),
        ("hinge", [{}], ones_and_zeros, normal),
        ("squaredHinge", [{}, {"reduction": "sum"}], signs, normal),
        ("squaredHinge", [{}], ones_and_zeros, normal),
        ("categoricalHinge", [{}], one_hot, normal),
        ("dice", [{"axis": [1]}, {"axis": -1, "reduction": "sum"}], ones_and_zeros, between),
        ("tversky", [{"axis": [1]}, {"axis": -1, "alpha": 0.3, "beta": 0.8}], ones_and_zeros, between),
    ]
    for loss, configs, target, predict in kinds:
        for config in configs:
            for shape in SHAPES:
                kind = f"{target.__name__} {shape}"
                yield loss, config, kind, lambda rng, s=shape, t=target, p=predict: (t(rng, s), p(rng, s))
    for config in [{}, {"gamma": 20, "margin": 0.25}, {"removeDiagonal": False}, {"gamma": 10, "reduction": "sum"}]:
        yield "circle", config, "embeddings", lambda rng: (np.repeat([3, 0, 7], 2).astype("int32"), embeddings(rng, [6, 4]))
    for config in [{}, {"alpha": 0.3, "beta": 0.8}]:
        loss = "tversky" if config else "dice"
        yield loss, config, "a whole batch", lambda rng: (ones_and_zeros(rng, [2, 4, 3]), between(rng, [2, 4, 3]))


def focal():
    common = [{}, {"fromLogits": True, "gamma": 3.5}, {"labelSmoothing": 0.1, "alpha": 0.4, "gamma": 0.0}]
    binary = [*common, {"applyClassBalancing": True, "alpha": 0.3}]
    kinds = [
        ("binaryFocalCrossentropy", ones_and_zeros, binary),
        ("categoricalFocalCrossentropy", one_hot, common),
    ]
    for loss, target, configs in kinds:
        for config in configs:
            for shape in SHAPES:
                kind = f"{target.__name__} {shape}"
                yield loss, config, kind, lambda rng, c=config, s=shape, t=target: (t(rng, s), predictions(rng, s, c))
        kind = f"{target.__name__} [2, 3, 4]"
        yield (
            loss,
            {"axis": 1},
            kind,
            lambda rng, t=target: (middle(t(rng, [2, 4, 3])), middle(predictions(rng, [2, 4, 3], {}))),
        )
    for config in [{}, {"q": 0.9}, {"q": 0.2, "reduction": "sum"}]:
        loss = "categoricalGeneralizedCrossEntropy"
        for shape in SHAPES:
            yield loss, config, f"labels {shape}", lambda rng, s=shape: (labels(rng, s), predictions(rng, s, {}))


def classification():
    logits = [{}, {"fromLogits": True}]
    smoothed = [{"labelSmoothing": 0.1}, {"fromLogits": True, "labelSmoothing": 0.1}]
    kinds = [
        ("categoricalCrossentropy", one_hot, [*logits, *smoothed, *REDUCTIONS]),
        ("categoricalCrossentropy", probabilities, logits),
        ("sparseCategoricalCrossentropy", labels, [*logits, {"ignoreClass": 1}, {"fromLogits": True, "ignoreClass": 1}, *REDUCTIONS]),
        ("binaryCrossentropy", ones_and_zeros, [*logits, *smoothed, *REDUCTIONS]),
    ]  # fmt: skip
    for loss, target, configs in kinds:
        shapes = [[4, 1], *SHAPES] if loss == "binaryCrossentropy" else SHAPES
        for config in configs:
            for shape in shapes:
                kind = f"{target.__name__} {shape}"
                yield loss, config, kind, lambda rng, c=config, s=shape, t=target: (t(rng, s), predictions(rng, s, c))
        # Keras takes an axis for sparse labels too, but then fails on it.
        if target is not labels:
            kind = f"{target.__name__} [2, 3, 4]"
            yield (
                loss,
                {"axis": 1},
                kind,
                lambda rng, t=target: (middle(t(rng, [2, 4, 3])), middle(predictions(rng, [2, 4, 3], {}))),
            )


def middle(array):
    return array.swapaxes(1, 2)


def clipped():
    """Probabilities of exactly zero and one, and logits that saturate."""
    sure = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1], [0, 1, 0]], "float32")
    right = np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]], "float32")
    far = (sure * 200 - 100).astype("float32")
    yield "categoricalCrossentropy", {}, "clipped", lambda rng: (right, sure)
    yield "categoricalCrossentropy", {"labelSmoothing": 0.1}, "clipped", lambda rng: (right, sure)
    yield "categoricalCrossentropy", {"fromLogits": True}, "clipped", lambda rng: (right, far)
    yield "sparseCategoricalCrossentropy", {}, "clipped", lambda rng: (right.argmax(-1).astype("int32"), sure)
    yield "sparseCategoricalCrossentropy", {"fromLogits": True}, "clipped", lambda rng: (right.argmax(-1).astype("int32"), far)
    yield "binaryCrossentropy", {}, "clipped", lambda rng: (right, sure)
    yield "binaryCrossentropy", {"labelSmoothing": 0.1}, "clipped", lambda rng: (right, sure)
    yield "binaryCrossentropy", {"fromLogits": True}, "clipped", lambda rng: (right, far)


def weights_for(rng, config, per_sample):
    """None, some, and one for each position; a weight per sample is a column where a sample has several positions."""
    # Keras takes the mean over the column as it stands, not over the positions it covers, and gets a multiple of it.
    columns = config.get("reduction") != "meanWithSampleWeight"
    shape = [per_sample[0], *[1] * (len(per_sample) - 1)] if columns else per_sample
    yield "", None
    yield " weighted", uniform(rng, 0.1, 3.0, shape)
    if shape != per_sample:
        yield " weighted positions", uniform(rng, 0.1, 3.0, per_sample)
    one_missing = uniform(rng, 0.1, 3.0, shape)
    one_missing[0] = 0
    yield " zero weight", one_missing


def run(name, loss, config, y_true, y_pred, sample_weight):
    keras_loss = class_in(keras.losses, loss)(**options(config))

    def value_of(y_pred):
        return keras_loss(jnp.asarray(y_true), y_pred, sample_weight=sample_weight)

    value, gradient = jax.value_and_grad(value_of)(jnp.asarray(y_pred))
    return {
        "name": name,
        "loss": loss,
        "config": config,
        "yTrue": y_true,
        "yPred": y_pred,
        "sampleWeight": sample_weight,
        "value": np.float32(value),
        "gradient": gradient,
    }


def main():
    cases = []
    for family in [regression, more_regression, classification, focal, clipped]:
        for loss, config, kind, make in family():
            name = f"{loss} {text(config)} {kind}"
            rng = generator(name)
            y_true, y_pred = make(rng)
            whole = loss in ["dice", "tversky"] and "axis" not in config
            per_sample = np.delete(y_pred.shape, config.get("axis", -1)).tolist()
            for suffix, sample_weight in [("", None)] if whole else weights_for(rng, config, per_sample):
                cases.append(run(name + suffix, loss, config, y_true, y_pred, sample_weight))
    write("losses", cases=cases)
