"""A disk whose syncs fail, and one that forgets in a power cut.

libsteelyard_faults.so (tests/storage/fault_preload.cc) puts them under the real
steelyardd, which knows nothing of it.
"""

import json
import select

from programs import BIN, ServerTest

FAULTS = BIN.parent / "lib/libsteelyard_faults.so"
ROUNDS = 5


class FailingDiskTest(ServerTest):

    def start_on(self, faults):
        """A server on a disk with these faults."""
        # ASan wants to come first, and need not.
        return self.start_server(program=[
            "env", f"LD_PRELOAD={FAULTS}", f"STEELYARD_FAULTS={faults}",
            "ASAN_OPTIONS=verify_asan_link_order=0", BIN / "steelyardd"])

    def restart_on_a_sound_disk(self):
        self.start_server(data_dir=self.server.data_dir)

    def runs(self):
        return [json.loads(line)["name"]
                for line in self.cli("ls", "--json").stdout.splitlines()]

    def test_a_submission_that_was_not_synced_is_not_answered(self):
        flag = self.directory / "flag"
        self.start_on(f"fail-sync-when={flag}")
        spec = self.write_spec(steps=10)
        first = self.submit(spec)
        self.wait_for(first)
        flag.touch()
        second = self.follow("submit", spec)
        # The page cache can't be trusted any more: the server ends.
        self.assertNotEqual(self.server.process.wait(60), 0)
        answered, _, _ = select.select([second.process.stdout], [], [], 0)
        self.assertEqual(answered, [])
        flag.unlink()
        self.restart_on_a_sound_disk()
        # The client asks again.  Whether or not the disk had its run, it is one.
        name = second.lines.next()
        self.assertEqual(self.runs(), [name, first])

    def test_a_sample_that_was_not_synced_is_not_shown(self):
        flag = self.directory / "flag"
        self.start_on(f"fail-sync-when={flag}")
        run = self.submit(self.write_spec(steps=10**11), "--set",
                          "evaluate={every: {steps: 1000000}}")
        follower = self.follow("watch", run, "--json")
        shown = [json.loads(follower.lines.next())]
        flag.touch()
        self.assertNotEqual(self.server.process.wait(60), 0)
        flag.unlink()
        self.restart_on_a_sound_disk()
        # The watcher comes back by its cursor and goes on.
        while len(shown) < 20:
            shown.append(json.loads(follower.lines.next()))
        self.assertEqual([int(line["sample"]) for line in shown],
                         list(range(20)))
        stored = self.cli("metrics", run, "--csv", "--metric", "train/loss",
                          "--columns", "value").stdout.splitlines()[1:]
        for line in shown:
            self.assertEqual(float(stored[int(line["sample"])]),
                             line["values"]["train/loss"])
        self.assertEqual(int(self.show(run).get("unequalRepeats", 0)), 0)
        self.cli("cancel", run)

    def test_a_power_cut_takes_nothing_that_was_answered_or_shown(self):
        self.start_on("forget")
        short = self.write_spec(name="short", steps=10)
        long = self.submit(self.write_spec(name="long", steps=10**11), "--set",
                           "evaluate={every: {steps: 1000000}}")
        names = [long]
        seen = 0
        for _ in range(ROUNDS):
            follower = self.follow("watch", long, "--json", "--from-sample",
                                   str(seen))
            sample = json.loads(follower.lines.next())
            self.assertEqual(int(sample["sample"]), seen)
            names.append(self.submit(short))
            self.server.kill()
            follower.close()
            # What the disk has, without the memory of the process.
            self.restart_on_a_sound_disk()
            self.assertEqual(self.runs(), names[::-1])
            stored = self.cli("metrics", long, "--csv", "--metric",
                              "train/loss", "--columns",
                              "sample,value").stdout.splitlines()
            self.assertEqual(float(stored[1 + seen].split(",")[1]),
                             sample["values"]["train/loss"])
            seen += 1
            self.server.kill()
            self.start_on("forget")
        self.cli("cancel", long)
