"""Induced vectors of some words: read the texts, learn the map, make the vectors, test how far groups are apart."""

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted, listed
from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.text.decoding import as_bytes, shown
from wordvec_cli.training.group_difference import FEWEST, Difference, Uses, difference, uses_of_groups
from wordvec_cli.training.inducing import Places, induction_map, surroundings
from wordvec_cli.training.induction_order import Apart, InductionOrder
from wordvec_cli.training.induction_text import LineKinds, read_texts
from wordvec_cli.vectors import native
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]

N_NEIGHBOURS = 5
MOST_NAMED = 12  # texts or groups, in a note


class InducedWord(NamedTuple):
    """A word as a group has it.

    group   a value of a column, the path of a text, or the paths of all
    vector  (dim,); None: it stands nowhere among words that have vectors
    test    against the group that others are compared with; None: it is that one, or one of the two has no vector
    """

    word: bytes
    group: str
    n_places: int
    n_documents: int
    vector: "Exact | None"
    neighbours: list[bytes]
    test: Difference | None


def induce(
    vectors: Embeddings, wanted: InductionOrder, report: Report = silent, note: Note = ignore
) -> list[InducedWord]:
    """The words, each in all texts, in each of them, or in each group of their rows. Raises: InputError, OutputError"""
    found = _Induction(vectors, wanted, report, note).run()
    if wanted.output is not None:
        _write(wanted.output, found, wanted.apart)
    return found


def named_by_group(found: Sequence[InducedWord], apart: Apart | None) -> list[bytes]:
    """The names of the vectors: the words, or word@group; of texts the names of the files, if these differ."""
    if apart is None:
        return [each.word for each in found]
    groups = {each.group: each.group for each in found}
    if apart.by is None:
        files = {path: os.path.basename(path) or path for path in groups}
        groups = files if len({*files.values()}) == len(files) else groups
    return [each.word + b"@" + as_bytes(groups[each.group]) for each in found]


class _Induction:
    """What all words and groups share."""

    def __init__(self, vectors: Embeddings, wanted: InductionOrder, report: Report, note: Note) -> None:
        self._wanted, self._report, self._note = wanted, report, note
        self._matrix = np.ascontiguousarray(vectors.rows(slice(0, len(vectors.vocabulary))), np.float32)
        self._words = list(dict.fromkeys(wanted.words))
        self._vocabulary = _with_words(vectors.vocabulary, self._words)
        self._index = Index(vectors)

    def run(self) -> list[InducedWord]:
        """Raises: InputError, OutputError"""
        if n_odd := int((~np.isfinite(self._matrix).all(axis=1)).sum()):
            words = counted(n_odd, "word")
            self._note(f"{words} with numbers that are not finite are taken for words without a vector")
        asked = np.array([self._vocabulary.find(word) for word in self._words], np.int64)
        texts, kinds = read_texts(self._wanted, self._vocabulary, self._report, self._note)
        window, n_threads = self._wanted.window, self._wanted.n_threads
        around = [surroundings(text, self._matrix, window, asked, n_threads) for text in texts]
        turn = induction_map(around, self._matrix, asked, self._note)
        places = _of_all([each.places for each in around], [text.n_sentences for text in texts])
        found = []
        for word, word_id in zip(self._words, asked.tolist(), strict=True):
            uses = _uses(places, word_id, kinds, turn)
            self._note_missing(word, kinds.names, uses)
            neighbours = self._neighbours(uses, word_id)
            for number, (name, use) in enumerate(zip(kinds.names, uses, strict=True)):
                vector = use.vector if use.n_places else None
                test = self._tested(uses[kinds.reference], use) if number != kinds.reference else None
                sizes = use.n_places, len(use.documents)
                found.append(InducedWord(word, name, *sizes, vector, neighbours[number], test))
        self._note_few_documents(found)
        return found

    def _tested(self, reference: Uses, other: Uses) -> Difference | None:
        apart = self._wanted.apart
        if apart is None or not reference.n_places or not other.n_places:
            return None
        return difference(reference, other, apart.n_shuffled, apart.seed)

    def _neighbours(self, uses: Sequence[Uses], word_id: int) -> list[list[bytes]]:
        """Of the word's vector in each group, nearest first; none where it has no vector."""
        there = [use for use in uses if use.n_places]
        if not there:
            return [[] for _ in uses]
        question = Cosine(np.array([use.vector for use in there], np.float32))
        lists = iter(nearest(self._index, question, N_NEIGHBOURS, [frozenset([word_id])] * len(there)).lists())
        vocabulary = self._index.embeddings.vocabulary
        return [[vocabulary.word(each.word_id) for each in next(lists)] if use.n_places else [] for use in uses]

    def _note_missing(self, word: bytes, names: Sequence[str], uses: Sequence[Uses]) -> None:
        missing = [name for name, use in zip(names, uses, strict=True) if not use.n_places]
        if missing:
            named = listed(missing, MOST_NAMED)
            self._note(f"{shown(word)!r} stands nowhere in {named} among words that have vectors")

    def _note_few_documents(self, found: Sequence[InducedWord]) -> None:
        tests = [each.test for each in found if each.test is not None]
        n_without = sum(math.isnan(test.se) for test in tests)
        if n_without:
            self._note(
                f"no interval for {n_without} of {len(tests)} distances: that takes {FEWEST} documents (rows, or what "
                "--document-column tells) with the word in each of the two groups"
            )


def _with_words(vocabulary: Vocabulary, words: Sequence[bytes]) -> Vocabulary:
    """The vocabulary, and after it the words that it lacks."""
    new = [word for word in words if vocabulary.find(word) is None]
    return Vocabulary.from_words([*vocabulary, *new]) if new else vocabulary


def _of_all(places: Sequence[Places], n_lines: Sequence[int]) -> Places:
    """The places of all texts, their lines counted through."""
    starts = np.cumsum([0, *n_lines[:-1]])
    lines = [each.lines + start for each, start in zip(places, starts, strict=True)]
    words, means = ([each.words for each in places], [each.means for each in places])
    return Places(np.concatenate(words), np.concatenate(lines), np.concatenate(means))


def _uses(places: Places, word_id: int, kinds: LineKinds, turn: "Exact") -> list[Uses]:
    """The uses of a word in each group, mapped."""
    is_here = places.words == word_id
    lines = places.lines[is_here]
    found = uses_of_groups(kinds.groups[lines], kinds.documents[lines], places.means[is_here], len(kinds.names))
    return [use._replace(sums=use.sums @ turn) for use in found]


def _write(path: str, found: Sequence[InducedWord], apart: Apart | None) -> None:
    """Write a native file. Raises: InputError, OutputError"""
    made = [(each, name) for each, name in zip(found, named_by_group(found, apart), strict=True) if each.n_places]
    if not made:
        raise InputError(f"{path}: no word has a vector, there is nothing to write")
    if len({name for _, name in made}) < len(made):
        raise InputError(f"{path}: a text is named twice, so that its vectors would have one name; name it once")
    rows = np.array([each.vector for each, _ in made], np.float32)
    vocabulary = Vocabulary.from_words([name for _, name in made], [each.n_places for each, _ in made])
    native.save(path, vocabulary, rows, {})
