"""The printed tables of docs/science.md, out of the service."""

import math

from goldens import D8_NEAR_P, goldens, half_unit
from programs import EXAMPLES, ServerTest


class GoldenTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()

    def check(self, table, spec, weightings, losses=("exponential",)):
        """Trains each weighting with each loss; compares every entry."""
        runs = {}
        for weighting, changes in weightings.items():
            for loss in losses:
                arguments = [spec, "--set", f"loss={{{loss}: {{}}}}"]
                for change in changes:
                    arguments += ["--set", change]
                runs[weighting, loss] = self.submit(*arguments)
        series = {}
        for key, run in runs.items():
            self.wait_for(run, deadline_s=300)
            series[key] = self.metrics(run)
        wrong = []
        rows = goldens(table)
        self.assertTrue(rows)
        for row in rows:
            value = series[row["weighting"], row["loss"]][row["metric"]][
                int(row["step"])]
            # A hair more than half a unit: the bound itself is not a double.
            if not abs(value - float(row["printed"])) <= (
                    half_unit(row["printed"]) * (1 + 1e-6)):
                wrong.append(f"{row}: got {value!r}")
        self.assertFalse(wrong, "\n".join(wrong))
        return series

    def test_d8(self):
        series = self.check(
            "d8", str(EXAMPLES / "d8.yaml"), {
                "uniform": ["weighting={uniform: {}}"],
                "negatives x10": ["weighting.per_class.ratio=0.1"],
                "positives x10": ["weighting.per_class.ratio=10"],
                "near p*": [D8_NEAR_P]},
            losses=("exponential", "logistic"))
        for (weighting, loss), metrics in series.items():
            gap = metrics["direction/gap"]
            later = [gap[step] for step in sorted(gap) if step >= 1000]
            self.assertEqual(later, sorted(later, reverse=True), weighting)
            cosine = metrics["direction/cosine"][10**7]
            self.assertGreaterEqual(cosine, 0.9950)
            self.assertAlmostEqual(1 - cosine, gap[10**7]**2 / 2, delta=1e-15)
            other = series[weighting, "logistic"]["direction/gap"][10**6]
            if loss == "exponential" and weighting != "near p*":
                self.assertLess(abs(other / gap[10**6] - 1), 0.002)
        million = {weighting: metrics["direction/gap"][10**6]
                   for (weighting, loss), metrics in series.items()
                   if loss == "exponential"}
        self.assertLess(1000 * million["near p*"], million["uniform"])

    def test_toy_a(self):
        series = self.check(
            "toy-a", str(EXAMPLES / "toy-a.yaml"), {
                "1:1": ["weighting.per_class.ratio=1"],
                "4:1": ["weighting.per_class.ratio=4"],
                "10:1": ["weighting.per_class.ratio=10"],
                "1:10": ["weighting.per_class.ratio=0.1"]})
        for step, gap in series["4:1", "exponential"]["direction/gap"].items():
            if step > 0:
                self.assertLess(gap, 1e-12, step)
        predicted = series["1:1", "exponential"]["direction/predicted_gap"]
        gap = series["1:1", "exponential"]["direction/gap"]
        for step in (10**6, 10**7):
            self.assertLess(abs(predicted[step] / gap[step] - 1), 2e-5)

    def check_printed(self, value, printed, what):
        self.assertLessEqual(abs(value - float(printed)),
                             half_unit(printed) * (1 + 1e-6),
                             f"{what}: want {printed}, got {value!r}")

    def test_the_regularized_path_of_toy_a(self):
        for row in goldens("toy-a-path"):
            end = self.last_of("toy-a-path.yaml",
                               "weighting.per_class.ratio=" + row["weighting"],
                               "regularizer.l2.strength=" + row["loss"])
            self.check_printed(end[row["metric"]], row["printed"], row)

    def test_the_regularized_path_of_two_units(self):
        for row in goldens("two-units-path"):
            end = self.last_of("two-units-path.yaml",
                               "weighting.per_class.ratio=" + row["weighting"],
                               "regularizer.l2.strength=" + row["loss"])
            self.check_printed(end[row["metric"]], row["printed"], row)

    def test_polynomial_tails_keep_the_weights(self):
        for alpha, ratio, limit in ((1, .1, .58480), (1, 1, 1.25992),
                                    (1, 10, 2.71442), (2, .1, .79527),
                                    (2, 1, 1.41421), (2, 10, 2.51487)):
            end = self.last_of("polynomial-tail.yaml",
                               f"loss.poly_tailed.alpha={alpha}",
                               f"weighting.per_class.ratio={ratio}")
            got = end["parameters/0"] / end["parameters/1"]
            self.assertLess(abs(got / limit - 1), 1e-4, (alpha, ratio))

    def test_multipliers_set_the_limit(self):
        for ratio, printed in ((1, "1.7993"), (10, "2.1513")):
            end = self.last_of("multipliers.yaml",
                               f"weighting.per_class.ratio={ratio}")
            self.check_printed(end["parameters/0"] / end["parameters/1"],
                               printed, ratio)

    def test_scaled_steps_reach_losses_that_are_no_doubles(self):
        run = self.submit_example("mirror-descent.yaml")
        end = self.last(run)
        self.assertLess(end["train/log_loss"], -7990)
        self.assertEqual(end["train/loss"], 0)
        self.assertLess(end["direction/gap"], 1e-3)
        metrics = self.metrics(run)
        gamma = 1 / math.sqrt(5)
        divergence = end["theory/kl"]
        for t, bound in metrics["bound/p4_a"].items():
            self.assertAlmostEqual(bound, divergence / t, delta=1e-14 / t)
            self.assertLessEqual(metrics["dual/gap"][t], bound, t)
            self.assertLessEqual(metrics["direction/gap"][t]**2 / 2,
                                 metrics["bound/p4_b"][t], t)
            self.assertLessEqual(gamma - metrics["margin/normalized"][t],
                                 metrics["bound/p4_c"][t], t)
        self.assertEqual(sorted(metrics["bound/p4_a"]),
                         sorted(metrics["train/log_loss"])[1:])

    def test_where_nothing_separates_the_weights_stay(self):
        for loss, theta_1, theta_2 in (
                ("logistic", 9.027059, math.log(10)),
                ("exponential", 9.028143, math.log(10) / 2)):
            run = self.submit(str(EXAMPLES / "nonseparable.yaml"), "--set",
                              f"loss={{{loss}: {{}}}}")
            self.wait_for(run)
            metrics = self.metrics(run)
            self.assertAlmostEqual(metrics["parameters/0"][10**6], theta_1,
                                   delta=1e-6)
            self.assertAlmostEqual(metrics["parameters/1"][10**6], theta_2,
                                   delta=1e-6)
            self.assertNotIn("direction/gap", metrics)
            self.assertIn("direction/gap", {
                it["metric"] for it in self.show(run)["absentMetrics"]
                if "not separable" in it["reason"]})
