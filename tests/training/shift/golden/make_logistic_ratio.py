#!/usr/bin/env python3
"""Writes logistic_ratio.txt: scikit-learn's LogisticRegression of target against
source, its coefficients, intercept and log-odds of the source's rows.

    python3 -m venv VENV && VENV/bin/pip install numpy==2.4.6 scikit-learn==1.9.1
    cd tests/training/shift/golden && VENV/bin/python make_logistic_ratio.py

Deterministic.
"""

import numpy as np
import sklearn
from golden_file import GoldenFile
from sklearn.linear_model import LogisticRegression


def samples(seed, n_s, n_t, d):
    draw = np.random.default_rng(seed)
    source = draw.normal(size=(n_s, d)).round(6)
    target = (draw.normal(size=(n_t, d)) * 0.8 + 0.6).round(6)
    return source, target


def main():
    file = GoldenFile("logistic_ratio.txt", [
        f"make_logistic_ratio.py; numpy {np.__version__}, "
        f"scikit-learn {sklearn.__version__}"])
    for seed, n_s, n_t, d, c in [
            (1, 40, 60, 1, 1.0), (2, 80, 50, 3, 0.01), (3, 120, 30, 4, 100.0),
            (4, 25, 25, 6, 1e6), (5, 1, 1, 2, 1.0), (6, 30, 2000, 2, 1.0)]:
        source, target = samples(seed, n_s, n_t, d)
        if seed == 3:  # a constant column, and one twice
            for sample in (source, target):
                sample[:, 1] = 2.5
                sample[:, 2] = sample[:, 0]
        if seed == 4:  # columns of other scales
            for sample in (source, target):
                sample *= 10.0 ** np.arange(-3, 3)
        x = np.vstack([source, target])
        y = np.r_[np.zeros(n_s), np.ones(n_t)]
        model = LogisticRegression(C=c, tol=1e-14, max_iter=10000,
                                   solver="newton-cholesky").fit(x, y)
        file.case(f"seed_{seed}", shape=[n_s, n_t, d, c], source=source,
                  target=target, coefficients=model.coef_,
                  intercept=model.intercept_,
                  log_odds=model.decision_function(source))
    file.write()


main()
