"""Wrong input gets a clear answer, its exit status, and changes nothing."""

import gzip
import os
import struct

from programs import EXAMPLES, ServerTest

INVALID = 3
D8 = str(EXAMPLES / "d8.yaml")


def idx_images(count, side=2):
    header = struct.pack(">IIII", 0x00000803, count, side, side)
    return header + bytes(range(256)) * (count * side * side // 256 + 1)


def idx_labels(labels):
    return struct.pack(">II", 0x00000801, len(labels)) + bytes(labels)


class BadSpecTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()

    def refused(self, text, *wanted):
        """Submits a spec that is wrong, and wants each of `wanted` in the answer."""
        path = self.write("bad.yaml", text)
        error = self.cli("submit", path, status=INVALID).stderr
        for it in wanted:
            self.assertIn(it, error)
        self.assertEqual(self.cli("ls", "--json").stdout, "")
        return error

    def test_every_fault_is_named_with_its_place(self):
        error = self.refused("""\
name: D8 Upper
data: {inline: {features: [[1, 2], [3]], labels: [1, 2]}}
loss: {exponetial: {}}
weighting: {per_class: {ratio: -1}}
optimizer: {gradient_descent: {learning_rate: .nan}}
stop: {steps: 1e7}
""", "bad.yaml:1:7: name", "bad.yaml:3:8: loss.exponetial: no such field",
                             "did you mean exponential?",
                             "bad.yaml:4:", "weighting.per_class.ratio",
                             "bad.yaml:5:", "learning_rate",
                             "bad.yaml:6:", "10000000")
        places = [tuple(map(int, line.split(":")[1:3]))
                  for line in error.splitlines() if "bad.yaml:" in line]
        self.assertEqual(places, sorted(places))

    def test_what_is_no_yaml_is_refused(self):
        self.refused("data: {inline: [}\n", "bad.yaml:1:")

    def test_a_repeated_key_is_refused(self):
        self.refused("seed: 1\nseed: 2\n", "bad.yaml:2:1:", "seed")

    def test_aliases_are_refused_before_they_grow(self):
        lines = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
        for name, of in zip("bcdefghij", "abcdefghi"):
            lines.append(f"{name}: &{name} [{', '.join(['*' + of] * 10)}]")
        self.refused("\n".join(lines), "alias")

    def test_weights_that_are_no_weights_are_refused(self):
        for weights, wanted in (("[1, .nan, 1, 1]", "weights[1]"),
                                ("[1, 1, -1, 1]", "weights[2]"),
                                ("[0, 0, 0, 0]", "weights"),
                                ("[1, 1, 1]", "weights")):
            error = self.cli("submit", self.write_spec(), "--set",
                             f"weighting={{per_example: {{weights: {weights}}}}}",
                             status=INVALID).stderr
            self.assertIn(wanted, error)

    def test_a_table_without_rows_is_refused(self):
        self.cli("submit", D8, "--set",
                 "data.inline={features: [], labels: []}", status=INVALID)

    def test_zero_and_one_as_labels_are_refused_with_the_cure(self):
        error = self.cli("submit", D8, "--set", "data.inline.labels[0]=0",
                         status=INVALID).stderr
        self.assertIn("classes", error)

    def test_a_fault_in_a_change_names_its_number(self):
        error = self.cli("submit", D8, "--set", "seed=1", "--set",
                         "stop.steps=0", status=INVALID).stderr
        self.assertIn("--set 2", error)

    def test_of_several_files_none_is_submitted_when_one_is_wrong(self):
        self.cli("submit", D8, self.write("bad.yaml", "seed: x\n"),
                 status=INVALID)
        self.assertEqual(self.cli("ls", "--json").stdout, "")

    def test_a_dry_run_checks_and_stores_nothing(self):
        self.cli("submit", D8, "--dry-run")
        self.cli("submit", self.write("bad.yaml", "seed: x\n"), "--dry-run",
                 status=INVALID)
        self.assertEqual(self.cli("ls", "--json").stdout, "")

    def test_a_spec_of_10_GB_is_refused_unread(self):
        path = self.directory / "huge.yaml"
        with open(path, "wb") as file:
            file.truncate(10 * 10**9)
        error = self.cli("submit", str(path), status=INVALID).stderr
        self.assertIn("use file:", error)

    def test_an_unknown_run_is_not_found(self):
        for command in (["show", "4711"], ["watch", "4711"], ["cancel", "4711"],
                        ["metrics", "4711", "--csv"], ["show", "last"]):
            self.cli(*command, status=4)

    def test_a_wrong_command_line_is_told_apart(self):
        self.cli("sumbit", D8, status=2)
        self.cli("submit", status=2)
        self.cli("submit", D8, "--no-such-flag", status=2)

    def test_a_run_that_diverges_fails_and_keeps_its_finite_samples(self):
        run = self.submit(D8, "--set", "stop.steps=1000", "--set",
                          "optimizer.gradient_descent.learning_rate=1e300",
                          "--set", "regularizer={l2: {strength: 1}}")
        self.wait_for(run, status=1)
        self.assertEqual(self.show(run)["result"]["failureReason"],
                         "FAILURE_REASON_DIVERGED")
        self.assertIn(0, self.metrics(run)["train/loss"])


class BombTest(ServerTest):
    """With a lower limit: true_limits_test.py meets the true one."""

    def test_a_gzip_bomb_is_rejected(self):
        limit = 2**26
        self.start_server("--limit", f"inflated_bytes={limit}")
        path = self.directory / "x-idx3-ubyte.gz"
        path.write_bytes(gzip.compress(
            struct.pack(">IIII", 0x803, 9, 2**12, 2**12) + bytes(9 * 2**24)))
        error = self.cli("data", "put", str(path), status=INVALID).stderr
        self.assertIn(str(limit), error)


class BadDataTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()

    def put(self, name, content, *options, status=0):
        path = self.directory / name
        path.write_bytes(content)
        return self.cli("data", "put", str(path), *options, status=status)

    def test_a_good_pair_of_idx_files_trains(self):
        self.put("x-idx3-ubyte", idx_images(4)[:16 + 16], "--name", "x")
        self.put("y-idx1-ubyte.gz", gzip.compress(idx_labels([7, 7, 9, 9])),
                 "--name", "y")
        spec = self.write("idx.yaml", """\
data:
  idx: {images: {dataset: x}, labels: {dataset: y}}
  classes: {positive: [7], negative: [9]}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 100}
""")
        self.cli("submit", "--follow", spec)

    def test_a_truncated_idx_file_is_rejected(self):
        result = self.put("x-idx3-ubyte", idx_images(100)[:16 + 399],
                          status=INVALID)
        self.assertIn("x-idx3-ubyte", result.stderr)

    def test_a_truncated_gzip_file_is_rejected(self):
        whole = gzip.compress(idx_labels([1] * 5000))
        self.put("y-idx1-ubyte.gz", whole[:-9], status=INVALID)

    def test_csv_faults_name_row_and_column(self):
        self.put("t.csv", b"a,b,y\n1,2,1\n3,oops,-1\n", "--name", "oops")
        spec = self.write("oops.yaml", """\
data: {csv: {dataset: oops}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 10}
""")
        error = self.cli("submit", spec, status=INVALID).stderr
        self.assertRegex(error, r'column 1, "b", of which row 2 .*"oops"')
        # A column that no run uses may hold anything.
        self.submit(spec, "--set", "data.csv.features=[a]")
        result = self.put("ragged.csv", b"a,b,y\n1,2,1\n3,-1\n", status=INVALID)
        self.assertRegex(result.stderr, r"ragged\.csv: row 2 ")

    def test_a_column_of_words_can_not_be_a_feature(self):
        self.put("words.csv", b"a,b,y\n1,x,1\n3,z,-1\n", "--name", "words")
        spec = self.write("csv.yaml", """\
data: {csv: {dataset: words, label: y}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 10}
""")
        self.assertIn('"b"', self.cli("submit", spec, status=INVALID).stderr)

    def test_classes_that_leave_no_row_are_refused(self):
        self.put("t.csv", b"a,b,y\n1,2,1\n3,4,-1\n", "--name", "t")
        spec = self.write("csv.yaml", """\
data: {csv: {dataset: t, label: y}, classes: {positive: [5], negative: [6]}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 10}
""")
        self.assertIn("classes", self.cli("submit", spec, status=INVALID).stderr)

    def test_a_missing_file_and_a_missing_dataset_are_named(self):
        spec = """\
data: {csv: {%s, label: y}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 10}
"""
        # A spec that names no file is wrong; a dataset may be another user's.
        error = self.cli("submit", self.write("f.yaml", spec % "file: none.csv"),
                         status=INVALID).stderr
        self.assertRegex(error, r"f\.yaml:1:\d+: .*none\.csv: No such file")
        error = self.cli("submit", self.write("d.yaml", spec % "dataset: none"),
                         status=4).stderr
        self.assertRegex(error, r"d\.yaml: .*csv\.dataset: want a dataset")

    def test_the_same_file_is_stored_once(self):
        content = b"a,y\n1,1\n3,-1\n"
        self.put("one.csv", content)
        self.put("two.csv", content)
        self.assertEqual(
            len(self.cli("data", "ls", "--json").stdout.splitlines()), 1)


class SecretPathTest(ServerTest):

    def test_the_server_opens_no_path_that_a_client_sent(self):
        self.start_server()
        secret = self.write("secret.csv", "a,y\n1,1\n2,-1\n")
        os.chmod(secret, 0o600)
        spec = self.write("path.yaml", """\
data: {csv: {dataset: "%s", label: y}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 10}
""" % secret)
        result = self.cli("submit", spec, status=INVALID)
        self.assertNotIn("a,y", result.stderr)
