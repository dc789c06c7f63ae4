"""Keras 3 on KERAS_BACKEND: the mlp workload, one epoch of 30 steps a line on request, so that runs interleave.

usage: KERAS_BACKEND=jax|tensorflow keras_mlp.py THREADS; each line on standard input runs an epoch and answers with
ms per step.
"""
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
threads = int(sys.argv[1])
if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
import keras
import numpy as np
from keras import layers, regularizers

stack = [keras.Input((784,))]
for units, rate in [(512, 0.3), (256, 0.4), (128, 0.3)]:
    stack += [layers.Dense(units, kernel_regularizer=regularizers.l2(1e-3)), layers.BatchNormalization()]
    stack += [layers.Activation("relu"), layers.Dropout(rate)]
model = keras.Sequential(stack + [layers.Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
x = np.random.randn(128 * 30, 784).astype("f")
y = np.eye(10, dtype="f")[np.random.randint(0, 10, 128 * 30)]
for _ in range(2):
    model.fit(x, y, batch_size=128, epochs=1, verbose=0)
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    model.fit(x, y, batch_size=128, epochs=1, verbose=0)
    print((time.perf_counter() - start) * 1e3 / 30, flush=True)
