"""Writes the golden data of the tests: what Keras computes, so that the tests compare with it and need no Python.

    pip install keras jax scikit-learn keras-hub
    python test/golden/generate [--all] [NAME]...

It makes the files of test/golden that are missing; those that are named anew; with --all, every one. Each file records
the Keras version it came from. Configurations in the files are spelled as in Ridgeline's API; arrays are
{shape, dtype, data} in row-major order.
"""

import argparse
import importlib
import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"

from common import path_of

FILES = [
    "layers", "activations", "ops", "losses", "metrics", "schedules", "trajectories", "constraints", "fit", "accumulation", "initializers", "folds", "preprocessing", "spectral", "sequences", "attention", "positions",
]  # fmt: skip

parser = argparse.ArgumentParser(prog="python test/golden/generate", description="Makes the golden files that are missing.")
parser.add_argument("names", nargs="*", metavar="NAME", help=f"files to make anew: {', '.join(FILES)}")
parser.add_argument("--all", action="store_true", help="make every file anew")
given = parser.parse_args()
unknown = [name for name in given.names if name not in FILES]
if unknown:
    parser.error(f"there is no {unknown[0]}.json; there are {', '.join(FILES)}")

names = FILES if given.all else given.names or [name for name in FILES if not path_of(name).exists()]
print(f"making {', '.join(names)}" if names else "nothing is missing; name what to make anew, or give --all")
for name in names:
    importlib.import_module(name).main()
