"""Ten draws of Wang et al.'s rare class, docs/science.md, "Rare classes": minutes."""

import statistics

from programs import EXAMPLES, ServerTest


class WangTest(ServerTest):

    def errors(self, *changes):
        """Mean and deviation of test/error_exact over ten draws, in percent."""
        runs = []
        for seed in range(1, 11):
            arguments = ["--set", f"seed={seed}"]
            for change in changes:
                arguments += ["--set", change]
            runs.append(self.submit(str(EXAMPLES / "wang.yaml"), *arguments))
        errors = []
        for run in runs:
            self.wait_for(run, deadline_s=600)
            series = self.metrics(run)["test/error_exact"]
            errors.append(100 * series[max(series)])
        mean, deviation = statistics.mean(errors), statistics.stdev(errors)
        print(f"{changes}: {mean:.3f} +- {deviation:.3f} %")
        return mean, deviation

    def test_weights_move_the_interpolating_solution(self):
        self.start_server()
        power = "weighting.inverse_frequency.power"
        measured = {
            "margin": self.errors(
                "loss={squared: {}}", "regularizer.l2.strength=0",
                "stop.steps=15",
                "data.classes={positive: [1], negative: [-1]}",
                "weighting={uniform: {}}"),
            "0": self.errors(f"{power}=0"), "1": self.errors(f"{power}=1"),
            "3": self.errors(f"{power}=3"), "4.5": self.errors(f"{power}=4.5")}
        # Ten other draws gave these: two standard errors of both means.
        for case, percent in (("margin", 7.85), ("0", 8.68), ("1", 2.03),
                              ("3", 0.42), ("4.5", 10.4)):
            mean, deviation = measured[case]
            slack = 2 * (2 / 10) ** 0.5 * deviation
            self.assertLessEqual(abs(mean - percent), slack, case)
        mean = {case: value[0] for case, value in measured.items()}
        self.assertLess(mean["3"], mean["1"])
        self.assertLess(mean["1"], mean["margin"])
        self.assertLess(mean["margin"], mean["0"])
