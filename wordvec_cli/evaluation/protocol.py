"""The rules of an evaluation: which words are looked at, how they are compared, and what unknown ones count."""

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from wordvec_cli.evaluation.bootstrap import CONFIDENCE, Resampling
from wordvec_cli.queries.analogies import Method
from wordvec_cli.text.decoding import as_bytes, as_text

if TYPE_CHECKING:
    from wordvec_cli.vocabulary.vocabulary import Vocabulary

Case = Literal["prefer", "fold", "ascii", "lower", "keep"]

NORMALISATION = "vectors at length 1"


@dataclass(frozen=True)
class Protocol:
    """Which questions count, and how they are answered; always by cosines. Each tool's own rules are in `PROTOCOLS`.

    max_words      only the first `max_words` words of the vocabulary are known and can be answers; None: all
    case           how words are compared. prefer: a word as it is written, else the first in the vocabulary that
                   differs in case only; fold: always ignore case, the first such word counts; ascii: the same, for A to
                   Z only; lower: words of the set in lower case, words of the vocabulary as they are; keep: both as
                   they are
    unknown_words  what happens to a question with an unknown word. skip: it is left out, and the coverage falls; wrong:
                   it counts as cosine 0, or as a wrong answer
    method, n_candidates, is_above_zero  for analogies, as in `Asking`
    composes       whether an unknown word of a pair gets a vector made of its parts, where the vectors can make one
    """

    max_words: int | None
    case: Case
    unknown_words: Literal["skip", "wrong"] = "skip"
    method: Method = "3cosadd"
    n_candidates: int | None = None
    is_above_zero: bool = False
    composes: bool = False


# Sources: gensim's keyedvectors.py (4.4), GloVe's eval/python/evaluate.py (52f7dbc), word2vec's compute-accuracy.c
# (20c129a).
PROTOCOLS = {
    "wordvec": Protocol(max_words=None, case="prefer", composes=True),
    "gensim": Protocol(max_words=300_000, case="fold", n_candidates=5),
    "glove": Protocol(max_words=None, case="lower", n_candidates=1),
    "word2vec": Protocol(max_words=None, case="ascii", n_candidates=1, is_above_zero=True),
}
GENSIM = PROTOCOLS["gensim"]


class Judging(NamedTuple):
    """All that decides a score but the vectors and the set.

    name        of the protocol, before single rules of it were changed
    resampling  how intervals are drawn; None: without intervals
    """

    name: str
    protocol: Protocol
    resampling: Resampling | None

    def facts(self) -> dict[str, object]:
        """Every setting by name."""
        protocol = self.protocol
        return {
            "protocol": self.name,
            "max_words": protocol.max_words or "all",
            "case": protocol.case,
            "unknown_words": protocol.unknown_words,
            "normalisation": NORMALISATION,
            "method": protocol.method,
            "candidates": protocol.n_candidates or "all",
            "resamples": self.resampling.n_resamples if self.resampling else 0,
            "seed": self.resampling.seed if self.resampling else 0,
        }

    def described(self, n_models: int | None = None) -> str:
        """The settings in one line for people.

        n_models  over which intervals are, not over resamples of the questions
        """
        facts = self.facts()
        words = "all words" if facts["max_words"] == "all" else f"the first {facts['max_words']} words"
        intervals = (
            f"{CONFIDENCE:.0%} intervals of {facts['resamples']} resamples (seed {facts['seed']})"
            if self.resampling
            else "no intervals"
        )
        if n_models is not None:
            intervals = f"mean, sd and {CONFIDENCE:.0%} interval over {n_models} models"
        return (
            f"protocol {self.name}: {words}; case {facts['case']}; unknown words {facts['unknown_words']}; "
            f"cosines of {NORMALISATION}; {facts['method']}; {intervals}"
        )


# ---------------------------------------------------------------- words under a protocol


def _as_it_is(word: str) -> str:
    return word


def _ascii_upper(word: str) -> str:
    return word.translate(_ASCII_CAPITALS)


_ASCII_CAPITALS = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
# What is done to the words of a vocabulary, and to those of a set.
_FOLDS = {
    "prefer": (str.upper, str.upper),
    "fold": (str.upper, str.upper),
    "ascii": (_ascii_upper, _ascii_upper),
    "lower": (_as_it_is, str.lower),
    "keep": (_as_it_is, _as_it_is),
}


class Lexicon:
    """The words of a vocabulary that a protocol looks at, made once for all sets.

    compared_as  (n,) for each word the lowest id of the words that count as equal to it
    """

    def __init__(self, vocabulary: "Vocabulary", protocol: Protocol) -> None:
        self.protocol = protocol
        fold, self._fold_of_set = _FOLDS[protocol.case]
        words = (fold(as_text(word)) for word in vocabulary)
        self._ids: dict[str, int] = {}
        n_words = min(len(vocabulary), protocol.max_words or len(vocabulary))
        lowest = (self._ids.setdefault(word, word_id) for word_id, word in zip(range(n_words), words, strict=False))
        self.compared_as = np.fromiter(lowest, np.int64, n_words)
        self._exact = vocabulary if protocol.case == "prefer" else None
        self._known: dict[str, int] = {}

    def find(self, word: str) -> int:
        """The id of a word of a set; -1 if it is unknown."""
        if word not in self._known:
            self._known[word] = self._find(word)
        return self._known[word]

    def _find(self, word: str) -> int:
        if self._exact is not None:
            word_id = self._exact.find(as_bytes(word))
            if word_id is not None and word_id < len(self.compared_as):
                return word_id
        return self._ids.get(self._fold_of_set(word), -1)
