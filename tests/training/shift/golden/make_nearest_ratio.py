#!/usr/bin/env python3
"""Writes nearest_ratio.txt: how many rows of the target have each row of the source as
their nearest, by scikit-learn's KDTree.

    python3 -m venv VENV && VENV/bin/pip install numpy==2.4.6 scikit-learn==1.9.1
    cd tests/training/shift/golden && VENV/bin/python make_nearest_ratio.py

Deterministic.
"""

import numpy as np
import sklearn
from golden_file import GoldenFile
from sklearn.neighbors import KDTree


def main():
    file = GoldenFile("nearest_ratio.txt", [
        f"make_nearest_ratio.py; numpy {np.__version__}, "
        f"scikit-learn {sklearn.__version__}"])
    for seed, n_s, n_t, d in [(1, 30, 70, 1), (2, 50, 40, 3)]:
        draw = np.random.default_rng(seed)
        source = draw.normal(size=(n_s, d)).round(6)
        target = (draw.normal(size=(n_t, d)) + 0.5).round(6)
        nearest = KDTree(source).query(target, return_distance=False).ravel()
        file.case(f"seed_{seed}", shape=[n_s, n_t, d], source=source, target=target,
                  counts=np.bincount(nearest, minlength=n_s))
    file.write()


main()
