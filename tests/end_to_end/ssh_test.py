"""From a laptop: the server's socket through `ssh -L`, by a real sshd."""

import getpass
import os
import pathlib
import re
import shutil
import socket
import subprocess

from programs import ROOT, Lines, ServerTest

SSHD = shutil.which("sshd", path=os.environ["PATH"] + ":/usr/sbin") or ""


class SshTest(ServerTest):

    def key(self, name):
        path = self.directory / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                        path], check=True)
        return path

    def start_sshd(self):
        """An sshd of the test's own on loopback; its port."""
        if os.getuid() == 0:
            pathlib.Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        host_key = self.key("host_key")
        self.user_key = self.key("user_key")
        for _ in range(5):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            config = self.write("sshd_config", f"""\
ListenAddress 127.0.0.1:{port}
HostKey {host_key}
AuthorizedKeysFile {self.user_key}.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
""")
            process = subprocess.Popen(
                [SSHD, "-D", "-e", "-f", config], stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE, env=self.environment)
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            lines = Lines(process.stderr)
            self.addCleanup(lines.close)
            while (line := lines.next()) is not None:
                if re.search(r"Server listening on", line):
                    return port
        self.fail("sshd does not start")

    def ssh(self, *arguments):
        return subprocess.run(
            ["ssh", "-F", "none", "-i", self.user_key, "-o",
             "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "ExitOnForwardFailure=yes", "-o", "BatchMode=yes",
             *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=self.open_log(), env=self.environment, timeout=60)

    def test_a_run_is_submitted_and_followed_through_ssh(self):
        port = self.start_sshd()
        server = self.start_server()
        here, there = self.directory / "laptop.sock", server.addresses[0]
        control = self.directory / "control"
        target = ["-p", str(port), f"{getpass.getuser()}@127.0.0.1"]
        # README.md's words, and a way to end it.
        options = re.search(r"^ssh ((?:-\w )+)\S+ ada@lab$",
                            (ROOT / "README.md").read_text(), re.MULTILINE)
        self.assertEqual(self.ssh(
            "-M", "-S", str(control), *options[1].split(),
            f"{here}:{there.removeprefix('unix:')}", *target).returncode, 0)
        self.addCleanup(self.ssh, "-S", str(control), "-O", "exit", *target)
        self.environment["STEELYARD_SERVER"] = f"unix:{here}"
        result = self.cli("submit", "--follow", self.write_spec(steps=1000))
        self.assertIn("experiments/default/runs/", result.stdout)
        self.assertIn("train/loss", self.metrics("last"))
