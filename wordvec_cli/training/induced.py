"""Induced vectors of some words: read the texts, learn the map, make the vectors, test how far groups are apart."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Note, Report, ignore, silent
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.sequences.word_ids import encode_lines
from wordvec_cli.storage.files import check_output, spool_folder
from wordvec_cli.text.corpus import Corpus
from wordvec_cli.text.decoding import shown
from wordvec_cli.text.file_options import AS_NAMED, FileOptions
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.training.inducing import GroupTest, Places, Surroundings, compare_groups, induction_map, surroundings
from wordvec_cli.vectors import native
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Exact = NDArray[np.float64]
    Ids = NDArray[np.int64]
    _Side = tuple[Exact, Ids]  # the vectors of a word's places in a text, and their lines

N_NEIGHBOURS = 5


class InductionOrder(NamedTuple):
    """What is made of which texts.

    are_apart  whether each text gives a vector of its own, and these are compared with the first's
    n_shuffled how often lines are shuffled for that
    """

    corpora: Sequence[str]
    words: Sequence[bytes]
    tokenizer: Tokenizer = Tokenizer()
    files: FileOptions = AS_NAMED
    window: int = 6
    are_apart: bool = False
    n_shuffled: int = 999
    seed: int = 1
    n_threads: int = 1
    tmp_dir: str | None = None
    output: str | None = None


class InducedWord(NamedTuple):
    """A word as a text has it.

    vector  (dim,); None: it stands nowhere among words that have vectors
    test    against the first text; None: it is that, or there is no other
    """

    word: bytes
    text: str
    n_places: int
    vector: "Exact | None"
    neighbours: list[bytes]
    test: GroupTest | None


def induce(
    vectors: Embeddings, wanted: InductionOrder, report: Report = silent, note: Note = ignore
) -> list[InducedWord]:
    """The words, each in all texts or in each of them. Raises: InputError, OutputError"""
    if wanted.output is not None:
        check_output(wanted.output)
    whole = _Induction(vectors, wanted, report).run(note)
    for each in (each for each in whole if not each.n_places):
        note(f"{shown(each.word)!r} stands nowhere in {each.text} among words that have vectors")
    if wanted.output is not None:
        _write(wanted.output, whole, wanted.are_apart)
    return whole


class _Induction:
    """What all words and texts share."""

    def __init__(self, vectors: Embeddings, wanted: InductionOrder, report: Report) -> None:
        self._wanted, self._report = wanted, report
        self._matrix = np.ascontiguousarray(vectors.rows(slice(0, len(vectors.vocabulary))), np.float32)
        self._words = list(dict.fromkeys(wanted.words))
        self._vocabulary = _with_words(vectors.vocabulary, self._words)
        self._index = Index(vectors)

    def run(self, note: Note) -> list[InducedWord]:
        """Raises: InputError, OutputError"""
        wanted = self._wanted
        asked = np.array([self._vocabulary.find(word) for word in self._words], np.int64)
        groups = [(path,) for path in wanted.corpora] if wanted.are_apart else [tuple(wanted.corpora)]
        texts = [self._read(group, asked) for group in groups]
        turn = induction_map(texts, self._matrix, asked, note)
        found: list[InducedWord] = []
        for word, word_id in zip(self._words, asked.tolist(), strict=True):
            sides = [_places(text.places, word_id, turn) for text in texts]
            for number, (paths, side) in enumerate(zip(groups, sides, strict=True)):
                test = self._tested(sides[0], side) if number else None
                vector = side[0].mean(axis=0) if len(side[0]) else None
                near = [] if vector is None else self._neighbours(vector, word_id)
                found.append(InducedWord(word, " ".join(paths), len(side[0]), vector, near, test))
        return found

    def _read(self, paths: tuple[str, ...], asked: "Ids") -> Surroundings:
        wanted = self._wanted
        corpus = Corpus.open(paths, wanted.tokenizer, spool_folder(wanted.tmp_dir, wanted.output), wanted.files)
        sequences = encode_lines(corpus, self._vocabulary, wanted.n_threads, self._report)
        return surroundings(sequences, self._matrix, wanted.window, asked)

    def _tested(self, first: "_Side", other: "_Side") -> GroupTest | None:
        if not len(first[0]) or not len(other[0]):
            return None
        wanted = self._wanted
        return compare_groups(first[0], other[0], (first[1], other[1]), wanted.n_shuffled, wanted.seed)

    def _neighbours(self, vector: "Exact", word_id: int) -> list[bytes]:
        question = Cosine(vector[None].astype(np.float32))
        (found,) = nearest(self._index, question, N_NEIGHBOURS, [frozenset([word_id])]).lists()
        return [self._index.embeddings.vocabulary.word(each.word_id) for each in found]


def _with_words(vocabulary: Vocabulary, words: Sequence[bytes]) -> Vocabulary:
    """The vocabulary, and after it the words that it lacks."""
    new = [word for word in words if vocabulary.find(word) is None]
    return Vocabulary.from_words([*vocabulary, *new]) if new else vocabulary


def _places(places: Places, word_id: int, turn: "Exact") -> "_Side":
    is_here = places.words == word_id
    rows: Exact = places.means[is_here] @ turn
    return rows, places.lines[is_here]


def _write(path: str, found: Sequence[InducedWord], are_apart: bool) -> None:
    """Write a native file; of several texts, words are called word@text. Raises: InputError, OutputError"""
    made = [each for each in found if each.vector is not None]
    if not made:
        raise InputError(f"{path}: no word has a vector, there is nothing to write")
    names = [each.word + (b"@" + Path(each.text).name.encode() if are_apart else b"") for each in made]
    rows = np.array([each.vector for each in made], np.float32)
    native.save(path, Vocabulary.from_words(names, [each.n_places for each in made]), rows, {})
