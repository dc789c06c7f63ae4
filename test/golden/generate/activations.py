"""activations.json: every activation function and its gradient, near zero, around every corner and far out."""

import jax
import jax.numpy as jnp
import numpy as np

from common import activation, double_precision, generator, normal, options, text, uniform, write

# Corners (0, 0.5, 1, 3, 6, 20) are approached from both sides and never hit: there a gradient is a matter of taste.
POINTS = [1e-7, 1e-4, 0.01, 0.1, 0.3, 0.499, 0.501, 0.7, 0.999, 1.001, 1.5, 2.2, 2.999, 3.001, 4.0, 5.5, 5.999, 6.001, 8.0,
          12.0, 19.99, 20.01, 40.0, 80.0]  # fmt: skip
ELEMENTWISE = np.array([-point for point in reversed(POINTS)] + POINTS, "float32")

ROWS = np.array([[0.1, -0.2, 0.3, 0.0], [5.0, -5.0, 4.5, 4.75], [80.0, -80.0, 79.0, 0.5], [-3.0, -3.1, -2.9, -40.0]], "float32")

FUNCTIONS = [
    ("relu", {}), ("relu", {"negativeSlope": 0.1}), ("relu", {"maxValue": 5.0}), ("relu", {"threshold": 0.6}),
    ("relu", {"negativeSlope": 0.1, "maxValue": 5.0, "threshold": 0.6}), ("sigmoid", {}), ("tanh", {}), ("linear", {}),
    ("gelu", {}), ("gelu", {"approximate": True}), ("elu", {}), ("elu", {"alpha": 0.5}), ("selu", {}), ("softplus", {}),
    ("softsign", {}), ("silu", {}), ("hardSigmoid", {}), ("exponential", {}), ("leakyRelu", {}),
    ("leakyRelu", {"negativeSlope": 0.01}), ("relu6", {}), ("mish", {}), ("hardSilu", {}), ("celu", {}), ("celu", {"alpha": 2.0}),
    ("hardTanh", {}), ("hardShrink", {}), ("hardShrink", {"threshold": 2.0}), ("softShrink", {}), ("softShrink", {"threshold": 2.0}),
    ("tanhShrink", {}), ("logSigmoid", {}), ("threshold", {"threshold": 1.2, "defaultValue": -3.0}), ("squareplus", {}),
    ("squareplus", {"b": 1.0}), ("sparsePlus", {}), ("sparseSigmoid", {}),
]  # fmt: skip
ALONG_AN_AXIS = [("softmax", {}), ("logSoftmax", {}), ("sparsemax", {}), ("glu", {})]


def run(function, config, x, case):
    name = f"{function} {text(config)} {case}"
    rng = generator(name)
    keras_function = activation(function)
    y, backward = jax.vjp(lambda x: keras_function(x, **options(config)), jnp.asarray(x, "float64"))
    dy = normal(rng, y.shape)
    (dx,) = backward(jnp.asarray(dy, y.dtype))
    return {"name": name, "activation": function, "config": config, "x": x, "y": y, "dy": dy, "dx": dx}


def main():
    cube = uniform(generator("cube"), -2.0, 2.0, [2, 4, 6])
    with double_precision():
        cases = [run(function, config, ELEMENTWISE, "points") for function, config in FUNCTIONS]
        for function, config in ALONG_AN_AXIS:
            cases.append(run(function, config, ROWS, "rows"))
            cases.append(run(function, config, cube, "cube"))
            cases.append(run(function, {"axis": 1}, cube, "cube"))
    write("activations", cases=cases)
