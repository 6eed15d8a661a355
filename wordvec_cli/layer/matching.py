"""Finding the words of one vocabulary among those of a vector file: exactly, then in other forms."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordvec_cli.errors import OptionError
from wordvec_cli.text.decoding import as_bytes, as_text
from wordvec_cli.text.words import back_to_back
from wordvec_cli.vocabulary.id_table import id_table
from wordvec_cli.vocabulary.vocabulary import Vocabulary

# ---------------------------------------------------------------- ways of matching

_FORMS: Mapping[str, Callable[[str], list[str]]] = {
    "normalise": lambda word: [unicodedata.normalize(form, word) for form in ("NFC", "NFKC", "NFD")],
    "lowercase": lambda word: [word.lower()],
    "capitalise": lambda word: [word[:1].upper() + word[1:]],
    "uppercase": lambda word: [word.upper()],
    "digits": lambda word: [re.sub(r"\d", "#", word)],
}
EXACT, SUBWORD, NONE = "exact", "subword", "missing"
MATCHES = (*_FORMS, SUBWORD)


@dataclass(frozen=True)
class Matching:
    """How a word of the vocabulary is looked for among the vectors: exactly, then in the ways of `names`, in turn.

    A way is tried on the word and on what the ways before it have made of it.
    Raises: OptionError if there is no such way
    """

    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in self.names:
            if name not in MATCHES:
                raise OptionError(f"--match {name}: is not one of {', '.join(MATCHES)}")

    @property
    def composes(self) -> bool:
        """Whether a word may get a vector that is made of its parts."""
        return SUBWORD in self.names

    def forms(self, word: bytes) -> Iterator[tuple[str, bytes]]:
        """What to look for, and the way that led there, the best first."""
        yield EXACT, word
        if not self.names:
            return
        seen = {word: as_text(word)}
        for name in self.names:
            if name == SUBWORD:
                continue
            for text in list(seen.values()):
                for form in _FORMS[name](text):
                    if (encoded := as_bytes(form)) not in seen:
                        seen[encoded] = form
                        yield name, encoded


class Match(NamedTuple):
    """Which of other words each word of a vocabulary is taken for.

    kinds  for each word EXACT, the name of a way, SUBWORD, or NONE
    ids    (n_words,) of the other words, -1 where none of them matches
    """

    kinds: Sequence[str]
    ids: NDArray[np.int64]


def wanted_forms(vocabulary: Vocabulary, matching: Matching) -> frozenset[bytes]:
    """All that may be looked for."""
    return frozenset(form for word in vocabulary for _, form in matching.forms(word))


def match(vocabulary: Vocabulary, others: Vocabulary, matching: Matching) -> Match:
    """Find each word of `vocabulary` among `others`."""
    forms = [list(matching.forms(word)) for word in vocabulary]
    found = id_table(others).find(*back_to_back([form for each in forms for _, form in each])).tolist()
    kinds, ids, first = [NONE] * len(forms), np.full(len(forms), -1), 0
    for i, each in enumerate(forms):
        for (kind, _), word_id in zip(each, found[first : first + len(each)], strict=True):
            if word_id >= 0:
                kinds[i], ids[i] = kind, word_id
                break
        first += len(each)
    return Match(kinds, ids)


# ---------------------------------------------------------------- coverage


class Coverage(NamedTuple):
    """How many words were matched in one way.

    n_tokens  how often they occur; None if the vocabulary has no counts
    """

    kind: str
    n_words: int
    n_tokens: int | None


def coverage(vocabulary: Vocabulary, kinds: Sequence[str]) -> list[Coverage]:
    """Of each way of matching that there was, in the order of the ways."""
    words = Counter(kinds)
    tokens: Counter[str] = Counter()
    if vocabulary.counts is not None:
        for kind, count in zip(kinds, np.asarray(vocabulary.counts).tolist(), strict=True):
            tokens[kind] += count
    ways = (kind for kind in (EXACT, *MATCHES, NONE) if words[kind])
    return [Coverage(kind, words[kind], None if vocabulary.counts is None else tokens[kind]) for kind in ways]


def most_frequent_missing(vocabulary: Vocabulary, kinds: Sequence[str], n: int) -> list[bytes]:
    """The first `n` words without a vector, by count, or by their order if there are no counts."""
    ids = np.array([i for i, kind in enumerate(kinds) if kind == NONE], np.int64)
    if vocabulary.counts is not None:
        ids = ids[np.argsort(-np.asarray(vocabulary.counts)[ids], kind="stable")]
    return [vocabulary.word(i) for i in ids[:n].tolist()]
