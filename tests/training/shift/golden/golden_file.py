"""Writes the files that tests/training/shift/golden_file.h reads: a line `case NAME`,
then lines `KEY NUMBER...` until the next case, numbers as repr() has them."""

import numpy as np


class GoldenFile:

    def __init__(self, path, header):
        self.lines = [f"# {line}" for line in header]
        self.path = path

    def case(self, name, **arrays):
        self.lines.append(f"case {name}")
        for key, value in arrays.items():
            numbers = np.asarray(value, dtype=float).ravel()
            self.lines.append(" ".join([key, *(repr(float(x)) for x in numbers)]))

    def write(self):
        with open(self.path, "w", encoding="utf-8") as file:
            file.write("\n".join(self.lines) + "\n")
