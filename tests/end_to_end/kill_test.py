"""Workers and server are killed at random points; nothing is lost or repeated."""

import json
import os
import random
import selectors
import signal
import sqlite3
import time

from programs import EXAMPLES, Follower, ServerTest

RUNS = 10
STEPS = 60_000_000
COUNTED_KILLS = 20
DEADLINE_S = 600
RUNNING = 3  # RunState, as stored


class Watcher:
    """Follows one run over restarts of the server, by its cursor."""

    def __init__(self, run, test, selector):
        self.run, self.test, self.selector = run, test, selector
        self.samples = []
        self.ended = None
        self.follower = None
        self.connect()

    def connect(self):
        self.follower = Follower(
            ["watch", self.run, "--json", "--from-sample",
             str(len(self.samples))], self.test.environment)
        self.selector.register(self.follower.process.stdout,
                               selectors.EVENT_READ, self)

    def take(self):
        """Takes what there is to read; connects again when it was cut off."""
        line = self.follower.lines.next()
        if line is None:
            self.selector.unregister(self.follower.process.stdout)
            status, error = self.follower.wait()
            self.follower.close()
            if self.ended is None:
                self.test.assertEqual(status, 8, error)
                self.connect()
            return
        message = json.loads(line)
        if "sample" in message:
            self.samples.append(message)
        else:
            self.ended = message

    def drain(self):
        self.take()
        while self.follower.lines.waiting():
            self.take()

    def close(self):
        self.follower.close()


class KillTest(ServerTest):

    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("STEELYARD_TEST_SEED",
                                       random.randrange(2**32)))
        print(f"STEELYARD_TEST_SEED={self.seed}", flush=True)
        self.random = random.Random(self.seed)

    def submit_all(self):
        """Ten runs that differ in their weights."""
        return [self.submit(
            str(EXAMPLES / "d8.yaml"),
            "--set", f"weighting.per_class.ratio={2 ** k}",
            "--set", f"stop.steps={STEPS}",
            "--set", f"evaluate={{every: {{steps: {STEPS // 40}}}}}")
                for k in range(-4, RUNS - 4)]

    def series(self, run):
        return self.cli("metrics", run, "--csv", "--columns",
                        "metric,sample,step,value").stdout

    def test_killed_runs_give_the_bits_of_undisturbed_ones(self):
        self.start_server(data_dir=self.directory / "quiet")
        runs = self.submit_all()
        for run in runs:
            self.wait_for(run, deadline_s=DEADLINE_S)
        wanted = [self.series(run) for run in runs]
        self.server.stop()

        self.start_server(data_dir=self.directory / "killed")
        self.assertEqual(self.submit_all(), runs)
        watchers = self.disturb(runs)
        for run, watcher, series in zip(runs, watchers, wanted):
            shown = self.show(run)
            self.assertEqual(shown["state"], "RUN_STATE_SUCCEEDED", shown)
            self.assertEqual(self.series(run), series, run)
            self.assertEqual([int(it["sample"]) for it in watcher.samples],
                             list(range(41)), run)
            self.assertNotIn("unequalRepeats", shown)

    def disturb(self, runs):
        """Kills until all runs have ended; their watchers."""
        selector = selectors.DefaultSelector()
        watchers = [Watcher(run, self, selector) for run in runs]
        for watcher in watchers:
            self.addCleanup(watcher.close)
        counted = repeats = kills = 0
        end = time.monotonic() + DEADLINE_S
        next_kill = time.monotonic() + 3
        while any(watcher.ended is None for watcher in watchers):
            now = time.monotonic()
            self.assertLess(now, end, "the runs do not end")
            if now >= next_kill:
                hit, ahead = self.kill()
                counted, repeats, kills = counted + hit, repeats + ahead, kills + 1
                next_kill = time.monotonic() + self.random.uniform(0.5, 3)
            for key, _ in selector.select(max(0, next_kill - now)):
                key.data.drain()
        print(f"{kills} kills; {counted} hit a run between two checkpoints, "
              f"{repeats} of them with samples behind the checkpoint")
        self.assertGreaterEqual(counted, COUNTED_KILLS)
        return watchers

    def kill(self):
        """Kills the server, or one worker; (hits, hits with samples to repeat)."""
        spared = self.spared_runs()
        if not spared and self.random.random() < 0.5:
            self.server.kill()
            hits = self.training_runs()
            self.start_server(data_dir=self.server.data_dir)
            return len(hits), sum(hits.values())
        workers = [json.loads(line) for line in self.cli(
            "workers", "--json").stdout.splitlines()]
        busy = [it for it in workers if "/runs/" in it.get("lease", "")
                and int(it["lease"].rpartition("/")[2]) not in spared]
        if not busy:
            return 0, 0
        worker = self.random.choice(busy)
        hits = self.training_runs()
        os.kill(int(worker["pid"]), signal.SIGKILL)
        run = int(worker["lease"].rpartition("/")[2])
        return int(run in hits), int(hits.get(run, False))

    def spared_runs(self):
        """The runs that one more loss without progress would end as FAILED: beside
        other work a worker may be killed three times before it has taken a step."""
        database = sqlite3.connect(
            f"file:{self.server.data_dir}/steelyard.db?mode=ro", uri=True)
        try:
            return {run for run, in database.execute(
                "SELECT run_id FROM run WHERE losses_in_a_row >= 2")}
        finally:
            database.close()

    def training_runs(self):
        """{id: whether samples lie behind the checkpoint} of the RUNNING runs that
        have a checkpoint."""
        database = sqlite3.connect(
            f"file:{self.server.data_dir}/steelyard.db?mode=ro", uri=True)
        try:
            return dict(database.execute("""
                SELECT run_id, (SELECT count(*) FROM sample
                                WHERE sample.run_id = run.run_id) > next_ordinal
                FROM run JOIN checkpoint USING (run_id)
                WHERE run.state = ?""", (RUNNING,)))
        finally:
            database.close()
