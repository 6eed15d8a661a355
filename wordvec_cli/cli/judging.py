"""What `evaluate` and `compare` share: the options of an evaluation, and how its figures are printed."""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import click

from wordvec_cli.cli.options import combined, method_option, progress_options, seed_option
from wordvec_cli.cli.tables import table_options
from wordvec_cli.cli.vectors import vector_options
from wordvec_cli.evaluation.bootstrap import Resampling
from wordvec_cli.evaluation.protocol import PROTOCOLS, Judging

_OPTIONS = combined(
    click.option(
        "--protocol", "name", type=click.Choice(list(PROTOCOLS)), default="wordvec", show_default=True,
        help="Whose rules apply; the next options change one rule each. The scores name the rules.",
    ),
    click.option(
        "--max-words", type=click.IntRange(min=0), metavar="N",
        help="Use only the first N words of the vectors, in questions and as answers; 0: all words.",
    ),
    click.option(
        "--case", type=click.Choice(["prefer", "fold", "ascii", "lower", "keep"]),
        help="prefer: a word as it is written, else the first word that differs from it in case only; fold: always "
        "ignore case; ascii: the same, for A to Z only; lower: the sets' words in lower case; keep: as they are.",
    ),
    click.option(
        "--unknown-words", type=click.Choice(["skip", "wrong"]),
        help="skip: leave out questions with an unknown word; wrong: count them as cosine 0 or a wrong answer.",
    ),
    method_option,
    click.option(
        "--bootstrap", "n_resamples", type=click.IntRange(min=0), default=2000, show_default=True, metavar="N",
        help="How many resamples of the questions the intervals come from; 0: no intervals.",
    ),
    seed_option,
)  # fmt: skip


DEFAULT_JUDGING = Judging("wordvec", PROTOCOLS["wordvec"], Resampling())


def judging_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how vectors are judged, as one argument: `judging`."""

    @functools.wraps(function)
    def with_judging(*, name: str, max_words: int | None, n_resamples: int, seed: int | None, **others: Any) -> Any:
        given = {field: others.pop(field) for field in ("case", "unknown_words", "method")}
        protocol = replace(PROTOCOLS[name], **{field: value for field, value in given.items() if value})
        if max_words is not None:
            protocol = replace(protocol, max_words=max_words or None)
        if seed is not None and not n_resamples:
            raise click.UsageError("--seed: has no effect with --bootstrap 0; leave one of them out")
        resampling = Resampling(n_resamples, 1 if seed is None else seed) if n_resamples else None
        return function(judging=Judging(name, protocol, resampling), **others)

    return _OPTIONS(with_judging)


# What is asked of vectors, and how the answer is printed: the arguments `sets`, `judging`, `table` and `source`.
evaluation_options = combined(
    click.argument("sets", nargs=-1, metavar="[SET]..."),
    judging_options,
    table_options(
        "text: tables for people; tsv: fields between tabs; csv: fields between commas, below titles; json: one "
        "object.",
        ("text", "tsv", "csv", "json"),
        has_header_option=False,
    ),
    vector_options,
    progress_options,
)


def shown(value: float | None) -> str:
    """A score for a person's eyes."""
    return "-" if value is None or math.isnan(value) else f"{value:.4f}"


def shown_interval(bounds: tuple[float, float] | None) -> str:
    return "-" if bounds is None or math.isnan(bounds[0]) else f"{bounds[0]:.4f} .. {bounds[1]:.4f}"


def exact(value: float | None) -> str:
    """A score for a program, in TSV."""
    return "nan" if value is None else f"{value:.6f}"


def as_json(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 6)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows as columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join((first.ljust(widths[0]), *cells)).rstrip()
