#!/usr/bin/env python3
"""Writes hard_margin.txt: 500 hard-margin problems, solved in rational arithmetic and by
scikit-learn's support vector machine.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install scikit-learn
    /tmp/venv/bin/python tests/training/golden/make_hard_margin.py > \
        tests/training/golden/hard_margin.txt

A problem is the rows z_i = y_i x_i, [n, d].  Its line:

    KIND n d z_11 z_12 ... z_nd separable GAMMA U UNIQUE P S
    KIND n d z_11 z_12 ... z_nd not-separable

GAMMA, U (d numbers) and P (n numbers) are gamma*, theta* and p* of the rows as doubles, by
Wolfe's algorithm in fractions, rounded once; P is one of several where UNIQUE is 0.  S is
the direction that SVC finds at a huge C (d numbers), or `none` where it is not sure itself.  SVC has an intercept, the problem none: it is given each z_i with the
label +1 and -z_i with -1, and of a solution (w, b) then (w, -b) is another, so (w, 0) too.

Deterministic but for SVC's last digits; made with scikit-learn 1.9.1.
"""
import random
import sys
import warnings
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy
from sklearn.svm import SVC

COUNT = 500
SEED = 20210503
getcontext().prec = 60
# Where libsvm stops at its limit of iterations its answer is judged, not its warning.
warnings.simplefilter("ignore")


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def combine(p, rows):
    return [dot(p, column) for column in zip(*rows)]


def solve(matrix, right):
    """The solution of a regular system of fractions; None where it is singular."""
    a = [row[:] + [b] for row, b in zip(matrix, right)]
    n = len(a)
    for c in range(n):
        pivot = next((r for r in range(c, n) if a[r][c] != 0), None)
        if pivot is None:
            return None
        a[c], a[pivot] = a[pivot], a[c]
        a[c] = [x / a[c][c] for x in a[c]]
        for r in range(n):
            if r != c and a[r][c] != 0:
                a[r] = [x - a[r][c] * y for x, y in zip(a[r], a[c])]
    return [row[n] for row in a]


def affine_minimizer(rows):
    """sum p = 1, all z_i.(sum p z) equal: (11' + ZZ') a = 1, p = a / sum a."""
    a = solve([[1 + dot(x, y) for y in rows] for x in rows], [Fraction(1)] * len(rows))
    total = sum(a)
    return [x / total for x in a]


def nearest_point(rows):
    """{row number: p > 0} of the point of least norm in the hull, and the point."""
    start = min(range(len(rows)), key=lambda i: dot(rows[i], rows[i]))
    p = {start: Fraction(1)}
    while True:
        point = combine(p.values(), [rows[i] for i in p])
        least = min(range(len(rows)), key=lambda i: dot(rows[i], point))
        if dot(rows[least], point) >= dot(point, point):
            return p, point
        p[least] = Fraction(0)
        while True:
            a = dict(zip(p, affine_minimizer([rows[i] for i in p])))
            blocking = [i for i in p if a[i] <= 0]
            if not blocking:
                p = a
                break
            reach = min(p[i] / (p[i] - a[i]) for i in blocking)
            p = {i: p[i] + reach * (a[i] - p[i]) for i in p}
            p = {i: x for i, x in p.items() if x > 0}


def is_unique(rows, p, point):
    """Whether no weight can move to rows on the margin: whether 0 is outside the hull of
    their parts that are orthogonal to the support's affine hull."""
    tight = [z for i, z in enumerate(rows)
             if i not in p and dot(z, point) == dot(point, point)]
    base = [[Fraction(1)] + rows[i] for i in p]
    gram = [[dot(x, y) for y in base] for x in base]
    parts = []
    for z in tight:
        u = [Fraction(1)] + z
        c = solve(gram, [dot(x, u) for x in base])
        parts.append([a - b for a, b in zip(u, combine(c, base))])
    if not parts:
        return True
    if not all(any(part) for part in parts):
        return False
    return any(nearest_point(parts)[1])


def root(x):
    return (Decimal(x.numerator) / Decimal(x.denominator)).sqrt()


def svc(rows):
    """The direction that SVC finds; None where what it proves itself, that gamma* is
    between the margin of w = sum a_i z_i and ||w|| / sum a_i, leaves more than 1e-6."""
    z = numpy.array(rows)
    z = z / numpy.sqrt((z ** 2).sum(1).max())
    machine = SVC(kernel="linear", C=1e25, tol=1e-9, max_iter=300_000, shrinking=False)
    machine.fit(numpy.vstack([z, -z]), [1] * len(z) + [-1] * len(z))
    w = machine.coef_[0]
    norm = numpy.sqrt((w ** 2).sum())
    if not (z @ w).min() / norm > (1 - 1e-6) * norm / abs(machine.dual_coef_).sum():
        return None
    return [float(x) for x in w / norm]


def text(x):
    """The shortest decimal that is read back as the same double."""
    return repr(float(x)).replace(".0 ", " ").removesuffix(".0")


class Maker:
    """Rows of each kind.  Those with a bias end in a column of labels."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def gaussian(self, n, d, distance):
        """Around +-distance along the first axis, three decimals, already signed."""
        return [[round(self.random.gauss(0, 1) + (distance if j == 0 else 0), 3)
                 for j in range(d)] for _ in range(n)]

    def size(self):
        return self.random.randint(2, 14), self.random.randint(1, 5)

    def random_rows(self):
        return self.gaussian(*self.size(), self.random.choice([1.5, 2, 3]))

    def with_bias(self):
        return [row + [self.random.choice([-1, 1])] for row in self.random_rows()]

    def duplicates(self):
        rows = self.random_rows()
        return rows + self.random.choices(rows, k=self.random.randint(1, len(rows)))

    def collinear(self):
        _, d = self.size()
        start, step = self.gaussian(2, d + 1, 0)
        start[0], step[0] = abs(start[0]) + 1, 0
        return [[round(a + k / 10 * b, 4) for a, b in zip(start, step)]
                for k in range(-self.random.randint(1, 6), self.random.randint(2, 7))]

    def fewer_rows(self):
        d = self.random.randint(3, 9)
        return self.gaussian(self.random.randint(1, d - 1), d, 0.5)

    def one_class(self):
        y = self.random.choice([-1, 1])
        n, d = self.size()
        return [row + [y] for row in self.gaussian(n, d, 0)]

    def small_margin(self):
        """All rows within 1e-8 of a plane, on one side of it."""
        n, d = self.size()
        return [row + [self.random.choice([1, 1, 1.5, 2, 3]) * 1e-8]
                for row in self.gaussian(n, d, 0)]

    def grid(self):
        n, d = self.size()
        return [[self.random.randint(0 if j == 0 else -2, 2) for j in range(d)]
                for _ in range(n)]

    def grid_above(self):
        n, d = self.size()
        return [[1] + [self.random.randint(-2, 2) for _ in range(d)] for _ in range(n)]

    def scales(self):
        """Features of very different units."""
        units = [10.0 ** self.random.randint(-3, 3) for _ in range(5)]
        return [[float(f"{x * unit:.3g}") for x, unit in zip(row, units)]
                for row in self.random_rows()]

    def both_labels(self):
        """A row of each label at the same place: not separable."""
        rows = self.random_rows()
        return rows + [[-x for x in self.random.choice(rows)]]

    def overlap(self):
        _, d = self.size()
        return self.gaussian(3 * d + 6, d, 0.2)


KINDS = (["random_rows"] * 5 + ["with_bias"] * 4 + ["duplicates"] * 3 + ["collinear"] * 3 +
         ["fewer_rows"] * 3 + ["one_class"] * 2 + ["small_margin"] + ["grid_above"] * 4 +
         ["scales", "grid"])
REFUTED = ["both_labels", "overlap"]


def problems():
    """One in 40 is made not to be separable; of the rest few are not."""
    maker = Maker(SEED)
    for k in range(COUNT):
        kind = REFUTED[k // 40 % 2] if k % 40 == 39 else KINDS[k % len(KINDS)]
        while True:
            rows = getattr(maker, kind)()
            exact = [[Fraction(float(x)) for x in row] for row in rows]
            p, point = nearest_point(exact)
            if any(point) or kind in REFUTED + ["grid"]:
                break
        yield kind, rows, exact, p, point


def solution(rows, exact, p, point):
    if not any(point):
        return "not-separable"
    gamma = root(dot(point, point))
    direction = [Decimal(x.numerator) / Decimal(x.denominator) / gamma for x in point]
    found = svc([[float(x) for x in row] for row in rows])
    return " ".join(
        ["separable", text(gamma), *map(text, direction),
         str(int(is_unique(exact, p, point))),
         *(text(p.get(i, 0)) for i in range(len(rows))),
         *(["none"] if found is None else map(text, found))])


def main():
    for number, (kind, rows, *rest) in enumerate(problems()):
        values = " ".join(text(x) for row in rows for x in row)
        print(kind, len(rows), len(rows[0]), values, solution(rows, *rest), flush=True)
        if number % 50 == 0:
            print(number, file=sys.stderr)


if __name__ == "__main__":
    main()
