"""The main road: submit, follow, list, show, read back."""

import json

from programs import ServerTest


class FirstRunTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.start_server()

    def test_a_followed_run_succeeds_and_is_named_on_stdout(self):
        result = self.cli("submit", "--follow", self.write_spec(steps=5000))
        self.assertRegex(result.stdout.splitlines()[0],
                         r"^experiments/default/runs/\d+$")
        self.assertNotIn("\x1b", result.stdout + result.stderr)

    def test_every_sample_comes_back_as_csv(self):
        run = self.submit(self.write_spec(steps=100))
        self.wait_for(run)
        loss = self.metrics(run)["train/loss"]
        self.assertEqual(list(loss), [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25,
                                      32, 40, 50, 63, 79, 100])
        self.assertEqual(loss[0], 1.0)
        self.assertLess(loss[100], loss[10])

    def test_metrics_are_sorted_by_bytes_and_then_by_sample(self):
        run = self.submit(self.write_spec(steps=100))
        self.wait_for(run)
        rows = self.cli("metrics", run, "--csv", "--columns",
                        "metric,sample").stdout.splitlines()
        keys = [(metric.encode(), int(sample)) for metric, sample in
                (row.split(",") for row in rows[1:])]
        self.assertEqual(keys, sorted(keys))

    def test_a_run_is_listed_and_shown(self):
        run = self.submit(self.write_spec("one", 100), "--set",
                          "labels={paper: xu2021}")
        self.wait_for(run)
        listed = [json.loads(line) for line in self.cli(
            "ls", "--json", "--label", "paper=xu2021").stdout.splitlines()]
        self.assertEqual([it["name"] for it in listed], [run])
        shown = self.show("last")
        self.assertEqual(shown["name"], run)
        self.assertEqual(shown["state"], "RUN_STATE_SUCCEEDED")
        self.assertEqual(shown["spec"]["normalization"],
                         "NORMALIZATION_MEAN_ONE")
        self.assertNotIn("normalization", shown["submittedSpec"])
        self.assertEqual(shown["result"]["endedBy"], "ENDED_BY_STEPS")
        self.assertEqual(len(shown["attempts"]), 1)

    def test_a_watcher_of_an_ended_run_gets_each_sample_once(self):
        run = self.submit(self.write_spec(steps=100))
        self.wait_for(run)
        lines = [json.loads(line) for line in self.cli(
            "watch", run, "--json").stdout.splitlines()]
        samples = [int(line["sample"]) for line in lines[:-1]]
        self.assertEqual(samples, list(range(19)))
        self.assertEqual(lines[-1]["name"], run)

    def test_a_cancelled_run_ends_with_1_where_it_is_followed(self):
        run = self.submit(self.write_spec(steps=10**15))
        follower = self.follow("watch", run, "--json")
        self.assertIn("sample", follower.lines.next())
        self.cli("cancel", run)
        status, _ = follower.wait()
        self.assertEqual(status, 1)
        self.assertEqual(self.show(run)["state"], "RUN_STATE_CANCELLED")
        self.cli("cancel", run)

    def test_an_ended_run_can_not_be_cancelled(self):
        run = self.submit(self.write_spec(steps=10))
        self.wait_for(run)
        self.cli("cancel", run, status=5)

    def test_wall_time_ends_a_run_with_a_last_sample(self):
        run = self.submit(self.write_spec(steps=10**15), "--set",
                          "stop.wall_time=1s")
        self.wait_for(run)
        shown = self.show(run)
        self.assertEqual(shown["result"]["endedBy"], "ENDED_BY_WALL_TIME")
        self.assertIn(int(shown["result"]["steps"]),
                      self.metrics(run)["train/loss"])
