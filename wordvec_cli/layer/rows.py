"""What each row of an embedding matrix stands for: a rule, and the words that it is about."""

from typing import NamedTuple

from wordvec_cli.errors import InputError
from wordvec_cli.layer.row_rule import RowRule, Specials
from wordvec_cli.vocabulary.file import VocabularyFile
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

    @staticmethod
    def of_file(file: VocabularyFile, specials: Specials | None, name: str) -> "Rows":
        """specials  None: those of the file, or padding and unknown words

        Raises: InputError if the file says which they are, and others are asked for
        """
        own = None if file.specials is None else Specials(file.specials)
        if own and specials and own != specials:
            raise InputError(
                f"{name}: has {'no special rows' if not own.n_rows else f'the special rows {own}'} before its tokens, "
                f"not {specials}; leave --specials out, or give --specials {own}"
            )
        return Rows.of(file.vocabulary, specials or own, name)

    def with_specials(self, specials: Specials) -> "Rows":
        return self._replace(rule=RowRule(specials, self.rule.n_words, self.rule.vocabulary_fingerprint))
