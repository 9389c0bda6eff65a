"""What a run gives besides samples: NPY read by numpy where it is there and by a
reader of this file's own, PNG by zlib alone."""

import ast
import csv
import hashlib
import io
import json
import os
import signal
import struct
import sys
import time
import zlib

from programs import DEADLINE_S, EXAMPLES, ServerTest, children

MOONS = """\
name: moons
data: {{moons: {{positive: 60, negative: 40, noise: 0.2}}}}
test_sets: {{test: {{moons: {{positive: 50, negative: 50, noise: 0.2}}}},
            far_away: {{shifted_copy: {{of: test, shift: [9]}}}}}}
loss: {{logistic: {{}}}}
optimizer: {{gradient_descent: {{learning_rate: 0.5}}}}
stop: {{steps: {steps}}}
artifacts: {{frames: {{at: [0, 7, {steps}]}}}}
seed: 3
"""

NAMES = ["boundary-axes.npy", "boundary.npy", "boundary.png", "frame-0.png",
         "frame-7.png", "frame-{steps}.png", "parameters.npy",
         "predictions-far.away.csv", "predictions-test.csv", "separable.npy",
         "weights.npy"]


def read_npy(data):
    """(shape, flat values)."""
    assert data[:8] == b"\x93NUMPY\x01\x00", data[:8]
    length = struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:10 + length].decode())
    assert (10 + length) % 64 == 0
    assert not header["fortran_order"]
    form = {"<f8": "d", "<f4": "f"}[header["descr"]]
    body = data[10 + length:]
    values = struct.unpack(f"<{len(body) // struct.calcsize(form)}{form}", body)
    try:
        import numpy
    except ImportError:  # another Python than Debian's
        print("no numpy: arrays are read without it", file=sys.stderr)
        return header["shape"], list(values)
    loaded = numpy.load(io.BytesIO(data))
    assert loaded.shape == header["shape"]
    assert loaded.flatten().tolist() == list(values)
    return header["shape"], list(values)


def read_png(data):
    """(width, height, lines of (red, green, blue)), each chunk's sum checked."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        (crc,) = struct.unpack(">I", data[at + 8 + size:at + 12 + size])
        assert crc == zlib.crc32(kind + body), kind
        chunks.append((kind, body))
        at += 12 + size
    assert [kind for kind, _ in chunks] == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    assert (depth, colour, rest) == (8, 3, [0, 0, 0])
    palette = [tuple(chunks[1][1][i:i + 3]) for i in range(0, len(chunks[1][1]), 3)]
    raw = zlib.decompress(chunks[2][1])
    assert len(raw) == height * (width + 1)
    lines = []
    for row in range(height):
        line = raw[row * (width + 1):(row + 1) * (width + 1)]
        assert line[0] == 0
        lines.append([palette[i] for i in line[1:]])
    return width, height, lines


class ArtifactsTest(ServerTest):

    def artifacts(self, run="last"):
        """By name, as `artifact ls --json` prints them."""
        lines = self.cli("artifact", "ls", run, "--json").stdout.splitlines()
        return {item["name"].split("/")[-1]: item for item in map(json.loads, lines)}

    def fetch(self, name, run="last"):
        """The bytes of an artifact, compared with what the list says."""
        path = self.directory / "fetched"
        self.cli("artifact", "get", run, name, "-o", str(path))
        data = path.read_bytes()
        listed = self.artifacts(run)[name]
        self.assertEqual(len(data), int(listed["sizeBytes"]))
        self.assertEqual(hashlib.sha256(data).hexdigest(), listed["sha256"])
        return data

    def final_metrics(self, run="last"):
        shown = json.loads(self.cli("show", run, "--json").stdout)
        return {item["metric"]: item.get("value", 0) for item in shown["finalMetrics"]}

    def submit(self, steps=200, *options):
        spec = self.directory / "moons.yaml"
        spec.write_text(MOONS.format(steps=steps))
        self.cli("submit", str(spec), "--follow", *options)

    def test_a_run_gives_all_of_them_and_they_agree_with_its_metrics(self):
        self.start_server()
        self.submit()
        artifacts = self.artifacts()
        self.assertEqual(sorted(artifacts),
                         sorted(name.format(steps=200) for name in NAMES))
        self.assertEqual(list(artifacts), sorted(artifacts))
        metrics = self.final_metrics()

        shape, theta = read_npy(self.fetch("parameters.npy"))
        self.assertEqual(shape, (3,))
        self.assertEqual(theta, [metrics[f"parameters/{j}"] for j in range(3)])

        for name, artifact, rows in (("test", "predictions-test.csv", 100),
                                     ("far_away", "predictions-far.away.csv", 100)):
            lines = list(csv.DictReader(io.StringIO(self.fetch(artifact).decode())))
            self.assertEqual(list(lines[0]), ["row", "label", "output", "predicted"])
            self.assertEqual([line["row"] for line in lines],
                             [str(i) for i in range(rows)])
            wrong = sum(float(line["label"]) != float(line["predicted"])
                        for line in lines)
            self.assertEqual(wrong / rows, metrics[f"{name}/error"])
            self.assertEqual(sum(float(line["output"]) > 0 for line in lines) / rows,
                             metrics[f"{name}/fraction_positive"])

        shape, axes = read_npy(self.fetch("boundary-axes.npy"))
        self.assertEqual(shape, (2, 201))
        shape, f = read_npy(self.fetch("boundary.npy"))
        self.assertEqual(shape, (201, 201))
        for i, j in ((0, 0), (0, 200), (200, 0), (17, 101)):
            want = axes[j] * theta[0] + axes[201 + i] * theta[1] + theta[2]
            self.assertAlmostEqual(f[201 * i + j], want, places=12)

        width, height, lines = read_png(self.fetch("boundary.png"))
        self.assertEqual((width, height), (603, 603))
        # Corners have no dots: their colours say f's sign, rows from the top.
        colours = {lines[602 - 602 * (i // 200)][602 * (j // 200)]:
                   f[201 * i + j] > 0 for i in (0, 200) for j in (0, 200)}
        self.assertEqual(len(colours), 2)
        self.assertEqual(self.fetch("frame-200.png"), self.fetch("boundary.png"))
        read_png(self.fetch("frame-7.png"))
        # At step 0 f is 0 everywhere.
        self.assertEqual(read_png(self.fetch("frame-0.png"))[2][0][0],
                         (200, 200, 200))

    def test_learned_weights_leave_their_history(self):
        self.start_server()
        self.cli("submit", str(EXAMPLES / "learned-weights.yaml"), "--follow")
        metrics = self.final_metrics()
        history = {step: read_npy(self.fetch(f"weights-{step}.npy"))[1]
                   for step in (0, 10, 100, 1000, 100000)}
        self.assertEqual(history[0], [1] * 8)
        # Within the box, as normalised to mean one: hard rows have gained.
        self.assertLessEqual(max(history[1000]) / min(history[1000]), 100)
        self.assertGreater(max(history[1000]) / min(history[1000]), 2)
        self.assertEqual(history[100000], read_npy(self.fetch("weights.npy"))[1])
        weights = history[100000]
        self.assertAlmostEqual(sum(weights), 8, delta=1e-12)
        self.assertAlmostEqual(metrics["weights/effective_sample_size"],
                               64 / sum(w * w for w in weights), delta=1e-12)
        margins = read_npy(self.fetch("margins-100000.npy"))[1]
        self.assertAlmostEqual(min(margins) / metrics["parameters/norm"],
                               metrics["margin/normalized"], delta=1e-15)
        below = sum(w / 8 for w, m in zip(weights, margins)
                    if m / metrics["parameters/norm"] < 0.9)
        self.assertAlmostEqual(metrics["margin/weighted_below/0.9"], below,
                               delta=1e-12)
        p = read_npy(self.fetch("dual.npy"))[1]
        self.assertEqual([round(133 * value, 9) for value in p],
                         [0, 0, 0, 39, 0, 35, 0, 59])

    def test_they_are_still_there_after_a_restart_of_the_server(self):
        self.start_server()
        self.submit()
        before = {name: self.fetch(name) for name in self.artifacts()}
        self.server.kill()
        self.start_server()
        self.assertEqual({name: self.fetch(name) for name in self.artifacts()},
                         before)

    def test_a_file_that_is_there_is_overwritten_only_by_its_name(self):
        self.start_server()
        self.submit()
        os.chdir(self.directory)
        self.cli("artifact", "get", "last", "parameters.npy")
        data = (self.directory / "parameters.npy").read_bytes()
        (self.directory / "parameters.npy").write_bytes(b"mine")
        refused = self.cli("artifact", "get", "last", "parameters.npy", status=5)
        self.assertIn("parameters.npy: want a name that no file has", refused.stderr)
        self.assertEqual((self.directory / "parameters.npy").read_bytes(), b"mine")
        self.cli("artifact", "get", "last", "parameters.npy", "-o", "parameters.npy")
        self.assertEqual((self.directory / "parameters.npy").read_bytes(), data)
        shown = self.cli("artifact", "get", "last", "predictions-test.csv", "-o", "-")
        self.assertEqual(shown.stdout.encode(), self.fetch("predictions-test.csv"))
        missing = self.cli("artifact", "get", "last", "no.such", status=4)
        self.assertIn("got no.such of run default/1", missing.stderr)
        self.assertEqual([path.name for path in self.directory.glob("*.part-*")], [])
        self.cli("artifact", "get", "last", "../up", status=2)
        self.cli("artifact", "ls", "77", status=4)

    def test_what_has_no_room_is_left_out_and_named(self):
        self.start_server("--limit", "artifact_bytes=2000")
        self.submit()
        self.assertIn("parameters.npy", self.artifacts())
        self.assertNotIn("boundary.npy", self.artifacts())
        shown = self.cli("show", "last").stdout
        self.assertIn("SUCCEEDED", shown)
        self.assertIn("no artifact boundary.npy: want at most", shown)

    def test_a_worker_that_is_killed_at_the_end_loses_nothing(self):
        self.start_server(workers=1)
        self.submit()
        want = {name: self.fetch(name) for name in self.artifacts()}
        spec = self.directory / "moons.yaml"
        killed = 0
        for run in range(2, 8):
            self.cli("submit", str(spec))
            # As soon as anything of it is there, its worker goes.
            end = time.monotonic() + DEADLINE_S
            while not self.artifacts(str(run)) and time.monotonic() < end:
                pass
            for pid in children(self.server.process.pid):
                command = open(f"/proc/{pid}/cmdline", "rb").read()
                if b"inspect" not in command:
                    os.kill(pid, signal.SIGKILL)
            self.cli("watch", str(run))
            shown = json.loads(self.cli("show", str(run), "--json").stdout)
            killed += len(shown["attempts"]) > 1
            self.assertEqual(shown["state"], "RUN_STATE_SUCCEEDED")
            self.assertEqual({name: self.fetch(name, str(run)) for name in want},
                             want)
        self.assertGreater(killed, 0)
