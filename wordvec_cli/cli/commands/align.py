"""`wordvec align`: vectors of one training brought into the space of another, or many into one."""

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.judging import aligned as aligned_columns
from wordvec_cli.cli.options import (
    anchors_option,
    centre_option,
    combined,
    output_option,
    progress_options,
    threads_option,
    to_option,
)
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.cli.visible import visible
from wordvec_cli.errors import OutputError
from wordvec_cli.storage.files import together
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wordvec_cli.formats.export import ExportOrder
    from wordvec_cli.queries.alignment import Aligned, AlignOptions
    from wordvec_cli.queries.translation import Precision
    from wordvec_cli.vectors.embeddings import Embeddings

_PAIR_OPTIONS = combined(
    click.option(
        "--dictionary", metavar="FILE",
        help="Learn the rotation from these pairs, a word of SOURCE, a tab and one of TARGET a line; a word may come "
        "in several.  [default: the words that both files have]",
    ),
    anchors_option,
    click.option(
        "--first-common", "first_words", type=click.IntRange(min=1), metavar="N",
        help="Learn it from the first N common words alone, in the order of SOURCE.",
    ),
    centre_option,
    click.option(
        "--raw-lengths", is_flag=True,
        help="Let each pair count by the lengths of its vectors, not each at length 1.",
    ),
    click.option("--scale", is_flag=True, help="Bring lengths to those of TARGET too."),
    click.option(
        "--refine", "n_refined", type=click.IntRange(min=0), default=0, metavar="N",
        help="N times, learn it anew from words that are each other's nearest by CSLS, among the first 10000.",
    ),
    click.option(
        "--test", metavar="FILE",
        help="Print how many words of these pairs have their translation among the nearest 1, 5 and 10, by the cosine "
        "and by CSLS.",
    ),
)  # fmt: skip


def _pair_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """How vectors are aligned, as one argument: `options`, an AlignOptions."""

    @functools.wraps(function)
    def with_options(
        *, dictionary: str | None, anchors: str | None, first_words: int | None, centre: bool, raw_lengths: bool,
        scale: bool, n_refined: int, threads: int, **others: Any,
    ) -> Any:  # fmt: skip
        if sum(each is not None for each in (dictionary, anchors, first_words)) > 1:
            raise click.UsageError("--dictionary, --anchors and --first-common exclude each other; give one of them")
        from wordvec_cli.queries.alignment import AlignOptions
        from wordvec_cli.vectors.procrustes import Fitting

        fitting = Fitting(not raw_lengths, centre, scale)
        options = AlignOptions(fitting, dictionary, anchors, first_words, n_refined, n_threads=threads)
        return function(options=options, **others)

    return threads_option(_PAIR_OPTIONS(with_options))


@click.command(short_help="Bring vectors into the space of others.")
@click.argument("files", nargs=-1, required=True, metavar="SOURCE TARGET")
@output_option("the vectors of SOURCE in the space of TARGET; with --to, a folder for all", may_be_stdout=False)
@to_option(
    ("first", "chain", "mean"),
    "Align any number of files, and write all to the folder of --output: each to the first, each to the one before it, "
    "or all to their mean.",
    name="space",
)
@_pair_options
@table_options(
    "text: a table for people; tsv: fields between tabs; csv: fields between commas, below titles; json: one object.",
    ("text", "tsv", "csv", "json"),
    has_header_option=False,
)
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, files: tuple[str, ...], output: str, space: Any, options: "AlignOptions",
    test: str | None, table: Table, source: VectorSource,
) -> None:  # fmt: skip
    """Rotate the vectors of SOURCE so that words which both files have, or pairs of a dictionary, lie where TARGET has
    them, and write them to --output.

    Two trainings have directions of their own, even on one text; a rotation (orthogonal Procrustes) keeps all cosines
    within a file. It is learnt from vectors at length 1 and done to all, which keep their lengths. Printed are the
    number of pairs and the mean cosine of their two sides, before and after.

    \b
    wordvec align 1990.safetensors 2000.safetensors -o 1990-in-2000.safetensors
    wordvec align de.safetensors en.safetensors -o out.safetensors --dictionary seeds.tsv --refine 5 --test test.tsv
    wordvec align 1980.safetensors 1990.safetensors 2000.safetensors --to chain -o aligned/
    """
    if output == "-":
        raise click.UsageError("-o -: what was fitted is printed there; name a file for the vectors")
    run = _Run(terminal, source, options, table)
    if space is None:
        run.align_two(files, output, test)
    else:
        run.align_many(files, output, space, test)


class _Run(NamedTuple):
    terminal: Terminal
    source: VectorSource
    options: "AlignOptions"
    table: Table

    def align_two(self, files: tuple[str, ...], output: str, test: str | None) -> None:
        from wordvec_cli.formats.export import ExportOrder
        from wordvec_cli.queries.alignment import align, read_pairs
        from wordvec_cli.queries.translation import precisions

        if len(files) != 2:
            raise click.UsageError(f"{len(files)} files: give SOURCE and TARGET, or add --to first, chain or mean")
        order = ExportOrder(output)
        order.check(*files, test, self.options.dictionary, self.options.anchors)
        pairs = None if test is None else read_pairs(test)
        source, target = (self._opened(path) for path in files)
        aligned = align(source, target, self.options, self.terminal.note, self.terminal.report)
        threads, report = self.options.n_threads, self.terminal.report
        tested = precisions((aligned.vectors, target), pairs, n_threads=threads, report=report) if pairs else []
        self.terminal.close()
        row = _row(*files, aligned)
        self._print([_tested(row, each) for each in tested] or [row])
        self._write([(aligned.vectors, order)])

    def align_many(self, files: tuple[str, ...], folder: str, space: Any, test: str | None) -> None:
        from wordvec_cli.formats.export import ExportOrder
        from wordvec_cli.queries.common_space import align_all

        if test or self.options.dictionary or self.options.n_refined:
            raise click.UsageError("--dictionary, --refine and --test are for two files; leave them, or --to, out")
        if len(files) < 2:
            raise click.UsageError("one file: --to aligns several; name another")
        orders = [ExportOrder(path) for path in _paths_in(folder, files)]
        for order in orders:
            order.check(*files, self.options.anchors)
        vectors = [self._opened(path) for path in files]
        found = align_all(vectors, space, self.options, self.terminal.note)
        self.terminal.close()
        targets = {"first": [files[0]] * len(files), "chain": ["", *files], "mean": ["mean"] * len(files)}[space]
        each = zip(files, targets, found, strict=False)
        self._print([_row(path, target, aligned) for path, target, aligned in each if aligned])
        made = [vectors[place] if aligned is None else aligned.vectors for place, aligned in enumerate(found)]
        self._write(list(zip(made, orders, strict=True)))

    def _opened(self, path: str) -> "Embeddings":
        return self.source.open(path, self.terminal)

    def _write(self, made: "Sequence[tuple[Embeddings, ExportOrder]]") -> None:
        from wordvec_cli.formats.made import write_made
        from wordvec_cli.vectors.transform.reach import Reach

        with together():
            for vectors, order in made:
                write_made(vectors, order, Reach(n_threads=self.options.n_threads, note=self.terminal.note))

    def _print(self, rows: "Sequence[Mapping[str, Any]]") -> None:
        if self.table.is_json:
            write_stdout([json_text.written(list(rows), indent=2).encode() + b"\n"])
            return
        decimals = 4 if self.table.layout == "text" else 6
        lines = [list(rows[0]), *([_cell(value, decimals) for value in row.values()] for row in rows)]
        if self.table.layout == "text":
            write_stdout(as_bytes(f"{visible(line)}\n") for line in aligned_columns(lines))
        else:
            write_stdout(map(self.table.text_row, lines))


def _row(source: str, target: str, aligned: "Aligned") -> dict[str, Any]:
    fit = aligned.fit
    cosines = {"before": round(aligned.before, 6), "after": round(fit.cosine, 6)}
    return {"source": source, "target": target, "pairs": fit.n_pairs, **cosines, "scale": round(fit.scale, 6)}


def _tested(row: dict[str, Any], precision: "Precision") -> dict[str, Any]:
    """The row with what a method finds."""
    from wordvec_cli.queries.translation import RANKS

    shares = {f"p{rank}": round(share, 6) for rank, share in zip(RANKS, precision.at, strict=True)}
    return row | {"method": precision.method, "used": precision.n_used, "total": precision.n_total} | shares


def _cell(value: object, decimals: int) -> str:
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)


def _paths_in(folder: str, files: "Sequence[str]") -> list[str]:
    """Where each file goes, as a native one of its name. Raises: OutputError if two have one name"""
    names = [f"{os.path.basename(path).split('.')[0]}.safetensors" for path in files]
    if len(set(names)) < len(names):
        raise OutputError(f"{folder}: two of the files would have one name there; rename one")
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise OutputError(f"{folder}: is a file; with --to, name a folder")
    os.makedirs(folder, exist_ok=True)
    return [os.path.join(folder, name) for name in names]
