"""The printed tables of docs/science.md: goldens.csv holds each entry as printed; one is
met when it is at most half a unit of its last digit away."""

import csv
import decimal
import pathlib

# Weights of D8 near its dual solution p*.
D8_NEAR_P = ("weighting={per_example: {weights: [0.01, 0.01, 0.01, %r, 0.01, %r, "
             "0.01, %r]}}" % (8 * 39 / 133, 8 * 35 / 133, 8 * 59 / 133))
GOLDENS = pathlib.Path(__file__).with_name("goldens.csv")


def goldens(table):
    """The rows of one table: weighting, loss, metric, step, printed."""
    with open(GOLDENS, encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["table"] == table]


def half_unit(printed):
    return 0.5 * 10.0 ** decimal.Decimal(printed).as_tuple().exponent
