"""Writes the golden data of the tests: what Keras computes, so that the tests compare with it and need no Python.

    pip install keras jax
    python test/golden/generate [layers | activations | losses | metrics | trajectories | fit | initializers]...

Without a name it writes every file of test/golden. Each file records the Keras version it came from. Configurations in
the files are spelled as in Ridgeline's API; arrays are {shape, dtype, data} in row-major order.
"""

import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

import activations
import fit
import initializers
import layers
import losses
import metrics
import trajectories

FILES = {module.__name__: module for module in [layers, activations, losses, metrics, trajectories, fit, initializers]}

for name in sys.argv[1:] or FILES:
    FILES[name].main()
