"""`wordvec verify`: whether a vector file is sound."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from wordvec_cli.cli import EXIT_ERROR
from wordvec_cli.cli.options import progress_options, vocab_option
from wordvec_cli.cli.output import as_text, write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.cli.visible import visible
from wordvec_cli.storage import safetensors
from wordvec_cli.text import json_text
from wordvec_cli.vectors.native import is_native

if TYPE_CHECKING:
    from wordvec_cli.vectors.checks import Finding


@click.command(short_help="Say whether a vector file is sound.")
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
    from wordvec_cli.vectors.checks import findings

    is_bad, results = False, []
    if is_native(file):
        holds = safetensors.open_file(file).checksum_holds()
        results.append(_Result("checksum", "holds" if holds else "does not hold: the file was changed or damaged"))
        is_bad = not holds
    notes: list[str] = []
    vectors = source._replace(strict=False, duplicates="all").open(file, terminal, vocab, note=notes.append)
    results += [_Result("reading", note) for note in notes]
    is_bad |= bool(notes) and source.strict
    results.append(_Result("rows", f"{len(vectors.vocabulary)} of {vectors.dim} numbers"))
    for finding in findings(vectors):
        results.append(_of(finding))
        is_bad |= finding.n > 0 and (finding.is_error or source.strict)
    write_stdout(_lines(results, table, is_bad))
    return EXIT_ERROR if is_bad else 0


class _Result(NamedTuple):
    """A line of the answer: what was looked at, and how it is; how many words or rows are wrong, and some."""

    check: str
    result: str
    n_wrong: int | None = None
    examples: Sequence[bytes] = ()


def _of(finding: "Finding") -> _Result:
    return _Result(finding.check, str(finding.n), finding.n, finding.examples)


def _lines(results: Sequence[_Result], table: Table, is_bad: bool) -> Iterator[bytes]:
    if table.is_json:
        checks = [
            {"check": each.check, "result": each.result if each.n_wrong is None else each.n_wrong,
             "examples": list(map(as_text, each.examples))}
            for each in results
        ]  # fmt: skip
        yield json_text.written({"sound": not is_bad, "checks": checks}, indent=2).encode() + b"\n"
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
    return text.encode("utf-8", "surrogateescape")
