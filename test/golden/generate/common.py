"""What every data file shares: random arrays, the translation of Ridgeline's names into Keras', and a JSON form in which
every float32 survives the way to a test and back."""

import json
import re
import zlib
from contextlib import contextmanager
from pathlib import Path

import jax
import keras
import numpy as np

HERE = Path(__file__).resolve().parent.parent


@contextmanager
def double_precision():
    """Where nothing depends on the width of a float, Keras computes in float64 (tanh and cosine aside, which it
    narrows to float32): a test then sees no error but its own."""
    with jax.enable_x64(True):
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


# Random arrays.


def generator(name):
    """A generator of its own per case: adding a case leaves the others as they are."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def normal(rng, shape, scale=1.0):
    """Few decimals keep the files small; they are as random as more."""
    return np.round(rng.normal(size=shape) * scale, 3).astype("float32")


def uniform(rng, low, high, shape):
    return np.round(rng.uniform(low, high, size=shape), 3).astype("float32")


def weight_like(rng, name, shape):
    """A value for a weight of this name that no formula treats specially."""
    if name == "moving_variance":
        return uniform(rng, 0.5, 2.0, shape)
    if name in ("moving_stddev", "renorm_stddev"):
        return uniform(rng, 0.5, 1.5, shape)
    if name == "gamma":
        return uniform(rng, 0.5, 1.5, shape)
    return normal(rng, shape, 0.5)


def randomize(layer_or_model, rng):
    weights = layer_or_model.weights
    layer_or_model.set_weights([weight_like(rng, weight.name, weight.shape) for weight in weights])


def named(weights, values):
    return [{"name": weight.name, **tensor(value)} for weight, value in zip(weights, values)]


# Names. A config is written as a Ridgeline user would write it; Keras objects are made from it.

IRREGULAR = {
    "lstm": "LSTM", "gru": "GRU", "simpleRnn": "SimpleRNN", "globalAveragePooling1d": "GlobalAveragePooling1D", "globalMaxPooling1d": "GlobalMaxPooling1D",
    "klDivergence": "KLDivergence", "rmsNormalization": "RMSNormalization", "spatialDropout1d": "SpatialDropout1D", "auc": "AUC", "relu": "ReLU", "leakyRelu": "LeakyReLU", "prelu": "PReLU", "elu": "ELU", "sgd": "SGD", "rmsprop": "RMSprop",
    "clipNorm": "clipnorm", "clipValue": "clipvalue", "globalClipNorm": "global_clipnorm", "beta1": "beta_1", "beta2": "beta_2", "beta2Decay": "beta_2_decay", "epsilon1": "epsilon_1", "epsilon2": "epsilon_2",
    "adamBeta1": "adam_beta_1", "adamBeta2": "adam_beta_2",
}  # fmt: skip


def snake(name):
    return re.sub("[A-Z]", lambda letter: "_" + letter.group().lower(), name)


def class_in(module, name):
    named = IRREGULAR.get(name, name[0].upper() + name[1:])
    return getattr(module, named, None) or getattr(module, f"{named}Regularizer")


def options(config):
    """Keyword arguments for a Keras constructor."""

    def value(key, given):
        if key == "renormClipping":
            return given
        if isinstance(given, dict):
            if key == "learningRate":
                return named_object(keras.optimizers.schedules, given)
            return named_object(keras.constraints if key.endswith("Constraint") else keras.regularizers, given)
        if key in ("axis", "axes", "dims") and isinstance(given, list):
            # MaxNorm sums over what it is given, and JAX takes no list.
            return tuple(given)
        return snake(given) if key in ("activation", "recurrentActivation", "reduction", "dataFormat", "scoreMode") else given

    return {IRREGULAR.get(key, snake(key)): value(key, given) for key, given in config.items()}


def named_object(module, config):
    """`{name, ...options}` as an object: a regularizer, constraint, loss, metric, optimizer, schedule or initializer."""
    rest = {key: value for key, value in config.items() if key != "name"}
    return class_in(module, config["name"])(**options(rest))


def make_layer(layer, config):
    return class_in(keras.layers, layer)(**options(config))


def activation(name):
    return getattr(keras.activations, snake(name))


# Files.


def tensor(array):
    array = np.asarray(array)
    if array.dtype == "float64":
        array = array.astype("float32")
    return {"shape": list(array.shape), "dtype": str(array.dtype), "data": list(array.reshape(-1))}


def text(value):
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{text(entry)}" for key, entry in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(text, value)) + "]"
    if isinstance(value, (np.ndarray, jax.Array)):
        return text(tensor(value) if value.ndim else tensor(value)["data"][0])
    if isinstance(value, np.float32):
        return float32_text(value)
    if isinstance(value, np.integer):
        return str(value)
    return json.dumps(value, allow_nan=False)


def float32_text(value):
    """The fewest digits, nine at most, from which the same float32 is read back."""
    if not np.isfinite(value):
        raise ValueError(f"{value} has no place in a data file")
    digits = str(value).removesuffix(".0")
    assert np.float32(float(digits)) == value
    return digits


def path_of(name):
    return HERE / f"{name}.json"


def write(name, **sections):
    """One file; the entries of a section stand on lines of their own, so that a diff shows which case changed."""
    version = {"keras": keras.__version__, "backend": f"jax {jax.__version__}"}
    lines = [f"{json.dumps(key)}:{json.dumps(value)}" for key, value in version.items()]
    for key, entries in sections.items():
        names = [entry["name"] for entry in entries]
        assert len(set(names)) == len(names), f"a name is used twice in {name}"
        lines.append(f"{json.dumps(key)}:[\n" + ",\n".join(map(text, entries)) + "\n]")
    path = path_of(name)
    path.write_text("{" + ",\n".join(lines) + "}\n")
    print(f"{path.name}: {sum(map(len, sections.values()))} entries, {path.stat().st_size / 1e6:.2f} MB")
