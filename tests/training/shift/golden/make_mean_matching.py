#!/usr/bin/env python3
"""Writes mean_matching.txt: kernel mean matching by quadprog (Goldfarb & Idnani's dual
active-set method).

    python3 -m venv VENV && VENV/bin/pip install numpy==2.4.6 quadprog==0.1.14
    cd tests/training/shift/golden && VENV/bin/python make_mean_matching.py

The kernel is exp(-|x - y|^2 / (2 width^2)).  (DIW's code takes a quantile of distances
for gamma.)  at_bounds counts weights at 0, at B, and whether the sum is at its bound.
Deterministic.
"""

from importlib.metadata import version

import numpy as np
import quadprog
from golden_file import GoldenFile


def kernel(x, y, width):
    return np.exp(-((x[:, None] - y[None]) ** 2).sum(axis=2) / (2 * width**2))


def main():
    file = GoldenFile("mean_matching.txt", [
        f"make_mean_matching.py; numpy {np.__version__}, "
        f"quadprog {version('quadprog')}"])
    for seed, n_s, n_t, d, shift, width, bound, slack, ridge in [
            (1, 40, 30, 1, 0.5, 0.5, 1000.0, None, 1e-3),
            (2, 60, 25, 2, 0.7, 0.8, 1000.0, None, 1e-5),
            (3, 50, 50, 2, 1.5, 0.6, 3.0, None, 1e-3),   # B holds some
            (4, 40, 30, 3, 2.5, 0.5, 1000.0, 0.1, 1e-3),  # the lesser sum holds
            (5, 30, 45, 1, 0.2, 1.0, 1000.0, 0.0, 1e-2),  # sum = n
            (6, 80, 40, 2, 0.5, 0.7, 2.0, 0.01, 1e-4),
            (7, 50, 40, 2, 0.3, 0.3, 1000.0, 0.05, 0.0)]:
        draw = np.random.default_rng(seed)
        source = draw.normal(size=(n_s, d)).round(6)
        target = (draw.normal(size=(n_t, d)) * 0.8 + shift).round(6)
        k = kernel(source, source, width) + ridge * np.eye(n_s)
        kappa = n_s / n_t * kernel(source, target, width).sum(axis=1)
        eps = (np.sqrt(n_s) - 1) / np.sqrt(n_s) if slack is None else slack
        ones = np.ones((n_s, 1))
        if eps == 0:
            rows, right, equal = ones, [n_s], 1
        else:
            rows, right, equal = np.hstack([ones, -ones]), [n_s * (1 - eps),
                                                            -n_s * (1 + eps)], 0
        w = quadprog.solve_qp(
            k, kappa, np.hstack([rows, np.eye(n_s), -np.eye(n_s)]),
            np.r_[right, np.zeros(n_s), -bound * np.ones(n_s)], equal)[0]
        w = np.clip(np.where(np.abs(w) < 1e-12, 0, w), 0, bound)
        file.case(f"seed_{seed}", shape=[n_s, n_t, d], source=source, target=target,
                  width=width, bound=bound, ridge=ridge,
                  slack=[] if slack is None else slack, weights=w,
                  at_bounds=[(w == 0).sum(), (w > bound - 1e-9).sum(),
                             abs(abs(w.sum() - n_s) - n_s * eps) < 1e-6],
                  condition=np.linalg.cond(k))
    file.write()


main()
