"""What was answered or shown is there after kill -9."""

import json

from programs import ServerTest

ROUNDS = 5


class DurableTest(ServerTest):

    def restart(self):
        self.server.kill()
        self.start_server(data_dir=self.server.data_dir)

    def test_a_submission_that_was_answered_survives(self):
        self.start_server()
        spec = self.write_spec(steps=10)
        names = []
        for _ in range(ROUNDS):
            names.append(self.submit(spec))
            self.restart()
            listed = [json.loads(line)["name"] for line in self.cli(
                "ls", "--json").stdout.splitlines()]
            self.assertEqual(listed, names[::-1])
        for name in names:
            self.wait_for(name)

    def test_a_sample_that_was_shown_survives_with_its_value(self):
        self.start_server()
        run = self.submit(self.write_spec(steps=10**11), "--set",
                          "evaluate={every: {steps: 1000000}}")
        seen = 0
        for _ in range(ROUNDS):
            follower = self.follow("watch", run, "--json", "--from-sample",
                                   str(seen))
            sample = json.loads(follower.lines.next())
            self.assertEqual(int(sample["sample"]), seen)
            self.restart()
            stored = self.cli("metrics", run, "--csv", "--metric", "train/loss",
                              "--columns", "sample,value").stdout.splitlines()
            self.assertEqual(float(stored[1 + seen].split(",")[1]),
                             sample["values"]["train/loss"])
            seen += 1
        self.cli("cancel", run)

    def test_an_upload_that_was_answered_survives(self):
        self.start_server()
        path = self.write("t.csv", "a,y\n1,1\n2,-1\n")
        self.cli("data", "put", path, "--name", "t")
        self.restart()
        self.cli("data", "show", "t")
