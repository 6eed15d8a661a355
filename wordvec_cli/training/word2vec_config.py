"""The hyper-parameters of word2vec: their defaults, and what goes with what."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from wordvec_cli.errors import OptionError
from wordvec_cli.text.ngram_lengths import ngram_lengths
from wordvec_cli.training.epochs import epochs_of_words
from wordvec_cli.training.options import check_choices, check_lowest, check_positive, option_name
from wordvec_cli.training.subword_options import NO_SUBWORDS, SUBWORDS, check_buckets

SKIPGRAM, CBOW = "skipgram", "cbow"
NEGATIVE_SAMPLING, HIERARCHICAL_SOFTMAX = "negative-sampling", "hierarchical-softmax"
MIN_RATE = 1e-4  # of the learning rate, to which it falls

# Options that only one model or loss has, and their defaults there.
_NEEDED_BY: Mapping[str, tuple[str, object]] = {
    "negative": (NEGATIVE_SAMPLING, 5),
    "noise_exponent": (NEGATIVE_SAMPLING, 0.75),
    "cbow_mean": (CBOW, True),
    "cbow_gradient": (CBOW, "sum"),
    "buckets": (SUBWORDS, 2_000_000),
}
_KINDS = {CBOW: "--model cbow", SUBWORDS: "--subwords, as 3-6"}
_OPTION_NAMES = {"cbow_mean": "--cbow-mean, --cbow-sum"}
_LOWEST = {"vector_size": 1, "window": 1, "negative": 1, "epochs": 1, "seed": 0}
_CHOICES = {
    "model": (SKIPGRAM, CBOW),
    "loss": (NEGATIVE_SAMPLING, HIERARCHICAL_SOFTMAX),
    "cbow_gradient": ("sum", "mean"),
}


@dataclass(frozen=True)
class Word2VecConfig:
    """Hyper-parameters of word2vec. None: the default of the model and the loss; they refuse what they do not have.

    Raises: OptionError that names the option
    """

    model: Literal["skipgram", "cbow"] = "skipgram"
    loss: Literal["negative-sampling", "hierarchical-softmax"] = "negative-sampling"
    vector_size: int = 100
    window: int = 5  # words on each side at most
    fixed_window: bool = False  # else drawn from 1 to `window` for each centre word
    negative: int | None = None  # noise words for each pair (skip-gram) or centre (CBOW)
    noise_exponent: float | None = None  # noise words are drawn in proportion to count ** exponent
    sample: float = 1e-3  # share of the corpus above which a word's occurrences are dropped at random; 0: none are
    cbow_mean: bool | None = None  # whether the hidden vector is the mean of the context vectors, else their sum
    cbow_gradient: Literal["sum", "mean"] | None = None  # a context word takes the hidden vector's error, or its share
    epochs: int | None = None  # None: chosen by the size of the corpus, when that is known
    learning_rate: float = 0.05  # falls linearly to `min_learning_rate`
    min_learning_rate: float | None = None
    seed: int = 1
    deterministic: bool = False  # whether the number of threads must not matter
    subwords: str | None = None  # the lengths of n-grams, "3-6", of whose vectors a word's consists; "none" is None
    buckets: int | None = None  # into which n-grams are hashed; those in one bucket share a vector

    def __post_init__(self) -> None:
        check_choices(self, _CHOICES)
        if self.subwords == NO_SUBWORDS:
            object.__setattr__(self, "subwords", None)
        kinds = _kinds(self.model, self.loss, self.subwords)
        for name, (where, default) in _NEEDED_BY.items():
            if where not in kinds and getattr(self, name) is not None:
                kind = _KINDS.get(where, f"--loss {where}")
                raise OptionError(f"{_OPTION_NAMES.get(name, option_name(name))}: belongs to {kind}; leave it out")
            if where in kinds and getattr(self, name) is None:
                object.__setattr__(self, name, default)
        if self.min_learning_rate is None:
            object.__setattr__(self, "min_learning_rate", MIN_RATE * self.learning_rate)
        self._check_numbers()

    def _check_numbers(self) -> None:
        check_lowest(self, _LOWEST)
        check_positive(self, ["learning_rate"])
        if self.subwords is not None:
            ngram_lengths(self.subwords)
            check_buckets(self.buckets)
        if not 0 <= self.sample < math.inf:
            raise OptionError(f"--sample {self.sample}: must be a number and not negative; 0 keeps every occurrence")
        if self.min_learning_rate is None or not 0 <= self.min_learning_rate <= self.learning_rate:
            raise OptionError(
                f"--min-learning-rate {self.min_learning_rate}: must be from 0 to the learning rate, "
                f"{self.learning_rate}"
            )
        if self.noise_exponent is not None and not abs(self.noise_exponent) <= 10:
            raise OptionError(f"--noise-exponent {self.noise_exponent}: must be a number from -10 to 10")

    @property
    def lengths(self) -> tuple[int, int]:
        """Of n-grams, the shortest and the longest; there are subwords."""
        assert self.subwords is not None
        return ngram_lengths(self.subwords)

    @property
    def n_buckets(self) -> int:
        """Into which n-grams are hashed; there are subwords."""
        assert self.buckets is not None
        return self.buckets

    @property
    def n_epochs(self) -> int:
        """The epochs, which are settled."""
        assert self.epochs is not None
        return self.epochs

    def settled_for(self, n_tokens: int) -> "Word2VecConfig":
        """The configuration for a corpus of so many words of the vocabulary; epochs that are given stay."""
        if self.epochs is not None:
            return self
        is_cbow = (self.model, self.loss) == (CBOW, NEGATIVE_SAMPLING)
        return replace(self, epochs=epochs_of_words(n_tokens, is_cbow))

    def options(self) -> dict[str, object]:
        """The configuration as it is recorded in the vector file: what the model has."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _kinds(model: str, loss: str, subwords: str | None) -> tuple[str, ...]:
    """What options may belong to."""
    return (model, loss) if subwords in (None, NO_SUBWORDS) else (model, loss, SUBWORDS)


def configured(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Word2VecConfig:
    """The configuration of the options that are given, and of those among `defaults` that suit them.

    Raises: OptionError
    """
    chosen = {**defaults, **given}
    kinds = _kinds(chosen.get("model", SKIPGRAM), chosen.get("loss", NEGATIVE_SAMPLING), chosen.get("subwords"))
    for name, (where, _) in _NEEDED_BY.items():
        if where not in kinds and name not in given:
            chosen.pop(name, None)
    return Word2VecConfig(
        **{field.name: chosen[field.name] for field in fields(Word2VecConfig) if field.name in chosen}
    )
