"""What weights do to networks: SCIENCE 5.4 (ii) and (iii), and real images, as
docs/science.md has them, for several seeds."""

from programs import EXAMPLES, ServerTest

SEEDS = range(1, 6)
DEADLINE_S = 1500


class NetworksTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()

    def train(self, example, variants):
        """{key: metrics} of a run for each {key: `--set` values}."""
        runs = {}
        for key, changes in variants.items():
            changes = [it for change in changes for it in ("--set", change)]
            runs[key] = self.submit(EXAMPLES / example, *changes)
        for run in runs.values():
            self.wait_for(run, deadline_s=DEADLINE_S)
        return {key: self.metrics(run) for key, run in runs.items()}

    # Early the weights rule; once the moons are separated they hardly matter.
    def test_moons_forget_their_weights(self):
        values = self.train("moons-mlp.yaml", {
            (seed, ratio): (f"seed={seed}", f"weighting.per_class.ratio={ratio}")
            for seed in SEEDS for ratio in (0.1, 1, 10)})
        for seed in SEEDS:
            def positive(ratio, step):
                return values[seed, ratio]["test/fraction_positive"][step]

            def spread(step):
                return positive(10, step) - positive(0.1, step)

            with self.subTest(seed=seed):
                for step in (10, 100, 1000):
                    self.assertLess(positive(0.1, step), positive(1, step))
                    self.assertLess(positive(1, step), positive(10, step))
                self.assertGreater(spread(10), 0.85)
                self.assertGreater(spread(1000), 0.15)
                self.assertLess(abs(spread(100000)), 0.02)
                for ratio in (0.1, 1, 10):
                    self.assertLess(abs(positive(ratio, 100000) - 0.5), 0.03)
                    self.check_margin(values[seed, ratio])

    def check_margin(self, metrics):
        """Positive and rising once every row is right."""
        right = [step for step, error in metrics["train/error"].items()
                 if error == 0 and step >= 10000]
        margins = [metrics["margin/normalized"][step] for step in right]
        self.assertGreater(margins[0], 0)
        self.assertEqual(margins, sorted(margins))
        # .006 to .018, to the digit that is printed.
        self.assertGreaterEqual(margins[-1], 0.0055)
        self.assertLess(margins[-1], 0.0185)

    # A penalty keeps the rows from being separated, and the weights alive.
    def test_moons_with_a_penalty_remember_them(self):
        values = self.train("moons-mlp.yaml", {
            (seed, strength, ratio): (
                f"seed={seed}", f"weighting.per_class.ratio={ratio}",
                f"regularizer.l2.strength={strength}", "stop.steps=30000")
            for seed in SEEDS for strength in (0.01, 0.001)
            for ratio in (0.1, 10)})
        for seed in SEEDS:
            spread = {strength:
                      values[seed, strength, 10]["test/fraction_positive"][30000] -
                      values[seed, strength, 0.1]["test/fraction_positive"][30000]
                      for strength in (0.01, 0.001)}
            with self.subTest(seed=seed):
                self.assertGreater(spread[0.01], 0.4)
                self.assertGreater(0.4, spread[0.001])
                self.assertGreater(spread[0.001], 0.05)

    # With one class rarer weights help early, and then make no difference.
    def test_rare_moons_need_their_weights_early(self):
        values = self.train("moons-mlp.yaml", {
            (seed, ratio): (f"seed={seed}", f"weighting.per_class.ratio={ratio}",
                            "data.moons.positive=20", "data.moons.negative=200")
            for seed in SEEDS for ratio in (1, 10)})
        for seed in SEEDS:
            plain, weighted = (values[seed, ratio]["test/error"]
                               for ratio in (1, 10))
            with self.subTest(seed=seed):
                for step in (100, 1000):
                    self.assertLess(weighted[step], plain[step])
                self.assertLessEqual(plain[100000], 0.05)
                self.assertLessEqual(weighted[100000], 0.05)
                self.assertLessEqual(abs(weighted[100000] - plain[100000]), 0.03)

    def test_images_forget_their_weights(self):
        values = self.train("fashion-mlp.yaml", {
            (seed, ratio): (f"seed={seed}", f"weighting.per_class.ratio={ratio}")
            for seed in (1, 2, 3) for ratio in (64, 1, 0.015625)})
        for seed in (1, 2, 3):
            def spread(step):
                positive = [values[seed, ratio]["test/fraction_positive"][step]
                            for ratio in (64, 1, 0.015625)]
                return max(positive) - min(positive)

            with self.subTest(seed=seed):
                self.assertGreaterEqual(spread(316), 0.8)
                self.assertLessEqual(spread(31250), 0.12)
