"""Keras models from Ridgeline's spelling, for the files that train."""

import keras

from common import class_in, make_layer, named_object


def loss_object(loss):
    return named_object(keras.losses, loss) if isinstance(loss, dict) else class_in(keras.losses, loss)()


def metric_object(metric):
    """'accuracy' stays a string, which Keras resolves by shapes."""
    return metric if metric == "accuracy" else class_in(keras.metrics, metric)()


def build(layers, input_shape):
    keras.utils.clear_session()
    stack = [make_layer(entry["layer"], entry["config"]) for entry in layers]
    return keras.Sequential([keras.Input(input_shape), *stack])


def compile_model(model, loss, optimizer, metrics=(), weighted_metrics=()):
    excluded = optimizer.get("excludeFromWeightDecay")
    of = named_object(keras.optimizers, {key: value for key, value in optimizer.items() if key != "excludeFromWeightDecay"})
    if excluded:
        of.exclude_from_weight_decay(var_names=excluded)
    model.compile(
        optimizer=of,
        loss=loss_object(loss),
        metrics=list(map(metric_object, metrics)),
        weighted_metrics=list(map(metric_object, weighted_metrics)),
    )
    return model
