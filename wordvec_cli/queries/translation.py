"""How well aligned vectors translate: the share of words whose translation is among their nearest.

Source of the protocol: facebookresearch/MUSE, evaluation/word_translation.py: a word counts once, whichever of its
translations is found; words without a vector are left out
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from wordvec_cli.errors import InputError
from wordvec_cli.progress import Report, silent
from wordvec_cli.queries.csls import Neighbourhood, nearness
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import nearest
from wordvec_cli.vectors.embeddings import Embeddings
from wordvec_cli.vectors.transform.rows import rows_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ids = NDArray[np.int64]

RANKS = (1, 5, 10)
CANDIDATES = 200_000  # words of either side, as MUSE has it


class Precision(NamedTuple):
    """The share of words one of whose translations is among the first 1, 5 and 10.

    n_used  words of the n_total that have a vector, and a translation with one
    """

    method: str
    n_used: int
    n_total: int
    at: tuple[float, ...]


def precisions(
    vectors: tuple[Embeddings, Embeddings],
    pairs: Sequence[tuple[bytes, bytes]],
    n_candidates: int = CANDIDATES,
    n_threads: int = 1,
    report: Report = silent,
) -> list[Precision]:
    """By the cosine and by CSLS, among the first words of the target. Raises: InputError if no pair is known

    vectors  aligned ones, and those that they are aligned to
    """
    source, target = vectors
    right, n_total = _right_answers(source, target, pairs, n_candidates)
    if not right:
        raise InputError("--test: no pair has both words among the vectors; are they in the right order and case?")
    rows, candidates = rows_of(source), np.arange(min(n_candidates, len(target.vocabulary)))
    asked = rows[np.array(list(right), np.int64)]
    index = Index(target, candidates, n_threads)
    by_cosine = nearest(index, Cosine(asked), max(RANKS)).ids
    of_source = Index(source, np.arange(min(n_candidates, len(source.vocabulary))), n_threads)
    neighbourhood = Neighbourhood(index, nearness(of_source, rows_of(target)[: len(candidates)], report=report))
    by_csls = nearest(neighbourhood.index, neighbourhood.scorer(asked), max(RANKS)).ids
    answers = list(right.values())
    return [
        Precision(method, len(right), n_total, _shares(ids, answers))
        for method, ids in (("cosine", by_cosine), ("csls", by_csls))
    ]


def _right_answers(
    source: Embeddings, target: Embeddings, pairs: Sequence[tuple[bytes, bytes]], n_candidates: int
) -> tuple[dict[int, set[int]], int]:
    """The ids of the translations of each source word that has some, and how many source words there are."""
    right: dict[int, set[int]] = {}
    for first, second in pairs:
        word_id, answer = source.vocabulary.find(first), target.vocabulary.find(second)
        if word_id is not None and answer is not None and answer < n_candidates:
            right.setdefault(word_id, set()).add(answer)
    return right, len({first for first, _ in pairs})


def _shares(found: "Ids", right: Sequence[set[int]]) -> tuple[float, ...]:
    lists = found.tolist()
    return tuple(
        float(np.mean([bool(answers.intersection(ids[:rank])) for ids, answers in zip(lists, right, strict=True)]))
        for rank in RANKS
    )
