"""Each form of data, from a file to the numbers of a run."""

import gzip
import struct

from programs import ServerTest

INVALID = 3


def npy(descr, shape, values, fortran=False):
    """The bytes of numpy.save, without numpy."""
    literal = (f"{{'descr': '{descr}', 'fortran_order': {fortran}, "
               f"'shape': ({', '.join(map(str, shape))},), }}\n").encode()
    return (b"\x93NUMPY\x01\x00" + struct.pack("<H", len(literal)) + literal +
            values)


class DataFormsTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()

    def write_bytes(self, name, content):
        path = self.directory / name
        path.write_bytes(content)
        return str(path)

    def test_npy_files_train_as_the_same_rows_inline(self):
        rows = [(2, 1), (1, 3), (-1, -1), (-2, 0.5)]
        by_column = [row[k] for k in (0, 1) for row in rows]
        self.write_bytes("x.npy.gz", gzip.compress(npy(
            ">f4", (4, 2), struct.pack(">8f", *by_column), fortran=True)))
        self.write_bytes("y.npy", npy("<i8", (4,),
                                      struct.pack("<4q", 1, 1, -1, -1)))
        data = "{npy: {features: {file: x.npy.gz}, labels: {file: y.npy}}}"
        stored = self.submit(self.write_spec("npy"), "--set", f"data={data}")
        inline = self.submit(self.write_spec("inline"))
        for run in (stored, inline):
            self.wait_for(run)
        self.assertEqual(self.metrics(stored), self.metrics(inline))

    def test_a_spreadsheets_table_trains_as_its_columns_inline(self):
        self.write("t.csv", 'note,b,y,a\r\n'
                   '"first, ""one""\nof four",1,1,2\r\n'
                   ',3,1,1\r\n"third",-1,-1,-1\r\nlast,0.5,-1,-2\r\n')
        data = "{csv: {file: t.csv, label: y, features: [a, b]}}"
        stored = self.submit(self.write_spec("csv"), "--set", f"data={data}")
        inline = self.submit(self.write_spec("inline"))
        for run in (stored, inline):
            self.wait_for(run)
        self.assertEqual(self.metrics(stored), self.metrics(inline))
        name = self.show(stored)["spec"]["data"]["csv"]["dataset"]
        shown = self.cli("data", "show", name).stdout
        self.assertIn("first rows\n", shown)
        self.assertRegex(shown, r"\n  last +0\.5 +-1 +-2\n")
        self.assertRegex(shown, r"runs +1\n")
        data = "{csv: {file: t.csv, label: y, features: [a, note, c]}}"
        error = self.cli("submit", self.write_spec(), "--set", f"data={data}",
                         status=INVALID).stderr
        self.assertIn("data.csv.features[1]: want a column of finite numbers, "
                      "got text in column 0", error)
        self.assertIn("data.csv.features[2]: want the name of a column", error)

    def test_the_worst_group_of_a_table_is_seen(self):
        self.write("train.csv", "site,x,y\nnorth,1,1\nnorth,-1,-1\n"
                   "south side,2,1\nsouth side,-2,-1\n")
        self.write("test.csv", "y,x,7\n1,3,a\n1,-3,b\n-1,-4,b\n1,5,a\n")
        spec = self.write("groups.yaml", """\
data: {csv: {file: train.csv, group: site}}
test_sets: {test: {csv: {file: test.csv, label: y, group: 7}}}
loss: {logistic: {}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 50}
""")
        run = self.submit(spec)
        self.wait_for(run)
        last = {name: series[50] for name, series in self.metrics(run).items()}
        self.assertEqual(last["train/error/south%20side"], 0)
        self.assertEqual(last["test/error"], 0.25)
        self.assertEqual(last["test/error/a"], 0)
        self.assertEqual(last["test/error/b"], 0.5)
        self.assertEqual(last["test/worst_group_error"], 0.5)
        name = self.show(run)["spec"]["data"]["csv"]["dataset"]
        self.assertRegex(self.cli("data", "show", name).stdout,
                         r"0  site +text +north \(2\), south side \(2\)")
        self.write("ids.csv", "id,x,y\n" + "".join(
            f"p{i},1,1\n" for i in range(1001)))
        error = self.cli(
            "submit", spec, "--set", "data.csv={file: ids.csv, group: id}",
            "--set", "test_sets.test.csv.group=8", status=INVALID).stderr
        self.assertIn("data: want at most 1000 groups over all sets", error)
        self.assertIn("test_sets.test.csv.group: want the name of a column",
                      error)

    def test_a_column_says_which_rows_are_tested(self):
        self.write("folds.csv", "fold,x,y\n1,1,1\n2,-1,-1\n3,2,-1\n1,-2,-1\n"
                   "3,-3,-1\n")
        spec = self.write("folds.yaml", """\
data: {csv: {file: folds.csv}, split: {by: {column: fold, test: [3]}}}
loss: {logistic: {}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 50}
""")
        run = self.submit(spec)
        self.wait_for(run)
        last = {name: series[50] for name, series in self.metrics(run).items()}
        self.assertEqual(last["weights/effective_sample_size"], 3)
        self.assertEqual(last["train/error"], 0)
        self.assertEqual(last["test/error"], 0.5)
        error = self.cli("submit", spec, "--set", "data.split.by.test=[3, 4]",
                         status=INVALID).stderr
        self.assertIn('data.split.by.test[1]: want a text of the column "fold", '
                      'got "4"', error)
        error = self.cli("submit", spec, "--set",
                         "data.split={test_fraction: 0.5, by: {column: fold}}",
                         status=INVALID).stderr
        self.assertIn("data.split.by", error)

    def test_cifar_batches_train_as_one_table(self):
        def batch(name, *labels):
            pixels = [[9, 9], [200, 0], [0, 200]]
            return self.write_bytes(name, b"".join(
                bytes([label] + pixels[label] * 1536) for label in labels))
        batch("data_batch_1.bin", 1, 2)
        batch("data_batch_2.bin", 2, 0, 1)
        batch("test_batch.bin", 0, 1, 0, 2, 0)
        spec = self.write("cifar.yaml", """\
data:
  cifar: {batches: [{file: data_batch_1.bin}, {file: data_batch_2.bin}]}
  classes: {positive: [1], negative: [2]}
test_sets:
  test: {cifar: {batches: [{file: test_batch.bin}]}}
  others:
    cifar: {batches: [{file: test_batch.bin}]}
    classes: {left_out: true}
loss: {logistic: {}}
optimizer: {gradient_descent: {learning_rate: 0.001}}
stop: {steps: 200}
""")
        run = self.submit(spec)
        self.wait_for(run)
        last = {name: series[200] for name, series in self.metrics(run).items()}
        self.assertEqual(last["train/fraction_positive"], 0.5)
        self.assertEqual(last["test/error"], 0)
        # Three equal rows of a class that was not trained on, labelled +1.
        self.assertIn(last["others/fraction_positive"], (0, 1))
        self.assertEqual(last["others/error"], 1 - last["others/fraction_positive"])
        shown = self.show(run)["spec"]["testSets"]["others"]["classes"]
        self.assertEqual(shown, {"leftOut": True})
        error = self.cli("submit", spec, "--set", "data.cifar.label=coarse",
                         status=INVALID).stderr
        self.assertIn("data.cifar.label: want fine", error)
        shown = self.cli("data", "ls").stdout
        self.assertIn("3 x 3 x 32 x 32 of uint8", shown)

    def test_drawn_rows_follow_their_seed(self):
        spec = self.write("drawn.yaml", """\
data: {separable_gaussians: {rows: 40, dimension: 3, margin: 0.5}}
test_sets:
  drawn: {separable_gaussians: {rows: 40, dimension: 3, margin: 0.5, seed: 4}}
loss: {logistic: {}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 100}
""")
        runs = [self.submit(spec, "--set", f"seed={seed}") for seed in (4, 4, 5)]
        for run in runs:
            self.wait_for(run)
        same, again, other = [self.metrics(run) for run in runs]
        self.assertEqual(same, again)
        self.assertNotEqual(same["train/loss"][100], other["train/loss"][100])
        # The test set has a seed of its own, and is not the training rows.
        self.assertNotEqual(same["drawn/loss"][100], same["train/loss"][100])
        self.assertIn("direction/gap", same)  # the rows are separable
        shown = self.show(runs[2])["spec"]
        self.assertEqual(shown["data"]["separableGaussians"]["seed"], "5")

    def test_training_rows_are_split_thinned_and_mislabelled(self):
        spec = self.write("altered.yaml", """\
data:
  gaussians:
    classes:
      - {label: 1, rows: 60, mean: [3, 0], standard_deviation: 0.5}
      - {label: -1, rows: 60, mean: [-3, 0], standard_deviation: 0.5}
  split: {test_fraction: 0.5}
  imbalance: {step: {ratio: 0.1}}
  label_noise: {pair: {fraction: 0.1}, seed: 3}
loss: {logistic: {}}
optimizer: {gradient_descent: {learning_rate: 0.1}}
stop: {steps: 300}
""")
        run = self.submit(spec)
        self.wait_for(run)
        values = self.metrics(run)
        # 3 of +1 and 30 of -1; of these 0 and 3 are labelled wrongly.
        self.assertAlmostEqual(values["train/error"][300], 3 / 33)
        self.assertEqual(values["test/error"][300], 0)
        self.assertEqual(values["test/fraction_positive"][300], 0.5)
        self.assertEqual(values["weights/effective_sample_size"][300], 33)
        error = self.cli("submit", spec, "--set",
                         "test_sets.test={moons: {positive: 1}}",
                         status=INVALID).stderr
        self.assertIn("data.split: want no test set named test", error)

    def test_a_model_is_seen_on_noise_and_on_rows_that_moved(self):
        spec = self.write("derived.yaml", """\
data: {separable_gaussians: {rows: 60, dimension: 2, margin: 1}}
test_sets:
  test: {separable_gaussians: {rows: 40, dimension: 2, margin: 1}}
  right: {shifted_copy: {of: test, shift: [50, 0]}}
  noise: {uniform_noise: {rows: 400, low: -1, high: 1}}
loss: {logistic: {}}
optimizer: {gradient_descent: {learning_rate: 0.5}}
stop: {steps: 2000}
""")
        run = self.submit(spec)
        self.wait_for(run)
        last = {name: series[2000] for name, series in self.metrics(run).items()}
        self.assertEqual(last["test/error"], 0)
        # All rows lie on the positive side then, the negative ones wrongly.
        self.assertEqual(last["right/fraction_positive"], 1)
        self.assertEqual(last["right/error"], 0.5)
        self.assertTrue(0.35 < last["noise/fraction_positive"] < 0.65)

    def test_what_is_no_array_of_numbers_is_rejected_with_the_place(self):
        path = self.write_bytes("o.npy", npy("|O", (4,), b"\x80\x03."))
        error = self.cli("data", "put", path, status=INVALID).stderr
        self.assertIn("offset 20: want the type of a number", error)
        path = self.write_bytes("x.npy", npy("<f8", (4, 2), bytes(63)))
        error = self.cli("data", "put", path, status=INVALID).stderr
        self.assertIn("want 1 more bytes of 4 x 2 of float64", error)

    def test_a_mended_file_takes_the_name_of_the_rejected_one(self):
        self.write("t.csv", "x,y\n2,1\n1\n")
        put = ["data", "put", str(self.directory / "t.csv"), "--name", "t"]
        error = self.cli(*put, status=INVALID).stderr
        self.assertIn("row 2 (line 3)", error)
        self.write("t.csv", "x,y\n2,1\n1,-1\n")
        name = self.cli(*put).stdout.strip()
        self.assertIn(name, self.cli("data", "show", "t", "--json").stdout)
        run = self.submit(self.write_spec(), "--set",
                          "data={csv: {dataset: t, label: y}}")
        self.wait_for(run)

    def test_features_that_are_not_finite_are_refused_at_submission(self):
        self.write_bytes("x.npy", npy("<f2", (2, 1), b"\0\x7c\0\0"))
        self.write_bytes("y.npy", npy("|i1", (2,), b"\1\xff"))
        error = self.cli(
            "submit", self.write_spec(), "--set",
            "data={npy: {features: {file: x.npy}, labels: {file: y.npy}}}",
            status=INVALID).stderr
        self.assertIn("data.npy.features.dataset: want finite values, got 1",
                      error)
