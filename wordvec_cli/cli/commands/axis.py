"""`wordvec axis`: where words lie between opposites, with intervals."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from wordvec_cli.cli.missing import EXIT_MISSING
from wordvec_cli.cli.models import opened_each, vectors_to_ask
from wordvec_cli.cli.options import combined, progress_options
from wordvec_cli.cli.output import asked, write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.evaluation.axes import Axis, AxisWords, Projection, axis_words, project, read_axes
from wordvec_cli.evaluation.word_rows import known_word
from wordvec_cli.text.decoding import as_text, shown
from wordvec_cli.vectors.embeddings import Embeddings

TITLES = ("axis", "word", "projection", "sd", "low", "high", "pairs_low", "pairs_high", "n_pairs", "models")

_AXIS_OPTIONS = combined(
    click.option(
        "--axes", "path", metavar="FILE",
        help="The axes: TOML or JSON with pairs of opposites (pairs), or with two sets (positive, negative); or "
        "several tables of these, each with the name of an axis.",
    ),
    click.option("--axis", "chosen", multiple=True, metavar="NAME", help="Only this axis of --axes (repeat for more)."),
    click.option(
        "--pair", "pairs", nargs=2, multiple=True, metavar="UPPER LOWER",
        help="A pair of opposites (repeat for more); all pairs make one axis.",
    ),
)  # fmt: skip


def axis_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The axes, as one argument: `axes`."""

    @functools.wraps(function)
    def with_axes(
        *, path: str | None, chosen: tuple[str, ...], pairs: tuple[tuple[str, str], ...], **others: Any
    ) -> Any:
        if (path is None) == (not pairs):
            raise click.UsageError("--axes: give a file of axes, or pairs of words with --pair")
        if path is None and chosen:
            raise click.UsageError("--axis: chooses axes of --axes; leave it out")
        if path is not None:
            return function(axes=read_axes(path, chosen), **others)
        return function(axes=[axis_words("axis", {"pairs": list(map(list, pairs))}, "--pair")], **others)

    return _AXIS_OPTIONS(with_axes)


@click.command(short_help="Place words on an axis between opposites.")
@vectors_to_ask("[WORD]...")
@axis_options
@table_options(
    "tsv: a line for each axis and word, below titles; csv: the same with commas; json: an object for each axis.",
    has_header_option=False,
)
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    paths: tuple[str, ...],
    words: tuple[str, ...],
    axes: Sequence[AxisWords],
    table: Table,
    source: VectorSource,
) -> int:
    """Tell where each WORD lies between opposites: its cosine with the mean of the differences of the pairs (or of two
    sets), with an interval by leaving pairs out, and over a folder of trainings with one over these.

    Without WORDs, they are read from standard input, one on each line. Pairs that point the other way than the rest are
    named.

    \b
    wordvec axis vectors.safetensors --pair rich poor --pair wealth poverty banker farmer
    wordvec axis folder-of-trainings/ --axes axes.toml < words.txt > positions.tsv
    """
    opened = opened_each(paths, source, terminal)
    wanted = [word for batch in asked(words, terminal) for word in batch if word]
    known = known_words(opened, wanted, terminal)
    found = [project(opened, axis, known, terminal.note) for axis in axes]
    note_disagreeing(found, terminal)
    write_stdout(_lines(found, table, len(opened)))
    return EXIT_MISSING if len(known) < len(wanted) else 0


def note_disagreeing(found: Sequence[Axis], terminal: Terminal) -> None:
    for axis in found:
        for fit in axis.disagreeing:
            pair = " and ".join(repr(shown(word)) for word in fit.pair)
            terminal.note(f"{axis.words.name}: {pair} point the other way than the rest (cosine {fit.cosine:.2f})")


def known_words(opened: Sequence[Embeddings], words: Sequence[bytes], terminal: Terminal) -> list[bytes]:
    """The words that all vectors have; each that is missing is noted."""
    known = []
    for word in words:
        found = known_word(opened, word)
        if found is None:
            terminal.note(f"{shown(word)!r} is missing", missing=as_text(word))
        else:
            known.append(found)
    return known


# ---------------------------------------------------------------- layouts


def _lines(found: Sequence[Axis], table: Table, n_models: int) -> Iterator[bytes]:
    if table.is_json:
        for axis in found:
            yield table.record(_record(axis, n_models))
        return
    yield table.text_row(TITLES)
    for axis in found:
        n_pairs = str(len(axis.words.pairs) or "")
        for each in axis.projections:
            figures = ["" if value != value else f"{value:.6f}" for value in _figures(each)]  # noqa: PLR0124  NaN
            yield table.text_row([axis.words.name, as_text(each.word), *figures, n_pairs, str(n_models)])


def _figures(each: Projection) -> list[float]:
    return [*each.over_models[:4], *each.over_pairs]


def _record(axis: Axis, n_models: int) -> dict[str, Any]:
    names = TITLES[2:8]
    words = [
        {"word": as_text(each.word), **dict(zip(names, map(_rounded, _figures(each)), strict=True))}
        for each in axis.projections
    ]
    pairs = [{"pair": list(map(as_text, fit.pair)), "cosine": _rounded(fit.cosine)} for fit in axis.fits]
    return {"axis": axis.words.name, "models": n_models, "pairs": pairs, "words": words}


def _rounded(value: float) -> float | None:
    return None if value != value else round(value, 6)  # noqa: PLR0124  NaN
