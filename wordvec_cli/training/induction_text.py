"""The texts that vectors are induced from: read once as word ids, and the groups and documents of their lines."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Note, Report
from wordvec_cli.sequences.documents import number_documents
from wordvec_cli.sequences.groups import NO_GROUP, Groups, read_groups
from wordvec_cli.sequences.word_ids import Sequences, encode_lines
from wordvec_cli.storage.claims import temporary_folder
from wordvec_cli.storage.files import spool_folder, writable
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.corpus_notes import note_invalid_lines, open_corpus
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.induction_order import Apart, InductionOrder
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Numbers = NDArray[np.int32]


class LineKinds(NamedTuple):
    """What lines are parts of.

    names      of the groups, in the order of the results
    reference  the number of that which others are compared with
    groups     (n_lines,) the group of each line, below 0: none
    documents  (n_lines,) the document of each
    """

    names: tuple[str, ...]
    reference: int
    groups: "Ids | Numbers"
    documents: "Ids | Numbers"


def read_texts(
    wanted: InductionOrder, vocabulary: Vocabulary, report: Report, note: Note
) -> tuple[list[Sequences], LineKinds]:
    """The texts as ids, each for itself if each gives a vector, and what their lines, counted through all, are.

    Raises: InputError, OutputError
    """
    folder, apart = spool_folder(wanted.tmp_dir, wanted.output), wanted.apart
    is_by_text = apart is not None and apart.by is None
    parts = [(path,) for path in wanted.corpora] if is_by_text else [tuple(wanted.corpora)]
    corpora = [open_corpus(paths, wanted.tokenizer, folder, note, wanted.files) for paths in parts]
    columns = _Columns(corpora, apart or Apart(), folder, note)
    texts: list[Sequences] = []
    for corpus in corpora:
        texts.append(encode_lines(corpus, vocabulary, wanted.n_threads, report))
        note_invalid_lines(corpus, note, texts[-1].n_sentences)
    return texts, columns.kinds(tuple(map(" ".join, parts)), [text.n_sentences for text in texts])


class _Columns:
    """What columns of tables tell of their rows, read before the text, so that what is wrong with them shows at once.

    Raises: InputError, OutputError
    """

    def __init__(self, corpora: Sequence[Corpus], apart: Apart, folder: Path, note: Note) -> None:
        self._apart, self._note = apart, note
        self._groups: Groups | None = None
        self._documents: Numbers | None = None
        if apart.by is None and apart.document_column is None:
            return
        sources = [source for corpus in corpora for source in corpus.sources]
        rows = Corpus.open(sources, Tokenizer(), folder, corpora[0].files)
        if apart.by is not None:
            self._groups = _in_order(_groups_in_memory(rows, apart.by, folder))
            self._reference = self._number_of_reference(self._groups)
            self._note_groups(self._groups)
        if apart.document_column is not None:
            self._documents = number_documents(rows, apart.document_column, folder)

    def kinds(self, texts: tuple[str, ...], n_lines: Sequence[int]) -> LineKinds:
        """Of the lines of texts. Raises: InputError if they are not as many as the rows were"""
        n = sum(n_lines)
        documents = np.arange(n) if self._documents is None else _of_lines(self._documents, n)
        if self._groups is None:
            return LineKinds(texts, 0, np.repeat(np.arange(len(texts)), n_lines), documents)
        return LineKinds(self._groups.names, self._reference, _of_lines(self._groups.of_lines, n), documents)

    def _number_of_reference(self, groups: Groups) -> int:
        """Raises: InputError"""
        against = self._apart.against
        if against is None:
            return 0
        if against not in groups.names:
            raise InputError(f"--against {against}: is not a value of {groups.column}; its values are: {groups.named}")
        return groups.names.index(against)

    def _note_groups(self, groups: Groups) -> None:
        names = groups.names
        reference = names[self._reference]
        self._note(f"--by {groups.column}: {len(names)} groups: {groups.named}; each is compared with {reference}")
        if groups.n_without:
            self._note(f"{counted(groups.n_without, 'row')} without {groups.column}: only the map is learnt from them")


def _groups_in_memory(rows: Corpus, column: str, folder: Path) -> Groups:
    """Raises: InputError, OutputError"""
    with writable(f"{folder} (temporary files)"), temporary_folder(folder) as room:
        groups = read_groups(rows, column, Path(room))
        return replace(groups, of_lines=np.array(groups.of_lines))  # else the map of a file that goes


def _in_order(groups: Groups) -> Groups:
    """By value where all names are numbers; else as they are, in byte order."""
    try:
        values = [float(name) for name in groups.names]
    except ValueError:
        return groups
    if not all(map(math.isfinite, values)):
        return groups
    order = sorted(range(len(values)), key=values.__getitem__)
    rank = np.full(len(order) + 1, NO_GROUP, np.int32)
    rank[order] = np.arange(len(order))
    return replace(groups, names=tuple(groups.names[i] for i in order), of_lines=rank[groups.of_lines])


def _of_lines(of_rows: "Numbers", n_lines: int) -> "Numbers":
    """Raises: InputError if there are not as many lines as rows"""
    if len(of_rows) != n_lines:
        raise InputError(
            f"the corpus had {counted(len(of_rows), 'row')} and has {n_lines} now; do not change it meanwhile"
        )
    return of_rows
