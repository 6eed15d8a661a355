"""Special rows, and the one rule that says which row of an embedding matrix belongs to which word.

The special rows come first, in the order of their names; word i of the vocabulary has the row i + their number. By
default that is 0 for padding and 1 for unknown words, as in Keras's TextVectorization.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wordvec_cli.errors import InputError, OptionError
from wordvec_cli.vocabulary.vocabulary import Vocabulary

PADDING_NAME, UNKNOWN_NAME = "pad", "unk"


@dataclass(frozen=True)
class Specials:
    """The names of the special rows, in their order. Those called `pad` and `unk` have a meaning; others are kept free.

    Raises: OptionError if a name is empty, comes twice or holds white space
    """

    names: tuple[str, ...] = (PADDING_NAME, UNKNOWN_NAME)

    def __post_init__(self) -> None:
        for name in self.names:
            if not isinstance(name, str) or not name or name.split() != [name] or self.names.count(name) > 1:
                raise OptionError(
                    f"--specials {','.join(map(str, self.names))}: must be none, or different names with commas "
                    "between them, such as pad,unk"
                )

    @staticmethod
    def parse(text: str) -> "Specials":
        """`none`, or names with commas between them. Raises: OptionError"""
        return Specials(() if text == "none" else tuple(text.split(",")))

    @property
    def n_rows(self) -> int:
        return len(self.names)

    def __str__(self) -> str:
        return ",".join(self.names) or "none"

    @property
    def padding(self) -> int | None:
        """The row of padding; None: there is none."""
        return self._row(PADDING_NAME)

    @property
    def unknown(self) -> int | None:
        """The row of words that the vocabulary lacks; None: there is none."""
        return self._row(UNKNOWN_NAME)

    def _row(self, name: str) -> int | None:
        return self.names.index(name) if name in self.names else None


@dataclass(frozen=True)
class RowRule:
    """Which row is which: what sequences and the matrix that they index have to agree on.

    vocabulary_fingerprint  of its words and counts
    """

    specials: Specials
    n_words: int
    vocabulary_fingerprint: str

    @staticmethod
    def of(vocabulary: Vocabulary, specials: Specials) -> "RowRule":
        return RowRule(specials, len(vocabulary), vocabulary.fingerprint())

    @property
    def n_rows(self) -> int:
        return self.specials.n_rows + self.n_words

    def to_metadata(self) -> dict[str, Any]:
        return {
            "specials": list(self.specials.names),
            "vocabulary": {"n_words": self.n_words, "fingerprint": self.vocabulary_fingerprint},
        }

    @staticmethod
    def from_metadata(metadata: Mapping[str, Any]) -> "RowRule":
        """Raises: KeyError, TypeError, ValueError or OptionError if it is not what `to_metadata` gives"""
        vocabulary = metadata["vocabulary"]
        specials = Specials(tuple(metadata["specials"]))
        if not isinstance(metadata["specials"], list):
            raise TypeError("specials are a list of names")
        n_words = vocabulary["n_words"]
        if type(n_words) is not int or n_words < 0:
            raise ValueError("n_words is a whole number")
        return RowRule(specials, n_words, str(vocabulary["fingerprint"]))


def check_agreement(path: str, rule: RowRule, other_path: str, other: RowRule) -> None:
    """Raises: InputError if two files follow different rules, with their difference"""
    if rule.specials != other.specials:
        what = f"has the special rows {rule.specials} and {other_path} {other.specials}"
        raise InputError(f"{path}: {what}; make one of them again with the same --specials")
    if rule.vocabulary_fingerprint != other.vocabulary_fingerprint:
        sizes = f" ({rule.n_words} and {other.n_words} words)" if rule.n_words != other.n_words else ""
        what = f"was made with another vocabulary than {other_path}{sizes}"
        raise InputError(f"{path}: {what}; make one of them again with the same --vocab")
