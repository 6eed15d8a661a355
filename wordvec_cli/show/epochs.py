"""The picture of `wordvec plot training`: loss and scores by epoch, as the files record them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.show.picture import COLOURS, PALE, Picture
from wordvec_cli.vectors.embeddings import Embeddings

PANEL = (4.2, 3.1)  # in inches
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


class Course(NamedTuple):
    """How a training went.

    losses  of each epoch; None of one without a term
    scores  of each set by epochs; None where there is none
    best    the epoch whose vectors are in the file, if training stopped early
    """

    name: str
    losses: Sequence[float | None]
    scores: Mapping[str, Sequence[float | None]]
    best: int | None

    def figures(self) -> dict[str, Sequence[float | None]]:
        return {"loss": self.losses, **self.scores}


def course_of(name: str, vectors: Embeddings) -> Course:
    """Raises: InputError if the file does not say"""
    try:
        losses, scores = (json.loads(vectors.metadata.get(key, "[]")) for key in ("losses", "scores"))
        best = int(vectors.metadata["best_epoch"]) if "best_epoch" in vectors.metadata else None
        names = list(dict.fromkeys(each for epoch in scores for each in epoch))
        by_set = {each: [_number(epoch.get(each)) for epoch in scores] for each in names}
        losses = [_number(loss) for loss in losses]
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{name}: its record of the training is damaged; train again") from None
    if not losses and not by_set:
        raise InputError(
            f"{name}: has no record of its training; files that wordvec train writes as .safetensors have one, but for "
            "--engine gensim"
        )
    return Course(name, losses, by_set, best)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def training_picture(courses: Sequence[Course]) -> Picture:
    """Losses in one panel and, if there are any, scores in another."""
    titles = ("vectors", "epoch", "figure", "value")
    rows = [
        (course.name, float(epoch), name, value)
        for course in courses
        for name, values in course.figures().items()
        for epoch, value in enumerate(values, 1)
    ]
    has = [any(course.losses for course in courses), any(course.scores for course in courses)]

    def paint(figure: Any) -> Sequence[str]:
        panels = figure.subplots(1, sum(has), squeeze=False)[0]
        if has[0]:
            _paint_losses(panels[0], courses)
        if has[1]:
            _paint_scores(panels[-1], courses)
        for axes in panels:
            _dress(axes, courses)
        return []

    facts = {"best_epoch": {course.name: course.best for course in courses if course.best is not None}}
    texts = [course.name for course in courses] + [name for course in courses for name in course.scores]
    return Picture("training", facts, titles, rows, (PANEL[0] * sum(has), PANEL[1]), paint, texts)


def _paint_losses(axes: Any, courses: Sequence[Course]) -> None:
    axes.set_title("mean loss")
    for number, course in enumerate(courses):
        colour = COLOURS[number % len(COLOURS)]
        _line(axes, course.losses, course.name if len(courses) > 1 else None, {"color": colour})


def _paint_scores(axes: Any, courses: Sequence[Course]) -> None:
    axes.set_title("score")
    names = list(dict.fromkeys(name for course in courses for name in course.scores))
    if len(names) == 1:
        axes.set_title(f"score, {names[0]}")
    for number, course in enumerate(courses):
        for name, values in course.scores.items():
            by = number if len(courses) > 1 else names.index(name)
            style = {"color": COLOURS[by % len(COLOURS)], "marker": MARKERS[names.index(name) % len(MARKERS)]}
            parts = [course.name] * (len(courses) > 1) + [name] * (len(names) > 1)
            _line(axes, values, ", ".join(parts) or None, style)


def _line(axes: Any, values: Sequence[float | None], label: str | None, style: Mapping[str, Any]) -> None:
    numbers = [float("nan") if value is None else value for value in values]
    axes.plot(range(1, len(numbers) + 1), numbers, label=label, **{"marker": "o", "ms": 3.5, "lw": 1.3, **style})


def _dress(axes: Any, courses: Sequence[Course]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    for course in courses:
        if course.best is not None:
            axes.axvline(course.best, color=PALE, lw=0.8, ls="--", zorder=1)
    if axes.get_legend_handles_labels()[1]:
        axes.legend()
