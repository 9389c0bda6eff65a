#!/usr/bin/env python3
"""Writes network_losses.txt: the losses of small networks as PyTorch trains them.

    python3 tests/training/golden/make_network_losses.py

Needs Debian's python3-torch.  network_losses_test.cc, which has the same cases by
the same names, says what they must agree to.
"""

import dataclasses
import itertools
import pathlib
import random

import torch
from torch.nn import functional

import row_order

FILE = pathlib.Path(__file__).with_name("network_losses.txt")
STEPS = 20
ROWS = 23
FEATURES = 4
HIDDEN = [8, 6]
SEED = 3
CLASS_WEIGHTS = [4.0, 1.0, 2.0]
SGD = torch.optim.SGD


@dataclasses.dataclass
class Case:
    name: str
    activation: object
    loss: str
    optimizer: object  # makes one of the parameters
    batch: int = 0
    keep_last: bool = False
    weighted_mean: bool = False
    cosine: bool = False


CASES = [
    Case("relu_logistic_plain", torch.relu, "logistic",
         lambda p: SGD(p, lr=0.5)),
    Case("tanh_logistic_momentum", torch.tanh, "logistic",
         lambda p: SGD(p, lr=0.1, momentum=0.9)),
    Case("relu_squared_nesterov", torch.relu, "squared",
         lambda p: SGD(p, lr=0.01, momentum=0.9, nesterov=True)),
    Case("tanh_squared_adam", torch.tanh, "squared",
         lambda p: torch.optim.Adam(p, lr=0.02)),
    Case("relu_exponential_plain", torch.relu, "exponential",
         lambda p: SGD(p, lr=0.05)),
    Case("relu_softmax_batches", torch.relu, "softmax",
         lambda p: SGD(p, lr=0.3), batch=8),
    Case("tanh_softmax_weighted_mean", torch.tanh, "softmax",
         lambda p: SGD(p, lr=0.1, momentum=0.9), batch=8, keep_last=True,
         weighted_mean=True),
    # The gradient of l2_strength ||theta||^2 is twice that of PyTorch's decay.
    Case("relu_softmax_l2", torch.relu, "softmax",
         lambda p: SGD(p, lr=0.05, momentum=0.9, nesterov=True,
                       weight_decay=2 * 0.01), batch=8),
    Case("tanh_logistic_decay", torch.tanh, "logistic",
         lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.5)),
    Case("relu_softmax_cosine", torch.relu, "softmax",
         lambda p: torch.optim.Adam(p, lr=0.05, betas=(0.8, 0.99)), batch=5,
         keep_last=True, cosine=True),
]


def make_data():
    """Rows (class, number, features) and parameters for 1 and for 3 outputs, all
    of them exact in single precision."""
    source = random.Random(1)

    def draw(scale):
        return round(64 * source.gauss(0, scale)) / 64

    rows = []
    for i in range(ROWS):
        label = i % 3
        rows.append([label, draw(1)] + [draw(1) + (j == label)
                                        for j in range(FEATURES)])
    parameters = {}
    for outputs in (1, 3):
        units = HIDDEN + [outputs]
        parameters[outputs] = [
            draw(inputs**-0.5) if k < inputs else draw(0.2)
            for inputs, count in zip([FEATURES] + HIDDEN, units)
            for k in range(inputs + 1) for _ in range(count)]
    return rows, parameters


def layers(flat, outputs):
    """[(weights [inputs, units], biases [units])]"""
    made, place, inputs = [], 0, FEATURES
    for units in HIDDEN + [outputs]:
        end = place + inputs * units
        made.append((flat[place:end].reshape(inputs, units).clone(),
                     flat[end:end + units].clone()))
        place, inputs = end + units, units
    for tensor in itertools.chain(*made):
        tensor.requires_grad_()
    return made


def forward(case, network, x):
    for weights, biases in network[:-1]:
        x = case.activation(x @ weights + biases)
    return x @ network[-1][0] + network[-1][1]


def losses(case, outputs, rows):
    """The loss of each row."""
    classes = rows[:, 0].long()
    if case.loss == "softmax":
        return functional.cross_entropy(outputs, classes, reduction="none")
    if case.loss == "squared":
        return (outputs[:, 0] - rows[:, 1])**2
    margins = outputs[:, 0] * (1 - 2 * (classes > 0).to(outputs.dtype))
    if case.loss == "logistic":
        return -functional.logsigmoid(margins)
    return torch.exp(-margins)


def batch_loss(case, outputs, rows, weights):
    if case.weighted_mean:
        return torch.nn.CrossEntropyLoss(torch.tensor(
            CLASS_WEIGHTS, dtype=rows.dtype))(outputs, rows[:, 0].long())
    return (weights * losses(case, outputs, rows)).mean()


def trajectory(case, dtype, rows, parameters):
    """The loss over all rows before each step, and after the last."""
    rows = torch.tensor(rows, dtype=dtype)
    outputs = 3 if case.loss == "softmax" else 1
    network = layers(torch.tensor(parameters[outputs], dtype=dtype), outputs)
    weights = torch.tensor(CLASS_WEIGHTS, dtype=torch.float64)[rows[:, 0].long()]
    weights = (weights / weights.mean()).to(dtype)
    optimizer = case.optimizer(list(itertools.chain(*network)))
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, STEPS) if case.cosine else None
    found = []
    for batch in itertools.islice(row_order.batches(
            ROWS, case.batch, case.keep_last, SEED), STEPS + 1):
        with torch.no_grad():
            whole = losses(case, forward(case, network, rows[:, 2:]), rows)
            found.append((weights * whole).mean().item())
        if len(found) > STEPS:
            return found
        optimizer.zero_grad()
        part = rows[batch]
        batch_loss(case, forward(case, network, part[:, 2:]), part,
                   weights[batch]).backward()
        optimizer.step()
        if rates:
            rates.step()
    return found


def main():
    torch.set_num_threads(1)
    rows, parameters = make_data()
    lines = [
        f"# Losses of small networks, by PyTorch {torch.__version__} on one thread:",
        "#   python3 tests/training/golden/make_network_losses.py",
        "# row: class, number, features; parameters: for so many outputs; case: the",
        f"# loss over all rows after 0 to {STEPS} steps."]
    for row in rows:
        lines.append("row " + " ".join(map(str, row)))
    for outputs, values in parameters.items():
        lines.append(f"parameters {outputs} " + " ".join(map(str, values)))
    for case in CASES:
        for name, dtype, digits in (("single", torch.float32, 9),
                                    ("double", torch.float64, 17)):
            found = trajectory(case, dtype, rows, parameters)
            lines.append(f"case {case.name} {name} " + " ".join(
                f"{value:.{digits}g}" for value in found))
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
