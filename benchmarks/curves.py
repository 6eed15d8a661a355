"""Pictures and tables of what `benchmarks.text_sizes` found: scores against epochs, a line for each size of text.

    python -m benchmarks.curves --results results.jsonl --folder docs/pictures

A panel for each text; a ring is where the default stops. Scores are the mean over sets, weighted by the root of how
many pairs were asked, as a set of few says little, and over seeds; a thin line spans the seeds.
"""

import argparse
import itertools
import json
import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from benchmarks.table import print_table
from wordvec_cli.training.models import configured

ANALOGIES = "questions-words"
FEWEST_FOR_MEAN = 40  # pairs of a set that are asked
COLOURS = ("#7f3b08", "#b35806", "#e08214", "#35978f", "#2166ac", "#053061", "#000000")
NEAR = 1.1  # times the most epochs that were tried, where scores are flat
PANEL = 300, 260  # width and height, with its axes
LEFT, TOP, BOTTOM, RIGHT = 38, 34, 40, 58
TITLES = {"wiki": "Wikipedia", "sotu": "State of the Union", "german": "German novels"}


class Point(NamedTuple):
    epochs: int
    scores: tuple[float, ...]  # of the seeds

    @property
    def mean(self) -> float:
        return statistics.mean(self.scores)


class Curve(NamedTuple):
    """Of one piece of text: its points, and how many epochs the rule gives it."""

    name: str
    n_tokens: int
    points: Sequence[Point]
    rule: int


def mean_score(result: Mapping[str, Any]) -> float:
    asked = result["n_asked"]
    kept = [name for name in result["scores"] if name != ANALOGIES and asked[name] >= FEWEST_FOR_MEAN]
    weights = [math.sqrt(asked[name]) for name in kept]
    scores: list[float] = [result["scores"][name] for name in kept]
    return sum(w * score for w, score in zip(weights, scores, strict=True)) / max(sum(weights), 1e-9)


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for path in paths for line in path.read_text().splitlines()]


def curves(results: Iterable[Mapping[str, Any]], options: Mapping[str, Any], cut: str) -> dict[str, list[Curve]]:
    """Of the trainings with these options and any epochs: for each text a curve for each size."""
    found: dict[tuple[str, float, int], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        others = {name: value for name, value in result["options"].items() if name != "epochs"}
        if others == options and result["cut"] == cut:
            key = result["text"], result["megabytes"], result["n_tokens"]
            found[key][result["options"]["epochs"]].append(mean_score(result))
    by_text: dict[str, list[Curve]] = defaultdict(list)
    for (text, megabytes, n_tokens), scores in sorted(found.items()):
        rule = configured(options, {}).settled_for(n_tokens).n_epochs
        points = [Point(epochs, tuple(scores[epochs])) for epochs in sorted(scores)]
        by_text[text].append(Curve(f"{megabytes:g} MB", n_tokens, points, rule))
    return by_text


# ---------------------------------------------------------------- drawing


class Axes:
    """Where a number of epochs and a score are, in a panel."""

    def __init__(self, panel: int, all_curves: Sequence[Curve]) -> None:
        points = [point for curve in all_curves for point in curve.points]
        self.first, self.last = min(p.epochs for p in points), max(p.epochs for p in points)
        scores = [score for point in points for score in point.scores]
        self.low, self.high = math.floor(min(scores) * 10) / 10, math.ceil(max(scores) * 10) / 10
        self.left = panel * PANEL[0] + LEFT
        self.right = (panel + 1) * PANEL[0] - RIGHT

    def x(self, epochs: float) -> float:
        share = math.log(epochs / self.first) / math.log(self.last / self.first)
        return round(self.left + share * (self.right - self.left), 1)

    def y(self, score: float) -> float:
        share = (score - self.low) / (self.high - self.low)
        return round(PANEL[1] - BOTTOM - share * (PANEL[1] - BOTTOM - TOP), 1)

    def grid(self) -> list[str]:
        lines = []
        for tenth in range(round(self.low * 10), round(self.high * 10) + 1):
            y = self.y(tenth / 10)
            lines += [
                line_of([(self.left, y), (self.right, y)], "#ddd", 1),
                text(self.left - 5, y + 4, f"{tenth / 10:.1f}", "end"),
            ]
        for epochs in (2, 5, 10, 20, 40, 80):
            if self.first <= epochs <= self.last:
                lines.append(text(self.x(epochs), PANEL[1] - BOTTOM + 15, str(epochs), "middle"))
        middle = (self.left + self.right) / 2
        return [*lines, text(middle, PANEL[1] - 8, "epochs", "middle")]


def text(x: float, y: float, words: str, anchor: str = "start", colour: str = "#333") -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def line_of(points: Sequence[tuple[float, float]], colour: str, width: float) -> str:
    places = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'


def drawn(curve: Curve, axes: Axes, colour: str, y_of_name: float) -> list[str]:
    lines = [line_of([(axes.x(p.epochs), axes.y(p.mean)) for p in curve.points], colour, 1.8)]
    for point in curve.points:
        x = axes.x(point.epochs)
        lines.append(line_of([(x, axes.y(min(point.scores))), (x, axes.y(max(point.scores)))], colour, 0.7))
    lines.append(text(axes.right + 5, y_of_name, curve.name, colour=colour))
    if at_rule := interpolated(curve.points, curve.rule):
        ring = f'cx="{axes.x(curve.rule):g}" cy="{axes.y(at_rule):g}" r="4.5"'
        lines.append(f'<circle {ring} fill="none" stroke="{colour}" stroke-width="1.8"/>')
    return lines


def interpolated(points: Sequence[Point], epochs: int) -> float | None:
    """The score after so many epochs, between those that were tried; None if it is far beyond them."""
    if points[-1].epochs < epochs <= NEAR * points[-1].epochs:
        return points[-1].mean
    for before, after in itertools.pairwise(points):
        if before.epochs <= epochs <= after.epochs:
            share = math.log(epochs / before.epochs) / math.log(after.epochs / before.epochs)
            return before.mean + share * (after.mean - before.mean)
    return None


def picture(title: str, by_text: Mapping[str, Sequence[Curve]]) -> str:
    lines = [text(LEFT, 14, title)]
    for panel, (name, of_text) in enumerate(by_text.items()):
        axes = Axes(panel, of_text)
        lines += [*axes.grid(), text(axes.left, TOP - 6, TITLES.get(name, name))]
        ends = [axes.y(curve.points[-1].mean) + 4 for curve in of_text]
        for curve, end in zip(of_text, apart(ends, 12), strict=True):
            lines += drawn(curve, axes, COLOURS[SIZES.index(curve.name)], end)
    width, height = PANEL[0] * len(by_text), PANEL[1]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    paper = '<rect width="100%" height="100%" fill="#fff"/>'  # pages may be dark
    return "\n".join([f'{head} font-family="sans-serif" font-size="11">', paper, *lines, "</svg>", ""])


SIZES = ("0.3 MB", "1 MB", "3 MB", "8 MB", "20 MB", "60 MB", "100 MB")


def apart(places: Sequence[float], distance: float) -> list[float]:
    """The places, moved down where they are too near to one above."""
    moved = list(places)
    order = sorted(range(len(places)), key=lambda i: places[i])
    for above, below in itertools.pairwise(order):
        moved[below] = max(moved[below], moved[above] + distance)
    return moved


# ---------------------------------------------------------------- tables


def rows_of(by_text: Mapping[str, Sequence[Curve]]) -> list[list[object]]:
    """For each piece the scores after 5 epochs, by the rule, and at the best number that was tried."""
    rows: list[list[object]] = []
    for name, of_text in by_text.items():
        for curve in of_text:
            best = max(curve.points, key=lambda point: point.mean)
            place = f"{TITLES.get(name, name)}, {curve.name}", f"{curve.n_tokens / 1e6:.2f}"
            scores = [interpolated(curve.points, epochs) for epochs in (5, curve.rule)]
            shown = [f"{score:.3f}" if score is not None else "" for score in scores]
            rows.append(
                [*place, shown[0], f"{shown[1] or 'not tried'} ({curve.rule})", f"{best.mean:.3f} ({best.epochs})"]
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves", description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, nargs="+", required=True)
    parser.add_argument("--folder", type=Path, required=True)
    arguments = parser.parse_args()
    from benchmarks.text_sizes import MODELS_STUDIED

    results = read(arguments.results)
    for model, options in MODELS_STUDIED.items():
        if by_text := curves(results, options, "chosen"):
            title = f"{model}: mean correlation with judgements of word pairs; a ring: the default"
            (arguments.folder / f"epochs-{model}.svg").write_text(picture(title, by_text))
        for cut in ("chosen", "held"):
            if rows := rows_of(curves(results, options, cut)):
                head = ["", "million words", "5 epochs", "the rule (epochs)", "the best tried (epochs)"]
                print_table(f"{model}, {cut}", head, rows)


if __name__ == "__main__":
    main()
