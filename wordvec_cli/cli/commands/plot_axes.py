"""`wordvec plot axes`: words between opposites."""

from collections.abc import Sequence

import click

from wordvec_cli.cli.commands.axis import known_words, note_disagreeing
from wordvec_cli.cli.missing import EXIT_MISSING
from wordvec_cli.cli.models import opened_each, vectors_to_ask
from wordvec_cli.cli.options import combined
from wordvec_cli.cli.pictures import PictureOptions, WordsOptions, picture_options, words_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.evaluation.axes import AxisWords, axis_words, project

_ends_options = combined(
    click.option(
        "--x", "across", multiple=True, metavar="LEFT:RIGHT", required=True,
        help="The words at the ends of the axis from left to right: poor:rich; repeat for more pairs of one "
        "meaning.",
    ),
    click.option("--y", "up", multiple=True, metavar="LOW:HIGH", help="The words at the ends of the axis upwards."),
)  # fmt: skip


@click.command(short_help="Draw words between opposites.")
@_ends_options
@vectors_to_ask("[WORD]...")
@picture_options
@words_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    paths: tuple[str, ...],
    words: tuple[str, ...],
    across: tuple[str, ...],
    up: tuple[str, ...],
    picture: PictureOptions,
    which: WordsOptions,
) -> int:
    """Draw WORDs by their cosines with one axis between opposites, or with two. Each goes from its first word to its
    second one; the cosines are those of `wordvec axis`.

    Lines show intervals: over a folder of trainings, or, with several pairs, by leaving each out. Without WORDs, and
    without --words, they are read from standard input, one on each line.

    \b
    wordvec plot axes vectors.safetensors --x poor:rich --y man:woman doctor nurse banker -o axes.pdf
    wordvec plot axes vectors.safetensors --x poor:rich --x poverty:wealth --words jobs.txt -o jobs.svg
    """
    from wordvec_cli.show.axes import axes_picture

    axes = [_axis("--x", across), *([_axis("--y", up)] if up else [])]
    opened = opened_each(paths, which.source, terminal, which.vocab)
    asked = which.listed(words, terminal)
    known = known_words(opened, list(dict.fromkeys(asked)), terminal)
    x, *rest = found = [project(opened, axis, known, terminal.note) for axis in axes]
    note_disagreeing(found, terminal)
    picture.finish(axes_picture(x, rest[0] if rest else None), terminal)
    return EXIT_MISSING if len(known) < len(dict.fromkeys(asked)) else 0


def _axis(option: str, ends: Sequence[str]) -> AxisWords:
    """An axis of pairs LOW:HIGH. Raises: click.UsageError"""
    pairs = []
    for each in ends:
        low, colon, high = each.partition(":")
        if not (low and colon and high) or ":" in high:
            raise click.UsageError(f"{option} {each}: is not a pair of words; write it as poor:rich")
        pairs.append([high, low])
    return axis_words(option, {"pairs": pairs}, option)
