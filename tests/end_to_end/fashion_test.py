"""Real images: pullover against coat, three weightings, by the service."""

from programs import EXAMPLES, ServerTest

# ratio: (fraction positive at step 100, at 316,228; error at 316,228)
WANTED = {"64": (1.000, 0.532, 0.219),
          "1": (0.583, 0.460, 0.210),
          "0.015625": (0.000, 0.395, 0.215)}
LATE = 316228


class FashionTest(ServerTest):

    def test_weights_rule_at_first_and_fade_once_the_images_are_separated(self):
        self.start_server()
        runs = {ratio: self.submit(
            str(EXAMPLES / "fashion-weights.yaml"), "--set",
            f"weighting.per_class.ratio={ratio}", "--set",
            f"name=fashion-{ratio}") for ratio in WANTED}
        # Twelve files named, four different ones stored.
        self.assertEqual(
            len(self.cli("data", "ls", "--json").stdout.splitlines()), 4)
        for ratio, (early, late, error) in WANTED.items():
            self.wait_for(runs[ratio], deadline_s=600)
            metrics = self.metrics(runs[ratio])
            positive = metrics["test/fraction_positive"]
            self.assertAlmostEqual(positive[100], early, delta=0.0015)
            self.assertAlmostEqual(positive[LATE], late, delta=0.0015)
            self.assertAlmostEqual(metrics["test/error"][LATE], error,
                                   delta=0.0015)
            self.assertEqual(metrics["train/error"][LATE], 0)
