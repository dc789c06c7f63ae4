"""spectral.json: training with spectral normalization, by Keras on TensorFlow: on JAX the kernels that it replaces are lost
with the step."""

import os
import subprocess
import sys

STEPS = 8


def train():
    import keras
    import numpy as np

    from common import generator, normal, write

    def trained(model, order, rng, x, y):
        initial = [normal(rng, weight.shape, 0.5) for weight in order]
        for weight, value in zip(order, initial):
            weight.assign(value)
        losses = []
        for _ in range(STEPS):
            model.reset_metrics()
            losses.append(np.float32(model.train_on_batch(x, y)))
        return initial, losses

    cases = []
    for name, config, iterations, make in [
        ("sgd", {"name": "sgd", "learningRate": 0.2}, 1, lambda: keras.optimizers.SGD(0.2)),
        ("momentum", {"name": "sgd", "learningRate": 0.05, "momentum": 0.9}, 3, lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
        # A beta2 that float32 holds: Keras narrows it before it takes powers.
        ("adam", {"name": "adam", "learningRate": 0.02, "beta2": 0.875}, 1, lambda: keras.optimizers.Adam(0.02, beta_2=0.875)),
    ]:
        rng = generator(name)
        x, y = normal(rng, [12, 5]), normal(rng, [12, 2])
        dense = [
            keras.layers.Dense(8, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.02)),
            keras.layers.Dense(2),
        ]
        wrapped = [keras.layers.SpectralNormalization(of, power_iterations=iterations) for of in dense]
        model = keras.Sequential([keras.Input([5]), *wrapped])
        model.compile(optimizer=make(), loss="mean_squared_error")
        order = [weight for of, around in zip(dense, wrapped) for weight in (around.vector_u, of.kernel, of.bias)]
        initial, losses = trained(model, order, rng, x, y)
        final = [weight.numpy() for weight in order]
        outputs = model.predict(x, verbose=0)
        cases.append({
            "name": name, "optimizer": config, "powerIterations": iterations, "x": x, "y": y, "initialWeights": initial,
            "losses": losses, "finalWeights": final, "outputs": outputs,
        })  # fmt: skip
    # One layer called twice reads two kernels in a step, and a plain call before reads a third.
    shared = []
    for name in ("twice", "plain first"):
        rng = generator(name)
        x, y = normal(rng, [12, 4]), normal(rng, [12, 4])
        dense = keras.layers.Dense(4, activation="tanh")
        around = keras.layers.SpectralNormalization(dense)
        at = keras.Input([4])
        dense.build([None, 4])
        output = around(around(at)) if name == "twice" else around(dense(at))
        model = keras.Model(at, output)
        model.compile(optimizer=keras.optimizers.SGD(0.2), loss="mean_squared_error")
        order = [around.vector_u, dense.kernel, dense.bias]
        initial, losses = trained(model, order, rng, x, y)
        shared.append({
            "name": name, "x": x, "y": y, "initialWeights": initial, "losses": losses,
            "finalWeights": [weight.numpy() for weight in order],
        })  # fmt: skip
    write("spectral", cases=cases, shared=shared)


def main():
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow"}
    subprocess.run([sys.executable, __file__], env=environment, check=True)


if __name__ == "__main__":
    train()
