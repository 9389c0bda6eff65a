"""Runs one method of a unittest module for ctest, or lists them.

    run_unittest.py FILE                 prints Class.method, one a line
    run_unittest.py FILE Class.method    exit status 0, 1, or 77 when skipped
"""

import importlib
import pathlib
import sys
import unittest

SKIPPED = 77


def main(file, name=None):
    path = pathlib.Path(file)
    sys.path.insert(0, str(path.parent))
    module = importlib.import_module(path.stem)
    loader = unittest.defaultTestLoader
    if name is None:
        for suite in loader.loadTestsFromModule(module):
            for test in suite:
                print(test.id().removeprefix(module.__name__ + "."))
        return 0
    result = unittest.TextTestRunner(verbosity=2).run(
        loader.loadTestsFromName(name, module))
    for _, reason in result.skipped:
        print(f"skipped: {reason}")
    if not result.wasSuccessful():
        return 1
    return SKIPPED if result.skipped else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
