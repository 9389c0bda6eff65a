"""Starts the real programs for a test, and waits for what they say.

    class FirstRunTest(ServerTest):
        def test_a_run_succeeds(self):
            self.start_server()
            self.cli("submit", "--follow", self.write_spec(steps=100))

Every wait has a deadline; nothing sleeps.  A server and all that it started is
gone when its test ends, and its log is shown when the test failed.
"""

import csv
import io
import json
import os
import pathlib
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "client/examples"
BIN = pathlib.Path(os.environ.get("STEELYARD_BIN", ROOT / "build/dev/bin"))
DEADLINE_S = 60

SPEC = """\
name: {name}
data: {{inline: {{features: [[2, 1], [1, 3], [-1, -1], [-2, 0.5]],
                labels: [1, 1, -1, -1]}}}}
loss: {{exponential: {{}}}}
optimizer: {{gradient_descent: {{learning_rate: 0.1}}}}
stop: {{steps: {steps}}}
"""


class Lines:
    """A stream of bytes, read line by line, each before a deadline."""

    def __init__(self, stream):
        self._stream = stream
        self._rest = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(stream, selectors.EVENT_READ)

    def next(self, deadline_s=DEADLINE_S):
        """The next line without its end, or None at the end of the stream."""
        end = time.monotonic() + deadline_s
        while b"\n" not in self._rest:
            if not self._selector.select(max(0, end - time.monotonic())):
                raise TimeoutError(f"no line within {deadline_s} s; so far: "
                                   f"{self._rest!r}")
            chunk = os.read(self._stream.fileno(), 65536)
            if not chunk:
                line, self._rest = self._rest, b""
                return line.decode() if line else None
            self._rest += chunk
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode()

    def waiting(self):
        """Whether a whole line was read already."""
        return b"\n" in self._rest

    def close(self):
        self._selector.close()
        self._stream.close()


class Server:
    """A steelyardd of a test's own."""

    def __init__(self, data_dir, *options, program, environment, log):
        self.data_dir = data_dir
        self._log = open(log, "ab")
        self.process = subprocess.Popen(
            [*program, "--data-dir", data_dir, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self._log, env=environment)
        self.lines = Lines(self.process.stdout)
        self.addresses = []
        try:
            for _ in range(max(1, options.count("--listen"))):
                line = self.lines.next()
                if line is None:
                    raise RuntimeError(
                        f"steelyardd ended with {self.process.wait()}")
                self.addresses.append(line.removeprefix("listening on "))
        except BaseException:
            self.kill()
            raise

    def kill(self):
        """kill -9: what a crash or a power cut leaves behind."""
        self.stop(signal.SIGKILL)

    def stop(self, number=signal.SIGTERM):
        """Sends the signal and waits for the end; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(DEADLINE_S)
        self.lines.close()
        self._log.close()
        return status


class Follower:
    """A command line program that runs beside the test."""

    def __init__(self, arguments, environment):
        self.process = subprocess.Popen(
            [BIN / "steelyard", *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.lines = Lines(self.process.stdout)

    def wait(self):
        """Waits for the end, reading the rest; (exit status, standard error)."""
        _, error = self.process.communicate(timeout=DEADLINE_S)
        return self.process.returncode, error.decode()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.lines.close()
        self.process.stderr.close()


def children(pid):
    """The processes that `pid` is the parent of, and theirs."""
    found = []
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            found += [int(child), *children(child)]
    return found


class ServerTest(unittest.TestCase):
    """A test with a directory of its own and, when it wants, a server."""

    def setUp(self):
        # Not under TMPDIR: the path of a socket has at most 107 bytes.
        self.directory = pathlib.Path(tempfile.mkdtemp(
            prefix="steelyard-test.", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.log = self.directory / "log"
        self.addCleanup(self._show_log)
        self.environment = {
            name: value for name, value in os.environ.items()
            if not name.startswith(("STEELYARD_", "XDG_"))}
        self.environment.update(HOME=str(self.directory), NO_COLOR="1",
                                LC_ALL="C.UTF-8", TZ="UTC")
        self.server = None

    def _show_log(self):
        if self.log.exists():
            print(self.log.read_text(errors="replace")[-8000:], file=sys.stderr)

    def open_log(self):
        """For the standard error of a program of the test's own."""
        log = open(self.log, "ab")
        self.addCleanup(log.close)
        return log

    def start_server(self, *options, data_dir=None, workers=2,
                     program=(BIN / "steelyardd",)):
        """Starts a server and makes it the one that cli() asks."""
        self.server = Server(
            data_dir or self.directory / "data", "--workers", str(workers),
            *options, program=program, environment=self.environment, log=self.log)
        self.addCleanup(self.server.kill)
        self.environment["STEELYARD_SERVER"] = self.server.addresses[0]
        return self.server

    def daemon(self, *arguments, deadline_s=DEADLINE_S):
        """Runs a steelyardd that is expected not to start."""
        return subprocess.run(
            [BIN / "steelyardd", *arguments], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, env=self.environment,
            timeout=deadline_s)

    def cli(self, *arguments, status=0, deadline_s=DEADLINE_S, text=None):
        """Runs `steelyard`; fails unless it ends with `status`."""
        result = subprocess.run(
            [BIN / "steelyard", *arguments], input=text or "",
            capture_output=True, text=True, env=self.environment,
            timeout=deadline_s)
        self.assertEqual(result.returncode, status,
                         f"{arguments}\n{result.stdout[-2000:]}\n"
                         f"{result.stderr[-4000:]}")
        return result

    def follow(self, *arguments):
        follower = Follower(arguments, self.environment)
        self.addCleanup(follower.close)
        return follower

    def submit(self, spec, *arguments):
        """Submits one spec; the run's name."""
        lines = self.cli("submit", spec, *arguments).stdout.splitlines()
        self.assertEqual(len(lines), 1, lines)
        return lines[0]

    def wait_for(self, run, status=0, deadline_s=DEADLINE_S):
        """Waits until the run has ended."""
        self.cli("watch", run, status=status, deadline_s=deadline_s)

    def show(self, run):
        """The run, as protobuf's JSON."""
        return json.loads(self.cli("show", run, "--json").stdout)

    def metrics(self, run, *arguments):
        """{metric: {step: value}} of a run, out of the CSV."""
        text = self.cli("metrics", run, "--csv", *arguments).stdout
        self.assertEqual(text.split("\n", 1)[0], "metric,step,value")
        series = {}
        for row in csv.DictReader(io.StringIO(text)):
            series.setdefault(row["metric"], {})[int(row["step"])] = float(
                row["value"])
        return series

    def submit_example(self, spec, *changes):
        """Submits a spec of client/examples with `--set` changes; the run's name."""
        arguments = [str(EXAMPLES / spec)]
        for change in changes:
            arguments += ["--set", change]
        return self.submit(*arguments)

    def last(self, run, deadline_s=DEADLINE_S):
        """Waits until the run has ended; the last value of each metric."""
        self.wait_for(run, deadline_s=deadline_s)
        return {name: series[max(series)]
                for name, series in self.metrics(run).items()}

    def last_of(self, spec, *changes):
        """The same of a spec of client/examples."""
        return self.last(self.submit_example(spec, *changes))

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def write_spec(self, name="small", steps=1000, extra=""):
        return self.write(f"{name}.yaml",
                          SPEC.format(name=name, steps=steps) + extra)
