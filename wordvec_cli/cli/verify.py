"""`wordvec verify`: whether a vector file is sound."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from wordvec_cli import store
from wordvec_cli.cli import EXIT_ERROR
from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.embeddings import is_native

if TYPE_CHECKING:
    from wordvec_cli.soundness import Finding


@click.command(short_help="Say whether a vector file is sound.")
@click.argument("file")
@click.option("--vocab", metavar="FILE", help="The words of a file that holds none (npy, GloVe's .bin).")
@vector_options
@progress_options
@click.pass_obj
def command(terminal: Terminal, /, *, file: str, vocab: str | None, source: VectorSource) -> int:
    """Check the vectors of FILE, of whatever kind, and print `check<TAB>result` lines.

    The exit status is 1 if the file is damaged, or has words that come twice or numbers that are not finite; with
    --strict also if rows are all zeros, or of a length far from all others, or if anything was odd in reading it.

    \b
    wordvec verify vectors.safetensors
    wordvec verify glove.840B.300d.txt --strict
    """
    from wordvec_cli.soundness import findings

    is_bad, lines = False, []
    if is_native(file):
        holds = store.open_file(file).checksum_holds()
        lines.append(f"checksum\t{'holds' if holds else 'does not hold: the file was changed or damaged'}".encode())
        is_bad = not holds
    notes: list[str] = []
    vectors = source._replace(strict=False, duplicates="all").open(file, terminal, vocab, note=notes.append)
    lines += [f"reading\t{note}".encode() for note in notes]
    is_bad |= bool(notes) and source.strict
    lines.append(f"rows\t{len(vectors.vocabulary)} of {vectors.dim} numbers".encode())
    for finding in findings(vectors):
        lines.append(_line(finding))
        is_bad |= finding.n > 0 and (finding.is_error or source.strict)
    write_stdout(_ended(lines))
    return EXIT_ERROR if is_bad else 0


def _line(finding: "Finding") -> bytes:
    examples = b", ".join(finding.examples)
    shown = b" (%b%b)" % (examples, b", ..." if finding.n > len(finding.examples) else b"") if examples else b""
    return b"%b\t%d%b" % (finding.check.encode(), finding.n, shown)


def _ended(lines: list[bytes]) -> Iterator[bytes]:
    return (line + b"\n" for line in lines)
