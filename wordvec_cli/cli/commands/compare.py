"""`wordvec compare`: two vector files side by side: scores, words, and whose neighbours changed."""

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import click

from wordvec_cli.cli.judging import aligned, as_json, evaluation_options, exact, shown, shown_interval
from wordvec_cli.cli.missing import EXIT_MISSING
from wordvec_cli.cli.models_comparison import compare_groups
from wordvec_cli.cli.options import combined
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.tables import Table
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource
from wordvec_cli.cli.visible import visible
from wordvec_cli.evaluation.asking import read_sets
from wordvec_cli.evaluation.comparison import (
    FIRST_WORDS,
    ChangeOptions,
    Comparison,
    Difference,
    compare,
    relation_of,
)
from wordvec_cli.evaluation.neighbour_changes import Change
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.set_folders import SHIPPED
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.messages import counted
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.text.lines import listed_words
from wordvec_cli.vectors.embeddings import Embeddings

N_EXAMPLES = 5  # words and neighbours that are shown


_CHANGE_OPTIONS = combined(
    click.option(
        "-k", "k", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
        help="Neighbours for each word.",
    ),
    click.option(
        "--first-words", "n_words", type=click.IntRange(min=0), metavar="N",
        help="Compare the neighbours of the first N shared words in A's order, mostly the most frequent ones; 0: all.  "
        f"[default: {FIRST_WORDS}]",
    ),
    click.option("--words", metavar="FILE", help="Compare the neighbours of these words instead, one a line."),
    click.option(
        "--top", "n_top", type=click.IntRange(min=0), default=10, show_default=True, metavar="N",
        help="List the N words that moved farthest from their neighbours.",
    ),
)  # fmt: skip


def change_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Which neighbours are compared, as one argument: `wanted`; `words` is the path of their list."""

    @functools.wraps(function)
    def with_wanted(*, k: int, n_words: int | None, words: str | None, n_top: int, **others: Any) -> Any:
        if words and n_words is not None:
            raise click.UsageError("--words and --first-words exclude each other; give one of them")
        wanted = ChangeOptions(k, FIRST_WORDS if n_words is None else n_words, None, n_top)
        return function(wanted=wanted, words=words, **others)

    return _CHANGE_OPTIONS(with_wanted)


@click.command(short_help="Compare two vector files: scores, words, neighbours.")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@evaluation_options
@change_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    first: str,
    second: str,
    sets: tuple[str, ...],
    judging: Judging,
    wanted: ChangeOptions,
    words: str | None,
    table: Table,
    source: VectorSource,
) -> int:
    """Compare the vectors of A and B, whose words and dimensions may differ. Each may be a folder of trainings: then
    their means are compared, and the change between A and B with that between two trainings of one of them. Of two
    files that record their training, a note says whether they are two seeds of one.

    Scores on the SETs (as in `wordvec evaluate`) count the questions that both files can answer, with an interval and a
    p-value for B - A from a paired bootstrap. Then follow: the words that only one file has; how many of its nearest
    neighbours among the shared words a word keeps; and the words that moved farthest: those whose cosine with the
    neighbours from the other file falls most below the cosine with their own.

    \b
    wordvec compare old.safetensors new.safetensors
    wordvec compare old.safetensors new.safetensors wordsim353 --words mine.txt --format json
    """
    asked = read_sets(sets or SHIPPED, terminal.note)
    listed = None if words is None else listed_words(words)
    wanted = wanted._replace(words=listed)
    status = compare_groups((first, second), asked, judging, wanted, table, source, terminal)
    if status is not None:
        return status
    opened = source.open(first, terminal), source.open(second, terminal)
    comparison = compare(opened, asked, judging, wanted, terminal.note)
    if comparison.n_missing:
        n_words = counted(len(listed or ()), "word")
        terminal.note(f"{comparison.n_missing} of {n_words} of {words} are not in both files")
    _print(_Report({"A": first, "B": second}, opened, judging, comparison), table)
    return EXIT_MISSING if comparison.n_missing else 0


class _Report(NamedTuple):
    """What is printed: the comparison, of which files and by which rules."""

    paths: dict[str, str]
    vectors: tuple[Embeddings, Embeddings]
    judging: Judging
    comparison: Comparison

    def facts(self) -> dict[str, dict[str, Any]]:
        """Each file's path and size, by its letter."""
        return {
            name: {"vectors": path, "words": len(vectors.vocabulary), "dimension": vectors.dim}
            for (name, path), vectors in zip(self.paths.items(), self.vectors, strict=True)
        }

    def words(self, word_ids: Sequence[int]) -> list[str]:
        return list(map(as_text, self.comparison.words(word_ids)))


def _print(report: _Report, table: Table) -> None:
    if table.is_csv:
        write_stdout(map(table.text_row, _csv(report)))
    else:
        lines = _PRINTERS[table.layout](report)
        write_stdout(as_bytes(f"{line}\n") for line in lines)


# ---------------------------------------------------------------- layouts


def _text(report: _Report) -> Iterator[str]:
    comparison = report.comparison
    for name, fact in report.facts().items():
        yield f"{name}  {visible(fact['vectors'])}: {counted(fact['words'], 'word')} x {fact['dimension']}"
    if comparison.differences:
        yield report.judging.described()
        titles = ("set", "measure", "used", "total", "A", "B", "B - A", "interval", "p")
        yield from aligned([titles, *(_score_row(*each) for each in comparison.differences)])
    yield f"words: {len(comparison.shared)} in both"
    for name, words in (("A", comparison.shared.only_first), ("B", comparison.shared.only_second)):
        yield f"words: {len(words)} in {name} only{_few(words)}"
    if comparison.changes:
        yield (
            f"neighbours: {shown(comparison.overlap)} of the {comparison.k} nearest are the same in both (mean over "
            f"{counted(len(comparison.changes), 'word')}, among the shared words; by chance "
            f"{shown(comparison.chance_overlap)})"
        )
        yield from _moved(report)


def _moved(report: _Report) -> Iterator[str]:
    """The words that moved farthest, with the first of their neighbours."""
    changed = report.comparison.most_changed
    if changed:
        n_words = counted(len(changed), "word")
        yield f"moved farthest from its neighbours, {n_words} (the share that is kept, the fall of the mean cosine):"
    for change in changed:
        (word,) = report.words([change.word_id])
        in_first, in_second = (", ".join(report.words(ids[:N_EXAMPLES])) for ids in (change.first, change.second))
        yield visible(f"  {word}  {change.overlap:.2f}  {change.moved:.2f}  A: {in_first}  B: {in_second}")


def _score_row(eval_set: EvalSet, each: Difference) -> tuple[str, ...]:
    scores = (shown(value) for value in (each.first.value, each.second.value, each.value))
    chances = shown_interval(each.interval), shown(each.p_value)
    return eval_set.name, eval_set.measure, str(each.first.n_used), str(each.first.n_total), *scores, *chances


def _few(words: Sequence[bytes]) -> str:
    """The first of some words, to show what kind they are."""
    more = ", ..." if len(words) > N_EXAMPLES else ""
    return visible(f" ({', '.join(map(as_text, words[:N_EXAMPLES]))}{more})") if words else ""


def _tsv(report: _Report) -> Iterator[str]:
    comparison, shared = report.comparison, report.comparison.shared
    settings = "\t".join(f"{name}={value}" for name, value in report.judging.facts().items())
    for eval_set, each in comparison.differences:
        values = (each.first.value, each.second.value, each.value, *(each.interval or (None, None)), each.p_value)
        figures = "\t".join(map(exact, values))
        yield f"score\t{eval_set.name}\t{eval_set.measure}\t{each.first.n_used}\t{figures}\t{settings}"
    yield f"words\tboth\t{len(shared)}"
    yield f"words\tonly A\t{len(shared.only_first)}"
    yield f"words\tonly B\t{len(shared.only_second)}"
    yield f"neighbours\t{comparison.k}\t{len(comparison.changes)}\t{exact(comparison.overlap)}"
    for change in comparison.most_changed:
        yield "\t".join(("changed", *_changed_fields(report, change)))


def _changed_fields(report: _Report, change: Change) -> tuple[str, str, str, str]:
    """A word that moved, its overlap, and its neighbours in A and in B."""
    (word,) = report.words([change.word_id])
    in_first, in_second = (" ".join(report.words(ids)) for ids in (change.first, change.second))
    return word, exact(change.overlap), in_first, in_second


CSV_TITLES = ("part", "name", "measure", "n", "value", "A", "B", "low", "high", "p_value")


def _csv(report: _Report) -> Iterator[tuple[str, ...]]:
    """One table for all: scores (value: B - A), numbers of words, the overlap of neighbours, and the words that moved
    farthest (value: their overlap; A, B: their neighbours)."""
    comparison, shared = report.comparison, report.comparison.shared
    yield CSV_TITLES
    for eval_set, each in comparison.differences:
        figures = map(exact, (each.value, each.first.value, each.second.value))
        chances = map(exact, (*(each.interval or (None, None)), each.p_value))
        yield "score", eval_set.name, eval_set.measure, str(each.first.n_used), *figures, *chances
    numbers = len(shared), len(shared.only_first), len(shared.only_second)
    for name, n in zip(("both", "only A", "only B"), numbers, strict=True):
        yield "words", name, "", str(n), *[""] * 6
    n_compared = str(len(comparison.changes))
    yield "neighbours", str(comparison.k), "overlap", n_compared, exact(comparison.overlap), *[""] * 5
    for change in comparison.most_changed:
        word, overlap, in_first, in_second = _changed_fields(report, change)
        yield "changed", word, "overlap", "", overlap, in_first, in_second, *[""] * 3


def _json(report: _Report) -> Iterator[str]:
    comparison, shared = report.comparison, report.comparison.shared
    only = {
        name: {"words": len(words), "first": list(map(as_text, words[:N_EXAMPLES]))}
        for name, words in (("A", shared.only_first), ("B", shared.only_second))
    }
    neighbours: dict[str, Any] = {
        "k": comparison.k,
        "words": len(comparison.changes),
        "overlap": as_json(comparison.overlap),
        "by_chance": as_json(comparison.chance_overlap),
        "changed": [_changed_record(report, change) for change in comparison.most_changed],
    }
    record: dict[str, Any] = dict(report.facts())
    record |= {
        "judged_by": report.judging.facts(),
        "scores": [_score_record(*each) for each in comparison.differences],
        "trainings": relation_of(*report.vectors),
        "shared": len(shared),
        "only": only,
        "neighbours": neighbours,
    }
    yield json_text.written(record, indent=2)


def _score_record(eval_set: EvalSet, each: Difference) -> dict[str, Any]:
    return {
        "set": eval_set.name,
        "measure": eval_set.measure,
        "used": each.first.n_used,
        "total": each.first.n_total,
        "A": as_json(each.first.value),
        "B": as_json(each.second.value),
        "difference": as_json(each.value),
        "interval": [as_json(bound) for bound in each.interval] if each.interval else None,
        "p_value": as_json(each.p_value),
    }


def _changed_record(report: _Report, change: Change) -> dict[str, Any]:
    (word,) = report.words([change.word_id])
    in_first, in_second = report.words(change.first), report.words(change.second)
    overlap, moved = as_json(change.overlap), as_json(change.moved)
    return {"word": word, "overlap": overlap, "moved": moved, "A": in_first, "B": in_second}


_PRINTERS = {"text": _text, "tsv": _tsv, "json": _json}
