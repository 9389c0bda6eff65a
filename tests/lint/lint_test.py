"""Rules of the source tree that a program can check, on the files git tracks."""

import pathlib
import subprocess
import unittest

import layering
import sizes
import words

ROOT = pathlib.Path(__file__).resolve().parents[2]


def tracked(*patterns):
    """Paths from the root of tracked files that still stand, by name."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--", *patterns],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(path for path in listing.split("\0")
                  if path and (ROOT / path).is_file())


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


class LintTest(unittest.TestCase):

    def assertNoFaults(self, faults):
        self.assertFalse(faults, "\n" + "\n".join(faults))

    def test_includes_follow_the_layers(self):
        sources = tracked("*.cc", "*.h", "*.cc.in")
        self.assertNoFaults([fault for path in sources
                             for fault in layering.faults(path, read(path))])

    def test_files_and_functions_are_short(self):
        texts = {path: read(path) for path in tracked(
            "*.cc", "*.h", "*.py", "*.sh", ".ci/run")}
        print(sizes.longest(texts))
        self.assertNoFaults(sizes.faults(texts))

    def test_no_word_stands_where_it_must_not(self):
        self.assertNoFaults([fault for path in tracked()
                             for fault in words.faults(path, ROOT / path)])

    def test_sources_are_formatted(self):
        result = subprocess.run(
            ["clang-format-14", "--dry-run", "-Werror",
             *tracked("*.cc", "*.h")],
            cwd=ROOT, capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stderr[-8000:])

    def test_protos_pass_buf_lint(self):
        buf = ROOT / "build/tools/node_modules/.bin/buf"
        if not buf.exists():
            self.fail("buf is missing: run tests/tools/install.sh")
        result = subprocess.run([buf, "lint"], cwd=ROOT / "proto",
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class LintsCanFailTest(unittest.TestCase):
    """Each lint sees the fault that it is there for."""

    def test_a_forbidden_include_is_seen(self):
        for path, line in (
                ("server/engine/engine.h", '#include "training/trainer.h"'),
                ("server/api/x.cc", '#include "server/worker/session.h"'),
                ("server/worker/x.cc", '#include "storage/writer.h"'),
                ("server/worker/x.cc", '#include "server/engine/engine.h"'),
                ("client/cli/x.cc", '#include "server/auth.h"'),
                ("storage/x.cc", '#include "steelyard/v1/run.pb.h"'),
                ("training/x.cc", "#include <chrono>"),
                ("training/trainer.h", '#include "Eigen/Core"'),
                ("storage/x.cc", '#include "tests/status_matchers.h"')):
            self.assertEqual(len(layering.faults(path, line)), 1, line)

    def test_an_allowed_include_passes(self):
        for path, line in (
                ("server/worker/x.cc", '#include "training/trainer.h"'),
                ("server/engine/x.cc", '#include "storage/writer.h"'),
                ("training/x.cc", '#include "Eigen/Core"'),
                ("tests/server/x.cc", '#include "server/worker/session.h"'),
                ("client/cli/x.cc", '#include "support/check.h"')):
            self.assertEqual(layering.faults(path, line), [], line)

    def test_a_long_function_and_a_long_file_are_seen(self):
        function = "int F(int a,\n      int b) {\n" + "  a += b;\n" * 58 + "}\n"
        self.assertEqual(len(sizes.faults({"a.cc": function})), 1)
        self.assertEqual(
            sizes.faults({"a.cc": function.replace("  a += b;\n", "", 1)}), [])
        self.assertEqual(len(sizes.faults({"a.h": "\n" * 301})), 1)

    def test_an_exception_needs_a_reason(self):
        def marked(reason):
            return ("int F() {  // NOLINT(readability-function-size)" +
                    reason + "\n" + "  f();\n" * 99 + "}\n")
        self.assertEqual(sizes.faults({"a.cc": marked(": one table")}), [])
        self.assertEqual(len(sizes.faults({"a.cc": marked("")})), 1)
        many = {f"{i}.cc": marked(": one table") for i in range(11)}
        self.assertEqual(len(sizes.faults(many)), 1)


if __name__ == "__main__":
    unittest.main()
