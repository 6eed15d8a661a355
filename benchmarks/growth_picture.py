"""The picture of `benchmarks.growth`: seconds and memory against megabytes of text, both axes logarithmic, as SVG."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

COLOURS = ("#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666", "#1f78b4", "#e31a1c", "#000000")
WIDTH, HEIGHT = 430, 400  # of a panel, with its axes
LEFT, TOP, RIGHT, BOTTOM = 50, 40, 130, 45
Costs = Mapping[tuple[str, int], Sequence[Any]]  # by command and threads, one for each size


class Axis(NamedTuple):
    """Where the numbers of a logarithmic axis are, from `low` at `start` to `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, number: float) -> float:
        share = math.log(number / self.low) / math.log(self.high / self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def decades(self) -> list[float]:
        return [10.0**power for power in range(round(math.log10(self.low)), round(math.log10(self.high)) + 1)]


def picture(sizes: Sequence[int], costs: Costs) -> str:
    """Two panels, of the runs with the most threads."""
    most = max((threads for _, threads in costs), default=1)
    seconds = {name: [cost.seconds for cost in row] for (name, threads), row in costs.items() if threads == most}
    memory = {name: [cost.own for cost in row] for (name, threads), row in costs.items() if threads == most}
    lines = [
        *panel(0, f"seconds, {most} threads", sizes, seconds),
        *panel(WIDTH, "peak memory of its own, MB", sizes, memory),
    ]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}"'
    head += f' width="{2 * WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="11">'
    return "\n".join([head, f'<rect width="{2 * WIDTH}" height="{HEIGHT}" fill="#fff"/>', *lines, "</svg>", ""])


def panel(left: float, title: str, sizes: Sequence[int], series: Mapping[str, Sequence[float]]) -> list[str]:
    numbers = [number for row in series.values() for number in row]
    x = Axis(min(sizes), max(*sizes, 10 * min(sizes)), left + LEFT, left + WIDTH - RIGHT)
    low, high = 10.0 ** math.floor(math.log10(min(numbers))), 10.0 ** math.ceil(math.log10(max(numbers)))
    y = Axis(low, high, HEIGHT - BOTTOM, TOP)
    lines = [text(left + LEFT, 20, title)]
    for number in y.decades:
        lines += [
            line([(x.start, y.at(number)), (x.end, y.at(number))], "#ddd"),
            text(x.start - 5, y.at(number) + 4, f"{number:g}", "end"),
        ]
    lines += [text(x.at(size), HEIGHT - BOTTOM + 16, f"{size:g}", "middle") for size in sizes]
    lines.append(text((x.start + x.end) / 2, HEIGHT - 10, "MB of text", "middle"))
    names = apart([y.at(row[-1]) + 4 for row in series.values()], 13)
    for (name, row), place, colour in zip(series.items(), names, itertools.cycle(COLOURS), strict=False):
        points = [(x.at(size), y.at(number)) for size, number in zip(sizes, row, strict=True)]
        lines += [line(points, colour, 1.8), text(x.at(sizes[-1]) + 5, place, name, colour=colour)]
    return lines


def text(x: float, y: float, words: str, anchor: str = "start", colour: str = "#333") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def line(points: Sequence[tuple[float, float]], colour: str, width: float = 1) -> str:
    places = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'


def apart(places: Sequence[float], distance: float) -> list[float]:
    """The places, those moved up that are too near to one below."""
    moved = list(places)
    order = sorted(range(len(places)), key=lambda i: -places[i])
    for below, above in itertools.pairwise(order):
        moved[above] = min(moved[above], moved[below] - distance)
    return moved
