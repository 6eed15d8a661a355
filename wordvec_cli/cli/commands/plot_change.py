"""`wordvec plot change`: the words that changed between periods."""

from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.commands.change import rule_options
from wordvec_cli.cli.models import opened_periods
from wordvec_cli.cli.options import most_option, progress_options
from wordvec_cli.cli.pictures import PictureOptions, picture_options, words_file_option
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options

if TYPE_CHECKING:
    from wordvec_cli.queries.change import ChangeRules


@click.command(short_help="Draw the words that changed between periods.")
@click.argument("files", nargs=-1, required=True, metavar="A B...")
@words_file_option
@most_option(25, "Draw the N words that changed most;")
@rule_options
@picture_options
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, files: tuple[str, ...], words_file: str | None, most: int, rules: "ChangeRules",
    picture: PictureOptions, source: VectorSource,
) -> None:  # fmt: skip
    """Draw the words that changed most between the vectors of two periods, with the neighbours that each lost and won:
    the numbers of `wordvec change`. Of more periods, draw also how far the first words had come by each.

    Blue words changed more than 95 of 100 words like them in frequency. Folders of trainings give intervals.

    \b
    wordvec plot change 1800s.safetensors 1900s.safetensors -o change.pdf
    wordvec plot change 1800s/ 1900s/ 2000s/ --most 15 -o change.svg
    """
    from wordvec_cli.queries.change import common_words, with_sensible_k
    from wordvec_cli.queries.changes import change_table
    from wordvec_cli.show.changes import change_picture
    from wordvec_cli.text.lines import listed_words

    periods = opened_periods(files, source, terminal)
    listed = None if words_file is None else listed_words(words_file)
    common = common_words(periods, rules, listed, terminal.note)
    rules = with_sensible_k(rules, common, terminal.note)
    picture.finish(change_picture(change_table(common, rules, most or None), files, rules), terminal)
