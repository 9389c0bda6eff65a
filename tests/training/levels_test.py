"""The training library at each instruction level that this processor has.

The loader, run as a program, takes the level that it is told; without that the best
one.  What is tested at each level are the tests of the levels that have no say: the
published numbers and PyTorch's, the kernels' stated chains, bits over a resume.
"""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ.get("STEELYARD_BIN", "build/release/bin")).parent
LOADER = "/lib64/ld-linux-x86-64.so.2"
SHARED = ["invariance_test", "network_losses_test", "network_trainer_test",
          "published_numbers_test", "trainer_test"]
KERNELS = ["descent_test", "matrix_product_test", "network_test",
           "update_rule_test"]
SUFFIXES = {"x86-64": "", "x86-64-v3": "_v3", "x86-64-v4": "_v4"}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL).stdout


def levels():
    """Those that the library is built for and this processor has, best last."""
    supported = re.findall(r"(x86-64-v\d) \(supported", run(LOADER, "--help"))
    return [level for level in SUFFIXES if level in ["x86-64", *supported]]


def at_level(level, program, *arguments):
    """What `program` prints at `level`; "x86-64" is no folder's name, so that the
    loader finds no better one."""
    return run(LOADER, "--glibc-hwcaps-mask", level, program, *arguments)


class LevelsTest(unittest.TestCase):

    def check(self, level):
        if level not in levels():
            self.skipTest(f"this processor has no {level}")
        self.assertIn(f"-{level}-steelyard",
                      at_level(level, BUILD / "bin/steelyard-worker", "--version"))
        for name in SHARED:
            self.assertIn("[  PASSED  ]", at_level(level, BUILD / "tests" / name))
        for name in KERNELS:
            self.assertIn("[  PASSED  ]",
                          run(BUILD / "tests" / (name + SUFFIXES[level])))

    def test_the_lowest_level_passes(self):
        self.check("x86-64")

    def test_level_v3_passes(self):
        self.check("x86-64-v3")

    def test_level_v4_passes(self):
        self.check("x86-64-v4")

    def test_the_loader_takes_the_best(self):
        self.assertIn(f"-{levels()[-1]}-steelyard",
                      run(BUILD / "bin/steelyard-worker", "--version"))

    def test_an_installed_worker_takes_the_best(self):
        with tempfile.TemporaryDirectory() as prefix:
            run("cmake", "--install", BUILD, "--prefix", prefix)
            worker = pathlib.Path(prefix) / "bin/steelyard-worker"
            self.assertIn(f"-{levels()[-1]}-steelyard", run(worker, "--version"))
            # Of its own folder, not of the build.
            libraries = run("ldd", worker)
            self.assertIn(prefix, libraries)
            self.assertNotIn(str(BUILD), libraries)


if __name__ == "__main__":
    unittest.main()
