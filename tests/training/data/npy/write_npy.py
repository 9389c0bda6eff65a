#!/usr/bin/env python3
"""Writes the files of this folder with numpy: npy_test.cc reads them.

    tests/training/data/npy/write_npy.py      (numpy 1.24, Debian's python3-numpy)

values.txt says what is in each file, as numpy itself reads it back: the file, the
type, the shape, then the values as Python's float, the last index fastest.
"""

import pathlib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
FLOATS = ["f2", "f4", "f8"]


def integers(dtype, count):
    """Both ends of the type, and what lies between."""
    info = np.iinfo(dtype)
    values = [info.min, info.max, info.max - 1, info.min + 1]
    values += [5 * k % 127 for k in range(count)]
    return np.array(values[:count], dtype)


def floats(dtype, count):
    """Both ends of the type, its least value above 0, and what lies between."""
    info = np.finfo(dtype)
    values = [info.min, info.max, info.smallest_subnormal, info.tiny, -0.0]
    values += [(k - 7) / 3 for k in range(count)]
    return np.array(values[:count], dtype)


def arrays():
    """(name, array, format version) of each file."""
    yield "bool", np.array([True, False, False, True] * 3).reshape(4, 3), None
    for code in INTEGERS + FLOATS:
        make = floats if code in FLOATS else integers
        for order in ["|"] if code[1] == "1" else ["<", ">"]:
            dtype = np.dtype(order + code)
            name = dtype.name + {"<": "_little", ">": "_big", "|": ""}[order]
            yield name, make(dtype, 12).reshape(4, 3), None
    for shape in [(4,), (4, 2, 3), (4, 2, 3, 2)]:
        count = int(np.prod(shape))
        name = "x".join(map(str, shape))
        yield f"c_{name}", floats("<f8", count).reshape(shape), None
    for shape in [(4,), (4, 3), (4, 2, 3), (4, 2, 3, 2)]:
        count = int(np.prod(shape))
        name = "x".join(map(str, shape))
        yield (f"fortran_{name}",
               np.asfortranarray(floats(">f4", count).reshape(shape)), None)
    for major in (2, 3):
        yield f"version_{major}", integers("<i4", 12).reshape(4, 3), (major, 0)
    yield "labels", np.array([1, -1, -1, 1]), None


def main():
    lines = []
    for name, array, version in arrays():
        path = HERE / f"{name}.npy"
        with open(path, "wb") as file:
            np.lib.format.write_array(file, array, version)
        back = np.load(path)
        lines.append(" ".join(
            [path.name, back.dtype.name, ",".join(map(str, back.shape))] +
            [repr(float(value)) for value in back.ravel(order="C")]))
    (HERE / "values.txt").write_text("\n".join(lines) + "\n", encoding="ascii")


main()
