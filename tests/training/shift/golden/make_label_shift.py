#!/usr/bin/env python3
"""Writes label_shift.txt: the fixed points of the EM steps of Saerens, Latinne and
Decaestecker (2002), literally, and C^-1 mu by numpy.

    python3 -m venv VENV && VENV/bin/pip install numpy==2.4.6
    cd tests/training/shift/golden && VENV/bin/python make_label_shift.py

Deterministic.
"""

import numpy as np
from golden_file import GoldenFile


def em(posteriors, priors):
    """Until nothing changes, or 300,000 steps."""
    q = priors.copy()
    for _ in range(300_000):
        scaled = posteriors * (q / priors)
        new = (scaled / scaled.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.abs(new - q).max() < 1e-16:
            break
        q = new
    return q


def main():
    file = GoldenFile("label_shift.txt", [f"make_label_shift.py; numpy {np.__version__}"])
    for seed, rows, classes, scale in [(1, 50, 2, 1.5), (2, 200, 3, 2.0), (3, 120, 5, 3.0)]:
        draw = np.random.default_rng(seed)
        logits = draw.normal(size=(rows, classes)) * scale
        posteriors = np.exp(logits)
        posteriors /= posteriors.sum(axis=1, keepdims=True)
        priors = draw.dirichlet(np.full(classes, 5.0))
        file.case(f"em_{seed}", posteriors=posteriors, source_priors=priors,
                  priors=em(posteriors, priors))
    for seed, classes in [(4, 2), (5, 4), (6, 10)]:
        draw = np.random.default_rng(seed)
        confusion = draw.integers(1, 20, size=(classes, classes)) + 60 * np.eye(classes)
        joint = confusion / confusion.sum()
        recalls = joint / joint.sum(axis=0)
        predicted = np.rint(1e4 * recalls @ draw.dirichlet(np.full(classes, 3.0)))
        weights = np.linalg.solve(joint, predicted / predicted.sum())
        assert weights.min() > 0
        file.case(f"confusion_{seed}", confusion=confusion, predicted=predicted,
                  weights=weights, priors=weights * joint.sum(axis=0))
    file.write()


main()
