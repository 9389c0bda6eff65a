"""A full disk: requests are refused, nothing is lost, and room cures it."""

import os
import pathlib
import subprocess

from programs import BIN, ServerTest

MIB = 2**20


class DiskFullTest(ServerTest):

    def setUp(self):
        super().setUp()
        # A tmpfs in a mount namespace of the server's own: it goes with it, and
        # where user namespaces are allowed nobody need be root.
        self.unshare = ["unshare", "--mount"]
        if os.getuid() != 0:
            self.unshare += ["--user", "--map-root-user"]
        probe = subprocess.run(
            [*self.unshare, "mount", "-t", "tmpfs", "none", "/mnt"],
            capture_output=True, text=True)
        if probe.returncode != 0:
            self.skipTest("no permission to mount a tmpfs")

    def start_on_tmpfs(self, size):
        """A server whose data lie on a disk of `size` bytes."""
        data = self.directory / "data"
        data.mkdir(mode=0o700)
        wrapper = self.directory / "steelyardd"
        wrapper.write_text(
            "#!/bin/sh\nset -e\n"
            f"mount -t tmpfs -o size={size},mode=700 none '{data}'\n"
            f"exec '{BIN}/steelyardd' \"$@\"\n")
        wrapper.chmod(0o755)
        server = self.start_server(
            "--listen", f"unix:{self.directory}/sock",
            program=[*self.unshare, wrapper])
        # As the server sees it.
        self.disk = f"/proc/{server.process.pid}/root{data}"
        return server

    def fill(self):
        """Takes every byte that is left."""
        with open(f"{self.disk}/filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def test_a_submission_to_a_full_disk_is_refused_and_later_accepted(self):
        self.start_on_tmpfs(32 * MIB)
        spec = self.write_spec(steps=100)
        first = self.submit(spec)
        self.wait_for(first)
        self.fill()
        big = self.write("big.yaml", pathlib.Path(spec).read_text() +
                         "labels: {k: " + "v" * 200 + "}\n")
        statuses = {self.try_submit(big) for _ in range(100)}
        self.assertLessEqual(statuses, {0, 7})
        self.assertIn(7, statuses)
        accepted = self.cli("ls", "--json").stdout.count("experiments/")
        os.remove(f"{self.disk}/filler")
        run = self.submit(spec)
        self.wait_for(run)
        self.assertGreater(accepted, 0)
        self.assertIn("train/loss", self.metrics(first))

    def test_an_upload_that_does_not_fit_is_refused_and_leaves_no_room_taken(
            self):
        self.start_on_tmpfs(16 * MIB)
        big = self.directory / "big.csv"
        big.write_bytes(b"a,y\n" + b"1,1\n" * (6 * MIB))
        self.cli("data", "put", str(big), status=7)
        small = self.directory / "small.csv"
        small.write_bytes(b"a,y\n" + b"1,1\n" * MIB)
        self.cli("data", "put", str(small))
        self.assertEqual(
            len(self.cli("data", "ls", "--json").stdout.splitlines()), 1)

    def try_submit(self, spec):
        return subprocess.run([BIN / "steelyard", "submit", spec],
                              env=self.environment, capture_output=True,
                              timeout=60).returncode
