"""Questions that neighbours answer (`similar`, `analogy`): which words may be answers, and the answering."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from wordvec_cli.cli.missing import exit_status
from wordvec_cli.cli.options import bundled, min_count_option
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.questions import QuestionOptions, QuestionReader, blank, figure, record, rounded
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.visible import visible
from wordvec_cli.parallel import prefer_many_products, scans_at_once
from wordvec_cli.queries.questions import Question
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.text.decoding import as_text, shown
from wordvec_cli.text.lines import listed_words

if TYPE_CHECKING:
    from wordvec_cli.queries.answers import Search
    from wordvec_cli.queries.csls import Neighbourhood
    from wordvec_cli.queries.index import Index
    from wordvec_cli.queries.nearest import Ids, Neighbour
    from wordvec_cli.vectors.embeddings import Embeddings
    from wordvec_cli.vocabulary.vocabulary import Vocabulary

MOST_NAMED = 20  # words of --among that are missing
MANY_FOR_CSLS = 50_000  # words, whose comparison takes seconds


class NeighbourOptions(NamedTuple):
    """Which neighbours are wanted."""

    k: int
    among: str | None
    restrict_vocab: int | None
    min_count: int | None
    include_question: bool
    index_file: str | None

    def search(
        self, embeddings: "Embeddings", scoring: str, terminal: Terminal, threshold: float | None = None
    ) -> "Search":
        """How they are found. Raises: InputError"""
        prefer_many_products()
        from wordvec_cli.queries.answers import Search

        index = self._index(embeddings, terminal)
        near = _neighbourhood(index, terminal) if scoring == "csls" else None
        return Search(index, scoring, self.k, threshold, self.include_question, near)

    def _index(self, embeddings: "Embeddings", terminal: Terminal) -> "Index":
        """The vectors of the words that may be answers."""
        from wordvec_cli.queries.index import Index
        from wordvec_cli.queries.index_files import opened

        ids = self.answer_ids(embeddings.vocabulary, terminal)
        return Index(embeddings, ids, scans_at_once(), opened(embeddings, self.index_file, terminal.note))

    def answer_ids(self, vocabulary: "Vocabulary", terminal: Terminal) -> "Ids | None":
        """The ids of the words that may be answers, ascending; None: all; those of --among that are missing are named.

        Raises: InputError
        """
        from wordvec_cli.queries.nearest import answer_ids, ids_of_words

        among = None
        if self.among is not None:
            words = sorted(listed_words(self.among))
            among, missing = ids_of_words(vocabulary, words)
            if missing:
                terminal.note(f"{self.among}: {len(missing)} of its {len(words)} words are missing: {_named(missing)}")
        return answer_ids(vocabulary, among, self.restrict_vocab, self.min_count)


def _neighbourhood(index: "Index", terminal: Terminal) -> "Neighbourhood":
    """How near each word that may be an answer is to all others."""
    from wordvec_cli.queries.csls import Neighbourhood

    if len(index) > MANY_FOR_CSLS:
        terminal.note(
            f"--metric csls compares each of {len(index)} words with all of them first; --restrict-vocab "
            f"{MANY_FOR_CSLS} is quicker"
        )
    return Neighbourhood.within(index, terminal.report)


def _named(words: Sequence[bytes]) -> str:
    """The first of some words, and how many more there are."""
    more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    return ", ".join(repr(shown(word)) for word in words[:MOST_NAMED]) + more


neighbour_options = bundled(
    "wanted", NeighbourOptions,
    click.option(
        "-k", "k", type=click.IntRange(min=1), default=10, show_default=True, metavar="N",
        help="How many answers each question gets.",
    ),
    click.option("--among", metavar="FILE", help="Only the words of this file, one on each line, can be answers."),
    click.option(
        "--restrict-vocab", type=click.IntRange(min=1), metavar="N",
        help="Only the first N words of the vectors can be answers: in most files, the most frequent ones.",
    ),
    min_count_option(None, "Only words that occur at least N times can be answers (the vectors must have counts)."),
    click.option("--include-question", is_flag=True, help="Let words of the question be answers to it too."),
    click.option(
        "--index", "index_file", metavar="FILE",
        help="Look for answers by an index that wordvec index has made of VECTORS; none: by the vectors alone.  "
        "[default: VECTORS.index, if it is there]",
    ),
)  # fmt: skip


class Answering(NamedTuple):
    """Answers questions by neighbours, in their order.

    titles    of the columns; the last is what scores are called
    has_bars  whether answers are lines for people, with bars
    """

    finder: WordFinder
    search: "Search"
    options: QuestionOptions
    titles: Sequence[str]
    terminal: Terminal
    has_bars: bool = False

    def answer(self, reader: QuestionReader) -> int:
        """Write the answers to standard output; the exit status."""
        write_stdout(self.options.table.head(self.titles))
        for batch in reader.batches(self.terminal, self.options.is_null):
            write_stdout(self._lines(map(self._with_direction, map(reader.question_of, batch))))
        return exit_status(self.finder)

    def _with_direction(self, question: Question) -> Question:
        """A question, without its vectors if they are zeros and only their directions count."""
        if self.search.scoring in ("dot", "euclidean") or not question.vectors or question.has_direction:
            return question
        name = shown(b" ".join(question.names))
        self.terminal.note(f"{name!r} has a vector of zeros: no direction, no neighbours")
        return Question(question.names)

    def _lines(self, questions: Iterable[Question]) -> Iterator[bytes]:
        from wordvec_cli.queries.answers import neighbours_of_questions

        for question, neighbours in neighbours_of_questions(questions, self.search, self.search.index.n_threads):
            if question.vectors:
                yield from self._answer(question, neighbours)
            elif self.options.is_blank:
                yield blank(self.options.table, question, len(self.titles), 2, "neighbours")

    def _answer(self, question: Question, neighbours: "Sequence[Neighbour]") -> Iterator[bytes]:
        table, metric, word = self.options.table, self.titles[-1], self.finder.embeddings.vocabulary.word
        if self.has_bars:
            yield from self._bars(question, neighbours)
            return
        if not table.is_json:
            for each in neighbours:
                yield table.row([*question.names, word(each.word_id), figure(each.score, metric)])
            return
        answers = [{"word": as_text(word(each.word_id)), metric: rounded(each.score, metric)} for each in neighbours]
        yield record(table, question, neighbours=answers)

    def _bars(self, question: Question, neighbours: "Sequence[Neighbour]") -> Iterator[bytes]:
        from wordvec_cli.show.bars import bar_lines

        word = self.finder.embeddings.vocabulary.word
        answers = [
            (visible(shown(word(each.word_id))), figure(each.score, self.titles[-1]).decode(), each.score)
            for each in neighbours
        ]
        for line in bar_lines(visible(shown(b" ".join(question.names))), answers):
            yield line.encode() + self.options.table.end
