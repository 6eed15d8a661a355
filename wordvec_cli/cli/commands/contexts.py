"""`wordvec contexts`: where a word stands in a text, the most typical places first."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from wordvec_cli.cli.corpus_options import corpus_argument, corpus_options
from wordvec_cli.cli.options import most_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import AS_IT_IS
from wordvec_cli.errors import InputError
from wordvec_cli.storage.files import spool_folder
from wordvec_cli.text.decoding import as_bytes, as_text

if TYPE_CHECKING:
    from wordvec_cli.queries.contexts import Context
    from wordvec_cli.text.file_options import FileOptions
    from wordvec_cli.text.tokenizer import Tokenizer

TITLES = ("line", "typical", "left", "word", "right")


@click.command(short_help="Show a word in its contexts, the most typical first.")
@corpus_argument
@click.argument("word")
@click.option(
    "--typical-by", metavar="FILE",
    help="Sort by how typical each place is, by these vectors: the cosine of its words with those of all places.  "
    "[default: in the order of the text]",
)  # fmt: skip
@click.option(
    "--window", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
    help="Words on each side that are shown and count.",
)  # fmt: skip
@most_option()
@table_options(
    "tsv: a line for each place, below titles; csv: the same with commas; json: an object for each place.",
    has_header_option=False,
)
@corpus_options(has_threads=False)
@click.pass_obj
def command(
    terminal: Terminal, /, *, corpus: tuple[str, ...], word: str, typical_by: str | None, window: int, most: int,
    table: Table, tokenizer: "Tokenizer | None", tmp_dir: str | None, files: "FileOptions",
) -> None:  # fmt: skip
    """Show each place of WORD in CORPUS with the words around it, so that a number can be read back to the text.

    Words are made of the text as --typical-by says that its vectors' were, if no option says how.

    \b
    wordvec contexts corpus.txt power --typical-by vectors.safetensors --most 20
    wordvec contexts 1800s.txt 1900s.txt power --lowercase --tokenizer words
    """
    from wordvec_cli.queries.contexts import contexts, typicality
    from wordvec_cli.text.corpus import Corpus
    from wordvec_cli.text.corpus_notes import note_invalid_lines

    vectors = None if typical_by is None else AS_IT_IS.open(typical_by, terminal)
    how = tokenizer_for(tokenizer, typical_by, vectors)
    text = Corpus.open(corpus, how, spool_folder(tmp_dir, None), files)
    found = list(contexts(text, frozenset([as_bytes(word)]), window, terminal.report))
    terminal.close()
    note_invalid_lines(text, terminal.note)
    if not found:
        raise InputError(f"{word!r} is not in {' '.join(corpus)}; are its case and the tokenizer right?")
    typical = None if vectors is None else typicality(found, vectors).tolist()
    order = list(range(len(found)))
    if typical is not None:
        order.sort(key=lambda i: (typical[i] != typical[i], -typical[i]))
        if typical[order[0]] != typical[order[0]]:
            terminal.note(f"no place has other words with vectors in {typical_by}: they come in the order of the text")
    write_stdout(_lines(found, typical, order[: most or None], table))
    if most and len(found) > most:
        terminal.note(f"{most} of {len(found)} places are shown; --most 0 shows all")


def tokenizer_for(given: "Tokenizer | None", name: str | None, vectors: Any) -> "Tokenizer":
    """The tokenizer asked for, or that of a vector file. Raises: InputError if both are there and differ"""
    from wordvec_cli.text.tokenizer import Tokenizer, agreed_tokenizer
    from wordvec_cli.vectors.embeddings import recorded

    table = recorded(vectors.metadata, "tokenizer") if vectors is not None else None
    return agreed_tokenizer(given, Tokenizer.from_metadata(table) if table else None, f"{name}: was trained")


def _lines(
    found: "Sequence[Context]", typical: Sequence[float] | None, order: Sequence[int], table: Table
) -> Iterator[bytes]:
    if not table.is_json:
        yield table.text_row(TITLES)
    for i in order:
        each, value = found[i], None if typical is None or typical[i] != typical[i] else typical[i]
        left, right = (as_text(b" ".join(words)) for words in (each.left, each.right))
        if table.is_json:
            figure = None if value is None else round(value, 6)
            yield table.record(dict(zip(TITLES, (each.line, figure, left, as_text(each.word), right), strict=True)))
        else:
            figure_text = "" if value is None else f"{value:.6f}"
            yield table.text_row([str(each.line), figure_text, left, as_text(each.word), right])
