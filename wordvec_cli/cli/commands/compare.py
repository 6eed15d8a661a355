"""`wordvec compare`: two vector files side by side: scores, words, and whose neighbours changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import click

from wordvec_cli.cli.judging import (
    aligned,
    as_json,
    exact,
    judging_options,
    shown,
    shown_interval,
)
from wordvec_cli.cli.missing import EXIT_MISSING
from wordvec_cli.cli.options import progress_options
from wordvec_cli.cli.output import listed_words, write_stdout
from wordvec_cli.cli.tables import Table, table_options
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource, vector_options
from wordvec_cli.cli.visible import visible
from wordvec_cli.errors import InputError
from wordvec_cli.evaluation.asking import outcomes_of_sets, read_sets
from wordvec_cli.evaluation.comparison import (
    Change,
    Difference,
    SharedWords,
    changes,
    difference,
    differing_training,
    most_changed,
    shared_words,
)
from wordvec_cli.evaluation.protocol import Judging
from wordvec_cli.evaluation.set_folders import SHIPPED
from wordvec_cli.evaluation.sets import EvalSet
from wordvec_cli.messages import counted
from wordvec_cli.text import json_text
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.vectors.embeddings import Embeddings

FIRST_WORDS = 1000
N_EXAMPLES = 5  # words and neighbours that are shown


@click.command(short_help="Compare two vector files: scores, words, neighbours.")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.argument("sets", nargs=-1, metavar="[SET]...")
@judging_options
@click.option(
    "-k", "k", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="Neighbours for each word."
)
@click.option(
    "--first-words",
    "n_words",
    type=click.IntRange(min=0),
    metavar="N",
    help="Compare the neighbours of the first N shared words, by A's order: of the most frequent, mostly; 0: all.  "
    "[default: 1000]",
)
@click.option("--words", metavar="FILE", help="Compare the neighbours of these words instead, one a line.")
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="How many of the words that moved farthest from their neighbours are listed.",
)
@table_options(
    "text: tables for people; tsv: lines that begin with what they tell; csv: a row for each of them, below titles; "
    "json: one object.",
    ("text", "tsv", "csv", "json"),
    has_header_option=False,
)
@vector_options
@progress_options
@click.pass_obj
def command(
    terminal: Terminal,
    /,
    *,
    first: str,
    second: str,
    sets: tuple[str, ...],
    judging: Judging,
    k: int,
    n_words: int | None,
    words: str | None,
    top: int,
    table: Table,
    source: VectorSource,
) -> int:
    """Compare the vectors of A and B, whose words and dimensions may differ.

    Scores on the SETs (as in `wordvec evaluate`) are of the questions that both can be asked, with an interval and a
    p-value of B - A by a paired bootstrap. Then: the words that only one has; the share of nearest neighbours, among
    the shared words, that a word has in both; and the words that moved farthest: whose cosine with the neighbours that
    the other file gives them is the lowest, measured from that with their own.

    \b
    wordvec compare old.safetensors new.safetensors
    wordvec compare old.safetensors new.safetensors wordsim353 --words mine.txt --format json
    """
    if words and n_words is not None:
        raise click.UsageError("--words: names the words itself; leave --first-words out")
    asked = read_sets(sets or SHIPPED, terminal.note)
    opened = [source.open(path, terminal) for path in (first, second)]
    differences = _differences(opened, asked, judging, terminal)
    shared = shared_words(*opened)
    _tell_relation(shared, opened, terminal)
    wanted, n_missing = _wanted(words, shared, FIRST_WORDS if n_words is None else n_words, terminal)
    found = changes(shared, wanted, k)
    facts = {
        name: {"vectors": path, "words": len(each.vocabulary), "dimension": each.dim}
        for name, path, each in zip("AB", (first, second), opened, strict=True)
    }
    comparison = Comparison(facts, judging, differences, shared, found, k, most_changed(found, top))
    if table.is_csv:
        write_stdout(map(table.text_row, _csv(comparison)))
    else:
        lines = _LAYOUTS[table.layout](comparison)
        write_stdout(as_bytes(f"{line}\n") for line in lines)
    return EXIT_MISSING if n_missing else 0


@dataclass(frozen=True)
class Comparison:
    """All that is told of two vector files."""

    facts: dict[str, dict[str, Any]]
    judging: Judging
    differences: list[tuple[EvalSet, Difference]]
    shared: SharedWords
    changes: list[Change]
    k: int
    most_changed: list[Change]

    @property
    def overlap(self) -> float | None:
        return sum(change.overlap for change in self.changes) / len(self.changes) if self.changes else None

    @property
    def by_chance(self) -> float:
        """The overlap of neighbours that are drawn by lot."""
        return min(self.k / max(len(self.shared) - 1, 1), 1.0)

    def neighbours(self, word_ids: Sequence[int], n: int | None = N_EXAMPLES) -> list[str]:
        return [as_text(self.shared.first.vocabulary.word(word_id)) for word_id in word_ids[:n]]


def _differences(
    opened: Sequence[Embeddings], asked: Sequence[EvalSet], judging: Judging, terminal: Terminal
) -> list[tuple[EvalSet, Difference]]:
    differences = []
    try:
        for of_first, of_second in outcomes_of_sets(opened, asked, judging.protocol, terminal.note):
            try:
                differences.append((of_first.eval_set, difference(of_first, of_second, judging.resampling)))
            except InputError as error:
                terminal.note(str(error))
    except InputError as error:  # vectors of a language that no set is of can be compared all the same
        terminal.note(str(error))
    return differences


def _tell_relation(shared: SharedWords, opened: Sequence[Embeddings], terminal: Terminal) -> None:
    """Say that the files share no word, or that they are of different trainings."""
    if not len(shared):
        terminal.note("no word is in both files, so that no neighbours can be compared")
    elif differing := differing_training(*opened):
        terminal.note(
            f"A and B are different trainings ({', '.join(differing)}): cosines are compared within each file only"
        )


def _wanted(path: str | None, shared: SharedWords, n_words: int, terminal: Terminal) -> tuple[list[int], int]:
    """The shared words whose neighbours are compared, and how many of those in a list are not shared."""
    if path is None:
        return list(range(len(shared)))[: n_words or None], 0
    ids = [shared.first.vocabulary.find(word) for word in listed_words(path)]
    if n_missing := ids.count(None):
        terminal.note(f"{n_missing} of {counted(len(ids), 'word')} of {path} are not in both files")
    return [word_id for word_id in ids if word_id is not None], n_missing


# ---------------------------------------------------------------- layouts


def _text(told: Comparison) -> Iterator[str]:
    for name, fact in told.facts.items():
        yield f"{name}  {visible(fact['vectors'])}: {counted(fact['words'], 'word')} x {fact['dimension']}"
    if told.differences:
        yield told.judging.described()
        yield from aligned(
            [("set", "measure", "used", "total", "A", "B", "B - A", "interval", "p"), *_score_rows(told)]
        )
    yield f"words: {len(told.shared)} in both"
    for name, words in (("A", told.shared.only_first), ("B", told.shared.only_second)):
        yield f"words: {len(words)} in {name} only{_few(words)}"
    if not told.changes:
        return
    yield (
        f"neighbours: {shown(told.overlap)} of the {told.k} nearest are the same in both "
        f"(mean over {counted(len(told.changes), 'word')}, among the shared words; by chance {shown(told.by_chance)})"
    )
    if told.most_changed:
        n_words = counted(len(told.most_changed), "word")
        yield f"moved farthest from its neighbours, {n_words} (the share that is kept, the fall of the mean cosine):"
    for change in told.most_changed:
        word, *_ = told.neighbours([change.word_id])
        in_first, in_second = (", ".join(told.neighbours(ids)) for ids in (change.first, change.second))
        yield visible(f"  {word}  {change.overlap:.2f}  {change.moved:.2f}  A: {in_first}  B: {in_second}")


def _score_rows(told: Comparison) -> Iterator[tuple[str, ...]]:
    for eval_set, each in told.differences:
        scores = (shown(value) for value in (each.first.value, each.second.value, each.value))
        chances = shown_interval(each.interval), shown(each.p_value)
        numbers = str(each.first.n_used), str(each.first.n_total)
        yield eval_set.name, eval_set.measure, *numbers, *scores, *chances


def _few(words: Sequence[bytes]) -> str:
    """The first of some words, to show what kind they are."""
    more = ", ..." if len(words) > N_EXAMPLES else ""
    return visible(f" ({', '.join(map(as_text, words[:N_EXAMPLES]))}{more})") if words else ""


def _tsv(told: Comparison) -> Iterator[str]:
    protocol = told.judging.facts()
    for eval_set, each in told.differences:
        values = (each.first.value, each.second.value, each.value, *(each.interval or (None, None)), each.p_value)
        figures = "\t".join(map(exact, values))
        settings = "\t".join(f"{name}={value}" for name, value in protocol.items())
        yield f"score\t{eval_set.name}\t{eval_set.measure}\t{each.first.n_used}\t{figures}\t{settings}"
    yield f"words\tboth\t{len(told.shared)}"
    yield f"words\tonly A\t{len(told.shared.only_first)}"
    yield f"words\tonly B\t{len(told.shared.only_second)}"
    yield f"neighbours\t{told.k}\t{len(told.changes)}\t{exact(told.overlap)}"
    for change in told.most_changed:
        word, *_ = told.neighbours([change.word_id])
        in_first, in_second = (" ".join(told.neighbours(ids, None)) for ids in (change.first, change.second))
        yield f"changed\t{word}\t{exact(change.overlap)}\t{in_first}\t{in_second}"


CSV_TITLES = ("part", "name", "measure", "n", "value", "A", "B", "low", "high", "p_value")


def _csv(told: Comparison) -> Iterator[tuple[str, ...]]:
    """One table for all: scores (value: B - A), numbers of words, the overlap of neighbours, and the words that moved
    farthest (value: their overlap; A, B: their neighbours)."""
    yield CSV_TITLES
    for eval_set, each in told.differences:
        figures = map(exact, (each.value, each.first.value, each.second.value))
        chances = map(exact, (*(each.interval or (None, None)), each.p_value))
        yield "score", eval_set.name, eval_set.measure, str(each.first.n_used), *figures, *chances
    numbers = len(told.shared), len(told.shared.only_first), len(told.shared.only_second)
    for name, n in zip(("both", "only A", "only B"), numbers, strict=True):
        yield "words", name, "", str(n), *[""] * 6
    yield "neighbours", str(told.k), "overlap", str(len(told.changes)), exact(told.overlap), *[""] * 5
    for change in told.most_changed:
        word, *_ = told.neighbours([change.word_id])
        in_first, in_second = (" ".join(told.neighbours(ids, None)) for ids in (change.first, change.second))
        yield "changed", word, "overlap", "", exact(change.overlap), in_first, in_second, *[""] * 3


def _json(told: Comparison) -> Iterator[str]:
    scores = [
        {
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
        for eval_set, each in told.differences
    ]
    only = {"A": told.shared.only_first, "B": told.shared.only_second}
    words = {
        name: {"words": len(each), "first": [as_text(w) for w in each[:N_EXAMPLES]]} for name, each in only.items()
    }
    changed = [
        {
            "word": told.neighbours([change.word_id])[0],
            "overlap": as_json(change.overlap),
            "moved": as_json(change.moved),
            "A": told.neighbours(change.first, None),
            "B": told.neighbours(change.second, None),
        }
        for change in told.most_changed
    ]
    neighbours: dict[str, Any] = {"k": told.k, "words": len(told.changes), "overlap": as_json(told.overlap)}
    neighbours |= {"by_chance": as_json(told.by_chance), "changed": changed}
    yield json_text.written(
        told.facts
        | {
            "judged_by": told.judging.facts(),
            "scores": scores,
            "shared": len(told.shared),
            "only": words,
            "neighbours": neighbours,
        },
        indent=2,
    )


_LAYOUTS = {"text": _text, "tsv": _tsv, "json": _json}
