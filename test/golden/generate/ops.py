"""ops.json: ops along axes and in order, each with the gradient of sum(first output * cotangent)."""

import jax
import jax.numpy as jnp
import numpy as np
from keras import ops

from common import double_precision, generator, normal, options, text, write

AXES = [{}, {"axis": -1}, {"axis": 1}, {"axis": [0, 2]}, {"axis": 0, "keepdims": True}]
CUBE = [3, 4, 5]
EINSUMS = [
    ("ijk->kij", [CUBE]),
    ("ijk->j", [CUBE]),
    ("ijk->", [CUBE]),
    ("kij", [CUBE]),
    ("...k->k...", [CUBE]),
    ("i,i->", [[4], [4]]),
    ("i,j", [[3], [4]]),
    ("ij,jk", [[3, 4], [4, 5]]),
    ("ij,jk->ki", [[3, 4], [4, 5]]),
    ("ij,kj->ik", [[3, 4], [5, 4]]),
    ("ij,ij->i", [[3, 4], [3, 4]]),
    ("bi,bij->bj", [[3, 4], [3, 4, 5]]),
    ("bij,bjk->bik", [[2, 3, 4], [2, 4, 5]]),
    ("bqhd,bkhd->bhqk", [[2, 3, 4, 5], [2, 6, 4, 5]]),
    ("bhqk,bkhd->bqhd", [[2, 4, 3, 6], [2, 6, 4, 5]]),
    ("bshd,hde->bse", [[2, 3, 4, 5], [4, 5, 6]]),
    ("abc,cde->eabd", [[2, 3, 4], [4, 5, 6]]),
    ("abij,acij->abc", [[2, 3, 4, 5], [2, 6, 4, 5]]),
    ("ijm,jk->ik", [[2, 3, 4], [3, 5]]),
    ("...ij,...jk->...ik", [[2, 3, 4, 5], [2, 3, 5, 2]]),
    ("...ij,jk", [[2, 3, 4], [4, 5]]),
    ("bi,ij,bj->b", [[3, 4], [4, 5], [3, 5]]),
    ("ij,ij,ij->ji", [[3, 4], [3, 4], [3, 4]]),
    ("ab,cd->dacb", [[2, 3], [4, 5]]),
]

# Ours, by Keras' ops: a function of the arrays and the arguments.
FUNCTIONS = {
    "variance": lambda x, **over: ops.var(x, **over),
    "std": lambda x, **over: ops.std(x, **over),
    "logSumExp": lambda x, **over: ops.logsumexp(x, **over),
    "norm": lambda x, ord=2, axis=None, keepdims=False: norm(x, ord, axis, keepdims),
    "normalize": lambda x, axis=-1: ops.normalize(x, axis=axis),
    "cumsum": lambda x, axis=-1: ops.cumsum(x, axis=axis),
    "sort": lambda x, axis=-1, descending=False: -ops.sort(-x, axis=axis) if descending else ops.sort(x, axis=axis),
    "argSort": lambda x, axis=-1, descending=False: ops.argsort(-x if descending else x, axis=axis),
    "topK": lambda x, k: ops.top_k(x, k),
    "takeAlongAxis": lambda x, indices, axis=-1: ops.take_along_axis(x, indices, axis=axis),
    "stack": lambda *xs, axis=0: ops.stack(xs, axis=axis),
    "einsum": lambda *xs, equation: ops.einsum(equation, *xs),
    "expandDims": lambda x, axis: ops.expand_dims(x, axis),
    "squeeze": lambda x, axis: ops.squeeze(x, axis),
    "oneHot": lambda x, num_classes: ops.one_hot(x, num_classes),
    "zerosLike": lambda x: ops.zeros_like(x),
    "onesLike": lambda x: ops.ones_like(x),
    "stopGradient": lambda x: ops.stop_gradient(x),
    "ceil": lambda x: ops.ceil(x * 3),
    "round": lambda x: ops.round(ops.floor(x * 4) / 2),
    "mod": lambda x, y: ops.mod(x * 3, y),
    "any": lambda x, **over: ops.cast(ops.any(x > 0.5, **over), "int32"),
    "all": lambda x, **over: ops.cast(ops.all(x > -0.5, **over), "int32"),
    "tile": lambda x, repeats: ops.tile(x, repeats),
    "repeat": lambda x, repeats, axis=-1: ops.repeat(x, repeats, axis=axis),
    "argMin": lambda x, axis=-1: ops.argmin(x, axis=axis),
    "prod": lambda x, **over: ops.prod(x, **over),
    "tril": lambda x, k=0: ops.tril(x, k),
    "triu": lambda x, k=0: ops.triu(x, k),
    "swapAxes": lambda x, axis1, axis2: ops.swapaxes(x, axis1, axis2),
    "roll": lambda x, shift, axis=-1: ops.roll(x, shift, axis=axis),
    "pad": lambda x, widths, value=0: ops.pad(x, widths, constant_values=value),
    "scatter": lambda indices, values, shape: ops.scatter(indices, values, tuple(shape)),
    "segmentSum": lambda values, segments, num_segments: ops.segment_sum(values, segments, num_segments),
}


def norm(x, ord, axis, keepdims):
    """Keras' norm over several axes is one of matrices: of vectors it is the sum of powers."""
    if ord == "infinity":
        return ops.max(ops.abs(x), axis=axis, keepdims=keepdims)
    return ops.sum(ops.abs(x) ** ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def cases():
    for name in ["variance", "std", "logSumExp"]:
        for over in AXES:
            yield name, over, [CUBE]
    for over in AXES:
        yield "norm", over, [CUBE]
    for axis in [{}, {"axis": 1}, {"axis": [0, 2]}]:
        yield "normalize", axis, [CUBE]
    for ord in [1, 3, 2.5, "infinity"]:
        yield "norm", {"ord": ord, "axis": -1}, [CUBE]
    for axis in [{}, {"axis": 0}, {"axis": 1}, {"axis": -2}]:
        yield "cumsum", axis, [CUBE]
        for order in [{}, {"descending": True}]:
            yield "sort", {**axis, **order}, [CUBE]
            yield "argSort", {**axis, **order}, [CUBE]
    for k in [1, 3, 5]:
        yield "topK", {"k": k}, [CUBE]
    yield "takeAlongAxis", {}, [CUBE, ("indices", [3, 4, 2], 5)]
    yield "takeAlongAxis", {"axis": 0}, [CUBE, ("indices", [7, 4, 5], 3)]
    yield "takeAlongAxis", {"axis": 1}, [CUBE, ("indices", [3, 2, 5], 4)]
    for axis in [{}, {"axis": 1}, {"axis": -1}, {"axis": 2}]:
        yield "stack", axis, [[2, 3], [2, 3], [2, 3]]
    for equation, shapes in EINSUMS:
        yield "einsum", {"equation": equation}, shapes
    for axis in [0, 1, 3, -1, -2]:
        yield "expandDims", {"axis": axis}, [CUBE]
    for axis in [1, -2]:
        yield "squeeze", {"axis": axis}, [[3, 1, 2]]
    yield "oneHot", {"numClasses": 4}, [("indices", [2, 3], 6)]
    yield "scatter", {"shape": [6]}, [("indices", [5, 1], 6), [5]]
    yield "scatter", {"shape": [4, 3]}, [("indices", [2, 3, 1], 4), [2, 3, 3]]
    yield "scatter", {"shape": [3, 3, 2]}, [("indices", [7, 2], 3), [7, 2]]
    yield "segmentSum", {"numSegments": 4}, [[6], ("segments", [6], 4)]
    yield "segmentSum", {"numSegments": 5}, [[6, 2, 3], ("segments", [6], 4)]
    for name in ["zerosLike", "onesLike", "stopGradient"]:
        yield name, {}, [CUBE]
    yield "tile", {"repeats": [2, 1, 3]}, [CUBE]
    for axis in [{}, {"axis": 0}, {"axis": 1}]:
        yield "repeat", {"repeats": 3, **axis}, [CUBE]
    yield "pad", {"widths": [[1, 0], [0, 2], [3, 1]]}, [CUBE]
    yield "pad", {"widths": [[0, 0], [2, 1]], "value": -1.5}, [[3, 4]]
    for over in AXES:
        yield "any", over, [CUBE]
        yield "all", over, [CUBE]
    for name in ["ceil", "round"]:
        yield name, {}, [CUBE]
    yield "mod", {}, [CUBE, [5]]
    for over in AXES:
        yield "prod", over, [CUBE]
    for axis in [{}, {"axis": 0}]:
        yield "argMin", axis, [CUBE]
    for name in ["tril", "triu"]:
        for k in [{}, {"k": 1}, {"k": -2}]:
            yield name, k, [CUBE]
    for shift in [1, -2, 7]:
        yield "roll", {"shift": shift}, [CUBE]
        yield "roll", {"shift": shift, "axis": 0}, [CUBE]
    yield "swapAxes", {"axis1": 0, "axis2": -1}, [CUBE]


def run(op, config, inputs):
    name = f"{op} {text(config)} {' '.join(text(of) for of in inputs)}"
    rng = generator(name)
    arrays = [rng.integers(of[2], size=of[1]).astype("int32") if isinstance(of, tuple) else normal(rng, of) for of in inputs]
    floats = [i for i, of in enumerate(arrays) if of.dtype == "float32"]

    def call(given):
        every = [jnp.asarray(given[floats.index(i)]) if i in floats else jnp.asarray(of) for i, of in enumerate(arrays)]
        outputs = FUNCTIONS[op](*every, **options(config))
        outputs = outputs if isinstance(outputs, (tuple, list)) else [outputs]
        return outputs[0], list(outputs)[1:]

    first, backward, others = jax.vjp(call, [jnp.asarray(arrays[i], "float64") for i in floats], has_aux=True)
    cotangent, gradients = None, []
    if jnp.issubdtype(first.dtype, jnp.floating):
        cotangent = normal(rng, first.shape)
        (gradients,) = backward(jnp.asarray(cotangent, first.dtype))
    outputs = [np.asarray(of, "int32") if jnp.issubdtype(of.dtype, jnp.integer) else of for of in [first, *others]]
    return {"name": name, "op": op, "config": config, "inputs": arrays, "outputs": outputs, "cotangent": cotangent, "gradients": gradients}


def main():
    with double_precision():
        write("ops", cases=[run(*of) for of in cases()])
