"""scikit-learn: the tiny workload, one epoch a line on request, so that runs interleave.

usage: sklearn_steps.py THREADS tiny; says "ready", then runs an epoch for each line on standard input and answers with
ms per step. For two classes its head is one sigmoid, where the others have a softmax of two.
"""
import os
import sys
import time

threads, workload = sys.argv[1:]
if workload != "tiny":
    sys.exit(f"scikit-learn has no peer of {workload}")
# Read when NumPy loads its BLAS.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = threads

import numpy as np
from sklearn.neural_network import MLPClassifier

batch, steps = 32, 100
x = np.random.randn(batch * steps, 30).astype("f")
y = np.random.randint(0, 2, batch * steps)
model = MLPClassifier((16, 8), solver="adam", alpha=0, batch_size=batch)


def epoch():
    """All batches once, in a new order; Adam's state lasts from call to call."""
    model.partial_fit(x, y, classes=[0, 1])


for _ in range(2):
    epoch()
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    epoch()
    print((time.perf_counter() - start) * 1e3 / steps, flush=True)
