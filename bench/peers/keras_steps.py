"""Keras 3 on KERAS_BACKEND: the reference workloads, one epoch a line on request, so that runs interleave.

usage: KERAS_BACKEND=jax|tensorflow keras_steps.py THREADS WORKLOAD; says "ready", then runs an epoch for each line
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
    x = np.random.randn(batch * steps, features).astype("f")
    return model, x, labels, batch, steps, "categorical_crossentropy"


def tiny(batch=32, steps=100):
    hidden = [layers.Dense(16, activation="relu"), layers.Dense(8, activation="relu")]
    model = keras.Sequential([keras.Input((30,)), *hidden, layers.Dense(2, activation="softmax")])
    x = np.random.randn(batch * steps, 30).astype("f")
    return model, x, np.random.randint(0, 2, batch * steps), batch, steps, "sparse_categorical_crossentropy"


WORDS, SIZE = 10_000, 128


def texts(rows, time):
    return np.random.randint(0, WORDS, (rows, time)).astype("int32")


def lstm(recurrent_dropout, batch=32, time=100):
    steps = 15 if recurrent_dropout else 30
    l2 = lambda: regularizers.l2(1e-3)
    cell = layers.LSTM(64, dropout=0.2, recurrent_dropout=recurrent_dropout, kernel_regularizer=l2(), recurrent_regularizer=l2())
    stack = [keras.Input((time,), dtype="int32"), layers.Embedding(WORDS, SIZE), cell, layers.Dropout(0.3)]
    model = keras.Sequential(stack + [layers.Dense(1, activation="sigmoid")])
    y = np.random.randint(0, 2, (batch * steps, 1)).astype("f")
    return model, texts(batch * steps, time), y, batch, steps, "binary_crossentropy"


def gru(batch=32, steps=6, time=200):
    model = keras.Sequential([keras.Input((time, SIZE)), layers.GRU(256), layers.Dense(1)])
    x = np.random.randn(batch * steps, time, SIZE).astype("f")
    return model, x, np.random.randn(batch * steps, 1).astype("f"), batch, steps, "mse"


class Positions(layers.Layer):
    def build(self, shape):
        self.positions = self.add_weight(shape=shape[1:], initializer="uniform")

    def call(self, x):
        return x + self.positions


class Block(layers.Layer):
    def __init__(self, size, heads, wide, causal):
        super().__init__()
        l2 = lambda: regularizers.l2(1e-3)
        self.causal, self.attend = causal, layers.MultiHeadAttention(heads, size // heads, dropout=0.1)
        self.wide = layers.Dense(wide, activation="relu", kernel_regularizer=l2())
        self.narrow = layers.Dense(size, kernel_regularizer=l2())
        self.drops = [layers.Dropout(0.1) for _ in range(3)]
        self.norms = [layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]

    def call(self, x, training=False):
        seen = self.attend(x, x, use_causal_mask=self.causal, training=training)
        h = self.norms[0](x + self.drops[0](seen, training=training))
        y = self.narrow(self.drops[1](self.wide(h), training=training))
        return self.norms[1](h + self.drops[2](y, training=training))


def transformer(batch=32, steps=12, time=128):
    tokens = keras.Input((time,), dtype="int32")
    x = Positions()(layers.Embedding(WORDS, SIZE)(tokens))
    for _ in range(2):
        x = Block(SIZE, 8, 512, False)(x)
    model = keras.Model(tokens, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x)))
    y = np.random.randint(0, 2, batch * steps)
    return model, texts(batch * steps, time), y, batch, steps, "sparse_categorical_crossentropy"


def causal_lm(batch=8, steps=3, time=256, size=256, words=1000):
    tokens = keras.Input((time,), dtype="int32")
    x = Positions()(layers.Embedding(words, size)(tokens))
    for _ in range(4):
        x = Block(size, 8, 4 * size, True)(x)
    model = keras.Model(tokens, layers.Dense(words, activation="softmax")(x))
    x = np.random.randint(0, words, (batch * steps, time)).astype("int32")
    return model, x, x, batch, steps, "sparse_categorical_crossentropy"


workloads = {
    "mlp": lambda: regularized(784, [(512, 0.3), (256, 0.4), (128, 0.3)], 128, 30),
    "wide": lambda: regularized(1024, [(2048, 0.3)] * 3, 512, 5),
    "tiny": tiny,
    "lstm_plain": lambda: lstm(0),
    "lstm_recdrop": lambda: lstm(0.2),
    "gru": gru,
    "transformer": transformer,
    "causal_lm": causal_lm,
}
model, x, y, batch, steps, loss = workloads[workload]()
metrics = [] if workload in ("gru", "causal_lm") else ["accuracy"]
model.compile(optimizer="adam", loss=loss, metrics=metrics)


def epoch():
    model.fit(x, y, batch_size=batch, epochs=1, verbose=0)


for _ in range(2):
    epoch()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    epoch()
    print((time.perf_counter() - start) * 1e3 / steps, flush=True)
