"""`wordvec plot compare`: how two vector files differ."""

import click

from wordvec_cli.cli.commands.compare import change_options
from wordvec_cli.cli.commands.plot_evaluate import sets_option
from wordvec_cli.cli.judging import judging_options
from wordvec_cli.cli.missing import EXIT_MISSING
from wordvec_cli.cli.options import combined, progress_options
from wordvec_cli.cli.pictures import PictureOptions, picture_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.evaluation.comparison import ChangeOptions
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.messages import counted
from wordvec_cli.text.lines import listed_words

_options = combined(sets_option, judging_options, change_options, picture_options, vector_options, progress_options)


@click.command(short_help="Draw how two vector files differ.")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, first: str, second: str, sets: tuple[str, ...], judging: Judging, wanted: ChangeOptions,
    picture: PictureOptions, words: str | None, source: VectorSource,
) -> int:  # fmt: skip
    """Draw how the scores of B differ from those of A, with intervals, and the words that moved farthest from their
    neighbours: the numbers of `wordvec compare`.

    \b
    wordvec plot compare old.safetensors new.safetensors -o compared.pdf
    wordvec plot compare old.safetensors new.safetensors --set wordsim353 --top 20 -o compared.png
    """
    from wordvec_cli.evaluation.asking import read_sets
    from wordvec_cli.evaluation.comparison import compare
    from wordvec_cli.evaluation.set_folders import SHIPPED
    from wordvec_cli.show.comparison import comparison_picture

    asked = read_sets(sets or SHIPPED, terminal.note)
    listed = None if words is None else listed_words(words)
    opened = source.open(first, terminal), source.open(second, terminal)
    comparison = compare(opened, asked, judging, wanted._replace(words=listed), terminal.note)
    picture.finish(comparison_picture(comparison, (first, second)), terminal)
    if comparison.n_missing:
        n_words = counted(len(listed or ()), "word")
        terminal.note(f"{comparison.n_missing} of {n_words} of {words} are not in both files")
    return EXIT_MISSING if comparison.n_missing else 0
