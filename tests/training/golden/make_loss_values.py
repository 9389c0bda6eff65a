#!/usr/bin/env python3
"""Writes loss_values.txt: losses of margins and of several outputs, their slopes and
logarithms, by mpmath with 60 digits from the formulas of the papers.

    python3 tests/training/golden/make_loss_values.py > tests/training/golden/loss_values.txt

A line of margins:   KIND PARAMETER PARAMETER u l -l' ln(l)
A line of outputs:   outputs GAMMA K y f... D... O... a... l dl/df...
Deterministic; mpmath 1.3 (python3-mpmath).
"""
import random

import mpmath as mp

mp.mp.dps = 60


def softplus(x):
    return mp.log1p(mp.exp(x))


LOSSES = {
    "exponential": lambda u, p, q: mp.exp(-u),
    "logistic": lambda u, p, q: softplus(-u),
    # Wang et al. 2022, with alpha p and beta q.
    "polynomial": lambda u, p, q: (
        (u - (q - 1)) ** -p if u >= q else softplus(-u) / softplus(-q)),
    "hinge": lambda u, p, q: max(mp.mpf(0), 1 - u),
    "squared_hinge": lambda u, p, q: max(mp.mpf(0), 1 - u) ** 2,
    # Lin et al. 2017, with gamma p.
    "focal": lambda u, p, q: (
        -((1 - 1 / (1 + mp.exp(-u))) ** p) * mp.log(1 / (1 + mp.exp(-u)))),
}

SLOPES = {
    "exponential": lambda u, p, q: mp.exp(-u),
    "logistic": lambda u, p, q: 1 / (1 + mp.exp(u)),
    "polynomial": lambda u, p, q: (
        p * (u - (q - 1)) ** (-p - 1) if u >= q else 1 / (1 + mp.exp(u)) / softplus(-q)),
    "hinge": lambda u, p, q: mp.mpf(1 if u < 1 else 0),
    "squared_hinge": lambda u, p, q: 2 * max(mp.mpf(0), 1 - u),
}


def slope(kind, u, p, q):
    """-l'(u): in closed form, else by a central difference of 60 digits."""
    if kind in SLOPES:
        return SLOPES[kind](u, p, q)
    with mp.workdps(400):  # 1 - p of p near 1 is a difference of 350 digits
        h = mp.mpf(10) ** -30
        return (LOSSES[kind](u - h, p, q) - LOSSES[kind](u + h, p, q)) / (2 * h)


def value(kind, u, p, q):
    with mp.workdps(800):
        return LOSSES[kind](mp.mpf(u), p, q)


CASES = ([("exponential", 0, 0), ("logistic", 0, 0), ("hinge", 0, 0), ("squared_hinge", 0, 0)] +
         [("polynomial", p, q) for p, q in [(1, 1), (2, 1), (0.5, 0), (3, -2), (1.5, 10)]] +
         [("focal", p, 0) for p in [0, 0.5, 1, 2, 5]])
MARGINS = [-700, -45.25, -30, -3.5, -0.75, -1e-9, 0, 1e-9, 0.3, 0.999999, 1, 1.000001, 2.5,
           9.999, 10, 20, 29.5, 30.5, 36, 37.75, 120, 300]


def show(x):
    return mp.nstr(x, 20, min_fixed=1, max_fixed=0) if mp.isfinite(x) else str(x)


def margins():
    for kind, p, q in CASES:
        for u in MARGINS:
            loss = value(kind, u, mp.mpf(p), mp.mpf(q))
            log = mp.log(loss) if loss > 0 else mp.mpf("-inf")
            print(kind, p, q, repr(float(u)), show(loss),
                  show(slope(kind, mp.mpf(u), mp.mpf(p), mp.mpf(q))), show(log))


def pairwise(gamma, f, y, scales, offsets, factors):
    """a_y l(u): Menon et al. 2021 and Kini et al. 2021, focal beside it."""
    total = sum(mp.exp(offsets[y][k] + scales[k] * f[k] - scales[y] * f[y])
                for k in range(len(f)) if k != y)
    p = 1 / (1 + total)
    return factors[y] * (1 - p) ** gamma * mp.log(1 / p)


def outputs():
    draw = random.Random(7)
    for case in range(24):
        k = 2 + case % 5
        gamma = mp.mpf([0, 0, 1.5][case % 3])
        y = draw.randrange(k)
        f = [draw.uniform(-6, 6) for _ in range(k)]
        scales = [draw.uniform(0.3, 2) for _ in range(k)]
        offsets = [[draw.uniform(-3, 3) for _ in range(k)] for _ in range(k)]
        factors = [draw.uniform(0.2, 4) for _ in range(k)]
        exact = [[mp.mpf(v) for v in row] for row in [f, scales, factors]]
        table = [[mp.mpf(v) for v in row] for row in offsets]

        def at(g):
            return pairwise(gamma, g, y, exact[1], table, exact[2])

        h = mp.mpf(10) ** -20
        slopes = []
        for j in range(k):
            up, down = list(exact[0]), list(exact[0])
            up[j] += h
            down[j] -= h
            slopes.append((at(up) - at(down)) / (2 * h))
        numbers = f + scales + sum(offsets, []) + factors
        print("outputs", float(gamma), k, y, *map(repr, numbers), show(at(exact[0])),
              *map(show, slopes))


margins()
outputs()
