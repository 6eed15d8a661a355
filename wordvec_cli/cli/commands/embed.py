"""`wordvec embed`: what an embedding layer does, Y = E[X]."""

from typing import Any

import click

from wordvec_cli.cli.options import (
    matrix_option,
    output_option,
    progress_options,
    sequences_option,
    tmp_dir_option,
    to_option,
    vocab_option,
)
from wordvec_cli.cli.output import check_not_for_terminal, tell_awaited
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.storage.files import STANDARD_STREAM


@click.command(short_help="Look up rows of numbers in an embedding matrix.")
@matrix_option(required=True)
@sequences_option(required=True)
@output_option("the vectors")
@to_option(
    ["npy", "text"], name="layout",
    help="The layout of the output, if its name does not say. npy: an array; text: line, position, row and vector of "
    "each number, with tabs between them; with --pool the vector alone.  [default: npy for -]",
)  # fmt: skip
@click.option(
    "--pool", type=click.Choice(["mean", "sum", "max", "sif"]),
    help="Make one vector of each line, padding left out. sif: the mean of words weighed by their rarity, without what "
    "all lines have in common (Arora et al. 2017).",
)  # fmt: skip
@vocab_option("For --pool sif: the words with their counts.")
@tmp_dir_option
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, **given: Any) -> None:
    """Write the vectors of all numbers: Y = E[X], an array (lines, length, dim) of float32; or one vector a line.

    Every number is checked to be a row of the matrix. Memory does not grow with the lines. The size of the output is
    shown before it is written; one that the disk cannot hold is refused.

    \b
    wordvec embed --matrix matrix.npy --sequences sequences.npy -o embedded.npy
    wordvec embed --matrix matrix.npy --sequences sequences.npy --pool mean -o sentences.npy
    wordvec embed --matrix matrix.npy --sequences sequences.npy --pool sif --vocab vocab.tsv -o sentences.npy
    echo '2 3 1' | wordvec embed --matrix matrix.npy --sequences - --to text -o -
    """
    from wordvec_cli.layer.embed import EmbedOrder, embed_file

    order = EmbedOrder(**given).settled()
    check_not_for_terminal(order.output, str(order.layout), "vectors")
    if order.sequences == STANDARD_STREAM:
        tell_awaited("rows of numbers", terminal)
    embed_file(order, terminal.report, terminal.note)
