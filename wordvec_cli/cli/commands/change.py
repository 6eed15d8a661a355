"""`wordvec change`: which words changed from one period to the next, and how surely."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.models import note_other_trainings, opened_periods
from wordvec_cli.cli.options import (
    anchors_option,
    centre_option,
    combined,
    document_column_option,
    min_count_option,
    most_option,
    progress_options,
    seed_option,
    threads_option,
    tmp_dir_option,
)
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.text.decoding import as_text

if TYPE_CHECKING:
    from wordvec_cli.queries.change import ChangeRules, CommonWords
    from wordvec_cli.queries.changes import ChangedWord, ChangeTable

_RULE_OPTIONS = combined(
    click.option(
        "-k", "k", type=click.IntRange(min=1), default=1000, show_default=True, metavar="N",
        help="Neighbours of each word that are compared; at most a tenth of the words.",
    ),
    min_count_option(200, "Ask about words that each period has so often; their neighbours may have half of it."),
    anchors_option,
    centre_option,
    click.option(
        "--order", type=click.Choice(["overlap", "cosine"]), default="overlap", show_default=True,
        help="The measure that ranks: the neighbours that a word keeps, or its cosine after the rotation.",
    ),
)  # fmt: skip
_PERMUTE_OPTIONS = combined(
    click.option(
        "--permute", "n_permuted", type=click.IntRange(min=1), metavar="N",
        help="Shuffle the documents among the periods and train again, N times, to tell changes from chance; needs "
        "--corpus.",
    ),
    click.option(
        "--corpus", "corpora", multiple=True, metavar="FILE",
        help="The text that a period was trained on, a document a line; once for each period.",
    ),
    document_column_option(
        "With --permute, shuffle documents instead of lines: the rows with one value of this column of the tables "
        "(a book, an author) together. A row without one is a document of its own.",
    ),
    seed_option,
    threads_option,
    tmp_dir_option,
)  # fmt: skip


class _Permuting(NamedTuple):
    """The options of a permutation test; `n` None: none is wanted."""

    n: int | None
    corpora: tuple[str, ...]
    document_column: str | None
    seed: int
    n_threads: int | None
    tmp_dir: str | None


def rule_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """How change is measured, as one argument: `rules`."""

    @functools.wraps(function)
    def with_rules(*, k: int, min_count: int, anchors: str | None, centre: bool, order: str, **others: Any) -> Any:
        from wordvec_cli.queries.change import ChangeRules
        from wordvec_cli.text.lines import listed_words

        rules = ChangeRules(k, min_count, None if anchors is None else listed_words(anchors), centre, order)
        return function(rules=rules, **others)

    return _RULE_OPTIONS(with_rules)


def _permute_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """How change is tested, as one argument: `permuting`."""

    @functools.wraps(function)
    def with_permuting(
        *, n_permuted: int | None, corpora: tuple[str, ...], document_column: str | None, seed: int | None,
        threads: int | None, tmp_dir: str | None, **others: Any,
    ) -> Any:  # fmt: skip
        if (n_permuted is None) != (not corpora):
            raise click.UsageError("--permute and --corpus belong together; give both, or neither")
        if document_column is not None and n_permuted is None:
            raise click.UsageError("--document-column: says what --permute shuffles; add --permute N, or leave it out")
        if corpora and len(corpora) != (n_periods := len(others["files"])):
            raise click.UsageError(
                f"--permute: needs a --corpus for each of the {n_periods} periods, in their order; {len(corpora)} given"
            )
        permuting = _Permuting(n_permuted, corpora, document_column, 1 if seed is None else seed, threads, tmp_dir)
        return function(permuting=permuting, **others)

    return _PERMUTE_OPTIONS(with_permuting)


@click.command(short_help="Find the words that changed between periods.")
@click.argument("files", nargs=-1, required=True, metavar="A B...")
@click.option("--words", metavar="FILE", help="Ask about these words alone, one a line.")
@most_option()
@rule_options
@_permute_options
@table_options(
    "tsv: a line for each word, below titles; csv: the same with commas; json: an object for each word.",
    has_header_option=False,
)
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal, /, *, files: tuple[str, ...], words: str | None, most: int, rules: "ChangeRules",
    permuting: _Permuting, table: Table, source: VectorSource,
) -> None:  # fmt: skip
    """Tell which words changed between the vectors of two periods, the most changed first; of more periods, from the
    first to the last.

    A word's line has the share of its nearest neighbours that it keeps (overlap), its cosine after the rotation that
    brings the periods together, how often it occurs in a million words of the first and of the last, and the share of
    words like it in frequency that changed less (matched): above 0.95 it changed more than its frequency explains. Then
    come the nearest neighbours that it lost and won. A folder of trainings in the place of a file gives intervals.

    \b
    wordvec change 1800s.safetensors 1900s.safetensors > changed.tsv
    wordvec change 1800s/ 1900s/ --most 20  # folders, from train --bootstrap 20
    wordvec change a.safetensors b.safetensors --permute 99 --corpus a.txt --corpus b.txt
    """
    from wordvec_cli.queries.change import common_words, with_sensible_k
    from wordvec_cli.queries.changes import change_table
    from wordvec_cli.text.lines import listed_words

    periods = opened_periods(files, source, terminal)
    common = common_words(periods, rules, listed_words(words) if words else None, terminal.note)
    rules = with_sensible_k(rules, common, terminal.note)
    note_other_trainings(files, [period[0] for period in periods], terminal)
    tested = _tested(files, permuting, common, rules, terminal) if permuting.n else None
    found = change_table(common, rules, most or None, tested)
    terminal.close()
    write_stdout(_lines(found, table))
    if found.n_words > len(found.lines):
        terminal.note(f"{len(found.lines)} of {found.n_words} words are shown; --most 0 shows all")


def _tested(
    files: Sequence[str], wanted: _Permuting, common: "CommonWords", rules: "ChangeRules", terminal: Terminal
) -> Any:
    from wordvec_cli.formats.folders import vector_paths
    from wordvec_cli.parallel import usable_cpus
    from wordvec_cli.training.period_texts import PeriodOrder
    from wordvec_cli.training.permuting import PermutationOrder, permutation_test

    like, n_threads = vector_paths(files[0])[0], wanted.n_threads or usable_cpus()
    texts = PeriodOrder(wanted.corpora, like, n_threads, wanted.tmp_dir, wanted.document_column)
    order = PermutationOrder(texts, wanted.n or 0, wanted.seed)
    return permutation_test(order, common, rules, terminal.report, terminal.note)


# ---------------------------------------------------------------- layouts


def _lines(found: "ChangeTable", table: Table) -> Iterator[bytes]:
    if not table.is_json:
        yield table.text_row(found.titles)
    for line in found.lines:
        if table.is_json:
            yield table.record(_record(found, line))
        else:
            cells = [as_text(line.word), *map(_cell, line.figures), *(_listed(words) for words in line.moved)]
            yield table.text_row(cells)


def _record(found: "ChangeTable", line: "ChangedWord") -> dict[str, Any]:
    titles = found.titles[1 : 1 + len(line.figures)]
    figures = {name: _rounded(value) for name, value in zip(titles, line.figures, strict=True)}
    lost, won = (list(map(as_text, words)) for words in line.moved)
    return {"word": as_text(line.word), **figures, "lost": lost, "won": won}


def _listed(words: Sequence[bytes]) -> str:
    return " ".join(map(as_text, words))


def _cell(value: float) -> str:
    return "" if value != value else f"{value:.6f}".rstrip("0").rstrip(".")  # noqa: PLR0124  NaN


def _rounded(value: float) -> float | None:
    return None if value != value else round(value, 6)  # noqa: PLR0124  NaN
