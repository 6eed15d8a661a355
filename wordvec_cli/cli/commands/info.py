"""`wordvec info`: what a file is and how it was made."""

import click

from wordvec_cli.cli.options import progress_options, vocab_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.cli.visible import visible
from wordvec_cli.text import json_text
from wordvec_cli.vectors.facts import Facts, facts_of_other_file, facts_of_vectors


@click.command(short_help="Print what a file is and how it was made.")
@click.argument("file")
@table_options(
    "text: a line for each fact, a tab after its name; csv: a row for each; json: one object.",
    ("text", "csv", "json"),
    has_header_option=False,
)
@vocab_option()
@vector_options
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, *, file: str, table: Table, vocab: str | None, source: VectorSource) -> None:
    """Print what FILE is, its rows and dimension, and how it was made: `name<TAB>value` lines, or one JSON object.

    FILE is a vector file of any kind, or any other file that wordvec writes.

    \b
    wordvec info vectors.safetensors
    wordvec info pairs.safetensors
    wordvec info vectors.safetensors --format json | jq .configuration
    """
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
