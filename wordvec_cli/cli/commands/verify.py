"""`wordvec verify`: whether a vector file is sound."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from wordvec_cli.cli import EXIT_ERROR
from wordvec_cli.cli.options import progress_options, vocab_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, in_cache, vector_options
from wordvec_cli.cli.visible import visible
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_bytes, as_text

if TYPE_CHECKING:
    from wordvec_cli.vectors.verdict import Result


@click.command(short_help="Check a vector file for damage and oddities.")
@click.argument("file")
@table_options(
    "text: a line for each check, a tab after its name; csv: a row for each; json: one object.",
    ("text", "csv", "json"),
    has_header_option=False,
)
@vocab_option()
@vector_options
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, *, file: str, table: Table, vocab: str | None, source: VectorSource) -> int:
    """Check the vectors of FILE, of whatever kind, and print `check<TAB>result` lines.

    The exit status is 1 if the file is damaged, or has words that come twice or numbers that are not finite; with
    --strict also if rows are all zeros, or of a length far from all others, or if anything was odd in reading it.

    \b
    wordvec verify vectors.safetensors
    wordvec verify glove.840B.300d.txt --strict
    """
    from wordvec_cli.vectors.verdict import results_of

    file = in_cache(file)
    as_it_is = source._replace(strict=False, duplicates="all")
    results = results_of(file, lambda note: as_it_is.open(file, terminal, vocab, note=note), source.strict)
    is_sound = not any(each.is_wrong for each in results)
    write_stdout(_lines(results, table, is_sound))
    return 0 if is_sound else EXIT_ERROR


def _lines(results: Sequence["Result"], table: Table, is_sound: bool) -> Iterator[bytes]:
    if table.is_json:
        checks = [
            {"check": each.check, "result": each.result if each.n_wrong is None else each.n_wrong,
             "examples": list(map(as_text, each.examples))}
            for each in results
        ]  # fmt: skip
        yield json_text.written({"sound": is_sound, "checks": checks}, indent=2).encode() + b"\n"
    elif table.is_csv:
        yield from table.head(("check", "result", "examples"))
        for each in results:
            yield table.row([each.check.encode(), _bytes(each.result), b" ".join(each.examples)])
    else:
        for each in results:
            more = ", ..." if (each.n_wrong or 0) > len(each.examples) else ""
            examples = f" ({', '.join(map(as_text, each.examples))}{more})" if each.examples else ""
            yield f"{visible(each.check)}\t{visible(each.result + examples)}\n".encode()


def _bytes(text: str) -> bytes:
    return as_bytes(text)
