"""The picture of `wordvec plot evaluate`: the scores of one or more vector files on sets, with intervals."""

from collections.abc import Sequence
from typing import Any

from wordvec_cli.evaluation.scores import Score
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.show.picture import COLOURS, PALE, Picture, name_rows

WIDTH = 6.2  # in inches
ROW, ROOM = 0.22, 0.85  # of a score, and around all of them
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

Scored = tuple[EvalSet, Score]


def scores_picture(files: Sequence[tuple[str, Sequence[Scored]]], judged_by: dict[str, Any]) -> Picture:
    """files  each with its scores; a set that one file cannot be asked has no dot there"""
    sets = list(dict.fromkeys((each.name, each.measure) for _, scored in files for each, _ in scored))
    rows = [
        (path, each.name, each.measure, score.value, *(score.interval or (None, None)), float(score.n_used))
        for path, scored in files
        for each, score in scored
    ]

    def paint(figure: Any) -> Sequence[str]:
        axes = figure.add_subplot()
        for number, (path, scored) in enumerate(files):
            _paint_file(axes, number, (len(files), path), scored, sets)
        _dress(axes, sets, len(files))
        return []

    height = ROOM + len(sets) * (ROW * len(files) + 0.12) + 0.2 * (len(files) > 1)
    titles = ("vectors", "set", "measure", "score", "low", "high", "used")
    texts = [path for path, _ in files] + [name for name, _ in sets]
    return Picture("evaluate", {"judged_by": judged_by}, titles, rows, (WIDTH, height), paint, texts)


def _paint_file(
    axes: Any, number: int, of: tuple[int, str], scored: Sequence[Scored], sets: Sequence[tuple[str, str]]
) -> None:
    n_files, path = of
    colour = COLOURS[number % len(COLOURS)]
    shift = (number - (n_files - 1) / 2) * min(0.8 / n_files, 0.28)
    heights = [sets.index((each.name, each.measure)) + shift for each, _ in scored]
    for height, (_, score) in zip(heights, scored, strict=True):
        if score.interval is not None:
            axes.plot(score.interval, [height] * 2, color=colour, lw=1.4, alpha=0.6, zorder=2)
    values = [score.value for _, score in scored]
    marker = MARKERS[number % len(MARKERS)]
    axes.plot(values, heights, marker, color=colour, ms=5, label=path if n_files > 1 else None, zorder=3)


def _dress(axes: Any, sets: Sequence[tuple[str, str]], n_files: int) -> None:
    names = [f"{name}\n{_MEASURES.get(measure, measure)}" for name, measure in sets]
    name_rows(axes, names, 0.5)
    low, high = axes.get_xlim()
    axes.set_xlim(min(0.0, low), max(high, 0.1))
    if low < 0:
        axes.axvline(0, color=PALE, lw=0.8, zorder=1)
    axes.set_xlabel("score, and the interval that holds 95 % of resamples of its questions")
    if n_files > 1:
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(n_files, 3), borderaxespad=0.2)


_MEASURES = {"spearman": "rank correlation", "accuracy": "share of right answers"}
