"""`wordvec induce`: vectors of words from their contexts, in the space of other vectors."""

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli.corpus_options import corpus_argument, corpus_options
from wordvec_cli.cli.options import output_option, seed_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import AS_IT_IS
from wordvec_cli.text.decoding import as_bytes, as_text

if TYPE_CHECKING:
    from wordvec_cli.text.file_options import FileOptions
    from wordvec_cli.text.tokenizer import Tokenizer
    from wordvec_cli.training.induced import InducedWord

TITLES = ("word", "text", "places", "neighbours", "distance", "debiased", "p_value")


@click.command(short_help="Make vectors of words from their contexts.")
@click.argument("vectors")
@corpus_argument
@click.option("--word", "words", multiple=True, required=True, metavar="WORD", help="The word (repeat for more).")
@click.option("--apart", is_flag=True, help="Make a vector of each word for each CORPUS, and test whether they differ.")
@click.option(
    "--shuffles", type=click.IntRange(min=1), default=999, show_default=True, metavar="N",
    help="How often lines are shuffled between two texts to tell a difference from chance.",
)  # fmt: skip
@click.option(
    "--window", type=click.IntRange(min=1), default=6, show_default=True, metavar="N",
    help="Words on each side of a place that count.",
)  # fmt: skip
@output_option("the vectors, a native file", default="none")
@seed_option
@table_options(
    "tsv: a line for each word and text, below titles; csv: the same with commas; json: an object for each.",
    has_header_option=False,
)
@corpus_options()
@click.pass_obj
def command(
    terminal: Terminal, /, *, vectors: str, corpus: tuple[str, ...], words: tuple[str, ...], apart: bool,
    shuffles: int, window: int, output: str | None, seed: int | None, table: Table, tokenizer: "Tokenizer | None",
    threads: int, tmp_dir: str | None, files: "FileOptions",
) -> int:  # fmt: skip
    """Make a vector of each --word from the words around it in CORPUS, in the space of VECTORS (a la carte): of words
    that are new or too rare to be trained, or, with --apart, of a word in several texts.

    The mean of the vectors around a word is brought to where its own would be by a map, learnt from all words of
    VECTORS that stand in CORPUS; a note says how near that comes. Printed are the nearest neighbours, and with --apart
    the squared distance from the word's vector in the first CORPUS, that less what chance adds, and its p.

    \b
    wordvec induce vectors.safetensors corpus.txt --word newword -o new.safetensors
    wordvec induce vectors.safetensors 1800s.txt 1900s.txt --word power --apart
    """
    from wordvec_cli.cli.commands.contexts import tokenizer_for
    from wordvec_cli.training.induced import InductionOrder, induce

    opened = AS_IT_IS.open(vectors, terminal)
    order = InductionOrder(
        corpus, [as_bytes(word) for word in words], tokenizer_for(tokenizer, vectors, opened), files, window, apart,
        shuffles, 1 if seed is None else seed, threads, tmp_dir, output,
    )  # fmt: skip
    found = induce(opened, order, terminal.report, terminal.note)
    terminal.close()
    write_stdout(_lines(found, table))
    return 0 if all(each.n_places for each in found) else 3


def _lines(found: "Sequence[InducedWord]", table: Table) -> Iterator[bytes]:
    if not table.is_json:
        yield table.text_row(TITLES)
    for each in found:
        test = each.test or (None, None, None)
        figures = [None if value is None else float(f"{value:.6g}") for value in test]
        neighbours = list(map(as_text, each.neighbours))
        cells = (as_text(each.word), os.fspath(each.text), each.n_places, neighbours, *figures)
        if table.is_json:
            yield table.record(dict(zip(TITLES, cells, strict=True)))
        else:
            listed = [" ".join(cell) if isinstance(cell, list) else cell for cell in cells]
            yield table.text_row(["" if cell is None else str(cell) for cell in listed])
