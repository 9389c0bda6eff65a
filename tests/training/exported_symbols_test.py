"""What the training library shows to whoever loads it."""

import os
import pathlib
import re
import subprocess
import unittest


def libraries():
    build = pathlib.Path(os.environ["STEELYARD_BIN"]).parent
    return sorted(build.glob("lib/**/libsteelyard_training.so"))


def symbols_of(library, option):
    lines = subprocess.run(["nm", "-DC", "--format=posix", option, library],
                           check=True, capture_output=True,
                           text=True).stdout.splitlines()
    return [re.sub(r" [A-Za-z]( [0-9a-f]+)*\s*$", "", line) for line in lines]


def exported():
    """The symbols of each library, one for each instruction level."""
    return [symbols_of(library, "--defined-only") for library in libraries()]


class ExportedSymbolsTest(unittest.TestCase):
    # Of two copies of an inline function the loader takes the program's, which
    # may be built for another instruction level.
    def test_eigen_is_hidden(self):
        for symbols in exported():
            self.assertEqual([s for s in symbols if "Eigen" in s], [])

    def test_the_border_is_there_and_little_else(self):
        for symbols in exported():
            for name in ("Trainer::Create(", "NumericsId", "InstructionLevel"):
                self.assertTrue(any("steelyard::training::" + name in s
                                    for s in symbols), name)
            ours = [s for s in symbols if "steelyard::training::" in s]
            hidden = [s for s in ours if any(name in s for name in (
                "Tiles", "Descent", "Metrics", "HardMargin"))]
            self.assertEqual(hidden, [])

    # What it does not ask for can change no bit.
    def test_it_asks_for_no_clock_thread_or_environment(self):
        self.assertTrue(libraries())
        asks = re.compile(r"clock|gettimeofday|^time\b|getenv|environ|thread_create|"
                          r"std::thread|GOMP|omp_|^random|^rand\b|sysconf|sched_")
        for library in libraries():
            wanted = symbols_of(library, "--undefined-only")
            self.assertTrue(any("exp" in s for s in wanted))
            self.assertEqual([s for s in wanted if asks.search(s)], [])


if __name__ == "__main__":
    unittest.main()
