"""What each row of an embedding matrix stands for: a rule, and the words that it is about."""

from typing import NamedTuple

from wordvec_cli.layer.row_rule import RowRule, Specials
from wordvec_cli.vocabulary.vocabulary import Vocabulary


class Rows(NamedTuple):
    """The special rows, then a row for each word of a vocabulary.

    name  of the vocabulary in messages: its file
    """

    vocabulary: Vocabulary
    rule: RowRule
    name: str

    @staticmethod
    def of(vocabulary: Vocabulary, specials: Specials | None = None, name: str = "the vocabulary") -> "Rows":
        """specials  None: padding and unknown words"""
        return Rows(vocabulary, RowRule.of(vocabulary, specials or Specials()), name)

    def with_specials(self, specials: Specials) -> "Rows":
        return self._replace(rule=RowRule(specials, self.rule.n_words, self.rule.vocabulary_fingerprint))
