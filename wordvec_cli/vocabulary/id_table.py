"""A vocabulary as a hash table, for many words at once."""

from typing import TYPE_CHECKING

import numpy as np

from wordvec_cli.vocabulary.vocabulary import Vocabulary

if TYPE_CHECKING:
    from wordvec_cli.text.word_table import WordTable


def id_table(vocabulary: Vocabulary) -> "WordTable":
    """A table whose numbers are the vocabulary's ids."""
    from wordvec_cli.text.word_table import WordTable, padded

    table = WordTable(len(vocabulary))
    table.add(padded(vocabulary.text), np.asarray(vocabulary.offsets), np.zeros(len(vocabulary), np.int64))
    return table
