"""folds.json: scikit-learn's folds of rows, of classes and of groups, without shuffling."""

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

from common import generator, write

KINDS = {"kFold": KFold, "stratifiedKFold": StratifiedKFold, "groupKFold": GroupKFold}


def sizes_differ(groups):
    """Of groups of one size scikit-learn's order is that of an unstable sort."""
    return len(set(np.bincount(groups))) == len(set(groups))


def cases():
    for rows in [7, 10, 23]:
        for splits in [2, 3, 5]:
            yield "kFold", splits, np.arange(rows)
    for classes, rows in [(2, 20), (3, 31), (5, 60)]:
        rng = generator(f"classes {classes}")
        labels = np.concatenate([np.repeat(np.arange(classes), 5), rng.integers(classes, size=rows - 5 * classes)])
        yield "stratifiedKFold", 5, rng.permutation(labels)
        yield "stratifiedKFold", 3, rng.permutation(labels)
    for sizes in [[5, 3, 8, 1, 2], [13, 1, 2, 3, 4, 5, 6, 7]]:
        groups = generator(str(sizes)).permutation(np.repeat(np.arange(len(sizes)), sizes))
        assert sizes_differ(groups)
        for splits in [2, 3, 5]:
            yield "groupKFold", splits, groups


def run(kind, splits, of):
    given = {"groupKFold": {"groups": of}, "stratifiedKFold": {"y": of}}.get(kind, {})
    folds = KINDS[kind](splits).split(np.zeros(len(of)), **given)
    name = f"{kind} of {len(of)} in {splits}"
    return {"name": name, "kind": kind, "nSplits": splits, "of": list(of), "tests": [list(test) for _, test in folds]}


def main():
    write("folds", cases=[run(*of) for of in cases()])
