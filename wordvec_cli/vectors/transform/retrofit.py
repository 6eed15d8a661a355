"""Vectors drawn towards those of related words of a lexicon.

Source: Faruqui et al. 2015, Retrofitting Word Vectors to Semantic Lexicons, equation 1 as its retrofit.py has it: a
word with n neighbours becomes (n times what it was at first + the sum of what they are now) / 2 n, word by word, in
place. Its loop follows the order of a set of Python; here it is that of the vectors.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.messages import counted
from wordvec_cli.progress import Progress
from wordvec_cli.text.lines import read_lines
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.transform.changed_rows import with_changed_rows
from wordvec_cli.vectors.transform.reach import Reach
from wordvec_cli.vectors.transform.rows import rows_of
from wordvec_cli.vectors.transform.step import options_of, without_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]
    Exact = NDArray[np.float64]


@dataclass(frozen=True)
class Retrofit:
    """
    lexicon     a file: a word and its neighbours on each line, between blanks or tabs; lines of one word are joined
    iterations  over all words
    """

    lexicon: str
    iterations: int = 10

    def facts(self, reach: Reach) -> Mapping[str, Any]:
        lexicon = hashlib.sha256(b"\n".join(read_lines(self.lexicon))).hexdigest()
        return options_of(self) | {"lexicon": lexicon}

    def applied(self, vectors: Embeddings, reach: Reach) -> Embeddings:
        neighbours = self._neighbours(vectors, reach)
        vectors = without_parts(vectors, "retrofit", reach.note)
        touched = np.unique(np.concatenate([[word, *others] for word, others in neighbours.items()]))
        place_of = dict(zip(touched.tolist(), range(len(touched)), strict=True))
        places = {
            place_of[word]: np.array([place_of[other] for other in others]) for word, others in neighbours.items()
        }
        rows = rows_of(vectors)[touched].astype(np.float64)
        self._drawn_together(rows, places, reach)
        changed = np.array(sorted(neighbours), np.int64)
        return with_changed_rows(vectors, changed, rows[np.searchsorted(touched, changed)].astype(np.float32))

    def _drawn_together(self, rows: "Exact", places: Mapping[int, "Ids"], reach: Reach) -> None:
        first = rows.copy()
        for done in range(1, self.iterations + 1):
            for word in sorted(places):
                others = places[word]
                rows[word] = first[word] / 2 + rows[others].sum(axis=0) / (2 * len(others))
            reach.report(Progress("retrofit", done, self.iterations, "iterations"))

    def _neighbours(self, vectors: Embeddings, reach: Reach) -> dict[int, list[int]]:
        """The ids of the neighbours of each word that has some, each once, as far as they have vectors."""
        found: dict[int, dict[int, None]] = {}
        unknown, n_words = set[bytes](), set[bytes]()
        for line in read_lines(self.lexicon):
            words = line.split(b"\t") if b"\t" in line else line.split()
            ids = [(word, vectors.vocabulary.find(word)) for word in filter(None, words)]
            n_words.update(word for word, _ in ids)
            unknown.update(word for word, word_id in ids if word_id is None)
            if ids and ids[0][1] is not None:
                others = dict.fromkeys(word_id for _, word_id in ids[1:] if word_id is not None)
                found.setdefault(ids[0][1], {}).update(others)
        neighbours = {word: [other for other in others if other != word] for word, others in found.items()}
        neighbours = {word: others for word, others in neighbours.items() if others}
        if not neighbours:
            raise InputError(
                f"{self.lexicon}: no line has a word and a neighbour that are among the vectors; write a word and "
                "those that are to be near it on a line"
            )
        lacking = f"; {len(unknown)} of its {len(n_words)} words are not among the vectors" if unknown else ""
        reach.note(f"retrofit: {counted(len(neighbours), 'word')} of {self.lexicon} drawn to their neighbours{lacking}")
        return neighbours
