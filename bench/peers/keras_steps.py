"""Keras 3 on KERAS_BACKEND: the reference workloads, one epoch a line on request, so that runs interleave.

usage: KERAS_BACKEND=jax|tensorflow keras_steps.py THREADS mlp|wide|tiny; says "ready", then runs an epoch for each line
on standard input and answers with ms per step. JAX has no option for threads: the CPUs the process may use limit it.
"""
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
threads, workload = int(sys.argv[1]), sys.argv[2]
if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
import keras
import numpy as np
from keras import layers, regularizers


def regularized(features, blocks, batch, steps):
    stack = [keras.Input((features,))]
    for units, rate in blocks:
        stack += [layers.Dense(units, kernel_regularizer=regularizers.l2(1e-3)), layers.BatchNormalization()]
        stack += [layers.Activation("relu"), layers.Dropout(rate)]
    model = keras.Sequential(stack + [layers.Dense(10, activation="softmax")])
    labels = np.eye(10, dtype="f")[np.random.randint(0, 10, batch * steps)]
    return model, features, labels, batch, steps, "categorical_crossentropy"


def tiny(batch=32, steps=100):
    hidden = [layers.Dense(16, activation="relu"), layers.Dense(8, activation="relu")]
    model = keras.Sequential([keras.Input((30,)), *hidden, layers.Dense(2, activation="softmax")])
    return model, 30, np.random.randint(0, 2, batch * steps), batch, steps, "sparse_categorical_crossentropy"


workloads = {
    "mlp": lambda: regularized(784, [(512, 0.3), (256, 0.4), (128, 0.3)], 128, 30),
    "wide": lambda: regularized(1024, [(2048, 0.3)] * 3, 512, 5),
    "tiny": tiny,
}
model, features, y, batch, steps, loss = workloads[workload]()
model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
x = np.random.randn(batch * steps, features).astype("f")


def epoch():
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0)


for _ in range(2):
    epoch()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    epoch()
    print((time.perf_counter() - start) * 1e3 / steps, flush=True)
