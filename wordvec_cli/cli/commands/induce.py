"""`wordvec induce`: vectors of words from their contexts, in the space of other vectors."""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.corpus_options import corpus_argument, corpus_options
from wordvec_cli.cli.options import by_option, combined, document_column_option, output_option, seed_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import AS_IT_IS
from wordvec_cli.text.decoding import as_bytes, as_text

if TYPE_CHECKING:
    from wordvec_cli.text.file_options import FileOptions
    from wordvec_cli.text.tokenizer import Tokenizer
    from wordvec_cli.training.induced import InducedWord
    from wordvec_cli.training.induction_order import Apart

TEST_TITLES = ("distance", "debiased", "se", "low", "high", "p_value")
_APART_OPTIONS = combined(
    click.option(
        "--apart", is_flag=True, help="Make a vector of each word for each CORPUS, and compare these with the first's."
    ),
    by_option(
        "Make a vector of each word for each value of this column of the tables (a party, a year), from the rows that "
        "have it, and compare these with that of the first value."
    ),
    click.option(
        "--against", metavar="VALUE",
        help="Compare the others with this value of --by.  [default: the first, by number if all are numbers]",
    ),
    document_column_option(
        "Shuffle and leave out documents instead of lines: the rows with one value of this column of the tables (a "
        "speech, an author) together. A row without one is a document of its own."
    ),
    click.option(
        "--shuffles", type=click.IntRange(min=1), default=999, show_default=True, metavar="N",
        help="How often documents are shuffled between two groups to tell a difference from chance.",
    ),
)  # fmt: skip


def apart_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what gives a vector each, as one argument, `apart`: Apart, or None."""

    @functools.wraps(function)
    def with_apart(
        *, apart: bool, by: str | None, against: str | None, document_column: str | None, shuffles: int,
        seed: int | None, **others: Any,
    ) -> Any:  # fmt: skip
        from wordvec_cli.training.induction_order import apart_from

        chosen = apart_from(apart, by, against, document_column, shuffles, 1 if seed is None else seed)
        return function(apart=chosen, **others)

    return combined(_APART_OPTIONS, seed_option)(with_apart)


@click.command(short_help="Make vectors of words from their contexts.")
@click.argument("vectors")
@corpus_argument
@click.option("--word", "words", multiple=True, required=True, metavar="WORD", help="The word (repeat for more).")
@apart_options
@click.option(
    "--window", type=click.IntRange(min=1), default=6, show_default=True, metavar="N",
    help="Words on each side of a place that count.",
)  # fmt: skip
@output_option("the vectors, a native file", default="none")
@table_options(
    "tsv: a line for each word and group, below titles; csv: the same with commas; json: an object for each.",
    has_header_option=False,
)
@corpus_options()
@click.pass_obj
def command(
    terminal: Terminal, /, *, vectors: str, corpus: tuple[str, ...], words: tuple[str, ...], apart: "Apart | None",
    window: int, output: str | None, table: Table, tokenizer: "Tokenizer | None", threads: int, tmp_dir: str | None,
    files: "FileOptions",
) -> int:  # fmt: skip
    """Make a vector of each --word from the words around it in CORPUS, in the space of VECTORS (a la carte): of words
    that are new or too rare to be trained, or of a word in each of several texts (--apart) or groups of rows (--by).

    The mean of the vectors around a word is brought to where its own would be by a map, learnt from all words of
    VECTORS that stand in CORPUS; a note says how near that comes. Printed are the nearest neighbours, and of texts and
    groups the squared distance from the first one's vector, that less what chance adds, its standard error and 95 %
    interval by leaving documents out, and p by shuffling them.

    \b
    wordvec induce vectors.safetensors corpus.txt --word newword -o new.safetensors
    wordvec induce vectors.safetensors 1800s.txt 1900s.txt --word power --apart
    wordvec induce vectors.safetensors speeches.csv --text-column text --word freedom --by party
    """
    from wordvec_cli.cli.commands.contexts import tokenizer_for
    from wordvec_cli.training.induced import induce
    from wordvec_cli.training.induction_order import InductionOrder

    opened = AS_IT_IS.open(vectors, terminal)
    order = InductionOrder(
        corpus, [as_bytes(word) for word in words], tokenizer_for(tokenizer, vectors, opened), files, window, apart,
        threads, tmp_dir, output,
    )  # fmt: skip
    found = induce(opened, order, terminal.report, terminal.note)
    terminal.close()
    write_stdout(_lines(found, "group" if apart and apart.by else "text", table))
    return 0 if all(each.n_places for each in found) else 3


def _lines(found: "Sequence[InducedWord]", title: str, table: Table) -> Iterator[bytes]:
    titles = ("word", title, "places", "documents", "neighbours", *TEST_TITLES)
    if not table.is_json:
        yield table.text_row(titles)
    for each in found:
        figures = [None if math.isnan(value) else float(f"{value:.6g}") for value in each.test or [math.nan] * 6]
        neighbours = list(map(as_text, each.neighbours))
        cells = (as_text(each.word), each.group, each.n_places, each.n_documents, neighbours, *figures)
        if table.is_json:
            yield table.record(dict(zip(titles, cells, strict=True)))
        else:
            listed = [" ".join(cell) if isinstance(cell, list) else cell for cell in cells]
            yield table.text_row(["" if cell is None else str(cell) for cell in listed])
