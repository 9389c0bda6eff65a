"""Draws far_time.svg: `far_time.py NAME=FILE... > far_time.svg`, each FILE what
`steelyard metrics RUN --csv --columns metric,log10_step,value` says."""

import csv
import math
import sys

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 20, 50
MOST = 1000  # log10 of the steps
HIGH, LOW = 0, -7  # log10 of the gap
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"]


def x_of(log10_step):
    return LEFT + (WIDTH - LEFT - RIGHT) * log10_step / MOST


def y_of(gap):
    share = (HIGH - math.log10(gap)) / (HIGH - LOW)
    return TOP + (HEIGHT - TOP - BOTTOM) * share


def read(path):
    """{metric: [(log10 of the step, value)]}, from step 10 on."""
    series = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            place, value = row["log10_step"], float(row["value"])
            if place and float(place) >= 1 and value > 10.0 ** LOW:
                series.setdefault(row["metric"], []).append((float(place), value))
    return series


def line(points, style):
    text = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in points)
    return f'<polyline fill="none" {style} points="{text}"/>'


def text(x, y, words, more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{words}</text>'


def axes():
    for place in range(0, MOST + 1, 200):
        x = x_of(place)
        yield f'<path stroke="#ddd" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
        yield text(x, HEIGHT - BOTTOM + 18, place, 'text-anchor="middle"')
    for power in range(LOW, HIGH + 1):
        y = y_of(10.0 ** power)
        yield f'<path stroke="#ddd" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield text(LEFT - 8, y + 4, f"1e{power}", 'text-anchor="end"')
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "log10 of the step",
               'text-anchor="middle"')
    yield text(16, TOP - 6, "direction/gap")


def main(arguments):
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
          'font-family="sans-serif" font-size="12">')
    print(f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>')
    for part in axes():
        print(part)
    for number, argument in enumerate(arguments):
        name, path = argument.split("=", 1)
        series, colour = read(path), COLOURS[number % len(COLOURS)]
        print(line(series.get("direction/gap", []), f'stroke="{colour}" stroke-width="2"'))
        print(line(series.get("direction/predicted_gap", []),
                   'stroke="black" stroke-dasharray="2 4"'))
        y = TOP + 18 * (number + 1)
        print(text(WIDTH - RIGHT - 150, y, name, f'fill="{colour}"'))
    y = TOP + 18 * (len(arguments) + 1)
    print(text(WIDTH - RIGHT - 150, y, "dotted: predicted (P2)"))
    print("</svg>")


if __name__ == "__main__":
    main(sys.argv[1:])
