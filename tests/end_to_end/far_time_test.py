"""Runs that leap, through the service: the tables of docs/science.md, and what people
are shown of them."""

import csv
import io
import math
import pathlib
import re
import subprocess
import sys

from goldens import D8_NEAR_P, goldens, half_unit
from programs import ServerTest

DOCS = pathlib.Path(__file__).parents[2] / "docs"

LEAP = "optimizer.gradient_descent.leap={tolerance: 1e-10}"
FAR = "stop={log10_steps: 1000}"
EACH_DECADE = "evaluate.log.points_per_decade=1"

# Its fixed point is where two rows pull as strongly as one: the step is far above 2
# over the curvature there.
OSCILLATES = """\
data: {inline: {features: [[1], [1], [1]], labels: [1, 1, -1]}}
model: {linear: {bias: false}}
loss: {logistic: {}}
optimizer: {gradient_descent: {learning_rate: 60, leap: {}}}
stop: {log10_steps: 100}
evaluate: {log: {points_per_decade: 1}}
"""


class FarTimeTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()

    def places(self, run):
        """{metric: {log10 of the step: value}}, step 0 left out."""
        self.wait_for(run)
        text = self.cli("metrics", run, "--csv", "--columns",
                        "metric,log10_step,value").stdout
        series = {}
        for row in csv.DictReader(io.StringIO(text)):
            if row["log10_step"]:
                series.setdefault(row["metric"], {})[
                    float(row["log10_step"])] = float(row["value"])
        return series

    def check(self, table, spec, *changes):
        series = {}
        for row in goldens(table):
            weighting = row["weighting"]
            if weighting not in series:
                series[weighting] = self.places(self.submit_example(
                    spec, *changes, "weighting.per_class.ratio=" + weighting))
                error = series[weighting]["leap/error_estimate"][1000]
                self.assertLessEqual(error, 1e-10, weighting)
            got = series[weighting][row["metric"]][float(row["step"])]
            self.assertLessEqual(abs(got - float(row["printed"])),
                                 half_unit(row["printed"]) * (1 + 1e-6),
                                 f"{row}: got {got!r}")
        self.assertTrue(series)

    def test_toy_a(self):
        self.check("far-toy-a", "toy-a.yaml", LEAP, FAR, EACH_DECADE)

    def test_d8(self):
        self.check("far-d8", "d8-far.yaml")

    def test_leaps_lie_over_real_steps(self):
        steps = "stop={steps: 1000000}"
        runs = [self.submit_example("d8.yaml", steps, *more)
                for more in ([], [LEAP])]
        for run in runs:
            self.wait_for(run)
        real, leaps = [self.metrics(run) for run in runs]
        for metric in ("direction/gap", "margin/ratio", "train/log_loss"):
            self.assertEqual(list(real[metric]), list(leaps[metric]))
            for step, value in real[metric].items():
                self.assertAlmostEqual(leaps[metric][step], value,
                                       delta=1e-10 * abs(value), msg=step)
        self.assertLess(leaps["leap/real_steps"][10**6], 1000)

    def test_a_penalty_ends_at_its_fixed_point(self):
        far = self.places(self.submit_example("l2-far.yaml"))
        self.assertEqual(far["leap/settled_dimensions"][20], 3)
        self.assertLessEqual(far["leap/error_estimate"][20], 1e-10)
        real = self.places(self.submit_example(
            "l2-far.yaml", "optimizer.gradient_descent={learning_rate: 0.1}",
            "stop={steps: 1000000}"))
        for j in range(3):
            name = f"parameters/{j}"
            self.assertAlmostEqual(far[name][20], real[name][6], delta=1e-10)

    def test_layers_come_to_the_largest_margin(self):
        run = self.places(self.submit_example("deep-linear-far.yaml"))
        margins = run["margin/normalized"]
        largest = math.sqrt(125 / 133) / 2
        for place in (10, 20, 50):
            self.assertLess(margins[place], margins[2 * place])
        self.assertLess(margins[100], largest)
        self.assertLess(largest - margins[100], 0.02 * largest)
        self.assertLessEqual(run["leap/error_estimate"][100], 1e-10)

    def test_rates_and_weights_that_change_are_followed(self):
        changes = ["weighting.schedule={annealed: {from: 1000, until: 50000}}",
                   "stop={steps: 100000}"]
        descent = "optimizer.gradient_descent={learning_rate: 0.1, " \
            "schedule: {power: {}, warm_up_steps: 500}%s}"
        runs = [self.places(self.submit_example(
            "d8.yaml", *changes, descent % leap))
                for leap in ("", ", leap: {}")]
        real, leaps = (run["train/log_loss"] for run in runs)
        self.assertEqual(list(real), list(leaps))
        for place, value in real.items():
            self.assertAlmostEqual(leaps[place], value, delta=1e-9, msg=place)
        self.assertLess(runs[1]["leap/real_steps"][5], 50000)

    def test_people_see_where_it_stands(self):
        run = self.submit_example("d8-far.yaml")
        self.wait_for(run)
        self.assertIn("10^1000", self.cli("ls").stdout)
        self.assertIn("10^1000 steps in", self.cli("show", run).stdout)
        sample = self.cli("metrics", run, "--csv", "--columns",
                          "metric,step,log10_step", "--metric", "direction/gap").stdout
        self.assertTrue(sample.endswith("direction/gap,,1000\n"), sample[-80:])

    def test_what_has_no_flow_fails_with_the_place(self):
        run = self.submit(self.write("oscillates.yaml", OSCILLATES))
        self.wait_for(run, status=1)
        self.assertIn("leap: after 10000000 steps the difference series does not "
                      "converge", self.cli("show", run).stdout)

    def test_the_picture_is_that_of_the_docs(self):
        files = []
        for name, weighting in (
                ("uniform", "weighting={uniform: {}}"),
                ("negatives x10", "weighting.per_class.ratio=0.1"),
                ("positives x10", "weighting.per_class.ratio=10"),
                ("near p*", D8_NEAR_P)):
            run = self.submit_example("d8-far.yaml", weighting)
            self.wait_for(run)
            path = self.write(f"{len(files)}.csv", self.cli(
                "metrics", run, "--csv", "--columns",
                "metric,log10_step,value").stdout)
            files.append(f"{name}={path}")
        drawn = subprocess.run(
            [sys.executable, DOCS / "far_time.py", *files], check=True,
            capture_output=True, text=True).stdout
        kept = (DOCS / "far_time.svg").read_text(encoding="utf-8")
        number = re.compile(r"\d+\.\d")
        self.assertEqual(number.sub("N", drawn), number.sub("N", kept))
        # A value may be rounded to the other side.
        for got, wanted in zip(number.findall(drawn), number.findall(kept)):
            self.assertLess(abs(float(got) - float(wanted)), 0.11)
