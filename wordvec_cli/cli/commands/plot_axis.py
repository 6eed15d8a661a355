"""`wordvec plot axis`: where words lie on axes, with intervals."""

from collections.abc import Sequence

import click

from wordvec_cli.cli.commands.axis import axis_options, known_words, note_disagreeing
from wordvec_cli.cli.missing import EXIT_MISSING
from wordvec_cli.cli.models import opened_each, vectors_to_ask
from wordvec_cli.cli.pictures import PictureOptions, WordsOptions, picture_options, words_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.evaluation.axes import AxisWords, project


@click.command(short_help="Draw what wordvec axis tells.")
@vectors_to_ask("[WORD]...")
@axis_options
@picture_options
@words_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, paths: tuple[str, ...], words: tuple[str, ...], axes: Sequence[AxisWords],
    picture: PictureOptions, which: WordsOptions,
) -> int:  # fmt: skip
    """Draw where WORDs lie on axes, with the intervals of `wordvec axis`: over a folder of trainings, or by leaving
    pairs out. Several axes of a file stand beside each other.

    Without WORDs, and without --words, they are read from standard input, one on each line.

    \b
    wordvec plot axis vectors.safetensors --pair rich poor --pair wealth poverty banker farmer -o axis.pdf
    wordvec plot axis folder-of-trainings/ --axes axes.toml --words jobs.txt -o axes.svg
    """
    from wordvec_cli.show.axes import axis_picture

    opened = opened_each(paths, which.source, terminal, which.vocab)
    asked = list(dict.fromkeys(which.listed(words, terminal)))
    known = known_words(opened, asked, terminal)
    found = [project(opened, axis, known, terminal.note) for axis in axes]
    note_disagreeing(found, terminal)
    picture.finish(axis_picture(found), terminal)
    return EXIT_MISSING if len(known) < len(asked) else 0
