"""Targets other than the source, by the numbers of docs/science.md."""

import math
import struct

from programs import EXAMPLES, ROOT, ServerTest

MU = 0.5
ROWS = 100000

GOLDENS = ROOT / "tests/training/shift/golden/least_squares_ratio.txt"
RULSIF = """\
data: {{inline: {source}}}
target: {{data: {{inline: {target}}}}}
weighting: {{density_ratio: {{rulsif: {{alpha: {alpha}, widths: [{width}],
                                     penalties: [{penalty}], centres: {centres}}}}}}}
optimizer: {{lbfgs: {{}}}}
stop: {{steps: 1}}
"""


def five_errors(variance):
    """Five standard errors of a mean over the rows of covariate-shift.yaml."""
    return 5 * math.sqrt(variance / ROWS)


def read_cases(path):
    """The cases of a golden file, each {key: [number, ...]}."""
    cases = []
    for line in path.read_text(encoding="utf-8").splitlines():
        key, *words = line.split(" ")
        if key == "case":
            cases.append({})
        elif key != "#":
            cases[-1][key] = [float(word) for word in words]
    return cases


def table(values, columns):
    """Rows of a spec, labelled +1 and -1 in turn."""
    rows = [values[i:i + columns] for i in range(0, len(values), columns)]
    return (f"{{features: {rows}, "
            f"labels: {[1 - 2 * (i % 2) for i in range(len(rows))]}}}")


class ShiftsTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()

    def test_the_exact_ratio_fits_the_targets_line(self):
        """The variances are those of tests/server/worker/covariate_shift_test."""
        end = self.last_of("covariate-shift.yaml")
        self.assertAlmostEqual(end["parameters/0"], 2 * MU,
                               delta=five_errors(24.82))
        self.assertAlmostEqual(end["parameters/1"], 1 - MU**2,
                               delta=five_errors(2.40))
        self.assertAlmostEqual(end["target/loss"], 2, delta=five_errors(56))
        self.assertAlmostEqual(end["weights/effective_sample_size"] / ROWS,
                               math.exp(-MU**2), delta=five_errors(0.158))
        self.assertAlmostEqual(end["train/target_risk"], end["train/loss"],
                               delta=1e-12)

    def test_without_weights_the_line_is_the_sources(self):
        end = self.last_of("covariate-shift.yaml", "weighting={uniform: {}}")
        self.assertAlmostEqual(end["parameters/0"], 0, delta=five_errors(10))
        self.assertAlmostEqual(end["parameters/1"], 1, delta=five_errors(2))
        self.assertAlmostEqual(end["target/loss"], 2 + 4 * MU**2 + MU**4,
                               delta=five_errors(128.75 + 51.125))
        # The densities are known, whatever the weights.
        self.assertAlmostEqual(end["target/chi_square"], math.expm1(MU**2),
                               delta=1e-14)
        self.assertAlmostEqual(end["target/renyi_2"], MU**2, delta=1e-14)
        self.assertAlmostEqual(end["target/kl"], MU**2 / 2, delta=1e-14)

    def test_estimated_ratios_bring_the_line_near(self):
        """Each takes away at least two thirds of what the shift costs."""
        rows = ["data.polynomial.rows=2000",
                "target.data.polynomial.rows=2000"]
        without = self.last_of("covariate-shift.yaml", *rows,
                               "weighting={uniform: {}}")["target/loss"]
        best = self.last_of("covariate-shift.yaml", *rows)["target/loss"]
        for estimator in ("logistic", "kliep", "ulsif", "kmm", "nearest"):
            end = self.last_of(
                "covariate-shift.yaml", *rows,
                f"weighting={{density_ratio: {{{estimator}: {{}}}}}}")
            self.assertLess(end["target/loss"] - best, (without - best) / 3,
                            estimator)
            self.assertGreater(end["target/renyi_2"], MU**2 / 2, estimator)

    def test_label_shift_is_found_and_undone(self):
        bayes = 0.1270168
        for method in ("bbse", "em"):
            end = self.last_of("label-shift.yaml",
                               f"weighting={{label_shift: {{{method}: {{}}}}}}")
            # The share's standard error is about .004.
            self.assertAlmostEqual(end["target/chi_square"], 4 / 3, delta=0.12)
            self.assertLessEqual(abs(end["target/error_exact"] - bayes), 5e-4)
        # The error at the source's prior, and with the target's added after it.
        end = self.last_of("label-shift.yaml", "weighting={uniform: {}}",
                           "target={class_prior: [0.25, 0.75]}",
                           "test_sets={held: {gaussians: {classes: ["
                           "{label: 1, rows: 3, mean: [1, 0], "
                           "standard_deviation: 1}, {label: -1, rows: 1, "
                           "mean: [-1, 0], standard_deviation: 1}]}}}")
        self.assertAlmostEqual(end["held/error_exact"], 0.259742, delta=0.01)
        self.assertLessEqual(
            abs(end["held/adjusted_error_exact"] - bayes), 5e-4)

    def test_rulsif_weighs_as_densratio_does(self):
        """The cases of RuLSIF with a centre at each row of the target, of those that
        tests/training/shift/golden/make_least_squares_ratio.py writes."""
        cases = [case for case in read_cases(GOLDENS) if case["alpha"][0] > 0
                 and case["centres"] == case["target"]]
        self.assertEqual(len(cases), 2)
        for case in cases:
            _, _, columns, centres = map(int, case["shape"])
            self.cli("submit", "--follow",
                     self.write("rulsif.yaml", RULSIF.format(
                         source=table(case["source"], columns),
                         target=table(case["target"], columns),
                         alpha=case["alpha"][0], width=case["widths"][0],
                         penalty=case["penalties"][0], centres=centres)))
            path = self.directory / "weights.npy"
            path.unlink(missing_ok=True)
            self.cli("artifact", "get", "last", "weights.npy", "-o", str(path))
            data = path.read_bytes()
            head = 10 + struct.unpack("<H", data[8:10])[0]
            weights = [value for value, in struct.iter_unpack("<d", data[head:])]
            ratios = case["ratios"]
            self.assertEqual(len(weights), len(ratios))
            mean = sum(ratios) / len(ratios)
            for weight, ratio in zip(weights, ratios):
                self.assertAlmostEqual(weight * mean / ratio, 1, delta=1e-6)

    def test_a_wrong_combination_is_refused_at_submission(self):
        answer = self.cli(
            "submit", str(EXAMPLES / "d8.yaml"), "--set",
            "weighting={density_ratio: {kliep: {}}}", status=3)
        self.assertIn("weighting.density_ratio: want target.data",
                      answer.stderr)
