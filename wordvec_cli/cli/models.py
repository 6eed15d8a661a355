"""Questions to several vector files, or to a folder of them: the answers are means over all, with their spread."""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from wordvec_cli.cli.missing import exit_status, word_finder
from wordvec_cli.cli.neighbours import NeighbourOptions
from wordvec_cli.cli.options import Decorator, combined
from wordvec_cli.cli.output import write_stdout
from wordvec_cli.cli.questions import QuestionOptions, QuestionReader, blank, figure, record, rounded
from wordvec_cli.cli.terminal import Terminal
from wordvec_cli.cli.vectors import VectorSource
from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.parallel import prefer_many_products
from wordvec_cli.queries.questions import Question
from wordvec_cli.queries.word_finder import WordFinder
from wordvec_cli.text.decoding import as_text, shown

if TYPE_CHECKING:
    from wordvec_cli.queries.models import Models
    from wordvec_cli.queries.models_nearest import CommonNeighbour, CommonSearch
    from wordvec_cli.queries.spread import Spread
    from wordvec_cli.vectors.embeddings import Embeddings

SPREAD_TITLES = ("sd", "low", "high")
RANK_TITLES = ("best_rank", "worst_rank")
MakeReader = Callable[[WordFinder, Terminal], QuestionReader]

_also_option = click.option(
    "--also", "others", multiple=True, metavar="FILE",
    help="Ask this vector file too (repeat the option for each), as a folder in the place of VECTORS asks all of its "
    "files: answers are means over them, with standard deviation, 95% interval and range of ranks.",
)  # fmt: skip


def vectors_to_ask(words: str | None = None) -> Decorator:
    """The vector files that a command asks, VECTORS and those of --also, as one argument: `paths`.

    words  how the usage shows the words that it asks about, which follow VECTORS; None: it asks about none
    """
    about = [] if words is None else [click.argument("words", nargs=-1, metavar=words)]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def with_paths(*arguments: Any, vectors: str, others: tuple[str, ...], **rest: Any) -> Any:
            return function(*arguments, paths=(vectors, *others), **rest)

        return combined(click.argument("vectors"), *about, _also_option)(with_paths)

    return decorate


# ---------------------------------------------------------------- opening


def opened_models(
    paths: Sequence[str],
    source: VectorSource,
    terminal: Terminal,
    vocabulary: str | None = None,
    is_one_kind: bool = True,
) -> "Models | None":
    """The vectors of several files, or of a folder; None if there is just one file, or a folder that is one.

    is_one_kind  whether all are trainings of one kind: of one size, and what differs otherwise is noted
    Raises: InputError, OptionError, which name the file that is not like the others
    """
    from wordvec_cli.formats.folders import holds_models, vector_paths

    if len(paths) == 1 and not holds_models(paths[0]):
        return None
    from wordvec_cli.queries.models import models_of

    prefer_many_products()
    names = [name for path in paths for name in vector_paths(path)]
    models = models_of(names, _opened(names, source, terminal, vocabulary), is_one_kind)
    _note_copies(models, terminal)
    if is_one_kind:
        note_other_trainings(models.names, models.vectors, terminal)
    return models


def opened_each(
    paths: Sequence[str], source: VectorSource, terminal: Terminal, vocabulary: str | None = None
) -> "Sequence[Embeddings]":
    """The vectors of one file, or of each as `opened_models` has them. Raises: InputError, OptionError"""
    models = opened_models(paths, source, terminal, vocabulary)
    return (source.open(paths[0], terminal, vocabulary, is_again=True),) if models is None else models.vectors


def opened_periods(paths: Sequence[str], source: VectorSource, terminal: Terminal) -> "list[list[Embeddings]]":
    """The vectors of each of several files or folders.

    Raises: InputError, OptionError, which name the file that is not like the others of its folder; UsageError if there
    is one period
    """
    from wordvec_cli.formats.folders import vector_paths
    from wordvec_cli.queries.models import models_of

    if len(paths) < 2:
        raise click.UsageError("name the vectors of two periods, or of more")
    prefer_many_products()
    periods = []
    for path in paths:
        names = vector_paths(path)
        vectors = _opened(names, source, terminal, None)
        if len(names) > 1:
            note_other_trainings(names, models_of(names, vectors).vectors, terminal)
        periods.append(vectors)
    return periods


def _opened(
    names: Sequence[str], source: VectorSource, terminal: Terminal, vocabulary: str | None
) -> "list[Embeddings]":
    vectors = []
    for name in names:
        try:
            vectors.append(source.open(name, terminal, vocabulary))
        except InputError as error:
            raise type(error)(str(error) if str(error).startswith(name) else f"{name}: {error}") from None
    return vectors


def _note_copies(models: "Models", terminal: Terminal) -> None:
    """Say which file is another one again: copies agree, so that what they say of the spread is too little."""
    seen: dict[str, str] = {}
    for name, each in zip(models.names, models.vectors, strict=True):
        content = each.metadata.get("checksum") or os.path.realpath(name)
        if first := seen.get(content):
            terminal.note(f"{name}: is the same as {first}, so that intervals are too narrow; leave one of them out")
            return
        seen[content] = name


def note_other_trainings(names: Sequence[str], vectors: "Sequence[Embeddings]", terminal: Terminal) -> None:
    """Say which file was trained in another way than the first: what differs is not of seeds and texts alone."""
    from wordvec_cli.evaluation.comparison import differing_options

    groups = list(dict.fromkeys(each.metadata["group"] for each in vectors if "group" in each.metadata))
    if len(groups) > 1:
        named = f"{counted(len(groups), 'group')} of a corpus, from {groups[0]} to {groups[-1]}"
        terminal.note(
            f"{named}: the spread is that between them, and says nothing of chance; ask each by its file, or two by "
            "wordvec change"
        )
    for name, each in zip(names[1:], vectors[1:], strict=True):
        differing = [text for text in differing_options(vectors[0], each) if not text.startswith("seed ")]
        if differing:
            terminal.note(f"{name}: was trained in another way than {names[0]} ({', '.join(differing)})")
            return


# ---------------------------------------------------------------- asking


class _Silent(Terminal):
    """For all models but the first: what is said of a question is said once."""

    def note(self, text: str, **fields: object) -> None: ...

    def failure(self, text: str) -> None: ...


class ModelQuestions:
    """Reads questions once, and makes of each what every model needs to answer it."""

    def __init__(self, models: "Models", make_reader: MakeReader, options: QuestionOptions, terminal: Terminal) -> None:
        self._terminal, self._options = terminal, options
        terminals = [terminal, *[_Silent() for _ in models.names[1:]]]
        self.finders = [
            word_finder(name, vectors, told, options.vocab, options.missing)
            for name, vectors, told in zip(models.names, models.vectors, terminals, strict=True)
        ]
        self._readers = [make_reader(*each) for each in zip(self.finders, terminals, strict=True)]

    def batches(self) -> Iterator[list[tuple[Question, ...]]]:
        for batch in self._readers[0].batches(self._terminal, self._options.is_null):
            yield [tuple(reader.question_of(words) for reader in self._readers) for words in batch]

    @property
    def status(self) -> int:
        return exit_status(self.finders[0])


class CommonAnswering(NamedTuple):
    """Answers questions by the neighbours that several models give them.

    titles  of the columns of a question, and of the answer's word
    """

    questions: ModelQuestions
    search: "CommonSearch"
    options: QuestionOptions
    titles: Sequence[str]
    terminal: Terminal

    def answer(self) -> int:
        """Write the answers to standard output; the exit status."""
        from wordvec_cli.queries.models_nearest import common_neighbours

        titles = (*self.titles, "cosine", *SPREAD_TITLES, *RANK_TITLES)
        write_stdout(self.options.table.head(titles))
        for batch in self.questions.batches():
            posed = list(map(self._with_direction, batch))
            answers = common_neighbours(posed, self.search)
            write_stdout(self._lines(posed, answers, len(titles)))
        return self.questions.status

    def _with_direction(self, asked: tuple[Question, ...]) -> tuple[Question, ...]:
        if not asked[0].vectors or all(each.has_direction for each in asked):
            return asked
        name = shown(b" ".join(asked[0].names))
        self.terminal.note(f"{name!r} has a vector of zeros: no direction, no neighbours")
        return tuple(Question(each.names) for each in asked)

    def _lines(
        self, posed: Sequence[tuple[Question, ...]], answers: "Iterator[list[CommonNeighbour]]", n_columns: int
    ) -> Iterator[bytes]:
        table = self.options.table
        for (question, *_), neighbours in zip(posed, answers, strict=True):
            if not question.vectors:
                if self.options.is_blank:
                    yield blank(table, question, n_columns, n_columns - len(self.titles) + 1, "neighbours")
            elif table.is_json:
                found = [self._object(each) for each in neighbours]
                yield record(table, question, models=len(self.search.models), neighbours=found)
            else:
                yield from (table.row([*question.names, *self._cells(each)]) for each in neighbours)

    def _word(self, neighbour: "CommonNeighbour") -> bytes:
        return self.search.models.vocabulary.word(neighbour.word_id)

    def _cells(self, each: "CommonNeighbour") -> list[bytes]:
        return [self._word(each), *spread_cells(each.cosine), *(b"%d" % rank for rank in each.ranks)]

    def _object(self, each: "CommonNeighbour") -> dict[str, Any]:
        return {"word": as_text(self._word(each)), **spread_fields("cosine", each.cosine), "ranks": list(each.ranks)}


def common_search(
    models: "Models", wanted: NeighbourOptions, terminal: Terminal, threshold: float | None = None
) -> "CommonSearch":
    """How neighbours are found, as the options say. Raises: InputError"""
    from wordvec_cli.queries.models_nearest import CommonSearch

    ids = wanted.answer_ids(models.vocabulary, terminal)
    return CommonSearch(models, wanted.k, ids, threshold, wanted.include_question)


# ---------------------------------------------------------------- printing


def spread_cells(spread: "Spread", metric: str = "cosine") -> list[bytes]:
    """The mean, the standard deviation and the interval, for a table."""
    return [figure(value, metric) for value in spread[:4]]


def spread_fields(name: str, spread: "Spread", metric: str = "cosine") -> dict[str, Any]:
    """The same for JSON, the mean under a name."""
    mean, sd, low, high = (rounded(value, metric) for value in spread[:4])
    return {name: mean, "sd": sd, "interval": [low, high]}
