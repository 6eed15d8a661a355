"""What makes a phrase, and the phrases that were found."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from wordvec_cli.errors import OptionError
from wordvec_cli.text.decoding import as_bytes, as_text, shown
from wordvec_cli.text.tokenizer import Tokenizer
from wordvec_cli.text.word_filter import KEEP_ALL, WordFilter

Words = tuple[bytes, ...]

MOST_PASSES = 1000  # far more than find anything new; a table of many more is a damaged one


class Figures(NamedTuple):
    """How often a phrase was seen, and its score."""

    n_occurrences: int
    score: float


@dataclass(frozen=True)
class PhraseOptions:
    """What makes a phrase; the defaults are gensim's.

    scoring          "default" (Mikolov et al. 2013, equation 6) or "npmi" (Bouma 2009)
    min_count        pairs that occur less often are not phrases
    threshold        a phrase has a higher score
    connector_words  may stand inside a phrase, not at its ends, and are not counted
    max_candidates   words and pairs that are counted at most (gensim's max_vocab_size); rare ones are dropped beyond
    n_passes         each pass learns on the output of those before
    join_punctuation whether a phrase may begin or end with a word without letters and digits, as gensim's may
    word_filter      leaves out phrases that begin or end with such words, as these stand in the text of each pass
    Raises: OptionError if a value makes no sense.
    """

    scoring: str = "default"
    min_count: int = 5
    threshold: float = 10.0
    delimiter: bytes = b"_"
    connector_words: frozenset[bytes] = frozenset()
    max_candidates: int = 40_000_000
    n_passes: int = 1
    join_punctuation: bool = False
    word_filter: WordFilter = KEEP_ALL

    def __post_init__(self) -> None:
        if self.scoring not in ("default", "npmi"):
            raise OptionError(f"--scoring: {self.scoring!r} is not one of default, npmi")
        if min(self.min_count, self.max_candidates, self.n_passes) < 1:
            raise OptionError("--min-count, --max-candidates, --passes: must be at least 1")
        if self.n_passes > MOST_PASSES:
            raise OptionError(f"--passes {self.n_passes}: is more than {MOST_PASSES}; choose fewer")
        if self.scoring == "npmi" and not -1 <= self.threshold <= 1:
            raise OptionError(
                f"--phrase-threshold {self.threshold:g}: npmi scores lie between -1 and 1; choose one, such as 0.5"
            )
        if self.scoring == "default" and not 0 < self.threshold < math.inf:
            raise OptionError(f"--phrase-threshold {self.threshold:g}: must be positive for the default scoring")
        for option, word in [
            ("--delimiter", self.delimiter),
            *(("--connector-words", w) for w in self.connector_words),
        ]:
            if word.split() != [word]:
                raise OptionError(f"{option}: {shown(word)!r} is empty or holds white space; choose another")

    def to_metadata(self) -> dict[str, object]:
        """For JSON; `from_metadata` takes it back, but for the filter: only a fingerprint of its list is recorded."""
        values = {name: value for name, value in vars(self).items() if name != "word_filter"}
        values |= {"delimiter": as_text(self.delimiter), "connector_words": sorted(map(as_text, self.connector_words))}
        return values | ({"filter": self.word_filter.to_metadata()} if self.word_filter.is_used else {})

    @staticmethod
    def from_metadata(metadata: Mapping[str, object]) -> "PhraseOptions":
        """What `to_metadata` gave, without the filter, which only learning needs.

        Raises: InputError, TypeError, KeyError, AttributeError or OverflowError
        """
        values: dict[str, object] = dict(metadata)
        for name, types in _JSON_TYPES.items():
            if name in values and type(values[name]) not in types:  # JSON's true would pass for a number
                raise TypeError(f"{name} is {values[name]!r}")
        values.pop("filter", None)
        if "threshold" in values:
            values["threshold"] = float(values["threshold"])  # type: ignore[arg-type]
        connector_words = frozenset(map(as_bytes, map(str, values.pop("connector_words"))))  # type: ignore[call-overload]
        delimiter = as_bytes(str(values.pop("delimiter")))
        return PhraseOptions(delimiter=delimiter, connector_words=connector_words, **values)  # type: ignore[arg-type]


_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "min_count": (int,),
    "max_candidates": (int,),
    "n_passes": (int,),
    "threshold": (int, float),
    "join_punctuation": (bool,),
    "filter": (dict,),
}


@dataclass(frozen=True)
class LearntPass:
    """What one pass over a corpus has found.

    n_words, n_candidates  words of the text as it was in this pass; different words and pairs that were counted
    n_dropped              occurrences of rare ones that were forgotten because there were more than max_candidates
    n_punctuation          pairs that score as phrases but are left alone, as one of their words is punctuation
    filtered               pairs that the filter leaves alone: how many by each option that is the reason
    """

    phrases: Mapping[Words, Figures]
    n_words: int = 0
    n_candidates: int = 0
    n_dropped: int = 0
    n_punctuation: int = 0
    filtered: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class LearntPhrases:
    """The phrases of each pass, and how they were found."""

    options: PhraseOptions
    tokenizer: Tokenizer
    passes: tuple[LearntPass, ...]
