#!/usr/bin/env python3
"""Training examples a second of the library and of PyTorch, side by side.

    tests/tools/build.sh release network_speed
    /usr/bin/python3 tests/benchmarks/network_speed.py [BUILD_FOLDER]

A network 784-256-256-10 on Fashion-MNIST, batches of 128, single precision, plain
descent on softmax cross-entropy, one thread.  Both start at the same parameters and
take the same batches, and must have the same loss before anything is timed; then
they take turns.  Needs Debian's dataset-fashion-mnist, python3-torch and, or PyTorch is
twenty times slower, libopenblas0-pthread.

Two forms of PyTorch: `autograd` is what users write; `by hand` has its gradients
written out and updates its weights in the products themselves.
"""

import gzip
import itertools
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/training/golden"))

import row_order  # noqa: E402

DATA = pathlib.Path("/usr/share/datasets/fashion-mnist")
IMAGES = DATA / "train-images-idx3-ubyte.gz"
LABELS = DATA / "train-labels-idx1-ubyte.gz"
LAYERS = [(784, 256), (256, 256), (256, 10)]
BATCH = 128
RATE = 0.01  # at 0.1 rounding grows to a percent within 20 steps
CHECK_STEPS = 20
ROUND_STEPS = 200
ROUNDS = 9


def read(path, header):
    with gzip.open(path) as file:
        return numpy.frombuffer(file.read()[header:], numpy.uint8)


def seconds(clock):
    return time.clock_gettime(clock)


class Autograd:
    name = "PyTorch, autograd"

    def __init__(self, parameters):
        self.layers = [(w.clone().requires_grad_(), b.clone().requires_grad_())
                       for w, b in parameters]
        self.optimizer = torch.optim.SGD(
            list(itertools.chain(*self.layers)), lr=RATE)

    def forward(self, x):
        for w, b in self.layers[:-1]:
            x = torch.relu(torch.addmm(b, x, w))
        return torch.addmm(self.layers[-1][1], x, self.layers[-1][0])

    def step(self, x, y):
        self.optimizer.zero_grad()
        functional.cross_entropy(self.forward(x), y).backward()
        self.optimizer.step()


class ByHand(Autograd):
    name = "PyTorch, by hand"

    def __init__(self, parameters):
        self.layers = [(w.clone(), b.clone()) for w, b in parameters]

    def step(self, x, y):
        (w1, b1), (w2, b2), (w3, b3) = self.layers
        a1 = torch.addmm(b1, x, w1).relu_()
        a2 = torch.addmm(b2, a1, w2).relu_()
        slopes3 = torch.softmax(torch.addmm(b3, a2, w3), 1)
        slopes3[torch.arange(len(y)), y] -= 1
        slopes3.div_(len(y))
        slopes2 = torch.mm(slopes3, w3.t()).mul_(a2 > 0)
        slopes1 = torch.mm(slopes2, w2.t()).mul_(a1 > 0)
        for inputs, slopes, w, b in ((a2, slopes3, w3, b3), (a1, slopes2, w2, b2),
                                     (x, slopes1, w1, b1)):
            w.addmm_(inputs.t(), slopes, alpha=-RATE)
            b.sub_(slopes.sum(0), alpha=RATE)


class Torch:
    """A form of PyTorch, on the batches of the library."""

    def __init__(self, form, x, y, batches):
        self.name, self.form, self.x, self.y = form.name, form, x, y
        self.batches = batches
        self.place = 0

    def run(self, steps):
        begin = seconds(time.CLOCK_MONOTONIC_RAW)
        cpu_begin = seconds(time.CLOCK_PROCESS_CPUTIME_ID)
        for batch in self.batches[self.place:self.place + steps]:
            self.form.step(self.x[batch], self.y[batch])
        self.place += steps
        return (seconds(time.CLOCK_MONOTONIC_RAW) - begin,
                seconds(time.CLOCK_PROCESS_CPUTIME_ID) - cpu_begin)

    def loss(self):
        with torch.no_grad():
            return functional.cross_entropy(self.form.forward(self.x),
                                            self.y).item()


class Library:

    def __init__(self, program, parameters):
        with tempfile.NamedTemporaryFile() as file:
            for tensor in itertools.chain(*parameters):
                file.write(tensor.double().numpy().tobytes())
            file.flush()
            self.process = subprocess.Popen(
                [program, IMAGES, LABELS, file.name, str(CHECK_STEPS), str(RATE)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.name, loss = self.process.stdout.readline().split()
        self.checked_loss = float(loss)

    def run(self, steps):
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        return tuple(map(float, self.process.stdout.readline().split()))


def make_parameters():
    torch.manual_seed(1)
    return [(torch.randn(inputs, units) * (2 / inputs)**0.5, torch.zeros(units))
            for inputs, units in LAYERS]


def summary(values):
    return (f"{statistics.median(values):10.4g}  "
            f"({min(values):.4g} to {max(values):.4g})")


def main(build=ROOT / "build/release"):
    torch.set_num_threads(1)
    x = torch.tensor(read(IMAGES, 16).reshape(-1, 784)).float() / 255
    y = torch.tensor(read(LABELS, 8)).long()
    order = row_order.batches(len(y), BATCH, False, 0)
    batches = [torch.tensor(rows) for rows in itertools.islice(
        order, CHECK_STEPS + ROUND_STEPS * (ROUNDS + 1))]
    parameters = make_parameters()
    library = Library(pathlib.Path(build) / "tests/network_speed", parameters)
    ways = [library] + [Torch(form(parameters), x, y, batches)
                        for form in (ByHand, Autograd)]
    for way in ways[1:]:
        way.run(CHECK_STEPS)
        if abs(way.loss() / library.checked_loss - 1) > 1e-5:
            sys.exit(f"loss: {library.checked_loss} by {library.name}, "
                     f"{way.loss()} by {way.name}")
    speeds = {way.name: [] for way in ways}
    shares = {way.name: [] for way in ways}
    for number in range(ROUNDS + 1):
        for way in ways[number % 3:] + ways[:number % 3]:
            wall, cpu = way.run(ROUND_STEPS)
            if number > 0:  # the first warms up
                speeds[way.name].append(ROUND_STEPS * BATCH / wall)
                shares[way.name].append(cpu / wall)
    print(f"PyTorch {torch.__version__}, the same loss after {CHECK_STEPS} steps: "
          f"{library.checked_loss:.6f}; {ROUNDS} rounds of {ROUND_STEPS} steps")
    print("examples/s: median (least to most); processor's share of the time")
    for name, values in speeds.items():
        print(f"{name:24}{summary(values)}  {statistics.median(shares[name]):.2f}")
    for way in ways[1:]:
        ratios = [ours / theirs for ours, theirs in zip(
            speeds[library.name], speeds[way.name])]
        print(f"ratio to {way.name:20}{summary(ratios)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
