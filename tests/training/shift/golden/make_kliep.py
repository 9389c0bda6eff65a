#!/usr/bin/env python3
"""Writes kliep.txt: KLIEP by cvxopt's interior-point method for convex programs, and
by densratio's projected gradients.

    python3 -m venv VENV
    VENV/bin/pip install numpy==2.4.6 cvxopt==1.3.3 densratio==0.4.0
    cd tests/training/shift/golden && VENV/bin/python make_kliep.py

cvxopt solves max mean ln(A alpha) over alpha >= 0 with mean(B) . alpha = 1 to 1e-10;
ascent is the objective that densratio reaches: below the maximum, by up to .1 nats
here, as it goes on only while each of its steps of fixed sizes brings something.
Deterministic.
"""

from importlib.metadata import version

import numpy as np
from cvxopt import matrix, solvers, spdiag
from densratio.KLIEP import KLIEP_compute_score, KLIEP_optimize_alpha
from densratio.RuLSIF import compute_kernel_Gaussian
from golden_file import GoldenFile

solvers.options.update(show_progress=False, abstol=1e-11, reltol=1e-11, feastol=1e-11)


def samples(seed, n_s, n_t, d):
    draw = np.random.default_rng(seed)
    return (draw.normal(size=(n_s, d)).round(6),
            (draw.normal(size=(n_t, d)) * 0.8 + 0.5).round(6))


def maximise(a, means):
    """alpha of max mean ln(a alpha), alpha >= 0, means . alpha = 1."""
    scaled = a / means
    count = scaled.shape[1]

    def program(x=None, z=None):
        if x is None:
            return 0, matrix(1 / count, (count, 1))
        values = scaled @ np.asarray(x).ravel()
        if values.min() <= 0:
            return None
        ratios = scaled / values[:, None]
        slope = matrix(-ratios.mean(axis=0), (1, count))
        if z is None:
            return -np.log(values).mean(), slope
        return -np.log(values).mean(), slope, z[0] * matrix(ratios.T @ ratios / len(a))

    shares = solvers.cp(program, G=spdiag([-1.0] * count), h=matrix(0.0, (count, 1)),
                        A=matrix(1.0, (1, count)), b=matrix(1.0))["x"]
    return np.asarray(shares).ravel() / means


def main():
    file = GoldenFile("kliep.txt", [
        f"make_kliep.py; numpy {np.__version__}, cvxopt {version('cvxopt')}, "
        f"densratio {version('densratio')}"])
    for seed, n_s, n_t, d, b, widths in [
            (1, 40, 30, 1, 10, [0.5]), (2, 60, 45, 2, 12, [1.0]),
            (3, 50, 24, 3, 24, [1.5]), (4, 40, 30, 1, 10, [0.2, 0.5, 1.0, 3.0]),
            (5, 50, 37, 2, 12, [0.4, 0.8, 1.5, 4.0])]:
        source, target = samples(seed, n_s, n_t, d)
        centres = target[:b]
        parts = np.random.default_rng(seed).permutation(n_t) % 5
        scores = []
        for width in widths:
            a = np.asarray(compute_kernel_Gaussian(target, centres, width))
            means = np.asarray(compute_kernel_Gaussian(source, centres, width)).mean(axis=0)
            if len(widths) > 1:
                scores.append(np.mean([
                    np.log(a[parts == k] @ maximise(a[parts != k], means)).mean()
                    for k in range(5)]))
        width = widths[int(np.argmax(scores))] if scores else widths[0]
        a = np.asarray(compute_kernel_Gaussian(target, centres, width))
        phi_s = np.asarray(compute_kernel_Gaussian(source, centres, width))
        alpha = maximise(a, phi_s.mean(axis=0))
        ascent = KLIEP_compute_score(a, KLIEP_optimize_alpha(a, phi_s))
        arrays = {"scores": scores} if scores else {}
        file.case(f"seed_{seed}", shape=[n_s, n_t, d, b], source=source, target=target,
                  centres=centres, widths=widths, parts=parts, width=width,
                  objective=np.log(a @ alpha).mean(), ascent=ascent,
                  ratios=phi_s @ alpha, **arrays)
    file.write()


main()
