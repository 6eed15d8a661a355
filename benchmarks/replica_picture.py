"""The picture of `benchmarks.replicas`: scores by synchronisations an epoch, a line for each number of replicas."""

import itertools
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from benchmarks.growth_picture import BOTTOM, COLOURS, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, apart, line, text

RULE = "by direction"


class Scores:
    """A linear axis from 0 to the highest of some scores."""

    def __init__(self, scores: Sequence[float]) -> None:
        self.high = max([*scores, 0.01])  # where nothing is learnt, too

    def at(self, score: float) -> float:
        return round(HEIGHT - BOTTOM + score / (1.1 * self.high) * (TOP - HEIGHT + BOTTOM), 1)


def picture(lines: Sequence[Mapping[str, Any]], sets: Sequence[str]) -> str:
    """A panel for each set of questions."""
    panels = [part for i, name in enumerate(sets) for part in panel(i * WIDTH, name, means(lines, name))]
    width = WIDTH * len(sets)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}"'
    head += ' font-family="sans-serif" font-size="11">'
    return "\n".join([head, f'<rect width="{width}" height="{HEIGHT}" fill="#fff"/>', *panels, "</svg>", ""])


def means(lines: Sequence[Mapping[str, Any]], name: str) -> dict[int, dict[int, float]]:
    """By replicas and by synchronisations an epoch, over the seeds."""
    found: dict[int, dict[int, list[float]]] = {}
    for each in lines:
        if each["rule"] == RULE and each[name] is not None:
            found.setdefault(each["replicas"], {}).setdefault(each["rounds"], []).append(each[name])
    return {n: {rounds: mean(values) for rounds, values in row.items()} for n, row in found.items()}


def panel(left: float, title: str, scores: Mapping[int, Mapping[int, float]]) -> list[str]:
    rounds = sorted({each for n, row in scores.items() if n > 1 for each in row})
    x = Axis(min(rounds), max(*rounds, 2 * min(rounds)), left + LEFT, left + WIDTH - RIGHT)
    y = Scores([score for row in scores.values() for score in row.values()])
    parts = [
        text(left + LEFT, 20, title),
        text((x.start + x.end) / 2, HEIGHT - 10, "synchronisations an epoch", "middle"),
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        place = y.at(share * y.high)
        parts += [
            line([(x.start, place), (x.end, place)], "#ddd"),
            text(x.start - 5, place + 4, f"{share * y.high:.2f}", "end"),
        ]
    parts += [text(x.at(each), HEIGHT - BOTTOM + 16, str(each), "middle") for each in rounds]
    ends = [y.at(list(row.values())[-1]) + 4 for row in scores.values()]
    for (n, row), place, colour in zip(scores.items(), apart(ends, 13), itertools.cycle(COLOURS), strict=False):
        points = [(x.at(each), y.at(row[each])) for each in sorted(row)] if n > 1 else []
        level = y.at(next(iter(row.values())))
        parts.append(line(points or [(x.start, level), (x.end, level)], colour, 1.8))
        parts.append(text(x.end + 5, place, "one machine" if n == 1 else f"{n} replicas", colour=colour))
    return parts
