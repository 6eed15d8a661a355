"""`wordvec info`: what a file is and how it was made."""

from collections.abc import Iterator

import click

from wordvec_cli.cli.options import progress_options, vocab_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.cli.visible import visible
from wordvec_cli.errors import InputError
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_text, quoted
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.facts import Facts, facts_of_other_file, facts_of_vectors


@click.command(short_help="Print what a file is and how it was made.")
@click.argument("file")
@table_options(
    "text: a line for each fact, a tab after its name; csv: a row for each; json: one object, with "
    "--counts one on each line.",
    ("text", "csv", "json"),
    has_header_option=False,
)
@click.option(
    "--counts",
    "has_counts",
    is_flag=True,
    help="Print the words of a vector file instead, with their counts where it has them: `word<TAB>count` lines, which "
    "--vocab of other commands takes.",
)
@vocab_option()
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, file: str, table: Table, has_counts: bool, vocab: str | None, source: VectorSource
) -> None:
    """Print what FILE is, its rows and dimension, and how it was made: `name<TAB>value` lines, or one JSON object.

    FILE is a vector file of any kind, or any other file that wordvec writes.

    \b
    wordvec info vectors.safetensors
    wordvec info pairs.safetensors
    wordvec info vectors.safetensors --format json | jq .configuration
    wordvec info cc.en.300.bin --counts > vocab.tsv
    """
    if has_counts:
        write_stdout(_words(file, source.open(file, terminal, vocab), table))
        return
    facts = facts_of_other_file(file) or facts_of_vectors(source.open(file, terminal, vocab))
    if table.is_json:
        write_stdout([json_text.written(facts, indent=2).encode() + b"\n"])
    elif table.is_csv:
        rows = [table.text_row((name, _shown(value))) for name, value in _flat(facts)]
        write_stdout([*table.head(("name", "value")), *rows])
    else:  # a line end in what a file says of itself must not look like a line of ours
        write_stdout(f"{visible(name)}\t{visible(_shown(value))}\n".encode() for name, value in _flat(facts))


def _flat(facts: Facts) -> list[tuple[str, object]]:
    """The facts with tables taken apart: `configuration.window`."""
    lines: list[tuple[str, object]] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            lines += [(f"{name}.{key}", entry) for key, entry in value.items()]
        else:
            lines.append((name, value))
    return lines


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json_text.written(value)


def _words(path: str, embeddings: Embeddings, table: Table) -> Iterator[bytes]:
    """The words with their counts, if there are any. Raises: InputError for a word that a line of text cannot hold"""
    vocabulary = embeddings.vocabulary
    counts = vocabulary.counts
    yield from table.head(("word", "count") if counts is not None else ("word",))
    for id, word in enumerate(vocabulary):
        if table.is_json:
            yield table.record({"word": as_text(word)} | ({} if counts is None else {"count": int(counts[id])}))
            continue
        if not table.is_csv and (b"\t" in word or b"\n" in word):
            raise InputError(f"{path}: the word {quoted(word)} has a tab or line end in it; give --format json or csv")
        yield table.row([word] if counts is None else [word, b"%d" % int(counts[id])])
