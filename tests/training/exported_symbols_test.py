"""What the training library shows to whoever loads it."""

import os
import pathlib
import subprocess
import unittest


def exported():
    build = pathlib.Path(os.environ["STEELYARD_BIN"]).parent
    library = build / "lib" / "libsteelyard_training.so"
    lines = subprocess.run(["nm", "-DC", "--defined-only", library], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return [line.split(maxsplit=2)[2] for line in lines]


class ExportedSymbolsTest(unittest.TestCase):
    # Of two copies of an inline function the loader takes the program's, which
    # may be built for another instruction level.
    def test_eigen_is_hidden(self):
        self.assertEqual([s for s in exported() if "Eigen" in s], [])

    def test_the_border_is_there_and_little_else(self):
        symbols = exported()
        for name in ("Trainer::Create(", "NumericsId", "InstructionLevel"):
            self.assertTrue(any("steelyard::training::" + name in s
                                for s in symbols), name)
        ours = [s for s in symbols if "steelyard::training::" in s]
        hidden = [s for s in ours if any(
            name in s for name in ("Tiles", "Descent", "Metrics", "HardMargin"))]
        self.assertEqual(hidden, [])


if __name__ == "__main__":
    unittest.main()
