"""Questions that neighbours answer (`similar`, `analogy`): which words may be answers, and the answering."""

import functools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.missing import WordFinder
from wordvec_cli.cli.options import combined, usable_cpus
from wordvec_cli.cli.output import as_text, listed_words, shown, write_stdout
from wordvec_cli.cli.questions import Question, blank, figure, record, rounded
from wordvec_cli.cli.tables import Table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from wordvec_cli.queries.metrics import Scorer
    from wordvec_cli.queries.nearest import Neighbour
    from wordvec_cli.queries.scan import Index

QUESTIONS_AT_ONCE = 512
ANSWERS_AT_ONCE = 1 << 21
MOST_PRODUCTS_AT_ONCE = 8
MOST_NAMED = 20  # words of --among that are missing


class NeighbourOptions(NamedTuple):
    """Which neighbours are wanted."""

    k: int
    among: str | None
    restrict_vocab: int | None
    min_count: int | None
    include_question: bool

    def index_of(self, finder: WordFinder) -> "Index":
        """The vectors of the words that may be answers. Raises: InputError"""
        from wordvec_cli.queries.nearest import answer_ids
        from wordvec_cli.queries.scan import Index

        vocabulary = finder.embeddings.vocabulary
        among = None if self.among is None else _ids_of(self.among, finder)
        return Index(finder.embeddings, answer_ids(vocabulary, among, self.restrict_vocab, self.min_count))


def _ids_of(path: str, finder: WordFinder) -> "NDArray[np.int64]":
    """The ids of the words of a file; those that are missing are named."""
    import numpy as np

    words = sorted(listed_words(path))
    ids = [finder.embeddings.vocabulary.find(word) for word in words]
    missing = [repr(shown(word)) for word, id in zip(words, ids, strict=True) if id is None]
    if missing:
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        names = ", ".join(missing[:MOST_NAMED])
        finder.terminal.note(f"{path}: {len(missing)} of its {len(words)} words are missing: {names}{more}")
    return np.array([id for id in ids if id is not None], np.int64)


_NEIGHBOUR_OPTIONS = combined(
    click.option(
        "-k", "k", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
        help="Answers for each question.",
    ),
    click.option("--among", metavar="FILE", help="Only the words of this file are answers, one a line."),
    click.option(
        "--restrict-vocab", type=click.IntRange(min=1), metavar="N",
        help="Only the first N words of the vectors, the most frequent ones in most files, are answers.",
    ),
    click.option(
        "--min-count", type=click.IntRange(min=1), metavar="N",
        help="Only words that occur as often are answers (the vectors must have counts).",
    ),
    click.option("--include-question", is_flag=True, help="Words of the question may be answers too."),
)  # fmt: skip


def neighbour_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which neighbours are wanted, as one argument: `wanted`, a NeighbourOptions."""

    @functools.wraps(function)
    def with_wanted(**arguments: Any) -> Any:
        fields = {name: arguments.pop(name) for name in NeighbourOptions._fields}
        return function(wanted=NeighbourOptions(**fields), **arguments)

    return _NEIGHBOUR_OPTIONS(with_wanted)


@dataclass(frozen=True)
class Answering:
    """Answers questions by neighbours, in their order.

    titles     of the columns
    scorer_of  makes a scorer of questions
    metric     what its scores are called; all of them compare directions, but dot and euclidean
    """

    finder: WordFinder
    wanted: NeighbourOptions
    table: Table
    titles: Sequence[str]
    question_of: Callable[[list[bytes]], Question]
    scorer_of: "Callable[[Sequence[Question]], Scorer]"
    metric: str
    threshold: float | None = None

    def answer(self, batches: Iterable[list[list[bytes]]]) -> int:
        """Write the answers to standard output; the exit status."""
        _prefer_many_products()
        index = self.wanted.index_of(self.finder)
        write_stdout(self.table.head(self.titles))
        n = max(1, min(QUESTIONS_AT_ONCE, ANSWERS_AT_ONCE // self.wanted.k))
        for batch in batches:
            parts = ([self._question(words) for words in batch[start : start + n]] for start in range(0, len(batch), n))
            work = functools.partial(self._lines, index)
            n_products = _products_at_once() if len(batch) > n else 1
            for lines in map(work, parts) if n_products == 1 else _in_order(work, parts, n_products):
                write_stdout(lines)
        return self.finder.exit_status

    def _question(self, words: list[bytes]) -> Question:
        question = self.question_of(words)
        if self.metric not in ("dot", "euclidean") and question.vectors and not any(map(any, question.vectors)):
            note = "has a vector of zeros: no direction, no neighbours"
            self.finder.terminal.note(f"{question.shown!r} {note}")
            return Question(question.names)
        return question

    def _lines(self, index: "Index", questions: Sequence[Question]) -> list[bytes]:
        from wordvec_cli.queries.nearest import nearest

        self.finder.embeddings.vocabulary.check_unchanged()
        posed = [question for question in questions if question.vectors]
        excluded = [frozenset() if self.wanted.include_question else question.excluded for question in posed]
        answers = iter(
            nearest(index, self.scorer_of(posed), self.wanted.k, excluded, self.threshold).lists() if posed else []
        )
        lines: list[bytes] = []
        for question in questions:
            if question.vectors:
                lines += self._written(question, next(answers))
            elif self.finder.missing == "blank":
                lines.append(blank(self.table, question, len(self.titles), 2, "neighbours"))
        return lines

    def _written(self, question: Question, neighbours: "Sequence[Neighbour]") -> Iterator[bytes]:
        word = self.finder.embeddings.vocabulary.word
        if not self.table.is_json:
            for each in neighbours:
                yield self.table.row([*question.names, word(each.word_id), figure(each.score, self.metric)])
            return
        answers = [
            {"word": as_text(word(each.word_id)), self.metric: rounded(each.score, self.metric)} for each in neighbours
        ]
        yield record(self.table, question, neighbours=answers)


_THREADS_OF_PRODUCTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


def _prefer_many_products() -> None:
    """Let each product have one thread, so that several run at a time: then scores are looked through by as many.

    What the environment says goes first, and once numpy is there it is too late.
    """
    if "numpy" not in sys.modules and not any(name in os.environ for name in _THREADS_OF_PRODUCTS):
        os.environ[_THREADS_OF_PRODUCTS[0]] = "1"


def _products_at_once() -> int:
    """As many as CPUs if numpy's library for products uses one thread; else one."""
    told = next((os.environ[name] for name in _THREADS_OF_PRODUCTS if name in os.environ), None)
    return min(usable_cpus(), MOST_PRODUCTS_AT_ONCE) if told == "1" else 1


def _in_order(
    work: Callable[[Sequence[Question]], list[bytes]], parts: Iterable[list[Question]], n_threads: int
) -> Iterator[list[bytes]]:
    from wordvec_cli.parallel import in_order

    return (lines for _, lines in in_order(work, parts, n_threads))


def scorer_of_means(metric: str, questions: Sequence[Question]) -> "Scorer":
    """Each question as the weighted mean of its directions; if lengths count in the metric, of its vectors."""
    from wordvec_cli.queries.metrics import METRICS
    from wordvec_cli.queries.similarity import weighted_means

    weights = [weight for question in questions for weight in question.weights]
    sizes = [len(question.vectors) for question in questions]
    return METRICS[metric](weighted_means(all_vectors(questions), weights, sizes, as_directions=metric == "cosine"))


def all_vectors(questions: Sequence[Question]) -> "NDArray[np.float64]":
    """The vectors of the questions, one after the other, (n, dim) in float64, which the least of float32 need too."""
    import numpy as np

    with np.errstate(invalid="ignore"):  # of NaNs in damaged files, which numpy would tell in words of its own
        return np.array([vector for question in questions for vector in question.vectors], np.float64)
