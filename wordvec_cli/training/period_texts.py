"""The texts of several periods as word ids with one vocabulary, and how a vector file says that they are trained on."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report
from wordvec_cli.sequences.documents import read_documents
from wordvec_cli.sequences.word_ids import Sequences, count_tokens
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.file_options import FileOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.estimate.machine import available_memory
from wordvec_cli.training.estimate.totals import estimated
from wordvec_cli.training.folder_preparation import TextPreparation
from wordvec_cli.training.glove import GLOVE, PAIR_OPTIONS
from wordvec_cli.training.inputs import Inputs, read_inputs
from wordvec_cli.training.like import recorded_options
from wordvec_cli.training.models import Config
from wordvec_cli.training.options import option_name
from wordvec_cli.training.order import Order, settled
from wordvec_cli.training.planning import Counted, Planner
from wordvec_cli.training.prepared_run import PreparedRun
from wordvec_cli.vectors import native
from wordvec_cli.vectors.embeddings import Embeddings, recorded
from wordvec_cli.vectors.transform.run import STEPS_KEY
from wordvec_cli.vocabulary.file import VocabularyFile
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

# What a training may have done that is not done again, by the keys of the metadata that tell it.
NOT_REPEATED = {
    "init": "--init", "engine": "--engine gensim", "best_epoch": "--early-stopping",
    STEPS_KEY: "what was done to the vectors later",
}  # fmt: skip
_DOCUMENTS_OF = "documents of "  # as the metadata of a bootstrap begins


class PeriodOrder(NamedTuple):
    """Texts of periods.

    corpora  of each period one, a document a line
    like     a vector file that says how to train
    document_column  of tables, whose rows with one value are one document; None: as `like` says, else each row is one
    """

    corpora: tuple[str, ...]
    like: str
    n_threads: int = 1
    tmp_dir: str | None = None
    document_column: str | None = None


class PeriodTexts(NamedTuple):
    """The texts, one after the other.

    periods    (n_documents,) the period of each document, from 0
    documents  (n_lines,) the document of each line; None: each line is one
    config     with which a period is trained
    n_at_once  trainings that memory has room for, up to the number of threads
    """

    sequences: Sequences
    vocabulary: Vocabulary
    periods: "Ids"
    documents: "NDArray[np.int32] | None"
    config: Config
    n_at_once: int

    @property
    def n_periods(self) -> int:
        return int(self.periods[-1]) + 1


def encoded(wanted: PeriodOrder, folder: Path, report: Report, note: Note) -> PeriodTexts:
    """Count and encode the texts. Raises: InputError, OptionError, OutputError"""
    like, table = native.load(wanted.like), _options(wanted.like)
    files = _files(wanted.like, like)
    corpora = [Corpus.open([path], Tokenizer(), folder, files) for path in wanted.corpora]
    sources = tuple(source for corpus in corpora for source in corpus.sources)
    options = {"corpus": sources, "files": files, "like": wanted.like, "tmp_dir": str(folder)}
    order, inputs = _order(like, table, {**options, "threads": wanted.n_threads}, note)
    _note_not_repeated(wanted.like, like, note)
    text = TextPreparation(order, inputs, (), report, note).run(folder)
    opened = [replace(corpus, tokenizer=inputs.tokenizer or Tokenizer()) for corpus in corpora]
    lines = _numbers_of_lines(wanted, opened, text, report)
    documents, periods = None, np.repeat(np.arange(len(lines)), lines)
    if column := wanted.document_column or _document_column(like):
        documents, periods = _documents(opened, lines, column, folder)
    config = order.config.settled_for(text.n_tokens // len(lines))
    n_at_once = _n_at_once(order, text, wanted.n_threads)
    return PeriodTexts(text.sequences, text.vocabulary, periods, documents, config, n_at_once)


def _options(like: str) -> dict[str, Any]:
    """How all periods are trained. Raises: InputError if a vector file does not say what decides the result"""
    table = recorded_options(like)
    if table.get("model") == GLOVE and (unknown := [name for name in PAIR_OPTIONS if name not in table]):
        names = ", ".join(map(option_name, unknown))
        raise InputError(
            f"{like}: does not say {names}, as its pairs were counted elsewhere, so that its training cannot be "
            "repeated; train on the corpus"
        )
    return table


def _note_not_repeated(path: str, like: Embeddings, note: Note) -> None:
    left_out = [name for key, name in NOT_REPEATED.items() if key in like.metadata]
    if left_out:
        note(f"{path}: {', '.join(left_out)} of it is not repeated; all periods are trained without")


def _order(like: Embeddings, table: Mapping[str, Any], options: dict[str, Any], note: Note) -> tuple[Order, Inputs]:
    if table.get("min_count") is not None:
        order = settled(options)
        return order, read_inputs(order, note)
    order = settled({**options, "min_count": 1})  # it was trained with a vocabulary file, whose words it has
    inputs = read_inputs(order, note)
    order = replace(order, min_count=None, vocab=options["like"])
    return order, replace(inputs, vocabulary_file=VocabularyFile(like.vocabulary, inputs.tokenizer, None))


def _files(path: str, like: Embeddings) -> FileOptions:
    """How the corpus of the vectors was read. Raises: InputError if that cannot be"""
    table = recorded(like.metadata, "corpus_files")
    several = [table.get(name, []) for name in ("text_column", "include", "exclude")]
    single = [table.get(name) for name in ("corpus_format", "encoding")]
    if all(isinstance(each, str) or each is None for each in single) and all(map(_is_texts, several)):
        columns, include, exclude = map(tuple, several)
        with suppress(OptionError):
            return FileOptions(single[0], columns, single[1], include, exclude)
    raise InputError(f"{path}: says that its corpus was read in a way that cannot be; the file is damaged, train again")


def _is_texts(given: object) -> bool:
    return isinstance(given, list) and all(isinstance(each, str) for each in given)


def _numbers_of_lines(
    wanted: PeriodOrder, corpora: Sequence[Corpus], text: PreparedRun, report: Report
) -> "NDArray[np.int64]":
    """Of each period. Raises: InputError if one has none"""
    found = [count_tokens(each, text.vocabulary, wanted.n_threads, report).n_lines for each in corpora[:-1]]
    lines = np.array([*found, text.sequences.n_sentences - sum(found)], np.int64)
    if lines.min() <= 0:
        raise InputError(
            f"{wanted.corpora[int(lines.argmin())]}: holds no lines; name the texts of all periods with --corpus"
        )
    return lines


def _document_column(like: Embeddings) -> str | None:
    drawn = like.metadata.get("bootstrap", "")
    return drawn.removeprefix(_DOCUMENTS_OF) if drawn.startswith(_DOCUMENTS_OF) else None


def _documents(corpora: Sequence[Corpus], lines: "Ids", column: str, folder: Path) -> "tuple[NDArray[np.int32], Ids]":
    """The document of each line, and the period of each document: those of two periods are never one.

    Raises: InputError
    """
    of_lines, of_periods, n_before = [], [], 0
    for corpus, n_lines in zip(corpora, lines.tolist(), strict=True):
        found = read_documents(corpus, column, folder)
        if len(found.of_lines) != n_lines:
            told = f"{counted(n_lines, 'line')} and {counted(len(found.of_lines), 'row')}"
            raise InputError(f"{corpus.paths[0]}: has {told}, and must not change meanwhile")
        of_lines.append(np.array(found.of_lines) + np.int32(n_before))
        of_periods.append(found.n)
        n_before += found.n
    return np.concatenate(of_lines), np.repeat(np.arange(len(of_periods)), of_periods)


def _n_at_once(order: Order, text: PreparedRun, n_threads: int) -> int:
    counted_words = Counted.of_sequences(text.vocabulary, text.sequences)
    plan = Planner(order, Tokenizer(), ()).plan(counted_words, is_encoded=True)
    free = available_memory()
    return n_threads if free is None else min(n_threads, max(1, free // max(estimated(plan).memory_to_come_bytes, 1)))
