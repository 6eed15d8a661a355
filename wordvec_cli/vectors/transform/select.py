"""The words of a list alone."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wordvec_cli.errors import NoWantedWordsError
from wordvec_cli.messages import counted
from wordvec_cli.text.lines import listed_words
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.transform.choosing import taken
from wordvec_cli.vectors.transform.reach import Reach


@dataclass(frozen=True)
class Select:
    """
    words  a file of them, one a line; they stay in the order of the vectors
    """

    words: str

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        return {"words": hashlib.sha256(b"\n".join(sorted(listed_words(self.words)))).hexdigest()}

    def applied(self, vectors: Embeddings, reach: Reach) -> Embeddings:
        wanted = listed_words(self.words)
        found = [vectors.vocabulary.find(word) for word in wanted]
        ids = np.array(sorted({word_id for word_id in found if word_id is not None}), np.int64)
        if not len(ids):
            raise NoWantedWordsError(
                f"{self.words}: none of its {counted(len(wanted), 'word')} has a vector; is it a list of words, one a "
                "line, in the same language and case?"
            )
        if len(ids) < len(wanted):
            reach.note(
                f"select: {len(wanted) - len(ids)} of {counted(len(wanted), 'word')} of {self.words} are missing"
            )
        return taken(vectors, ids)
