#!/usr/bin/env python3
"""Writes least_squares_ratio.txt.

    python3 -m venv VENV && VENV/bin/pip install numpy==2.4.6 densratio==0.4.0
    cd tests/training/shift/golden && VENV/bin/python make_least_squares_ratio.py

fit_*: densratio's RuLSIF of target (its x) over source (its y), with every row of the
target as a centre, so that what it draws at random is their order alone; theta in the
order of the rows.
choice_*: scores of every (width, penalty) by fitting anew without each pair.  Not
densratio's: its closed form lacks a division (in the paper's B_1 the last factor is
divided by n_de less the diagonal), and scores as if alpha were 0.
adapt's RULSIF is no judge: its alpha stands with the source.
Deterministic.
"""

from importlib.metadata import version

import numpy as np
from densratio.RuLSIF import RuLSIF, compute_kernel_Gaussian
from golden_file import GoldenFile


def samples(seed, n_s, n_t, d):
    draw = np.random.default_rng(seed)
    return (draw.normal(size=(n_s, d)).round(6),
            (draw.normal(size=(n_t, d)) * 0.8 + 0.5).round(6))


def fit(file, seed, n_s, n_t, d, alpha, width, penalty):
    source, target = samples(seed, n_s, n_t, d)
    np.random.seed(seed)
    model = RuLSIF(target, source, alpha, [width], [penalty], kernel_num=n_t,
                   verbose=False)
    centres = np.asarray(model.kernel_info.centers)
    place = [int(np.flatnonzero((centres == row).all(axis=1))[0]) for row in target]
    file.case(f"fit_{seed}", shape=[n_s, n_t, d, n_t], alpha=alpha, source=source,
              target=target, centres=target, widths=width, penalties=penalty,
              coefficients=np.asarray(model.theta)[place],
              ratios=model.compute_density_ratio(source))


def theta_of(phi_s, phi_t, alpha, penalty):
    h_matrix = (alpha * phi_t.T @ phi_t / len(phi_t) +
                (1 - alpha) * phi_s.T @ phi_s / len(phi_s))
    theta = np.linalg.solve(h_matrix + penalty * np.eye(len(h_matrix)),
                            phi_t.mean(axis=0))
    return np.maximum(theta, 0)


def score(phi_s, phi_t, alpha, penalty):
    total, pairs = 0, min(len(phi_s), len(phi_t))
    for j in range(pairs):
        theta = theta_of(np.delete(phi_s, j, 0), np.delete(phi_t, j, 0), alpha, penalty)
        at_s, at_t = phi_s[j] @ theta, phi_t[j] @ theta
        total += (alpha * at_t**2 + (1 - alpha) * at_s**2) / 2 - at_t
    return total / pairs


def choice(file, seed, n_s, n_t, d, alpha):
    source, target = samples(seed, n_s, n_t, d)
    centres = target[1::3]
    widths, penalties = [0.3, 0.7, 1.2, 2.5], [1e-3, 1e-2, 0.1, 1.0]
    scores = []
    for width in widths:
        phi_s, phi_t = (np.asarray(compute_kernel_Gaussian(x, centres, width))
                        for x in (source, target))
        scores += [score(phi_s, phi_t, alpha, penalty) for penalty in penalties]
    best = int(np.argmin(scores))
    width, penalty = widths[best // 4], penalties[best % 4]
    phi_s, phi_t = (np.asarray(compute_kernel_Gaussian(x, centres, width))
                    for x in (source, target))
    theta = theta_of(phi_s, phi_t, alpha, penalty)
    file.case(f"choice_{seed}", shape=[n_s, n_t, d, len(centres)], alpha=alpha,
              source=source, target=target, centres=centres, widths=widths,
              penalties=penalties, scores=scores, coefficients=theta,
              ratios=phi_s @ theta, chosen=[width, penalty, scores[best]])


def main():
    file = GoldenFile("least_squares_ratio.txt", [
        f"make_least_squares_ratio.py; numpy {np.__version__}, "
        f"densratio {version('densratio')}"])
    fit(file, 1, 40, 30, 1, 0.0, 0.5, 0.1)
    fit(file, 2, 60, 25, 3, 0.0, 1.5, 1e-3)
    fit(file, 3, 35, 45, 2, 0.1, 1.0, 0.01)
    fit(file, 4, 50, 20, 2, 0.5, 0.7, 0.3)
    choice(file, 5, 30, 24, 1, 0.0)
    choice(file, 6, 20, 33, 2, 0.0)
    choice(file, 7, 30, 24, 2, 0.1)
    choice(file, 8, 21, 36, 1, 0.9)
    file.write()


main()
