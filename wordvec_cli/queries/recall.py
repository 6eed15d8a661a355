"""How many of the neighbours that there are an index finds, measured on words drawn at random."""

import numpy as np

from wordvec_cli.queries.agreement import have_directions
from wordvec_cli.queries.index import Index
from wordvec_cli.queries.metrics import Cosine
from wordvec_cli.queries.nearest import NO_NEIGHBOUR, nearest

SEED = 1


def recall(index: Index, k: int, n_questions: int) -> tuple[float, int]:
    """The mean share of the `k` nearest words that an index finds, and of how many words it was measured.

    The words are drawn from all that have a direction; all the vectors that may be answers are asked beside the index.
    """
    vectors = index.embeddings
    drawn = np.random.default_rng(SEED).permutation(len(vectors.vocabulary))[: 2 * n_questions]
    asked = drawn[have_directions(vectors.rows(drawn))][:n_questions]
    if not len(asked):
        return 1.0, 0
    own = [[word_id] for word_id in asked.tolist()]
    whole = Index(vectors, None if index.is_whole else index.ids, index.n_threads)
    found, there = (nearest(each, Cosine(vectors.rows(asked)), k, own).ids for each in (index, whole))
    sets = [[set(ids) - {NO_NEIGHBOUR} for ids in each.tolist()] for each in (found, there)]
    shares = [len(mine & of_all) / len(of_all) for mine, of_all in zip(*sets, strict=True) if of_all]
    return float(np.mean(shares)) if shares else 1.0, len(asked)
